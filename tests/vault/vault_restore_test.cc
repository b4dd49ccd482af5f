// Restore points and damaged chains: how older states come back, and what does not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "restore_world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

TEST(VaultRestore, APointComesBackAsTheNewestStateAndTheAppliedPositionStays) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(10, 1, "old");
  world.make_point(*process);
  const Content old = process->state.content();
  process->apply(11, 1, "new");
  process->apply(12, 2, "two");
  world.commit_all(*process);
  const std::uint64_t before = process->vault.stats().sequence;

  const auto report = world.restore(*process, 1);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_GT(report->sequence, before);
  EXPECT_EQ(process->state.content(), old);
  EXPECT_EQ(process->vault.applied().last(), 12);
  EXPECT_EQ(restored(world), old);

  // What was replaced can come back too.
  ASSERT_EQ(process->vault.points().size(), 3u);
  ASSERT_TRUE(world.restore(*process, 2));
  EXPECT_EQ(restored(world), (Content{{1, "new"}, {2, "two"}}));
  process->apply(13, 3, "three");
  world.commit_all(*process);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultRestore, WhoWasForgottenStaysForgotten) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "stays");
  process->apply(2, 2, "goes");
  process->apply(3, 3, "goes and comes back");
  world.make_point(*process);
  process->state.erase(2);
  process->state.erase(3);
  process->apply(4, 3, "new");
  process->apply(5, 4, "comes");
  world.commit_all(*process);
  process->state.erase(4);
  world.commit_all(*process);
  auto next = world.opened();
  next->vault.note_witness();
  const auto report = world.restore(*next, 1);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->forgotten, 2u) << "of those in the point";
  EXPECT_EQ(restored(world), (Content{{1, "stays"}}));
}

// Players may leave and come back all day.
TEST(VaultRestore, AFewKeysForgottenThousandsOfTimesAreAFewTombstones) {
  RestoreWorld world;
  auto process = world.witnessed();
  for (int key = 1; key <= 3; ++key) process->apply(key, key, "old");
  world.make_point(*process);
  for (int round = 0; round < 3000; ++round) {
    const int key = 1 + round % 3;
    ASSERT_TRUE(process->state.erase(key));
    process->apply(10 + round, key, "new");
    world.commit_all(*process);
  }
  EXPECT_LT(process->vault.manifest().history().size(), 1000u);
  const auto report = world.restore(*process, 1);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->forgotten, 3u);
}

// Who has asked to be forgotten just before, in the commit that pushes the point out.
TEST(VaultRestore, WhoWasForgottenStaysForgottenThoughThePointIsPushedOut) {
  RestoreWorld world;
  world.options.restore_points = 1;
  auto process = world.witnessed();
  process->apply(1, 1, "stays");
  process->apply(2, 2, "goes");
  world.make_point(*process);
  ASSERT_TRUE(world.drill(*process));
  process->state.erase(2);
  process->vault.note_applied({.id = 3});
  const auto report = world.restore(*process, 1);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->forgotten, 1u);
  EXPECT_EQ(restored(world), (Content{{1, "stays"}}));
}

TEST(VaultRestore, NothingOfAPointIsWrittenOver) {
  RestoreWorld world;
  world.chat.drops_replaced = true;
  auto process = world.with_segment();
  world.make_point(*process);
  const Content old = process->state.content();
  ASSERT_GT(process->vault.history().points(0).state().segments_size(), 0);
  for (int i = 7; i <= 60; ++i) {
    process->apply(i, i % 9, "record " + std::to_string(i));
    world.commit_all(*process);
    if (i % 20 != 0) continue;
    ASSERT_TRUE(world.run(process->vault.write_base(world.deadline())));
  }
  const auto report = world.restore(*process, 1);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(process->state.content(), old);
}

