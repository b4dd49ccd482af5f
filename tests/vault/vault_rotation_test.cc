// The way to a fresh root, above all after an edit whose outcome nobody knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "world.h"

namespace telekv::vault {
namespace {

TEST(VaultRotation, AfterAnAmbiguousEditTheRootMovesAndTheLateEditTurnsNothingBack) {
  for (const auto kind :
       {Fault::Kind::kUnknownDone, Fault::Kind::kUnknownLate, Fault::Kind::kUnknownNever}) {
    World world;
    auto process = world.opened();
    process->apply(1, 1, "one");
    ASSERT_TRUE(world.commit(*process));
    const MessageId doubtful = process->vault.root();
    process->apply(2, 2, "two");
    process->channel.on_call = nth(CallKind::kReplace, 1, {.kind = kind});
    const auto report = world.commit(*process);
    ASSERT_TRUE(report) << describe(report.error());
    process->channel.on_call = nullptr;
    EXPECT_NE(process->vault.root(), doubtful);
    EXPECT_EQ(world.chat.pointer(), process->vault.root());
    process->apply(3, 3, "three");
    ASSERT_TRUE(world.commit(*process));
    const bool edited_again =
        std::count_if(world.chat.log().begin(), world.chat.log().end(), [&](const auto& entry) {
          return entry.call.kind == CallKind::kReplace && entry.call.message == doubtful;
        }) > 3;
    EXPECT_FALSE(edited_again);
    world.chat.release_late();
    EXPECT_EQ(restored(world), process->state.content());
    EXPECT_TRUE(world.check(*process));
  }
}

// A rotation that does not come through leaves the doubtful root behind; the next commit must not
// go back to it.
TEST(VaultRotation, ADoubtfulRootIsNeverEditedAgainEvenWhenTheRotationFails) {
  for (const CallKind failing : {CallKind::kPost, CallKind::kPin, CallKind::kPointer,
                                 CallKind::kReplace, CallKind::kSetPointer, CallKind::kPinned}) {
    World world;
    auto process = world.opened();
    const MessageId doubtful = process->vault.root();
    process->apply(1, 1, "one");
    bool in_doubt = false;
    process->channel.on_call = [&](const Call& call) {
      if (call.kind == CallKind::kReplace && !in_doubt) {
        in_doubt = true;
        return Fault{.kind = Fault::Kind::kUnknownLate};
      }
      if (!in_doubt || call.kind != failing) return Fault{};
      return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
    };
    ASSERT_FALSE(world.commit(*process));
    process->channel.on_call = nullptr;
    process->apply(2, 2, "two");
    const std::size_t before = world.chat.mutating_calls();
    const auto report = world.commit(*process);
    ASSERT_TRUE(report) << describe(report.error());
    for (std::size_t i = before; i < world.chat.log().size(); ++i) {
      const Call& call = world.chat.log()[i].call;
      EXPECT_FALSE(call.kind == CallKind::kReplace && call.message == doubtful);
    }
    EXPECT_EQ(world.chat.pointer(), process->vault.root());
    world.chat.release_late();
    EXPECT_EQ(restored(world), process->state.content());
  }
}

// What a fresh root would cover, or what the register names, may not be served for days.
TEST(VaultRotation, AsLongAsItFailsItLeavesNoMoreThanOneCandidate) {
  for (const bool pinned : {true, false}) {
    World world;
    auto first = world.opened();
    const MessageId unreadable = first->vault.root();
    auto process = world.opened();
    process->apply(1, 1, "value");
    (void)world.commit(*process).value();
    process->vault.note_witness();
    if (pinned) {
      world.chat.pin(unreadable);
      world.chat.remove(process->vault.root());
    } else {
      world.chat.set_pointer(unreadable);
    }
    world.chat.lose_file(unreadable);
    const std::size_t before = world.chat.messages().size();
    for (int update = 2; update <= 10; ++update) {
      process->apply(update, update, "value");
      const auto report = world.commit(*process);
      ASSERT_FALSE(report);
      EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
    }
    EXPECT_EQ(world.chat.messages().size(), before + 1) << pinned;

    world.chat.remove(unreadable);
    const auto report = world.commit(*process);
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_EQ(restored(world), process->state.content());
    EXPECT_TRUE(world.check(*process));
  }
}

// Nor does what a rotation does after its candidate is pinned, over and over again.
TEST(VaultRotation, AsLongAsNoEditIsInDoubtItKeepsItsMessage) {
  for (const CallKind failing : {CallKind::kReplace, CallKind::kSetPointer, CallKind::kPinned}) {
    World world;
    auto process = world.opened();
    process->apply(1, 1, "one");
    (void)world.commit(*process).value();
    const MessageId doubtful = process->vault.root();
    bool in_doubt = false;
    process->channel.on_call = [&](const Call& call) {
      if (call.kind == CallKind::kReplace && !in_doubt) {
        in_doubt = true;
        return Fault{.kind = Fault::Kind::kUnknownDone};
      }
      const bool fails = in_doubt && call.kind == failing;
      return fails ? Fault{.kind = Fault::Kind::kRefuse,
                           .error = {ErrorCode::kUnavailable, "out of order"}}
                   : Fault{};
    };
    const std::size_t before = world.chat.messages().size();
    for (int update = 2; update <= 10; ++update) {
      process->apply(update, update, "two");
      ASSERT_FALSE(world.commit(*process));
    }
    EXPECT_EQ(world.chat.messages().size(), before + 1) << static_cast<int>(failing);
    process->channel.on_call = nullptr;
    const auto report = world.commit(*process);
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_GT(process->vault.root(), doubtful);
    EXPECT_EQ(world.chat.pointer(), process->vault.root());
    EXPECT_EQ(restored(world), process->state.content());
  }
}

// Segments that a root does not name yet would stay where they are.
TEST(VaultRotation, NothingIsUploadedBeforeItHasComeThrough) {
  World world;
  world.options.ladder.tail_bytes = 60;
  auto first = world.opened();
  const MessageId unreadable = first->vault.root();
  auto process = world.opened();
  process->apply(1, 1, "value");
  (void)world.commit(*process).value();
  process->vault.note_witness();
  world.chat.set_pointer(unreadable);
  world.chat.lose_file(unreadable);
  process->apply(2, 2, "value");
  ASSERT_FALSE(world.commit(*process));
  const std::size_t before = world.chat.messages().size();
  for (int update = 3; update <= 20; ++update) {
    process->apply(update, update, "a value that is long enough for a segment of its own");
    ASSERT_FALSE(world.commit(*process));
  }
  EXPECT_EQ(world.chat.messages().size(), before);
  world.chat.remove(unreadable);
  ASSERT_TRUE(world.commit(*process));
  EXPECT_GT(process->vault.manifest().state().segments_size(), 0);
  EXPECT_EQ(restored(world), process->state.content());
}

// The candidate that a failed rotation has left may be gone when the next one wants it.
TEST(VaultRotation, GoesOnWithoutACandidateThatWasDeleted) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  const MessageId doubtful = process->vault.root();
  bool in_doubt = false;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kReplace) {
      in_doubt = true;
      return Fault{.kind = Fault::Kind::kUnknownDone};
    }
    if (!in_doubt || call.kind != CallKind::kPointer) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.commit(*process));
  process->channel.on_call = nullptr;
  const MessageId candidate = *world.chat.shown_pin();
  ASSERT_GT(candidate, doubtful);
  world.chat.remove(candidate);
  const auto report = world.commit(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_GT(process->vault.root(), candidate);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultRotation, AnAmbiguousEditOfTheNewRootMovesOnToAnother) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  int edits = 0;
  process->channel.on_call = [&](const Call& call) {
    const bool hit = call.kind == CallKind::kReplace && ++edits <= 2;
    return Fault{.kind = hit ? Fault::Kind::kUnknownDone : Fault::Kind::kNone};
  };
  const auto report = world.commit(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(restored(world), process->state.content());
}

