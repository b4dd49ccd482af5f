// Long polling with either durability.
#include "vault/polling_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "loop_world.h"

namespace telekv::vault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kOut = std::nullopt;
const Error kAway{ErrorCode::kUnavailable, "nobody answers"};
const Error kOtherReader{ErrorCode::kConflict, "terminated by other getUpdates request"};

SimChannel::Hook refuse(CallKind kind, Error error, int times) {
  return [kind, error, left = std::make_shared<int>(times)](const Call& call) {
    if (call.kind != kind || *left == 0) return Fault{};
    --*left;
    return Fault{.kind = Fault::Kind::kRefuse, .error = error};
  };
}

struct Strict : LoopWorld, testing::Test {};
struct Interval : LoopWorld, testing::Test {
  Interval() { saving.durability = Durability::kInterval; }
};

// ---- strict ----

TEST_F(Strict, ConfirmsOnlyWhatTheNextOpenerWouldRestore) {
  queue.on_confirm = [this](std::int64_t last) {
    const auto content = restored_now();
    for (std::int64_t id = kFirstUpdate; id <= last; ++id) {
      EXPECT_TRUE(content.contains(id)) << "confirmed, but not durable: " << id - kFirstUpdate;
    }
  };
  LoopBot& bot = polling_bot();
  for (int second = 0; second < 20; ++second) {
    for (int i = 0; i < second % 4; ++i) queue.push();
    pass_s(0.7);
  }
  pass_s(5);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(queue.confirmed(), kFirstUpdate + 29);
  EXPECT_EQ(bot.applied.size(), 30u);
}

TEST_F(Strict, AppliesAtOnceAndConfirmsWhenTheCommitHasComeThrough) {
  LoopBot& bot = polling_bot();
  bot.process().channel.on_call = refuse(CallKind::kReplace, kAway, 12);
  queue.push();
  pass_s(1);
  EXPECT_EQ(bot.applied.size(), 1u);
  EXPECT_EQ(queue.waiting(), 1u);
  pass_s(600);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(bot.applied.size(), 1u) << "the page is not polled again meanwhile";
}

TEST_F(Strict, PollsFirstWithoutAnOffsetThenBehindTheLastPage) {
  queue.push();
  polling_bot();
  pass_s(1);
  ASSERT_GE(queue.offsets().size(), 2u);
  EXPECT_EQ(queue.offsets()[0], kOut);
  EXPECT_EQ(queue.offsets()[1], kFirstUpdate + 1);
  bots.back()->stop();
  pass_s(30);
  const std::size_t before = queue.offsets().size();
  queue.push();
  polling_bot();
  pass_s(1);
  EXPECT_EQ(queue.offsets()[before], kOut) << "also when the state knows a last update";
}

TEST_F(Strict, AppliesNothingTwice) {
  queue.push();
  queue.push();
  LoopBot& first = polling_bot();
  first.process().channel.on_call = [](const Call& call) {
    return Fault{.kind = call.kind == CallKind::kPinned ? Fault::Kind::kCrashBefore
                                                        : Fault::Kind::kNone};
  };
  pass_s(5);
  ASSERT_EQ(queue.waiting(), 2u) << "committed, but CHECK was never answered";
  LoopBot& second = polling_bot();
  queue.push();
  pass_s(5);
  EXPECT_THAT(second.applied, ElementsAre(kFirstUpdate + 2));
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(restored_now().size(), 3u);
}

TEST_F(Strict, ChecksBeforeItConfirmsARepetition) {
  queue.push();
  LoopBot& first = polling_bot();
  pass_s(0.005);
  first.process().channel.on_call = [](const Call& call) {
    return Fault{.kind = call.kind == CallKind::kReplace ? Fault::Kind::kCrashAfter
                                                         : Fault::Kind::kNone};
  };
  pass_s(5);
  ASSERT_EQ(queue.waiting(), 1u);
  LoopBot& second = polling_bot();
  second.process().channel.on_call = refuse(CallKind::kPinned, kAway, 3);
  queue.on_confirm = [&](std::int64_t) { EXPECT_GE(second.process().channel.calls(), 4u); };
  const std::size_t edits_before = edits();
  pass_s(0.2);
  EXPECT_EQ(queue.waiting(), 1u);
  pass_s(20);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_THAT(second.applied, IsEmpty());
  EXPECT_EQ(edits(), edits_before) << "there was nothing to commit";
}

