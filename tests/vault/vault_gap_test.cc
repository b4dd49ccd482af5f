// Steps 13 and 14: a queue that begins beyond the state leads to a longer history wherever it is,
// or to a counted loss; and what may happen in the chat meanwhile.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

struct GapWorld : World {
  void commit_all(Process& process) { (void)commit(process).value(); }
  Result<GapOutcome> resolve(Process& process) {
    return run(process.vault.resolve_gap(deadline()));
  }

  /// Has `old` commit from the moment on at which `young` unpins its own root; the root comes back
  /// only when that has ended.
  void commit_under(Process& young, Process& old, std::optional<Result<CommitReport>>& saved) {
    young.channel.on_call = [&](const Call& call) {
      const bool unpins = call.kind == CallKind::kUnpin && call.message == young.vault.root();
      if (unpins) begin(old.vault.commit(deadline()), saved);
      const bool waits = call.kind == CallKind::kPin && !saved;
      return waits ? Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "slow"}}
                   : Fault{};
    };
  }

  /// A writer that was shown neither pin nor register: it knows nothing of who was there before.
  std::unique_ptr<Process> opened_blind() {
    options.when_absent = WhenAbsent::kStartEmpty;
    const std::optional<MessageId> hidden = chat.shown_pin();
    if (hidden) chat.unpin(*hidden);
    chat.set_pointer(std::nullopt);
    std::unique_ptr<Process> fresh = opened();
    if (hidden) chat.pin(*hidden);
    return fresh;
  }
};

TEST(VaultGap, ALongerHistoryUnderThePinsIsAbsorbed) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened_blind();
  ASSERT_EQ(young->state.content(), Content{});
  old->apply(2, 2, "two");
  EXPECT_EQ(world.commit(*old).error().code, ErrorCode::kSuperseded);

  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kAbsorbed);
  EXPECT_EQ(young->state.content(), (Content{{1, "one"}, {2, "two"}}));
  EXPECT_EQ(restored(world), young->state.content());
}

TEST(VaultGap, WhatIsNowhereIsAcceptedCountedAndRecorded) {
  GapWorld world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  world.commit_all(*process);
  const auto outcome = world.resolve(*process);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  EXPECT_EQ(process->vault.accept_gap({.id = 5}), 3u);
  process->apply(5, 5, "five");
  world.commit_all(*process);
  auto next = world.opened();
  EXPECT_EQ(next->vault.stats().lost_updates, 3u);
  EXPECT_EQ(next->vault.applied().last(), 5);
}

// A root that is written before the next take still has the hole: whoever goes on from it counts
// what is missing himself.
TEST(VaultGap, ALossCountsFromTheTakeThatSkipsIt) {
  GapWorld world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  world.commit_all(*process);
  ASSERT_TRUE(world.resolve(*process));
  EXPECT_EQ(process->vault.accept_gap({.id = 5}), 3u);
  EXPECT_EQ(process->vault.stats().lost_updates, 3u);
  const MessageId before = process->vault.root();
  world.chat.pin(world.chat.send_text());
  ASSERT_TRUE(world.check(*process));
  ASSERT_GT(process->vault.root(), before);
  auto next = world.opened();
  EXPECT_EQ(next->vault.applied().last(), 1);
  EXPECT_EQ(next->vault.stats().lost_updates, 0u);
}

// Whatever it holds was never confirmed: the witness shows that.
TEST(VaultGap, WhatASupersededWriterHasSavedLateIsNothingToAWitnessedOne) {
  GapWorld world;
  auto old = world.opened();
  auto young = world.opened();
  young->apply(1, 1, "one");
  world.commit_all(*young);
  old->apply(1, 1, "one");
  old->apply(2, 2, "two");
  EXPECT_EQ(world.commit(*old).error().code, ErrorCode::kSuperseded);
  young->vault.note_witness();
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
  EXPECT_EQ(restored(world), (Content{{1, "one"}}));
}

