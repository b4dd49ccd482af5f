// When the vault is written, and how a run ends.
#include "vault/saver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "loop_world.h"

namespace telekv::vault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Fault refused(Error error) { return {.kind = Fault::Kind::kRefuse, .error = std::move(error)}; }
Error penalty(std::uint32_t wait_s) {
  return {ErrorCode::kRateLimited, "Too Many Requests", "", wait_s};
}

struct Saving : LoopWorld, testing::Test {
  Saving() { saving.durability = Durability::kInterval; }

  LoopBot& saving_bot() {
    LoopBot& fresh = bot();
    fresh.start_saver();
    return fresh;
  }
  void apply(LoopBot& bot) {
    const UpdateStamp update{.id = ++last_update_};
    bot.put(update);
    bot.vault().note_applied(update);
  }
  /// What an operator's command does.
  boost::asio::awaitable<bool> hold_turn(LoopBot& bot, Clock::Duration duration) {
    const Turn::Held held = co_await bot.saver().turn().take();
    co_await clock.sleep_for(duration);
    co_return true;
  }

 private:
  std::int64_t last_update_ = kFirstUpdate;
};

// ---- intervals ----

TEST(AnError, EndsTheRunWhenNothingTheProgramDoesCanHelp) {
  for (const ErrorCode code :
       {ErrorCode::kSuperseded, ErrorCode::kUnauthorized, ErrorCode::kWrongKey, ErrorCode::kDamaged,
        ErrorCode::kUnsupportedVersion, ErrorCode::kCancelled}) {
    EXPECT_TRUE(ends_the_run(Error{code, "x"})) << to_string(code);
  }
  for (const ErrorCode code : {ErrorCode::kRateLimited, ErrorCode::kUnavailable,
                               ErrorCode::kOutcomeUnknown, ErrorCode::kConflict}) {
    EXPECT_FALSE(ends_the_run(Error{code, "x"})) << to_string(code);
  }
}

TEST_F(Saving, HappensEveryIntervalWhenSomethingWasApplied) {
  LoopBot& bot = saving_bot();
  for (int i = 0; i < 39; ++i) {
    apply(bot);
    pass_s(0.5);
  }
  EXPECT_EQ(bot.saved_at.size(), 3u);
  pass_s(6);
  EXPECT_EQ(bot.saved_at.size(), 4u);
  pass_s(600);
  EXPECT_EQ(bot.saved_at.size(), 4u);
}

TEST_F(Saving, HappensSoonerOnRequestAndNeverLater) {
  LoopBot& bot = saving_bot();
  apply(bot);
  bot.saver().save_within(milliseconds(500));
  bot.saver().save_within(seconds(60));
  pass_s(0.4);
  EXPECT_EQ(bot.saved_at.size(), 0u);
  pass_s(0.2);
  EXPECT_EQ(bot.saved_at.size(), 1u);
}

TEST_F(Saving, KeepsItsDistanceHoweverManyAsk) {
  LoopBot& bot = saving_bot();
  for (int i = 0; i < 40; ++i) {
    apply(bot);
    bot.saver().save_within(milliseconds(0));
    pass_s(0.1);
  }
  EXPECT_GE(bot.saved_at.size(), 3u);
  EXPECT_LE(bot.saved_at.size(), 5u);
}

// ---- those who wait ----

TEST_F(Saving, IsSharedByAllWhoWait) {
  LoopBot& bot = saving_bot();
  std::vector<std::optional<Result<CommitReport>>> reports(20);
  const auto before = edits();
  for (auto& report : reports) {
    apply(bot);
    begin(bot.saver().save(), report);
  }
  pass_s(0.5);
  EXPECT_EQ(edits(), before + 1);
  for (const auto& report : reports) {
    ASSERT_TRUE(report);
    ASSERT_TRUE(*report);
    EXPECT_EQ((*report)->records, 20u);
  }
}

