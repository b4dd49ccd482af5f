// Drills and bases beside the commits: what they prove, what they mend, how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "restore_world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

TEST(VaultDrill, ADrillProvesWhatWasCommittedAndThinsOutThePoints) {
  RestoreWorld world;
  auto process = world.witnessed();
  for (int i = 1; i <= 5; ++i) {
    process->apply(i, i, "x");
    world.make_point(*process);
  }
  EXPECT_EQ(process->vault.points().size(), 5u);
  ASSERT_TRUE(world.drill(*process));
  EXPECT_EQ(process->vault.points().size(), 5u) << "what the root names is kept";
  process->apply(6, 6, "x");
  world.commit_all(*process);
  EXPECT_EQ(process->vault.points().size(), 2u) << "the first of the day and the newest";
  EXPECT_GT(process->vault.stats().verified_at, 0);
  EXPECT_FALSE(process->vault.drill_due());
}

TEST(VaultDrill, ABrokenChainIsSeenAndTheNextBaseMendsIt) {
  RestoreWorld world;
  auto process = world.with_segment();
  const format::State newest = process->vault.manifest().state();
  ASSERT_GT(newest.segments_size(), 0);
  world.chat.overwrite(MessageId{newest.segments(0).message_id()}, "x");
  EXPECT_EQ(world.drill(*process).error().code, ErrorCode::kDamaged);
  ASSERT_TRUE(process->vault.base_due());
  ASSERT_TRUE(world.run(process->vault.write_base(world.deadline())));
  world.commit_all(*process);
  EXPECT_EQ(restored(world), process->state.content());
  EXPECT_TRUE(world.drill(*process));
}

TEST(VaultDrill, MaintenanceIsNotDoneTwiceAtOnce) {
  RestoreWorld world;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.commit_all(*process);
  std::vector<std::optional<Result<void>>> ended(4);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    auto work = i % 2 == 0 ? process->vault.write_base(world.deadline())
                           : process->vault.drill(world.deadline());
    world.begin(std::move(work), ended[i]);
  }
  world.context.restart();
  while (!ended[1] && world.context.poll_one() > 0) {
    EXPECT_TRUE(ended[0] || !process->vault.base_due());
  }
  world.clock.run(world.context);
  for (const auto& each : ended) EXPECT_TRUE(each && *each);
  int bases = 0;
  for (const auto& [id, message] : world.chat.messages()) {
    bases += message.name.starts_with("telekv-base") ? 1 : 0;
  }
  EXPECT_EQ(bases, 1);
}

TEST(VaultDrill, WithoutAScratchTableThereIsNone) {
  RestoreWorld world;
  world.options.make_scratch = nullptr;
  auto process = world.witnessed();
  process->apply(1, 1, "one");
  world.commit_all(*process);
  EXPECT_FALSE(process->vault.drill_due());
  ASSERT_TRUE(world.drill(*process));
  EXPECT_EQ(process->vault.stats().verified_at, 0);
}

TEST(VaultDrill, AndTheOthersKeepQuietInAPenalty) {
  constexpr std::uint32_t kPenaltyS = 3600;
  RestoreWorld world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  process->channel.on_call = [](const Call&) {
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, kPenaltyS}};
  };
  EXPECT_EQ(world.commit(*process).error().code, ErrorCode::kRateLimited);
  const std::uint64_t calls = process->channel.calls();
  EXPECT_EQ(world.drill(*process).error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(world.run(process->vault.write_base(world.deadline())).error().code,
            ErrorCode::kRateLimited);
  EXPECT_EQ(world.run(process->vault.resolve_gap(world.deadline())).error().code,
            ErrorCode::kRateLimited);
  EXPECT_EQ(process->channel.calls(), calls);
}

TEST(VaultDrill, ADrillOfWhatIsGoneWantsANewBase) {
  RestoreWorld world;
  auto process = world.with_segment();
  process->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kFetch) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kNotFound, "gone"}};
  };
  EXPECT_EQ(world.drill(*process).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(process->vault.base_due());
}