TEST(VaultGap, AWitnessedWriterStepsBackFromALongerHistoryAbove) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  old->vault.note_witness();
  auto young = world.opened();
  young->apply(2, 2, "two");
  world.commit_all(*young);
  world.chat.unpin(young->vault.root());
  world.chat.pin(old->vault.root());
  const auto outcome = world.resolve(*old);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kSuperseded);
}

// While a successor looks under its own root, nothing lies above the root of a superseded writer.
TEST(VaultGap, ASupersededWriterSavesNothingMeanwhile) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened();
  old->apply(2, 2, "two");
  std::optional<Result<CommitReport>> saved;
  world.commit_under(*young, *old, saved);
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  ASSERT_TRUE(saved && !*saved);
  EXPECT_EQ(saved->error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(restored(world), young->state.content());
}

// With a register that is late as well, one of them may pass its CHECK.
TEST(VaultGap, WhatASupersededWriterSavesMeanwhileIsAbsorbed) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened();
  old->apply(2, 2, "two");
  old->apply(3, 3, "three");
  std::optional<Result<CommitReport>> saved;
  world.commit_under(*young, *old, saved);
  young->channel.on_call = [&, strike = young->channel.on_call](const Call& call) {
    const bool unpins = call.kind == CallKind::kUnpin && call.message == young->vault.root();
    if (unpins) world.chat.set_pointer(old->vault.root());
    return strike(call);
  };
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  ASSERT_TRUE(saved && *saved) << "the old writer was to pass its CHECK";
  EXPECT_EQ(*outcome, GapOutcome::kAbsorbed);
  EXPECT_EQ(young->state.content(), old->state.content());
  EXPECT_EQ(restored(world), old->state.content());
}

// A claimant below turns the register to its root while the own one is unpinned. It takes itself
// for the writer, and will unpin what it has absorbed.
TEST(VaultGap, ARegisterThatHasMovedMeanwhileIsLeftWithAFreshRoot) {
  GapWorld world;
  auto old = world.opened();
  const MessageId below = old->vault.root();
  auto young = world.opened();
  const MessageId before = young->vault.root();
  bool moved = false;
  young->channel.on_call = [&](const Call& call) {
    const bool unpins = call.kind == CallKind::kUnpin && call.message == before;
    if (unpins && !std::exchange(moved, true)) world.chat.set_pointer(below);
    return Fault{};
  };
  ASSERT_TRUE(world.resolve(*young));
  ASSERT_TRUE(moved);
  EXPECT_GT(young->vault.root(), before);
  EXPECT_EQ(world.chat.pointer(), young->vault.root());
}

// Two that began a new store at once know nothing of each other, and both edit the first bank.
TEST(VaultGap, AFreshRootLeavesTheBankOfTheWriterThatTheRegisterNames) {
  GapWorld world;
  auto old = world.opened();
  auto young = world.opened_blind();
  const MessageId before = young->vault.root();
  ASSERT_EQ(bank_of(world, old->vault.root()), bank_of(world, before));
  young->channel.on_call = [&](const Call& call) {
    const bool unpins = call.kind == CallKind::kUnpin && call.message == before;
    if (unpins) world.chat.set_pointer(old->vault.root());
    return Fault{};
  };
  ASSERT_TRUE(world.resolve(*young));
  ASSERT_GT(young->vault.root(), before);
  EXPECT_NE(bank_of(world, young->vault.root()), bank_of(world, old->vault.root()));
}

// It may land when the own root has been pinned again, and nobody pins that a second time.
TEST(VaultGap, AfterAnUnansweredUnpinTheRootMoves) {
  GapWorld world;
  auto old = world.opened();
  auto young = world.opened();
  young->apply(1, 1, "one");
  world.commit_all(*young);
  const MessageId before = young->vault.root();
  bool struck = false;
  young->channel.on_call = [&](const Call& call) {
    const bool unpins = call.kind == CallKind::kUnpin && call.message == before;
    if (!unpins || std::exchange(struck, true)) return Fault{};
    return Fault{.kind = Fault::Kind::kUnknownLate};
  };
  ASSERT_TRUE(world.resolve(*young));
  ASSERT_TRUE(struck);
  EXPECT_NE(young->vault.root(), before);
  world.chat.set_pointer(old->vault.root());
  EXPECT_EQ(restored(world), young->state.content());
}

