#include "telegram/flood_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "fake_http.h"
#include "run.h"
#include "telegram/api.h"
#include "vault/virtual_clock.h"

namespace telekv::telegram {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using vault::Clock;

constexpr ChatId kPerson{7};
constexpr ChatId kGroup{-100};

struct ABudget : ::testing::Test {
  Clock::Duration wait_for(ChatId chat) const {
    const Clock::Time at = std::max(budget.reply_at(), budget.reply_at(chat));
    return std::max(at - clock.now(), Clock::Duration::zero());
  }

  vault::VirtualClock clock;
  FloodBudget budget{clock, FloodLimits{}};
};

TEST_F(ABudget, LetsAShortBurstThroughAndThenOneASecond) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(budget.reply_at(kPerson) - clock.now() <= Clock::Duration::zero(), true);
    budget.spend(kPerson);
  }
  EXPECT_EQ(budget.reply_at(kPerson) - clock.now(), seconds(1));
  clock.advance(seconds(1));
  EXPECT_EQ(wait_for(kPerson), Clock::Duration::zero());
  budget.spend(kPerson);
  EXPECT_EQ(wait_for(kPerson), seconds(1));
  EXPECT_EQ(wait_for(ChatId{8}), Clock::Duration::zero());
}

// Whatever is asked for: in no minute more than 20 into a group, in no second more than 25 in all.
TEST_F(ABudget, KeepsBelowTheLimitsInAnyStretchOfTime) {
  std::vector<Clock::Time> sent;
  const auto most_within = [&](Clock::Duration span) {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      while (sent[i] - sent[first] >= span) ++first;
      most = std::max(most, i - first + 1);
    }
    return most;
  };
  for (int i = 0; i < 300; ++i) {
    clock.advance(wait_for(kGroup));
    budget.spend(kGroup);
    sent.push_back(clock.now());
  }
  EXPECT_LE(most_within(std::chrono::minutes(1)), 20u);

  sent.clear();
  for (int i = 0; i < 2000; ++i) {
    const ChatId chat{1000 + i};
    clock.advance(wait_for(chat));
    budget.spend(chat);
    sent.push_back(clock.now());
  }
  EXPECT_LE(most_within(seconds(1)), 25u);
  EXPECT_GE(most_within(seconds(1)), 20u);
}

TEST_F(ABudget, APenaltyHoldsOneChatAndNobodyElse) {
  budget.penalize(kPerson, seconds(35));
  EXPECT_EQ(budget.penalty_left(kPerson), seconds(35));
  EXPECT_EQ(wait_for(kPerson), seconds(35));
  EXPECT_EQ(wait_for(ChatId{8}), Clock::Duration::zero());
  budget.penalize(kPerson, seconds(5));
  EXPECT_EQ(wait_for(kPerson), seconds(35)) << "a shorter one ends no longer one";
  clock.advance(seconds(35));
  EXPECT_EQ(budget.penalty_left(kPerson), Clock::Duration::zero());
}

TEST_F(ABudget, ThreeChatsRefusedInARowMeanEverybody) {
  budget.penalize(ChatId{1}, seconds(30));
  budget.penalize(ChatId{1}, seconds(31));
  budget.penalize(ChatId{2}, seconds(20));
  EXPECT_EQ(wait_for(kPerson), Clock::Duration::zero());
  budget.succeed();
  budget.penalize(ChatId{3}, seconds(40));
  EXPECT_EQ(wait_for(kPerson), Clock::Duration::zero()) << "one got through in between";
  budget.penalize(ChatId{4}, seconds(25));
  budget.penalize(ChatId{5}, seconds(50));
  EXPECT_EQ(wait_for(kPerson), seconds(25)) << "until the first of them ends";
}

// The vault's calls do not wait for the budget.
TEST_F(ABudget, WhoOverdrawsItOwesNoMoreThanABurst) {
  for (int i = 0; i < 1000; ++i) budget.spend(kPerson);
  EXPECT_EQ(wait_for(kPerson), seconds(1));
}

TEST_F(ABudget, ForgetsChatsThatOweNothing) {
  for (int i = 0; i < 100'000; ++i) {
    budget.spend(ChatId{i + 1});
    clock.advance(milliseconds(50));
  }
  EXPECT_LE(budget.size(), 1024u);
}

TEST(AnUnlimitedBudget, KnowsOnlyPenalties) {
  vault::VirtualClock clock;
  FloodBudget budget(clock, FloodLimits::none());
  for (int i = 0; i < 1000; ++i) budget.spend(kPerson);
  EXPECT_LE(std::max(budget.reply_at(), budget.reply_at(kPerson)), clock.now());
  EXPECT_EQ(budget.size(), 0u);
  budget.penalize(kPerson, seconds(3));
  EXPECT_EQ(budget.penalty_left(kPerson), seconds(3));
}

// ---- the calls that are charged to it ----

struct ChargedCalls : ABudget {
  Result<MessageId> say(ChatId chat) { return run(api.send_message(chat, "hi")); }

  FakeHttp http;
  Api api{http, *Token::parse("7:AAH-abcdefghij_KLMNOPQRSTUVWXYZ0123"), &budget};
};

constexpr const char* kSent = R"({"message_id":1,"date":1,"chat":{"id":7,"type":"private"}})";

TEST_F(ChargedCalls, AreNotMadeInsideAPenalty) {
  http.answer(429, R"({"ok":false,"error_code":429,"description":"Too Many Requests",)"
                   R"("parameters":{"retry_after":35}})");
  EXPECT_EQ(say(kPerson).error().retry_after_s, 35u);
  clock.advance(milliseconds(1));
  const std::size_t asked = http.asked().size();
  const auto refused = say(kPerson);
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.error().retry_after_s, 35u) << "rounded up: a call too early costs more";
  EXPECT_EQ(run(api.pin_chat_message(kPerson, MessageId{1})).error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(http.asked().size(), asked);
  http.succeed(kSent);
  EXPECT_TRUE(say(ChatId{8}));
  clock.advance(seconds(35));
  http.succeed(kSent);
  EXPECT_TRUE(say(kPerson));
}

TEST_F(ChargedCalls, CountWhateverAsksForThem) {
  for (int i = 0; i < 3; ++i) {
    http.succeed("true");
    ASSERT_TRUE(run(api.pin_chat_message(kPerson, MessageId{1})));
  }
  EXPECT_EQ(wait_for(kPerson), seconds(1));
  http.succeed(R"({"id":7,"type":"private"})");
  ASSERT_TRUE(run(api.get_chat(kPerson)));
  EXPECT_EQ(wait_for(kPerson), seconds(1)) << "reading writes nothing into the chat";
}

TEST_F(ChargedCalls, AreNotRepeatedAtOnceWhenNoTimeWasGiven) {
  http.refuse(429, "Too Many Requests");
  EXPECT_FALSE(say(kPerson));
  EXPECT_EQ(budget.penalty_left(kPerson), seconds(1));
}

}  // namespace
}  // namespace telekv::telegram