// An update is applied while the trial goes on.
TEST(VaultRestore, ThePointOfThePresentStateStaysWhatItIs) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(10, 1, "old");
  world.make_point(*process);
  process->channel.on_call = [&, done = false](const Call& call) mutable {
    if (call.kind == CallKind::kPinned && !std::exchange(done, true)) {
      process->apply(11, 1, "late");
    }
    return Fault{};
  };
  ASSERT_TRUE(world.restore(*process, 1));
  process->channel.on_call = nullptr;
  EXPECT_EQ(process->state.content(), (Content{{1, "old"}}));
  ASSERT_TRUE(world.restore(*process, 2));
  EXPECT_EQ(process->state.content(), (Content{{1, "late"}}));
  ASSERT_TRUE(world.restore(*process, 1));
  EXPECT_EQ(process->state.content(), (Content{{1, "old"}}));
}

TEST(VaultRestore, ThereIsNoSuchPoint) {
  RestoreWorld world;
  auto process = world.opened();
  EXPECT_EQ(world.restore(*process, 7).error().code, ErrorCode::kNotFound);
}

TEST(VaultRestore, ADamagedPointChangesNothing) {
  RestoreWorld world;
  auto process = world.witnessed();
  for (int i = 1; i <= 6; ++i) process->apply(i, i, "record " + std::to_string(i));
  world.make_point(*process);
  const format::State point = process->vault.history().points(0).state();
  ASSERT_GT(point.segments_size(), 0);
  world.chat.overwrite(MessageId{point.segments(0).message_id()}, "garbage");
  process->apply(7, 7, "seven");
  world.commit_all(*process);
  const Content now = process->state.content();
  EXPECT_EQ(world.restore(*process, 1).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(process->state.content(), now);
  process->apply(8, 8, "eight");
  EXPECT_TRUE(world.commit(*process));
}

TEST(VaultRestore, WhatComesWhileThePresentIsSavedIsInItsPoint) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  process->apply(2, 2, "two");
  bool came = false;
  process->channel.on_call = [&](const Call& call) {
    if (call.document.starts_with("telekv-history") && !came) {
      came = true;
      process->apply(3, 3, "three");
    }
    return Fault{};
  };
  ASSERT_TRUE(world.restore(*process, 1));
  EXPECT_TRUE(came);
  EXPECT_EQ(process->state.content(), (Content{{1, "one"}}));
  process->channel.on_call = nullptr;
  ASSERT_TRUE(world.restore(*process, 2));
  EXPECT_EQ(process->state.content(), (Content{{1, "one"}, {2, "two"}, {3, "three"}}));
}

TEST(VaultRestore, AStopEndsTheDownloadAtOnceAndChangesNothing) {
  RestoreWorld world;
  auto process = world.with_segment();
  world.make_point(*process);
  process->apply(7, 7, "later");
  const Content content = process->state.content();
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kFetch) return Fault{};
    process->vault.hurry();
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "slow"}};
  };
  const Clock::Time began = world.clock.now();
  const auto report = world.restore(*process, 1);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
  EXPECT_LT(world.clock.now() - began, std::chrono::milliseconds(200));
  process->channel.on_call = nullptr;
  world.commit_all(*process);
  EXPECT_EQ(restored(world), content);
}

// An upload that takes its time does not hold up who loads another state.
TEST(VaultRestore, ABaseThatIsBeingUploadedIsLeftAtOnce) {
  RestoreWorld world;
  world.pace = {.records_per_step = 1, .records_per_chunk = 1};
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  for (int i = 2; i <= 20; ++i) process->apply(i, i, "x");
  world.commit_all(*process);
  process->channel.on_call = [](const Call& call) {
    if (!call.document.starts_with("telekv-base")) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "slow line"}};
  };
  std::optional<Result<void>> written;
  world.begin(process->vault.write_base(world.clock.now() + std::chrono::hours(1)), written);
  const Clock::Time began = world.clock.now();
  ASSERT_TRUE(world.restore(*process, 1));
  EXPECT_LT(world.clock.now() - began, std::chrono::seconds(10));
  EXPECT_EQ(restored(world), (Content{{1, "one"}}));
  world.clock.run(world.context);
  ASSERT_TRUE(written);
  EXPECT_FALSE(*written);
}