TEST_F(Strict, EndsSupersededAndConfirmsNothingMore) {
  LoopBot& first = polling_bot();
  queue.push();
  pass_s(5);
  auto other = opened();
  queue.push();
  pass_s(5);
  ASSERT_TRUE(first.loop_end);
  EXPECT_EQ(first.loop_end->error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(first.saver_end->error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(Strict, CommitsAtMostOnceASecond) {
  LoopBot& bot = polling_bot();
  for (int i = 0; i < 50; ++i) {
    queue.push();
    pass_s(0.1);
  }
  pass_s(5);
  ASSERT_GE(bot.saved_at.size(), 3u);
  EXPECT_LE(bot.saved_at.size(), 7u);
  for (std::size_t i = 1; i < bot.saved_at.size(); ++i) {
    EXPECT_GE(bot.saved_at[i] - bot.saved_at[i - 1], std::chrono::milliseconds(900));
  }
}

TEST_F(Strict, CallsNothingWhenIdle) {
  polling_bot();
  queue.push();
  pass_s(5);
  const auto calls = chat.calls();
  pass_s(3600);
  EXPECT_EQ(chat.calls(), calls);
}

TEST_F(Strict, TakesAPageOfAHundredACommit) {
  for (int i = 0; i < 250; ++i) queue.push();
  LoopBot& bot = polling_bot();
  pass_s(0.5);
  EXPECT_EQ(bot.applied.size(), 200u) << "the second page waits for its commit";
  pass_s(5);
  EXPECT_EQ(bot.applied.size(), 250u);
  EXPECT_EQ(bot.saved_at.size(), 3u);
}

// ---- conflicts and failures ----

TEST_F(Strict, ChecksAfterAConflictAndGoesOnWhenItIsStillTheWriter) {
  LoopBot& bot = polling_bot();
  pass_s(1);
  const auto calls = chat.calls();
  queue.failures = {kOtherReader};
  pass_s(40);
  EXPECT_EQ(chat.calls(), calls + 2) << "the pin and the register";
  queue.push();
  pass_s(5);
  EXPECT_EQ(bot.applied.size(), 1u);
  EXPECT_FALSE(bot.loop_end);
}

TEST_F(Strict, EndsAfterAConflictWhenAnotherIsTheWriter) {
  LoopBot& bot = polling_bot();
  pass_s(1);
  auto other = opened();
  queue.failures = {kOtherReader};
  pass_s(40);
  ASSERT_TRUE(bot.loop_end);
  EXPECT_EQ(bot.loop_end->error().code, ErrorCode::kSuperseded);
}

TEST_F(Strict, WaitsAsLongAsTheQueueAsks) {
  queue.failures = {{ErrorCode::kRateLimited, "slow down", "", 40}};
  polling_bot();
  pass_s(39);
  EXPECT_EQ(queue.offsets().size(), 1u);
  pass_s(2);
  EXPECT_EQ(queue.offsets().size(), 2u);
}

TEST_F(Strict, EndsWhenTheTokenIsRefused) {
  queue.failures = {{ErrorCode::kUnauthorized, "Unauthorized"}};
  LoopBot& bot = polling_bot();
  pass_s(5);
  ASSERT_TRUE(bot.loop_end);
  EXPECT_EQ(bot.loop_end->error().code, ErrorCode::kUnauthorized);
}

TEST_F(Strict, TakesTheNextPageOnlyWhenThereIsRoom) {
  LoopBot& bot = polling_bot();
  bot.has_room = false;
  queue.push();
  pass_s(2);
  const std::size_t polls = queue.offsets().size();
  queue.push();
  pass_s(60);
  EXPECT_EQ(queue.offsets().size(), polls);
  bot.has_room = true;
  pass_s(5);
  EXPECT_EQ(bot.applied.size(), 2u);
}

// ---- witness and gaps ----

TEST_F(Strict, KnowsByTheFirstPageThatFitsThatNothingIsMissing) {
  LoopBot& bot = polling_bot();
  pass_s(60);
  EXPECT_FALSE(bot.vault().witnessed()) << "an empty queue shows nothing";
  queue.push();
  pass_s(5);
  EXPECT_TRUE(bot.vault().witnessed());
}

TEST_F(Strict, ReportsExactlyWhatSomebodyElseConfirmed) {
  LoopBot& bot = polling_bot();
  queue.push();
  pass_s(5);
  for (int i = 0; i < 7; ++i) queue.lose(queue.push());
  queue.push();
  pass_s(30);
  EXPECT_EQ(bot.applied.size(), 2u);
  EXPECT_EQ(bot.vault().stats().lost_updates, 7u);
  EXPECT_THAT(notes, testing::Contains(HasSubstr("updates lost: 7, confirmed")));
  EXPECT_EQ(queue.waiting(), 0u);
  bot.stop();
  pass_s(30);
  auto next = opened();
  EXPECT_EQ(next->vault.stats().lost_updates, 7u) << "the count is part of the state";
}

TEST_F(Strict, CountsWhatIsMissingInsideAPageToo) {
  LoopBot& bot = polling_bot();
  queue.push();
  pass_s(5);
  for (int i = 0; i < 6; ++i) queue.push();
  queue.lose(kFirstUpdate + 3);
  queue.lose(kFirstUpdate + 5);
  pass_s(30);
  EXPECT_EQ(bot.applied.size(), 5u);
  EXPECT_EQ(bot.vault().stats().lost_updates, 2u);
}

// A superseded writer's root that grew after it was read: the queue begins where the longer history
// ends, but a state without any update has no place in the queue.
TEST_F(Strict, LooksForALongerHistoryAsLongAsNothingIsApplied) {
  auto old = opened();
  auto starter = opened();
  const std::int64_t first = queue.push();
  old->apply(first, first, "one");
  std::optional<Result<CommitReport>> ended;
  begin(old->vault.commit(deadline()), ended);
  pass_s(5);
  queue.lose(first);

  LoopBot& fresh = bot_of(std::move(starter));
  fresh.start_polling();
  const std::int64_t second = queue.push();
  pass_s(30);
  EXPECT_THAT(fresh.applied, ElementsAre(second));
  EXPECT_EQ(restored_now().size(), 2u);
}

// The pin of the one that starts is lost until its own CHECK, so the old writer goes on and
// confirms what the other has read too early to know. The queue tells.
TEST_F(Strict, FindsALongerHistoryWhenTheQueueBeginsBeyondItsOwn) {
  LoopBot& old = polling_bot();
  queue.push();
  pass_s(5);
  auto starter = process();
  int readings = 0;
  bool claimed = false;
  starter->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPointer && ++readings == 2) {
      return Fault{.kind = Fault::Kind::kLosePin};
    }
    if (call.kind == CallKind::kSetPointer && !std::exchange(claimed, true)) {
      queue.push();
      return Fault{.kind = Fault::Kind::kRefuse,
                   .error = {ErrorCode::kRateLimited, "slow down", "", 5}};
    }
    return Fault{};
  };
  ASSERT_TRUE(open(*starter));
  ASSERT_EQ(old.applied.size(), 2u);
  ASSERT_EQ(queue.waiting(), 0u) << "the old writer has confirmed both";
  ASSERT_EQ(starter->state.content().size(), 1u) << "the new one holds one of them";

  LoopBot& fresh = bot_of(std::move(starter));
  fresh.start_polling();
  queue.push();
  pass_s(30);
  EXPECT_THAT(fresh.applied, ElementsAre(kFirstUpdate + 2));
  EXPECT_EQ(fresh.process().state.content().size(), 3u);
  EXPECT_EQ(fresh.vault().stats().lost_updates, 0u);
  EXPECT_EQ(restored_now().size(), 3u);
}

TEST_F(Strict, BeginsANewSeriesAfterASilentWeek) {
  constexpr std::int64_t kNow = 1'790'000'000;
  LoopBot& bot = polling_bot();
  queue.push(kNow);
  queue.push(kNow);
  pass_s(5);
  queue.push_as(500, kNow + 8 * 86'400);
  pass_s(30);
  EXPECT_EQ(bot.applied.size(), 3u);
  EXPECT_EQ(bot.vault().stats().lost_updates, 0u);
  EXPECT_THAT(queue.offsets(), testing::Contains(501)) << "the offset goes down";
  EXPECT_EQ(queue.waiting(), 0u);
}

// ---- elements without an id ----

TEST_F(Strict, SkipsUnreadableElementsOneByOne) {
  LoopBot& bot = polling_bot();
  queue.push();
  pass_s(5);
  queue.push_unreadable();
  queue.push_unreadable();
  pass_s(30);
  EXPECT_EQ(queue.waiting(), 0u);
  queue.push();
  pass_s(5);
  EXPECT_EQ(bot.applied.size(), 2u);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(bot.vault().stats().lost_updates, 2u);
}

TEST_F(Strict, LooksForNoOtherHistoryBecauseOfUnreadableElements) {
  LoopBot& bot = polling_bot();
  queue.push();
  pass_s(5);
  const auto unpins = count(CallKind::kUnpin);
  queue.push_unreadable();
  queue.push();
  pass_s(30);
  EXPECT_EQ(bot.applied.size(), 2u);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(count(CallKind::kUnpin), unpins);
}

TEST_F(Strict, AsksAgainAfterAPauseWhileNoIdIsKnown) {
  queue.push_unreadable();
  polling_bot();
  pass_s(10);
  EXPECT_THAT(queue.offsets(), testing::Each(kOut));
  EXPECT_GT(queue.offsets().size(), 5u);
  EXPECT_LT(queue.offsets().size(), 15u);
}

// ---- interval ----

TEST_F(Interval, ConfirmsAtOnceAndSavesInItsTime) {
  LoopBot& bot = polling_bot();
  queue.push();
  pass_s(1);
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_TRUE(restored_now().empty());
  pass_s(5);
  EXPECT_EQ(restored_now().size(), 1u);
  EXPECT_EQ(bot.saved_at.size(), 1u);
}

TEST_F(Interval, ReportsExactlyWhatACrashCost) {
  LoopBot& first = polling_bot();
  queue.push();
  pass_s(6);
  for (int i = 0; i < 4; ++i) queue.push();
  pass_s(1);
  ASSERT_EQ(queue.waiting(), 0u);
  first.process().channel.crash();
  pass_s(10);
  LoopBot& second = polling_bot();
  queue.push();
  pass_s(30);
  EXPECT_EQ(second.vault().stats().lost_updates, 4u);
  EXPECT_THAT(second.applied, ElementsAre(kFirstUpdate + 5));
}

TEST_F(Interval, CallsNothingWhenIdle) {
  polling_bot();
  queue.push();
  pass_s(10);
  const auto calls = chat.calls();
  pass_s(3600);
  EXPECT_EQ(chat.calls(), calls);
}

TEST_F(Interval, SavesEverythingWhenItStops) {
  LoopBot& bot = polling_bot();
  for (int i = 0; i < 9; ++i) queue.push();
  pass_s(1);
  bot.stop();
  pass_s(3);
  ASSERT_TRUE(bot.loop_end);
  EXPECT_TRUE(*bot.loop_end);
  ASSERT_TRUE(bot.saver_end);
  EXPECT_TRUE(*bot.saver_end);
  EXPECT_EQ(restored_now().size(), 9u);
}

}  // namespace
}  // namespace telekv::vault
