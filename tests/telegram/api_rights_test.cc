// What the bot may do in a chat, as the Bot API tells it.
#include <gtest/gtest.h>

#include "fake_http.h"
#include "run.h"
#include "telegram/api.h"

namespace telekv::telegram {
namespace {

constexpr ChatId kChat{4503599627370495};

class Rights : public ::testing::Test {
 protected:
  FakeHttp http_;
  Api api_{http_, *Token::parse("7:AAtelekv_rights_test_not_a_secret_0")};
};

TEST_F(Rights, OfTheBotItselfInAGroup) {
  http_.succeed(R"({"status":"administrator","can_pin_messages":true})");
  const auto full = run(api_.get_own_membership(kChat));
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->administrator && full->may_pin);
  EXPECT_EQ(http_.last().body, R"({"chat_id":4503599627370495,"user_id":7})");
  http_.succeed(R"({"status":"administrator","can_pin_messages":false})");
  EXPECT_FALSE(run(api_.get_own_membership(kChat))->may_pin);
  http_.succeed(R"({"status":"member","can_pin_messages":1})");
  const auto member = run(api_.get_own_membership(kChat));
  ASSERT_TRUE(member);
  EXPECT_FALSE(member->administrator || member->may_pin);
  http_.succeed("[]");
  EXPECT_FALSE(run(api_.get_own_membership(kChat)));
}

TEST_F(Rights, ToWriteAreTriedWithoutAMessage) {
  http_.succeed("true");
  ASSERT_TRUE(run(api_.send_typing(kChat)));
  EXPECT_EQ(http_.last().body, R"({"chat_id":4503599627370495,"action":"typing"})");
}

}  // namespace
}  // namespace telekv::telegram
