// Restore points: which stay, and which erased keys they must not bring back.
#include "vault/history.h"

#include <gtest/gtest.h>

#include <limits>

namespace telekv::vault {
namespace {

using std::chrono::hours;

format::State state(std::uint64_t sequence, hours at) {
  format::State made;
  made.set_sequence(sequence);
  made.set_committed_at(std::chrono::seconds(at).count());
  return made;
}

std::vector<std::uint64_t> sequences(const format::History& history) {
  std::vector<std::uint64_t> found;
  for (const format::RestorePoint& point : history.points()) {
    found.push_back(point.state().sequence());
  }
  return found;
}

TEST(History, OnePointADayStaysAndTheNewest) {
  format::History history;
  for (std::uint64_t i = 0; i <= 8; ++i) {
    add_point(history, state(i + 1, hours(8 * i)));
    prune(history, 7, hours(24));
  }
  EXPECT_EQ(sequences(history), (std::vector<std::uint64_t>{1, 4, 7, 9}));
  EXPECT_EQ(history.points(3).number(), 9u) << "numbers are never used twice";
}

// A host that booted with a clock years ahead.
TEST(History, APointFromTheFutureDoesNotCostThoseAfterIt) {
  format::History history;
  add_point(history, state(1, hours(24 * 365)));
  for (std::uint64_t i = 0; i < 4; ++i) {
    add_point(history, state(i + 2, hours(24 * i)));
    prune(history, 7, hours(24));
  }
  EXPECT_EQ(sequences(history), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(has_passed(hours(24), 1000, 999));
  EXPECT_FALSE(has_passed(hours(24), 1000, 1000 + 86'399));
  EXPECT_TRUE(has_passed(hours(24), 1000, 1000 + 86'400));
}

TEST(History, TheOldestGoWhenThereAreTooMany) {
  format::History history;
  for (std::uint64_t i = 0; i < 10; ++i) {
    add_point(history, state(i + 1, hours(24 * i)));
    EXPECT_EQ(prune(history, 3, hours(24)), i >= 3);
  }
  EXPECT_EQ(sequences(history), (std::vector<std::uint64_t>{8, 9, 10}));
  EXPECT_EQ(find_point(history, 9)->state().sequence(), 9u);
  EXPECT_EQ(find_point(history, 1), nullptr);
}

TEST(History, TellsEveryKeyErasedSinceAPoint) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  format::History history;
  *history.add_tombstones() = make_tombstones(4, {kLowest, -1, kHighest});
  TombstoneList newer;
  *newer.Add() = make_tombstones(6, {-1, 5});
  EXPECT_EQ(erased_after(history, newer, 3), (std::vector<std::int64_t>{kLowest, -1, 5, kHighest}));
  EXPECT_EQ(erased_after(history, newer, 4), (std::vector<std::int64_t>{-1, 5}));
  EXPECT_TRUE(erased_after(history, newer, 6).empty());
}

TEST(History, WhoComesAndGoesAgainAndAgainTakesTheRoomOfOne) {
  format::History history;
  add_point(history, state(5, hours(0)));
  for (std::uint64_t sequence = 6; sequence < 10'000; ++sequence) {
    *history.add_tombstones() = make_tombstones(sequence, {-3, 1'000'000'000'000});
    if (sequence % 64 == 0) drop_unneeded_tombstones(history);
  }
  *history.add_tombstones() = make_tombstones(10'000, {7});
  drop_unneeded_tombstones(history);
  EXPECT_LT(history.ByteSizeLong(), 100u);
  const TombstoneList none;
  EXPECT_EQ(erased_after(history, none, 5), (std::vector<std::int64_t>{-3, 7, 1'000'000'000'000}));
  EXPECT_EQ(erased_after(history, none, 9'998),
            (std::vector<std::int64_t>{-3, 7, 1'000'000'000'000}));
  EXPECT_EQ(erased_after(history, none, 9'999), (std::vector<std::int64_t>{7}));
}

TEST(History, TombstonesGoWithTheLastPointThatNeedsThem) {
  format::History history;
  *history.add_tombstones() = make_tombstones(4, {1});
  *history.add_tombstones() = make_tombstones(6, {2});
  add_point(history, state(5, hours(1)));
  drop_unneeded_tombstones(history);
  ASSERT_EQ(history.tombstones_size(), 1);
  EXPECT_EQ(history.tombstones(0).sequence(), 6u);
  history.clear_points();
  drop_unneeded_tombstones(history, 5);
  EXPECT_EQ(history.tombstones_size(), 1) << "a restore of sequence 5 is under way";
  drop_unneeded_tombstones(history);
  EXPECT_EQ(history.tombstones_size(), 0);
}

}  // namespace
}  // namespace telekv::vault
