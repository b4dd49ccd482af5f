// telegram/polling_bot.h: what it refuses before any call. That it serves is tests/e2e/example's.
#include "telegram/polling_bot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telekv::telegram {
namespace {

using testing::HasSubstr;
using testing::Not;

BotSettings good() {
  return {.token = "8100000001:AAtelekv_test_secret_0000000000000",
          .key = std::string(64, '7'),
          .chat = ChatId{5}};
}

TEST(PollingBot, TakesSettingsThatCanBeUsed) { EXPECT_TRUE(PollingBot::create(good())); }

TEST(PollingBot, NamesWhatCannotBeUsedAndNoSecret) {
  const auto refused = [](BotSettings settings) {
    const auto bot = PollingBot::create(std::move(settings));
    EXPECT_TRUE(bot.has_error());
    EXPECT_EQ(bot.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(describe(bot.error()), Not(HasSubstr("secret")));
    return bot.error().message;
  };
  BotSettings settings = good();
  settings.token = "secret";
  EXPECT_THAT(refused(settings), HasSubstr("token"));
  settings = good();
  settings.key = "secret";
  EXPECT_THAT(refused(settings), HasSubstr("key"));
  settings = good();
  settings.api_root = "http://bot.example.org";
  EXPECT_THAT(refused(settings), HasSubstr("API root"));
  settings = good();
  settings.chat = ChatId{};
  EXPECT_THAT(refused(settings), HasSubstr("chat"));
}

// The same key in every run, or a restored table could not prove itself; another seed in every run.
TEST(PollingBot, GivesEveryTableTheKeysDigestAndASeedOfItsOwn) {
  const kv::TableOptions one = (*PollingBot::create(good()))->table_options();
  const kv::TableOptions other = (*PollingBot::create(good()))->table_options();
  EXPECT_EQ(one.digest_key, other.digest_key);
  EXPECT_NE(one.hash_seed, other.hash_seed);
}

}  // namespace
}  // namespace telekv::telegram