// Its writer may become active at any moment, and die.
TEST(VaultGap, WhatLiesBelowUnnamedStaysPinned) {
  GapWorld world;
  auto old = world.opened();
  auto young = world.opened_blind();
  young->apply(1, 1, "one");
  world.commit_all(*young);
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
  EXPECT_TRUE(world.chat.pins().contains(old->vault.root()));
  EXPECT_EQ(world.chat.shown_pin(), young->vault.root());
}

// Ids of the series that began after a silent week may be lower than those before.
TEST(VaultGap, ALongerHistoryMayHaveLowerIds) {
  GapWorld world;
  constexpr std::int64_t kWeek = 7 * 86'400;
  auto old = world.opened();
  old->state.put(1, "one");
  old->vault.note_applied({.id = 500, .date = 1'790'000'000});
  world.commit_all(*old);
  auto young = world.opened_blind();
  young->state.put(1, "one");
  young->vault.note_applied({.id = 500, .date = 1'790'000'000});
  world.commit_all(*young);
  world.chat.unpin(young->vault.root());
  world.chat.set_pointer(old->vault.root());
  old->state.put(2, "two");
  old->vault.note_applied({.id = 300, .date = 1'790'000'000 + kWeek});
  world.commit_all(*old);
  world.chat.pin(young->vault.root());
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kAbsorbed);
  EXPECT_EQ(restored(world), (Content{{1, "one"}, {2, "two"}}));
}

TEST(VaultGap, OldRootsThatAreOtherObjectsByNowArePassedOver) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened();
  ASSERT_TRUE(world.run(young->vault.write_base(world.deadline())));
  world.commit_all(*young);
  const auto chunk = MessageId{young->vault.manifest().state().base().chunks(0).message_id()};
  world.chat.overwrite(old->vault.root(), Bytes(world.chat.document(chunk)));
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
}

TEST(VaultGap, ADownloadThatComesDamagedIsDoneAgain) {
  GapWorld world;
  world.options.ladder.tail_bytes = 0;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened_blind();
  const std::string& segment = old->vault.manifest().state().segments(0).file_id();
  int downloads = 0;
  young->channel.on_call = [&](const Call& call) {
    const bool first =
        call.kind == CallKind::kFetch && call.document == segment && ++downloads <= 3;
    return Fault{.kind = first ? Fault::Kind::kTruncated : Fault::Kind::kNone};
  };
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kAbsorbed);
  EXPECT_EQ(downloads, 4);
}

// A late call has turned the register back to a root that is gone: while the own root is unpinned,
// nothing would lead to it.
TEST(VaultGap, TheRegisterLeadsToTheOwnRootWhileItIsUnpinned) {
  GapWorld world;
  auto old = world.opened();
  const MessageId gone = old->vault.root();
  auto young = world.opened();
  young->apply(1, 1, "one");
  world.commit_all(*young);
  world.chat.remove(gone);
  world.chat.set_pointer(gone);
  bool unpinned = false;
  young->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPinned && !world.chat.shown_pin()) {
      unpinned = true;
      EXPECT_EQ(world.chat.pointer(), young->vault.root());
    }
    return Fault{};
  };
  const auto outcome = world.resolve(*young);
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_TRUE(unpinned);
  EXPECT_EQ(restored(world), young->state.content());
}

// The candidate of a claim that has failed half-way is no other writer's.
TEST(VaultGap, AfterAFailedClaimTheNextCommitGoesOnWithIt) {
  GapWorld world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  world.commit_all(*old);
  auto young = world.opened_blind();
  young->channel.on_call = [](const Call& call) {
    const bool down = call.kind == CallKind::kReplace;
    return down ? Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "down"}}
                : Fault{};
  };
  const auto outcome = world.resolve(*young);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
  young->channel.on_call = nullptr;
  EXPECT_EQ(young->state.content(), (Content{{1, "one"}}));
  young->apply(2, 2, "two");
  world.commit_all(*young);
  EXPECT_EQ(restored(world), young->state.content());
}

}  // namespace
}  // namespace telekv::vault
