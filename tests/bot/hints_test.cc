// Whoever goes on sending what the bot does not understand is helped once in a while.
#include "bot/hints.h"

#include <gtest/gtest.h>

#include "vault/virtual_clock.h"

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using telegram::UserId;

struct SomeHints : ::testing::Test {
  vault::VirtualClock clock;
  Hints hints{clock, seconds(60)};
};

TEST_F(SomeHints, AreToldOnceAMinuteToEachPerson) {
  EXPECT_TRUE(hints.may_tell(UserId{1}));
  EXPECT_FALSE(hints.may_tell(UserId{1}));
  EXPECT_TRUE(hints.may_tell(UserId{2}));
  clock.advance(seconds(59));
  EXPECT_FALSE(hints.may_tell(UserId{1}));
  clock.advance(seconds(1));
  EXPECT_TRUE(hints.may_tell(UserId{1}));
  EXPECT_FALSE(hints.may_tell(UserId{1}));
}

TEST_F(SomeHints, ThatWereNotToldDoNotMakeThePauseLonger) {
  EXPECT_TRUE(hints.may_tell(UserId{1}));
  for (int i = 0; i < 59; ++i) {
    clock.advance(seconds(1));
    EXPECT_FALSE(hints.may_tell(UserId{1}));
  }
  clock.advance(seconds(1));
  EXPECT_TRUE(hints.may_tell(UserId{1}));
}

TEST_F(SomeHints, RememberABoundedNumberOfPeopleAndThenKeepSilent) {
  const auto most = static_cast<std::int64_t>(Hints::kMaxRemembered);
  for (std::int64_t id = 1; id <= most; ++id) ASSERT_TRUE(hints.may_tell(UserId{id}));
  EXPECT_FALSE(hints.may_tell(UserId{most + 1}));
  EXPECT_EQ(hints.size(), Hints::kMaxRemembered);
  clock.advance(seconds(60));
  EXPECT_TRUE(hints.may_tell(UserId{most + 1}));
  EXPECT_EQ(hints.size(), 1u);
}

TEST_F(SomeHints, WithoutAPauseAreAlwaysTold) {
  Hints eager(clock, seconds(0));
  EXPECT_TRUE(eager.may_tell(UserId{1}));
  EXPECT_TRUE(eager.may_tell(UserId{1}));
  EXPECT_EQ(eager.size(), 0u);
}

}  // namespace
}  // namespace telekv::bot