// The rotating writer meets a root that has gone further than its own memory: its reign is over.
TEST(VaultRotation, StepsBackBeforeALongerHistory) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*old));
  auto young = world.opened();
  young->apply(2, 2, "two");
  young->apply(3, 3, "three");
  ASSERT_TRUE(world.commit(*young));
  old->apply(2, 2, "two");
  old->channel.on_call = nth(CallKind::kReplace, 1, {.kind = Fault::Kind::kUnknownNever});
  const auto report = world.commit(*old);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(world.chat.shown_pin(), young->vault.root());
  EXPECT_TRUE(world.check(*young));
}

// A stale answer shows the successor's root as a candidate, which tells nothing of its state.
TEST(VaultRotation, StepsBackBeforeAHigherPinAndAHigherRegister) {
  for (const bool pinned : {true, false}) {
    World world;
    auto old = world.opened();
    old->apply(1, 1, "one");
    ASSERT_TRUE(world.commit(*old));
    auto young = world.opened();
    if (pinned) world.chat.set_pointer(old->vault.root());
    if (!pinned) world.chat.unpin(young->vault.root());
    world.chat.remove(old->vault.root());
    old->apply(2, 2, "other");
    old->channel.on_call = [](const Call& call) {
      return Fault{.kind =
                       call.kind == CallKind::kLookUp ? Fault::Kind::kStale : Fault::Kind::kNone};
    };
    const auto report = world.commit(*old);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kSuperseded);
    EXPECT_EQ(restored(world), young->state.content());
  }
}

TEST(VaultRotation, WithoutTheRightToPinLeavesNoCandidates) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  process->channel.on_call = [seen = 0](const Call& call) mutable {
    if (call.kind == CallKind::kReplace && ++seen == 1) {
      return Fault{.kind = Fault::Kind::kUnknownNever};
    }
    if (call.kind != CallKind::kPin) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kForbidden, "no right"}};
  };
  const std::size_t before = world.chat.messages().size();
  for (int i = 0; i < 20; ++i) {
    const auto report = world.commit(*process);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kForbidden);
  }
  EXPECT_EQ(world.chat.messages().size(), before);
  process->channel.on_call = nullptr;
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(restored(world), process->state.content());
}

}  // namespace
}  // namespace telekv::vault