// ---- damage ----

TEST(VaultFallback, ABrokenChainFallsBackToTheNewestPointThatVerifiesAndSaysWhatIsLost) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  process->apply(2, 2, "two");
  process->state.erase(1);
  process->apply(3, 3, "three");
  for (int i = 4; i <= 9; ++i) {
    process->apply(i, i, "record " + std::to_string(i));
    world.commit_all(*process);
  }
  const format::State newest = process->vault.manifest().state();
  ASSERT_GT(newest.segments_size(), 0);
  world.chat.overwrite(MessageId{newest.segments(0).message_id()}, "garbage");

  auto next = world.process();
  const auto report = world.open(*next);
  ASSERT_TRUE(report) << describe(report.error());
  ASSERT_TRUE(report->fallback);
  EXPECT_EQ(report->fallback->number, 1u);
  EXPECT_EQ(report->fallback->records, 1u) << "of which none is left";
  EXPECT_EQ(next->state.content(), Content{}) << "the erased key stays erased";
  EXPECT_EQ(report->applied_update_id, 1) << "what the queue still has is applied again";
  EXPECT_GT(report->sequence, newest.sequence());
  EXPECT_TRUE(world.noted("restore point 1 is restored instead"));
  next->apply(2, 2, "two");
  world.commit_all(*next);
  EXPECT_EQ(restored(world), next->state.content());
}

TEST(VaultFallback, WithoutAPointThatVerifiesTheStartIsRefusedAndNothingIsWritten) {
  RestoreWorld world;
  auto process = world.witnessed();
  for (int i = 1; i <= 6; ++i) process->apply(i, i, "record " + std::to_string(i));
  world.make_point(*process);
  for (const auto& [id, message] : world.chat.messages()) {
    if (message.name != kRootName) world.chat.overwrite(id, "garbage");
  }
  const std::size_t writes = world.chat.mutating_calls();
  auto next = world.process();
  EXPECT_EQ(world.open(*next).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(world.chat.mutating_calls(), writes);
}

TEST(VaultFallback, ALostHistoryCostsOnlyTheRestorePoints) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  const auto history = MessageId{process->vault.manifest().history().message_id()};
  world.chat.overwrite(history, "garbage");
  auto next = world.opened();
  EXPECT_EQ(next->state.content(), process->state.content());
  EXPECT_TRUE(next->vault.points().empty());
  EXPECT_TRUE(world.noted("the restore points are lost"));
}

TEST(VaultFallback, ReadingWritesNothing) {
  RestoreWorld world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  world.make_point(*process);
  const std::size_t writes = world.chat.mutating_calls();
  auto reader = world.process();
  const auto report = world.run(reader->vault.read(world.deadline()));
  ASSERT_TRUE(report);
  EXPECT_EQ(reader->state.content(), process->state.content());
  EXPECT_EQ(reader->vault.points().size(), 1u);
  EXPECT_EQ(world.chat.mutating_calls(), writes);
}

// A download that fails once must not cost confirmed updates.
TEST(VaultFallback, ADownloadThatComesDamagedOnceIsDoneAgain) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  for (int i = 2; i <= 9; ++i) process->apply(i, i, "record " + std::to_string(i));
  world.commit_all(*process);
  ASSERT_GT(process->vault.manifest().state().segments_size(), 0);
  auto next = world.process();
  int fetched = 0;
  next->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kFetch || ++fetched != 2) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kDamaged, "cut"}};
  };
  const auto report = world.open(*next);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_FALSE(report->fallback);
  EXPECT_EQ(next->state.content(), process->state.content());
}