TEST(VaultDrill, ADocumentThatIsNotServedForTheWholeDrillIsReplaced) {
  RestoreWorld world;
  auto process = world.with_segment();
  ASSERT_GT(process->vault.manifest().state().segments_size(), 0);
  const std::string lost = process->vault.manifest().state().segments(0).file_id();
  const auto not_served = [&](const Call& call) {
    if (call.document != lost) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "try later"}};
  };
  process->channel.on_call = not_served;
  EXPECT_EQ(world.drill(*process).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(process->vault.base_due());
  ASSERT_TRUE(world.run(process->vault.write_base(world.deadline())));
  world.commit_all(*process);
  auto next = world.process();
  next->channel.on_call = not_served;
  const auto opened = world.open(*next);
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_EQ(next->state.content(), process->state.content());
}

TEST(VaultDrill, AHistoryThatIsNotServedIsWrittenAnew) {
  RestoreWorld world;
  auto process = world.with_segment();
  world.make_point(*process);
  ASSERT_TRUE(world.drill(*process));
  world.commit_all(*process);
  world.chat.lose_file(MessageId{process->vault.manifest().history().message_id()});
  const auto drilled = world.drill(*process);
  ASSERT_EQ(drilled.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(drilled.error().message, testing::HasSubstr("history"));
  EXPECT_FALSE(process->vault.base_due());
  ASSERT_TRUE(process->vault.has_uncommitted());
  world.commit_all(*process);
  auto next = world.opened();
  EXPECT_EQ(next->vault.points().size(), process->vault.points().size());
  EXPECT_FALSE(next->vault.points().empty());
}

// Whoever only reads can leave the chat with everything but its restore points.
TEST(VaultDrill, AHistoryThatIsNotServedStopsAStartButNoReader) {
  RestoreWorld world;
  auto process = world.with_segment();
  world.make_point(*process);
  world.chat.lose_file(MessageId{process->vault.manifest().history().message_id()});
  EXPECT_EQ(world.open(*world.process()).error().code, ErrorCode::kUnavailable);
  auto reader = world.process();
  ASSERT_TRUE(world.run(reader->vault.read(world.deadline())));
  EXPECT_EQ(reader->state.content(), process->state.content());
  EXPECT_TRUE(world.noted("the restore points cannot be read"));
  EXPECT_EQ(reader->vault.history_problem()->code, ErrorCode::kUnavailable);
}

TEST(VaultDrill, IsDueEveryDayAlsoWhereNothingHappens) {
  RestoreWorld world;
  auto process = world.with_segment();
  ASSERT_TRUE(world.drill(*process));
  EXPECT_FALSE(process->vault.drill_due());
  world.clock.advance(std::chrono::hours(25));
  EXPECT_TRUE(process->vault.drill_due());
  ASSERT_TRUE(world.drill(*process));
  EXPECT_FALSE(process->vault.drill_due());
}

TEST(VaultDrill, MaintenanceCanBeCancelled) {
  RestoreWorld world;
  world.pace = {.records_per_step = 1, .records_per_chunk = 1};
  auto process = world.witnessed();
  for (int i = 1; i <= 20; ++i) process->apply(i, i, "x");
  world.commit_all(*process);
  process->channel.on_call = [&](const Call& call) {
    if (call.document.starts_with("telekv-base")) process->vault.hurry();
    return Fault{};
  };
  const auto written = world.run(process->vault.write_base(world.deadline()));
  EXPECT_EQ(written.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(process->vault.has_uncommitted());
  process->channel.on_call = nullptr;
  EXPECT_EQ(world.run(process->vault.write_base(world.deadline())).error().code,
            ErrorCode::kCancelled)
      << "nor is another one begun";
  world.commit_all(*process);
  EXPECT_EQ(restored(world), process->state.content());
}

}  // namespace
}  // namespace telekv::vault
