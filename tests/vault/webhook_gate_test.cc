// Webhooks with either durability: which deliveries are confirmed, and when.
#include "vault/webhook_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "loop_world.h"

namespace telekv::vault {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

using Answer = std::optional<bool>;
const Error kAway{ErrorCode::kUnavailable, "nobody answers"};

struct Gate : LoopWorld, testing::Test {
  Gate() { options.delivery = Delivery::kWebhook; }

  LoopBot& settled_bot() {
    LoopBot& fresh = bot();
    fresh.start_webhook();
    pass(WebhookGate::kSettle + std::chrono::seconds(1));
    return fresh;
  }
  Answer deliver(LoopBot& bot, std::int64_t number, double patience_s = 5) {
    answers_.push_back(std::make_unique<Answer>());
    Answer& answer = *answers_.back();
    bot.deliver({.id = kFirstUpdate + number}, answer);
    pass_s(patience_s);
    return answer;
  }

 private:
  std::vector<std::unique_ptr<Answer>> answers_;
};
struct StrictGate : Gate {};
struct IntervalGate : Gate {
  IntervalGate() { saving.durability = Durability::kInterval; }
};

// ---- strict ----

TEST_F(StrictGate, RefusesUntilNothingOfAPredecessorCanComeAnyMore) {
  LoopBot& fresh = bot();
  fresh.start_webhook();
  const auto calls = chat.calls();
  pass(WebhookGate::kSettle - std::chrono::seconds(6));
  EXPECT_EQ(deliver(fresh, 0), false);
  EXPECT_TRUE(fresh.applied.empty());
  EXPECT_FALSE(fresh.vault().witnessed());
  EXPECT_EQ(chat.calls(), calls);
  pass_s(2);
  EXPECT_EQ(chat.calls(), calls + 2) << "one more CHECK";
  EXPECT_TRUE(fresh.vault().witnessed());
  EXPECT_EQ(deliver(fresh, 0), true);
}

TEST_F(StrictGate, ServesOnlyAfterThatCheckHasPassed) {
  LoopBot& fresh = bot();
  auto other = opened();
  fresh.start_webhook();
  pass(WebhookGate::kSettle + std::chrono::seconds(5));
  ASSERT_TRUE(fresh.loop_end);
  EXPECT_EQ(deliver(fresh, 0), false);
  EXPECT_FALSE(fresh.vault().witnessed());
}

TEST_F(StrictGate, ConfirmsAfterTheCommitThatHoldsTheUpdate) {
  LoopBot& bot = settled_bot();
  bool let_through = false;
  bot.process().channel.on_call = [&](const Call& call) {
    const bool refuse = call.kind == CallKind::kReplace && !let_through;
    return refuse ? Fault{.kind = Fault::Kind::kRefuse, .error = kAway} : Fault{};
  };
  Answer answer;
  bot.deliver({.id = kFirstUpdate}, answer);
  pass_s(10);
  EXPECT_EQ(answer, std::nullopt);
  EXPECT_THAT(bot.applied, ElementsAre(kFirstUpdate));
  let_through = true;
  pass_s(40);
  EXPECT_EQ(answer, true);
  EXPECT_EQ(restored_now().size(), 1u);
}

TEST_F(StrictGate, SharesACommitAmongAllWhoWait) {
  LoopBot& bot = settled_bot();
  deliver(bot, 0, 0.01);  // its commit has begun
  const auto before = edits();
  std::vector<Answer> answers(40);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    bot.deliver({.id = kFirstUpdate + 40 - static_cast<std::int64_t>(i)}, answers[i]);
  }
  pass_s(2);
  EXPECT_EQ(edits(), before + 1);
  for (const Answer& answer : answers) EXPECT_EQ(answer, true);
  EXPECT_EQ(restored_now().size(), 41u);
}

TEST_F(StrictGate, AppliesARepetitionNotAgainButChecks) {
  LoopBot& bot = settled_bot();
  ASSERT_EQ(deliver(bot, 5), true);
  ASSERT_EQ(deliver(bot, 7), true);
  const auto calls = chat.calls();
  EXPECT_EQ(deliver(bot, 5), true);
  EXPECT_EQ(chat.calls(), calls + 2);
  EXPECT_EQ(bot.applied.size(), 2u);
  EXPECT_EQ(deliver(bot, 6), true) << "below the last, but never applied";
  EXPECT_EQ(bot.applied.size(), 3u);
}