TEST(VaultFallback, WhoOpensIsToldOnceOfACallThatIsTriedAgainForLong) {
  for (const auto& [failures, told] : {std::pair(2, 0), std::pair(9, 1)}) {
    RestoreWorld world;
    world.commit_all(*world.with_segment());
    auto next = world.process();
    int failed = 0;
    next->channel.on_call = [&, most = failures](const Call& call) {
      if (call.kind != CallKind::kPinned || failed == most) return Fault{};
      ++failed;
      return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "no route"}};
    };
    ASSERT_TRUE(world.run(next->vault.open(world.deadline(std::chrono::minutes(10)))));
    EXPECT_EQ(failed, failures);
    EXPECT_EQ(std::count(world.notes.begin(), world.notes.end(), "still trying: no route"), told);
  }
}

TEST(VaultFallback, WhoGoesOnAfterReadingWaitsForAHistoryThatIsNotServed) {
  RestoreWorld world;
  auto process = world.with_segment();
  world.make_point(*process);
  auto next = world.process();
  ASSERT_TRUE(world.run(next->vault.read(world.deadline())));
  world.chat.lose_file(MessageId{process->vault.manifest().history().message_id()});
  EXPECT_EQ(world.open(*next).error().code, ErrorCode::kUnavailable);
}

// What Telegram does not serve for now may come back: only the operator gives it up.
TEST(VaultFallback, ADocumentThatIsNotServedStopsTheStartUntilTheOperatorChoosesAPoint) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  for (int i = 2; i <= 9; ++i) process->apply(i, i, "record " + std::to_string(i));
  world.commit_all(*process);
  const format::State newest = process->vault.manifest().state();
  ASSERT_GT(newest.segments_size(), 0);
  const auto not_served = [&](const Call& call) {
    if (call.document != newest.segments(0).file_id()) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "try later"}};
  };
  const std::size_t writes = world.chat.mutating_calls();
  auto refused = world.process();
  refused->channel.on_call = not_served;
  EXPECT_EQ(world.open(*refused).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(world.chat.mutating_calls(), writes);
  EXPECT_TRUE(world.noted("still trying: the segment "));

  world.options.start_from_point = 1;
  auto chosen = world.process();
  chosen->channel.on_call = not_served;
  const auto report = world.open(*chosen);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_TRUE(report->fallback);
  EXPECT_EQ(chosen->state.content(), (Content{{1, "one"}}));

  world.options.start_from_point = 77;
  EXPECT_EQ(world.open(*world.process()).error().code, ErrorCode::kNotFound);
}

TEST(VaultFallback, TheRestorePointsAreReadWhereTheStateIsNotServed) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.make_point(*process);
  for (int i = 2; i <= 9; ++i) process->apply(i, i, "record " + std::to_string(i));
  world.commit_all(*process);
  auto reader = world.process();
  const std::string lost = process->vault.manifest().state().segments(0).file_id();
  reader->channel.on_call = [&](const Call& call) {
    if (call.document != lost) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "try later"}};
  };
  const std::size_t writes = world.chat.mutating_calls();
  const auto read = world.run(reader->vault.read_names(world.deadline()));
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(reader->vault.points().size(), 1u);
  EXPECT_EQ(reader->vault.manifest().state().records(), 9u);
  EXPECT_TRUE(reader->state.content().empty());
  EXPECT_EQ(reader->vault.root(), MessageId{}) << "it has no reign";
  EXPECT_EQ(world.chat.mutating_calls(), writes);
}

// The point is in a history that no root names yet.
TEST(VaultRestore, APointWhoseRootWasNotWrittenIsWrittenByTheNextCommit) {
  RestoreWorld world;
  auto process = world.with_segment();
  process->channel.on_call = [](const Call& call) {
    if (call.document != "telekv-root.tkv") return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.run(process->vault.make_point(world.deadline())));
  process->channel.on_call = nullptr;
  ASSERT_FALSE(process->vault.points().empty());
  EXPECT_TRUE(process->vault.has_uncommitted());
  world.commit_all(*process);
  EXPECT_FALSE(process->vault.has_uncommitted());
  EXPECT_EQ(world.opened()->vault.points().size(), process->vault.points().size());
}

}  // namespace
}  // namespace telekv::vault
