// Which updates have been applied, whatever order they come in.
#include "vault/applied_updates.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace telekv::vault {
namespace {

constexpr std::int64_t kFirst = std::int64_t{1} << 33;  // ids are larger than 32 bits
constexpr std::int64_t kNow = 1'790'000'000;
constexpr std::int64_t kDay = 86'400;

AppliedUpdates polled(std::int64_t count) {
  AppliedUpdates applied;
  for (std::int64_t i = 0; i < count; ++i) {
    EXPECT_EQ(applied.add({kFirst + i, kNow}, Delivery::kPolling), 0u);
  }
  return applied;
}

std::uint64_t deliver(AppliedUpdates& applied, std::int64_t id, std::int64_t date = kNow) {
  return applied.add({id, date}, Delivery::kWebhook);
}

std::vector<std::uint64_t> runs(const AppliedUpdates& applied) {
  const auto stored = applied.to_message();
  return {stored.runs().begin(), stored.runs().end()};
}

AppliedUpdates stored_and_read(const AppliedUpdates& applied) {
  return AppliedUpdates::from_message(applied.to_message()).value();
}

// ---- polling ----

TEST(PolledUpdates, AreAllAtOrBelowTheLast) {
  const AppliedUpdates applied = polled(10);
  EXPECT_EQ(applied.last(), kFirst + 9);
  EXPECT_TRUE(applied.contains({kFirst + 9, kNow}));
  EXPECT_TRUE(applied.contains({kFirst - 50, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 10, kNow}));
  EXPECT_TRUE(runs(applied).empty());
}

TEST(PolledUpdates, ThatNobodyEverAppliedAreNone) {
  const AppliedUpdates nothing;
  EXPECT_FALSE(nothing.contains({1, 0}));
  EXPECT_FALSE(nothing.contains({kFirst, kNow}));
  EXPECT_FALSE(nothing.gap_before({kFirst, kNow})) << "any update may be a store's first";
  EXPECT_EQ(stored_and_read(nothing).last(), 0);
}

TEST(PolledUpdates, ThatAreMissingBeforeTheNextAreCounted) {
  AppliedUpdates applied = polled(10);
  EXPECT_FALSE(applied.gap_before({kFirst + 10, kNow}));
  EXPECT_FALSE(applied.gap_before({kFirst + 3, kNow}));
  const UpdateStamp next{kFirst + 17, kNow};
  EXPECT_EQ(applied.gap_before(next).missing, 7u);
  EXPECT_EQ(applied.give_up_before(next), 7u);
  EXPECT_FALSE(applied.gap_before(next));
  EXPECT_FALSE(applied.contains(next));
  EXPECT_TRUE(applied.contains({kFirst + 16, kNow})) << "given up: never applied any more";
  EXPECT_EQ(applied.add(next, Delivery::kPolling), 0u);
  EXPECT_TRUE(runs(applied).empty());
}

TEST(PolledUpdates, ThatWebhooksLeftOutAreTheNextToCome) {
  AppliedUpdates applied = polled(3);
  deliver(applied, kFirst + 4);
  deliver(applied, kFirst + 6);
  EXPECT_FALSE(applied.gap_before({kFirst + 3, kNow}));
  EXPECT_EQ(applied.gap_before({kFirst + 4, kNow}).missing, 1u);
  EXPECT_EQ(applied.gap_before({kFirst + 5, kNow}).missing, 1u);
  EXPECT_EQ(applied.gap_before({kFirst + 9, kNow}).missing, 4u);
  EXPECT_EQ(applied.give_up_before({kFirst + 5, kNow}), 1u);
  EXPECT_TRUE(applied.contains({kFirst + 3, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 5, kNow}));
}

TEST(PolledUpdates, BeforeAnIdInsideAHoleAreGivenUpWithoutIt) {
  AppliedUpdates applied = polled(1);
  deliver(applied, kFirst + 10);
  EXPECT_EQ(applied.give_up_before({kFirst + 5, kNow}), 4u);
  EXPECT_TRUE(applied.contains({kFirst + 4, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 5, kNow}));
  EXPECT_EQ(runs(applied), (std::vector<std::uint64_t>{1, 5}));
}

// ---- webhooks ----

TEST(DeliveredUpdates, BelowTheLastAreNotAppliedForThat) {
  AppliedUpdates applied = polled(1);
  EXPECT_EQ(deliver(applied, kFirst + 3), 0u);
  EXPECT_FALSE(applied.contains({kFirst + 1, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 2, kNow + 60})) << "chats come in parallel";
  EXPECT_EQ(runs(applied), (std::vector<std::uint64_t>{1, 2}));
  deliver(applied, kFirst + 2);
  EXPECT_TRUE(applied.contains({kFirst + 2, kNow}));
  EXPECT_EQ(runs(applied), (std::vector<std::uint64_t>{2, 1}));
  deliver(applied, kFirst + 1);
  EXPECT_TRUE(runs(applied).empty());
}

TEST(DeliveredUpdates, MayBePrecededByOthersOfTheFirstMoment) {
  AppliedUpdates applied;
  deliver(applied, kFirst + 5);
  EXPECT_FALSE(applied.contains({kFirst + 4, kNow}));
  EXPECT_FALSE(applied.gap_before({kFirst + 2, kNow})) << "what was before is not known";
  deliver(applied, kFirst + 2);
  EXPECT_EQ(applied.gap_before({kFirst + 6, kNow}).missing, 2u);
  applied = stored_and_read(applied);
  EXPECT_FALSE(applied.contains({kFirst + 1, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 4, kNow}));
  EXPECT_TRUE(applied.contains({kFirst + 2, kNow}));
  EXPECT_EQ(applied.gap_before({kFirst + 6, kNow}).missing, 2u);
}

TEST(DeliveredUpdates, ThatTelegramNoLongerKeepsAreGivenUp) {
  AppliedUpdates applied = polled(1);
  deliver(applied, kFirst + 4, kNow);
  EXPECT_EQ(deliver(applied, kFirst + 5, kNow + kDay), 0u);
  EXPECT_FALSE(applied.contains({kFirst + 2, kNow}));
  EXPECT_EQ(deliver(applied, kFirst + 6, kNow + kDay + 3601), 3u);
  EXPECT_TRUE(applied.contains({kFirst + 2, kNow})) << "counted as lost: never applied any more";
  EXPECT_EQ(applied.holes(), 0u);
}

TEST(DeliveredUpdates, WaitForTheirAgeAnewAfterARestore) {
  AppliedUpdates applied = polled(1);
  deliver(applied, kFirst + 4, kNow);
  deliver(applied, kFirst + 5, kNow + kDay);
  applied = stored_and_read(applied);
  EXPECT_EQ(deliver(applied, kFirst + 6, kNow + 2 * kDay), 0u);
  EXPECT_EQ(deliver(applied, kFirst + 7, kNow + 3 * kDay + 3600), 0u);
  EXPECT_EQ(deliver(applied, kFirst + 8, kNow + 3 * kDay + 3601), 3u);
}

// The tap comes days after the last message: what it leaves out is not as old as that one.
TEST(DeliveredUpdates, LeftOutByATapAreAsYoungAsTheNextMessage) {
  AppliedUpdates applied = polled(1);
  deliver(applied, kFirst + 1, kNow);
  deliver(applied, kFirst + 4, 0);
  EXPECT_EQ(deliver(applied, kFirst + 5, kNow + 2 * kDay), 0u);
  EXPECT_FALSE(applied.contains({kFirst + 3, kNow + 2 * kDay}));
}

TEST(DeliveredUpdates, WithoutDatesWaitUntilOneIsKnown) {
  AppliedUpdates applied;
  applied.add({kFirst, 0}, Delivery::kPolling);
  deliver(applied, kFirst + 2, 0);
  EXPECT_EQ(deliver(applied, kFirst + 3, kNow), 0u);
  EXPECT_EQ(deliver(applied, kFirst + 4, kNow + kDay), 0u);
  EXPECT_EQ(deliver(applied, kFirst + 5, kNow + kDay + 3601), 1u);
}

TEST(DeliveredUpdates, OfTheFirstMomentAreNotCountedAsLost) {
  AppliedUpdates applied;
  deliver(applied, kFirst + 5);
  deliver(applied, kFirst + 2);
  EXPECT_EQ(deliver(applied, kFirst + 6, kNow + 2 * kDay), 2u) << "only those in between";
  EXPECT_EQ(applied.holes(), 0u);
}

TEST(DeliveredUpdates, LeaveABoundedNumberOfHoles) {
  AppliedUpdates applied = polled(1);
  for (std::size_t i = 1; i <= AppliedUpdates::kMaxHoles; ++i) {
    ASSERT_EQ(deliver(applied, kFirst + 2 * static_cast<std::int64_t>(i)), 0u);
  }
  ASSERT_EQ(applied.holes(), AppliedUpdates::kMaxHoles);
  ASSERT_TRUE(AppliedUpdates::from_message(applied.to_message()));
  EXPECT_EQ(deliver(applied, applied.last() + 3), 1u) << "the oldest hole had one update";
  EXPECT_EQ(applied.holes(), AppliedUpdates::kMaxHoles);
  EXPECT_TRUE(applied.contains({kFirst + 1, kNow}));
  EXPECT_FALSE(applied.contains({kFirst + 3, kNow}));
}

// ---- ids drawn anew ----

TEST(IdsDrawnAnew, AboveAreASeriesOfTheirOwnAndNothingIsCounted) {
  AppliedUpdates applied = polled(10);
  const UpdateStamp next{kFirst + 9 + AppliedUpdates::kWindow, kNow + 8 * kDay};
  const auto gap = applied.gap_before(next);
  EXPECT_TRUE(gap.new_series);
  EXPECT_EQ(gap.missing, 0u);
  EXPECT_EQ(applied.give_up_before(next), 0u);
  EXPECT_EQ(applied.add(next, Delivery::kPolling), 0u);
  EXPECT_EQ(applied.last(), next.id);
}

TEST(IdsDrawnAnew, AreNotSupposedWithoutTheWeekOfSilence) {
  AppliedUpdates applied = polled(10);
  const UpdateStamp next{kFirst + 10 + 2 * AppliedUpdates::kWindow, kNow + kDay};
  EXPECT_EQ(applied.gap_before(next).missing, 2u * AppliedUpdates::kWindow);
  EXPECT_FALSE(applied.gap_before(next).new_series);
}

TEST(IdsDrawnAnew, AreToldWithoutADateByTheirDistance) {
  AppliedUpdates applied = polled(10);
  EXPECT_TRUE(applied.gap_before({applied.last() + AppliedUpdates::kWindow, 0}).new_series);
  EXPECT_FALSE(applied.gap_before({applied.last() + AppliedUpdates::kWindow - 1, 0}).new_series);
  EXPECT_FALSE(applied.contains({applied.last() - AppliedUpdates::kWindow, 0}));
  EXPECT_TRUE(applied.contains({applied.last() - AppliedUpdates::kWindow + 1, 0}));
}

TEST(IdsDrawnAnew, BelowAreToldByTheirDate) {
  AppliedUpdates applied = polled(10);
  const UpdateStamp low{kFirst + 3, kNow + 8 * kDay};
  EXPECT_FALSE(applied.contains(low)) << "newer than anything applied";
  EXPECT_TRUE(applied.contains({kFirst + 3, kNow}));
  EXPECT_TRUE(applied.contains({kFirst + 9 - 2 * AppliedUpdates::kWindow, kNow}))
      << "older than what was applied: no new series, however far down";
  EXPECT_TRUE(applied.gap_before(low).new_series);
  EXPECT_EQ(applied.add(low, Delivery::kPolling), 0u);
  EXPECT_EQ(applied.last(), low.id);
  EXPECT_FALSE(applied.contains({kFirst + 4, kNow + 8 * kDay}));
  EXPECT_FALSE(applied.gap_before({kFirst + 4, kNow + 8 * kDay}));
}

// Whether the series began with a tap or a message is a matter of who came first.
TEST(IdsDrawnAnew, MayBeginWithATap) {
  AppliedUpdates applied = polled(1);
  constexpr std::int64_t kAnew = kFirst - 1'000'000;
  deliver(applied, kAnew + 3, 0);
  for (AppliedUpdates each : {applied, stored_and_read(applied)}) {
    deliver(each, kAnew, kNow + 8 * kDay);
    EXPECT_TRUE(each.contains({kAnew + 3, 0}));
    EXPECT_TRUE(each.contains({kAnew, kNow + 8 * kDay}));
    EXPECT_FALSE(each.contains({kAnew + 2, kNow + 8 * kDay}));
  }
}

TEST(IdsDrawnAnew, ForgetTheHolesOfTheSeriesBefore) {
  AppliedUpdates applied = polled(1);
  deliver(applied, kFirst + 4);
  const UpdateStamp next{77, kNow + 8 * kDay};
  EXPECT_EQ(applied.gap_before(next).missing, 3u);
  EXPECT_EQ(applied.add(next, Delivery::kWebhook), 3u);
  EXPECT_FALSE(applied.contains({76, kNow + 8 * kDay})) << "chats come in parallel";
  EXPECT_FALSE(applied.contains({kFirst + 4, kNow}));
}

// ---- stored ----

TEST(StoredUpdates, AreReadAsTheyWereWritten) {
  AppliedUpdates applied = polled(4);
  for (const int step : {6, 7, 9, 15}) deliver(applied, kFirst + step, kNow + step);
  EXPECT_EQ(runs(applied), (std::vector<std::uint64_t>{1, 5, 1, 1, 2, 2}));
  const AppliedUpdates read = stored_and_read(applied);
  EXPECT_EQ(read.last(), kFirst + 15);
  EXPECT_EQ(read.last_date(), kNow + 15);
  for (std::int64_t id = kFirst - 2; id <= kFirst + 16; ++id) {
    EXPECT_EQ(read.contains({id, kNow}), applied.contains({id, kNow})) << id - kFirst;
  }
}

format::AppliedUpdates message(std::int64_t last, const std::vector<std::uint64_t>& runs_down,
                               std::int64_t date = 0) {
  format::AppliedUpdates stored;
  stored.set_last(last);
  stored.set_last_date(date);
  for (const std::uint64_t run : runs_down) stored.add_runs(run);
  return stored;
}

TEST(StoredUpdates, ThatNobodyWroteAreRefused) {
  const auto refused = [](const format::AppliedUpdates& stored) {
    const auto read = AppliedUpdates::from_message(stored);
    return !read && read.error().code == ErrorCode::kDamaged;
  };
  EXPECT_TRUE(refused(message(-1, {})));
  EXPECT_TRUE(refused(message(INT64_MAX, {})));
  EXPECT_TRUE(refused(message(INT64_MIN, {1, 1})));
  EXPECT_TRUE(refused(message(100, {}, -5)));
  EXPECT_TRUE(refused(message(0, {1, 1})));
  EXPECT_TRUE(refused(message(100, {1})));
  EXPECT_TRUE(refused(message(100, {0, 1})));
  EXPECT_TRUE(refused(message(100, {1, 0})));
  EXPECT_TRUE(refused(message(100, {50, 51})));
  EXPECT_TRUE(refused(message(100, {UINT64_MAX, 2})));
  EXPECT_TRUE(refused(message(100, {1, UINT64_MAX})));
  EXPECT_FALSE(refused(message(100, {50, 50})));
  std::vector<std::uint64_t> many(2 * AppliedUpdates::kMaxHoles + 2, 1);
  EXPECT_TRUE(refused(message(kFirst, many)));
  many.resize(many.size() - 2);
  EXPECT_FALSE(refused(message(kFirst, many)));
}

// ---- against the simplest thing that could be right ----

RC_GTEST_PROP(AppliedUpdatesModel, KnowsExactlyWhatWasAdded, ()) {
  AppliedUpdates applied = polled(1);
  std::set<std::int64_t> model{kFirst};
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60));
  for (const int step : steps) {
    const std::int64_t id = kFirst + step;
    RC_ASSERT(applied.contains({id, kNow}) == model.contains(id));
    if (model.insert(id).second) RC_ASSERT(deliver(applied, id) == 0u);
    if (step % 7 == 0) applied = stored_and_read(applied);
    RC_ASSERT(applied.last() == *model.rbegin());
  }
  std::uint64_t missing = 0;
  for (std::int64_t id = kFirst; id <= kFirst + 60; ++id) {
    RC_ASSERT(applied.gap_before({id, kNow}).missing == missing);
    if (!model.contains(id)) ++missing;
  }
  const std::int64_t next = kFirst + *rc::gen::inRange(0, 61);
  const auto lost = applied.gap_before({next, kNow}).missing;
  RC_ASSERT(applied.give_up_before({next, kNow}) == lost);
  for (std::int64_t id = kFirst; id <= kFirst + 61; ++id) {
    RC_ASSERT(applied.contains({id, kNow}) == (id < next || model.contains(id)));
  }
}

}  // namespace
}  // namespace telekv::vault