TEST_F(StrictGate, RemembersTheHolesAcrossAStart) {
  LoopBot& first = settled_bot();
  deliver(first, 5);
  deliver(first, 8);
  first.stop();
  pass_s(5);
  LoopBot& second = settled_bot();
  for (const int number : {8, 7, 6, 5}) EXPECT_EQ(deliver(second, number), true);
  EXPECT_THAT(second.applied, UnorderedElementsAre(kFirstUpdate + 6, kFirstUpdate + 7));
}

TEST_F(StrictGate, DoesNotConfirmWhenACommitFailsAndAppliesTheUpdateOnce) {
  LoopBot& bot = settled_bot();
  int refusals = 1;
  bot.process().channel.on_call = [&](const Call& call) {
    const bool refuse = call.kind == CallKind::kReplace && refusals-- > 0;
    return refuse ? Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}}
                  : Fault{};
  };
  EXPECT_EQ(deliver(bot, 0, 0.1), false);
  EXPECT_EQ(deliver(bot, 0), true);
  EXPECT_EQ(bot.applied.size(), 1u);
}

TEST_F(StrictGate, ConfirmsNothingOnceAnotherIsTheWriter) {
  LoopBot& bot = settled_bot();
  ASSERT_EQ(deliver(bot, 0), true);
  auto other = opened();
  EXPECT_EQ(deliver(bot, 1), false);
  EXPECT_EQ(deliver(bot, 0), false) << "not even a repetition";
  ASSERT_TRUE(bot.saver_end);
  EXPECT_EQ(bot.saver_end->error().code, ErrorCode::kSuperseded);
}

TEST_F(StrictGate, RefusesMoreThanMayWait) {
  LoopBot& bot = settled_bot();
  std::vector<Answer> answers(WebhookGate::kMaxWaiting + 3);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    bot.deliver({.id = kFirstUpdate + static_cast<std::int64_t>(i)}, answers[i]);
  }
  pass_s(5);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), Answer(true)),
            static_cast<std::ptrdiff_t>(WebhookGate::kMaxWaiting));
  EXPECT_EQ(std::count(answers.begin(), answers.end(), Answer(false)), 3);
  EXPECT_EQ(bot.applied.size(), WebhookGate::kMaxWaiting) << "what is refused is not applied";
  EXPECT_EQ(deliver(bot, 101), true);
}

TEST_F(StrictGate, AnswersWhoWaitsWhenItStops) {
  LoopBot& bot = settled_bot();
  deliver(bot, 0, 0.01);
  Answer answer;
  bot.deliver({.id = kFirstUpdate + 1}, answer);
  pass(std::chrono::milliseconds(1));
  ASSERT_EQ(answer, std::nullopt) << "it waits for the next commit";
  bot.stop();
  pass_s(2);
  EXPECT_EQ(answer, true) << "the last commit holds it";
  EXPECT_EQ(restored_now().size(), 2u);
  EXPECT_EQ(deliver(bot, 2), false);
  EXPECT_EQ(bot.applied.size(), 2u);
}

// ---- interval ----

TEST_F(IntervalGate, ConfirmsAtOnceAndSavesInItsTime) {
  LoopBot& fresh = bot();
  fresh.start_webhook();
  EXPECT_EQ(deliver(fresh, 0, 0.01), true);
  EXPECT_TRUE(restored_now().empty());
  pass_s(6);
  EXPECT_EQ(restored_now().size(), 1u);
  EXPECT_FALSE(fresh.vault().witnessed());
  pass(WebhookGate::kSettle);
  EXPECT_TRUE(fresh.vault().witnessed());
}

// The last save may have taken what it saves, and nothing confirmed may come after it.
TEST_F(IntervalGate, RefusesFromTheMomentItIsToStop) {
  LoopBot& fresh = bot();
  fresh.start_webhook();
  pass_s(1);
  Answer answer;
  fresh.deliver({.id = kFirstUpdate}, answer);
  fresh.stop();
  pass_s(1);
  EXPECT_EQ(answer, false);
  EXPECT_TRUE(fresh.applied.empty());
}

TEST_F(IntervalGate, RefusesOnceItStops) {
  LoopBot& fresh = bot();
  fresh.start_webhook();
  pass_s(1);
  fresh.stop();
  pass_s(1);
  EXPECT_EQ(deliver(fresh, 0), false);
  EXPECT_TRUE(fresh.applied.empty());
}

}  // namespace
}  // namespace telekv::vault