TEST_F(Saving, ThatHasBegunIsNotForWhoAsksLater) {
  LoopBot& bot = saving_bot();
  apply(bot);
  std::optional<Result<CommitReport>> first;
  std::optional<Result<CommitReport>> second;
  bot.process().channel.on_call = [&, done = false](const Call& call) mutable {
    if (call.kind == CallKind::kReplace && !std::exchange(done, true)) {
      apply(bot);
      begin(bot.saver().save(), second);
    }
    return Fault{};
  };
  begin(bot.saver().save(), first);
  pass_s(0.5);
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->records, 1u);
  EXPECT_FALSE(second) << "what it applied is not in that commit";
  pass_s(1);
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->records, 2u);
}

TEST_F(Saving, ChecksWhenThereIsNothingToCommit) {
  LoopBot& bot = saving_bot();
  const auto calls = chat.calls();
  const auto before = edits();
  std::optional<Result<CommitReport>> report;
  begin(bot.saver().save(), report);
  pass_s(0.5);
  ASSERT_TRUE(report && *report);
  EXPECT_EQ(edits(), before);
  EXPECT_EQ(chat.calls(), calls + 2) << "the pin and the register";
}

TEST_F(Saving, ThatFailsIsToldAndTriedAgain) {
  LoopBot& bot = saving_bot();
  saving.commit_deadline = seconds(60);
  int refusals = 1;
  bot.process().channel.on_call = [&](const Call& call) {
    const bool refuse = call.kind == CallKind::kReplace && refusals-- > 0;
    return refuse ? refused({ErrorCode::kRejected, "Bad Request"}) : Fault{};
  };
  apply(bot);
  std::optional<Result<CommitReport>> report;
  begin(bot.saver().save(), report);
  pass_s(0.1);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->error().code, ErrorCode::kRejected);
  EXPECT_EQ(bot.failures.size(), 1u);
  pass_s(2);
  EXPECT_EQ(bot.saved_at.size(), 1u) << "nobody had to ask again";
}

TEST_F(Saving, EndsForGoodWhenAnotherIsTheWriter) {
  LoopBot& bot = saving_bot();
  auto other = opened();
  apply(bot);
  std::optional<Result<CommitReport>> report;
  begin(bot.saver().save(), report);
  pass_s(2);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->error().code, ErrorCode::kSuperseded);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_EQ(bot.saver_end->error().code, ErrorCode::kSuperseded);
  std::optional<Result<CommitReport>> late;
  begin(bot.saver().save(), late);
  pass_s(1);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->error().code, ErrorCode::kCancelled);
}

TEST_F(Saving, WaitsForWhoHasTheTurn) {
  LoopBot& bot = saving_bot();
  apply(bot);
  std::optional<bool> held;
  begin(hold_turn(bot, seconds(30)), held);
  pass_s(29);
  EXPECT_EQ(bot.saved_at.size(), 0u);
  pass_s(2);
  EXPECT_EQ(bot.saved_at.size(), 1u);
}

// ---- the end ----

TEST_F(Saving, SavesOnceMoreWhenItStops) {
  LoopBot& bot = saving_bot();
  apply(bot);
  bot.stop();
  pass_s(1);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_TRUE(*bot.saver_end);
  EXPECT_EQ(restored_now().size(), 1u);
}

// What the command commits is not uncommitted any more, but not saved either.
TEST_F(Saving, DoesNotEndBeforeTheCommandUnderWay) {
  LoopBot& bot = saving_bot();
  std::optional<bool> held;
  begin(hold_turn(bot, seconds(10)), held);
  pass_s(1);
  bot.stop();
  pass_s(8);
  EXPECT_FALSE(bot.saver_end);
  pass_s(2);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_TRUE(*bot.saver_end);
}

TEST_F(Saving, WaitsOutAPenaltyThatEndsInTimeAfterAStop) {
  LoopBot& bot = saving_bot();
  bot.process().channel.on_call = [&, done = false](const Call& call) mutable {
    const bool refuse = call.kind == CallKind::kReplace && !std::exchange(done, true);
    return refuse ? refused(penalty(15)) : Fault{};
  };
  apply(bot);
  pass_s(6);  // inside the penalty
  apply(bot);
  bot.stop();
  pass_s(5);
  EXPECT_FALSE(bot.saver_end);
  pass_s(15);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_TRUE(*bot.saver_end);
  EXPECT_EQ(restored_now().size(), 2u);
}

