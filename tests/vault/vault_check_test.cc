// CHECK: whose root the chat shows, and what follows from it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "world.h"

namespace telekv::vault {
namespace {

// A chat that shows an old pin shows a superseded writer its own root.
TEST(VaultCheck, AnOldPinIsContradictedByTheRegister) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*old));
  auto young = world.opened();
  bool stale = false;
  old->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kPinned) return Fault{};
    stale = true;
    return Fault{.kind = Fault::Kind::kStale};
  };
  ASSERT_EQ(world.chat.pin_before(), old->vault.root());
  old->apply(2, 2, "two");
  EXPECT_EQ(world.commit(*old).error().code, ErrorCode::kSuperseded);
  EXPECT_TRUE(stale);
}

// Where somebody below has come through a claim late the register leads to nobody above it.
TEST(VaultCheck, ARegisterThatIsTurnedBackIsLeftForAFreshRoot) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  process->vault.note_witness();
  ASSERT_TRUE(world.commit(*process));
  const MessageId before = process->vault.root();
  for (const MessageId older : {MessageId{to_int(before) - 1}, MessageId{}}) {
    const MessageId left = process->vault.root();
    world.chat.set_pointer(older);
    ASSERT_TRUE(world.check(*process));
    EXPECT_GT(process->vault.root(), left);
    EXPECT_EQ(world.chat.pointer(), process->vault.root());
    EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  }
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCheck, ARegisterThatIsAlwaysTurnedBackPostsFewMessages) {
  World world;
  auto process = world.opened();
  process->vault.note_witness();
  const MessageId older{to_int(process->vault.root()) - 1};
  int posts = 0;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPointer) world.chat.set_pointer(older);
    if (call.kind == CallKind::kPost) ++posts;
    return Fault{};
  };
  const auto check = world.check(*process);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kUnavailable);
  EXPECT_LE(posts, 10);
}

// A third one looks under its pin, and nothing else tells the first that it has been superseded.
TEST(VaultCheck, WhoeverConfirmedBelowWhileThePinWasAwayIsNotLost) {
  World world;
  auto late = world.opened();
  late->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*late));
  auto young = world.opened();
  young->vault.note_witness();
  world.chat.unpin(young->vault.root());
  world.chat.set_pointer(late->vault.root());
  late->apply(2, 2, "two");
  ASSERT_TRUE(world.commit(*late));

  const auto check = world.check(*young);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(restored(world), late->state.content());
}

TEST(VaultCheck, AnAnswerThatFailsProvesNothing) {
  World world;
  auto process = world.opened();
  process->channel.on_call = [](const Call& call) {
    const bool reads = call.kind == CallKind::kPinned;
    return reads ? Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "down"}}
                 : Fault{};
  };
  const auto checked = world.check(*process);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kUnavailable);
}

TEST(VaultCheck, ALostPinIsPinnedAgain) {
  World world;
  auto process = world.opened();
  world.chat.unpin(process->vault.root());
  ASSERT_TRUE(world.check(*process));
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
}

TEST(VaultCheck, AnOlderPinMeansThatTheOwnWasLost) {
  World world;
  auto dead = world.opened();
  const MessageId older = dead->vault.root();
  auto process = world.opened();
  const MessageId root = process->vault.root();
  world.chat.pin(older);
  world.chat.unpin(root);
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(process->vault.root(), root);
  EXPECT_EQ(world.chat.shown_pin(), root);
}

TEST(VaultCheck, AForeignNewerPinMovesTheRootOverIt) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  const MessageId foreign = world.chat.send_text();
  world.chat.pin(foreign);
  ASSERT_TRUE(world.check(*process));
  EXPECT_GT(process->vault.root(), foreign);
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  EXPECT_EQ(world.chat.pointer(), process->vault.root());
  EXPECT_EQ(restored(world), process->state.content());

  world.chat.pin(world.chat.send_text());
  process->apply(2, 2, "two");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCheck, ADeletedRootIsWrittenAnew) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  world.chat.remove(process->vault.root());
  process->apply(2, 2, "two");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCheck, APinThatNeverStaysIsAnOutage) {
  World world;
  auto process = world.opened();
  process->channel.on_call = [](const Call& call) {
    return Fault{.kind =
                     call.kind == CallKind::kPinned ? Fault::Kind::kHidden : Fault::Kind::kNone};
  };
  const auto check = world.check(*process);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kUnavailable);
}

// The candidate that a failed rotation leaves pinned is the process's own, and nobody has taken
// over.
TEST(VaultCheck, AfterAHalfRotationGoesOnWithItInsteadOfGivingUp) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  world.chat.pin(world.chat.send_text());
  process->channel.on_call = nth(
      CallKind::kReplace, 1, {.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}});
  const auto refused = world.check(*process);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().code, ErrorCode::kRejected);
  const auto again = world.check(*process);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCheck, ARotationUnderEverNewForeignPinsPostsFewMessages) {
  World world;
  auto process = world.opened();
  process->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPinned) world.chat.pin(world.chat.send_text());
    return Fault{};
  };
  const std::size_t before = world.chat.mutating_calls();
  const auto check = world.check(*process);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kUnavailable);
  const auto& log = world.chat.log();
  const auto posts = std::count_if(log.begin() + static_cast<std::ptrdiff_t>(before), log.end(),
                                   [](const auto& e) { return e.call.kind == CallKind::kPost; });
  EXPECT_LE(posts, 10);
}

// A chat in which a foreign pin always hides the root must not keep a process busy for ever.
TEST(VaultCheck, ARotationUnderEverNewForeignPinsEndsAtTheDeadline) {
  World world;
  auto process = world.opened();
  process->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPinned) {
      world.chat.pin(world.chat.send_text());
      world.clock.advance(std::chrono::seconds(1));
    }
    return Fault{};
  };
  EXPECT_FALSE(world.check(*process));
}

// With `strict` nothing is confirmed, nor anything new taken, until a CHECK has passed.
TEST(VaultCheck, ADeletedRootIsWrittenAnewThoughNothingIsUnsaved) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  const MessageId deleted = process->vault.root();
  world.chat.remove(deleted);
  const auto check = world.check(*process);
  ASSERT_TRUE(check) << describe(check.error());
  EXPECT_NE(process->vault.root(), deleted);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCheck, ThatFailsCountsAsUnsavedUntilOnePasses) {
  World world;
  auto process = world.opened();
  process->channel.on_call = [](const Call&) {
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kForbidden, "no"}};
  };
  EXPECT_FALSE(process->vault.stats().unsaved_since);
  const Clock::Time first = world.clock.now();
  ASSERT_FALSE(world.check(*process));
  world.clock.advance(std::chrono::seconds(9));
  ASSERT_FALSE(world.check(*process));
  EXPECT_EQ(process->vault.stats().unsaved_since, first);
  process->channel.on_call = nullptr;
  ASSERT_TRUE(world.check(*process));
  EXPECT_FALSE(process->vault.stats().unsaved_since);
}

}  // namespace
}  // namespace telekv::vault