TEST_F(Saving, GivesUpTwentySecondsAfterAStopAndSaysWhatIsUnsaved) {
  LoopBot& bot = saving_bot();
  bot.process().channel.on_call = [&](const Call& call) {
    return call.kind == CallKind::kReplace ? refused(penalty(45)) : Fault{};
  };
  apply(bot);
  pass_s(6);
  apply(bot);
  bot.stop();
  const Clock::Time asked = clock.now();
  std::optional<Result<CommitReport>> waiting;
  begin(bot.saver().save(), waiting);
  pass_s(19.9);
  EXPECT_FALSE(bot.saver_end);
  pass_s(0.2);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_FALSE(*bot.saver_end);
  EXPECT_EQ(bot.vault().unsaved_records(), 2u);
  ASSERT_TRUE(waiting) << "whoever waits is told";
  EXPECT_FALSE(*waiting);
  EXPECT_LE(clock.now() - asked, seconds(21));
}

TEST_F(Saving, DoesNotWaitForAPenaltyBeyondItsEnd) {
  LoopBot& bot = saving_bot();
  bot.process().channel.on_call = [&](const Call& call) {
    return call.kind == CallKind::kReplace ? refused(penalty(3600)) : Fault{};
  };
  apply(bot);
  pass_s(6);
  bot.stop();
  pass_s(0.1);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_EQ(bot.saver_end->error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(bot.vault().unsaved_records(), 1u);
}

// ---- maintenance ----

bool is_base(const Call& call) { return call.document.starts_with("telekv-base"); }

struct Maintenance : Saving {
  Maintenance() {
    options.ladder.least_bytes = 100;
    pace = {.records_per_step = 4, .records_per_chunk = 4};
    options.make_scratch = [] { return std::make_unique<MapState>(); };
  }
  void fill(LoopBot& bot) {
    for (int i = 0; i < 40; ++i) apply(bot);
  }
};

TEST_F(Maintenance, WritesTheNextBaseBesideTheCommits) {
  LoopBot& bot = saving_bot();
  fill(bot);
  pass_s(30);
  EXPECT_GT(bot.vault().stats().base_bytes, 0u);
  EXPECT_EQ(restored_now().size(), 40u);
}

TEST_F(Maintenance, ThatFailsIsTriedAgainLaterAndHoldsNoCommitUp) {
  LoopBot& bot = saving_bot();
  bool refuses = true;
  bot.process().channel.on_call = [&](const Call& call) {
    return is_base(call) && refuses ? refused({ErrorCode::kRejected, "no"}) : Fault{};
  };
  fill(bot);
  pass_s(60);
  EXPECT_EQ(bot.vault().stats().base_bytes, 0u);
  EXPECT_GE(bot.saved_at.size(), 1u);
  EXPECT_FALSE(bot.failures.empty());
  EXPECT_LT(bot.failures.size(), 20u);
  refuses = false;
  apply(bot);
  pass_s(60);
  EXPECT_GT(bot.vault().stats().base_bytes, 0u);
}

TEST_F(Maintenance, TellsOfADrillThatFailsApartFromOtherFailures) {
  LoopBot& bot = saving_bot();
  bot.vault().note_witness();
  bot.process().channel.on_call = [&](const Call& call) {
    return call.kind == CallKind::kFetch ? refused({ErrorCode::kRejected, "no"}) : Fault{};
  };
  for (int base = 0; base < 3; ++base) {
    fill(bot);
    pass_s(60);
  }
  EXPECT_FALSE(bot.drill_failures.empty());
  EXPECT_TRUE(bot.failures.empty()) << "nothing is unsaved";
}

TEST_F(Maintenance, DoesNotHoldUpTheEnd) {
  LoopBot& bot = saving_bot();
  bool stuck = false;
  bot.process().channel.on_call = [&](const Call& call) {
    stuck = stuck || is_base(call);
    return is_base(call) ? refused(penalty(600)) : Fault{};
  };
  fill(bot);
  pass_s(6);
  ASSERT_TRUE(stuck) << "a chunk of the base waits out a penalty";
  apply(bot);
  bot.stop();
  pass_s(20.1);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_TRUE(*bot.saver_end);
  EXPECT_EQ(restored_now().size(), 41u);
}

}  // namespace
}  // namespace telekv::vault
