// Several writers at once: one history goes on, whole, and nobody overwrites what it names.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "world.h"

namespace telekv::vault {
namespace {

TEST(VaultTakeOver, TheOldWriterIsSupersededAndWhatItCommittedIsNotLost) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*old));
  auto young = world.opened();
  old->apply(2, 2, "two");
  const auto late = world.commit(*old);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kSuperseded);
  const auto check = world.check(*old);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(young->state.content(), (MapState::Content{{1, "one"}}));
  EXPECT_TRUE(world.check(*young));
  EXPECT_EQ(restored(world), young->state.content());
}

// A root that is shown as the candidate it was hides which bank its writer edits; the register
// names only what has become active. Each reading that a starter makes of its predecessor is the
// stale one once, from the moment the chat shows the predecessor as a candidate and as active.
TEST(VaultTakeOver, TheRegisteredRootIsReadAgainWhereItIsShownAsACandidate) {
  for (const bool known_as_active : {true, false}) {
    World world;
    auto first = world.opened();
    auto second = world.process();
    auto third = world.process();
    std::optional<Result<OpenReport>> began;
    if (!known_as_active) {
      second->channel.on_call = [&](const Call& call) {
        if (call.kind == CallKind::kReplace && !began) {
          world.begin(third->vault.open(world.deadline()), began);
        }
        return Fault{};
      };
    }
    int looked_up = 0;
    third->channel.on_call = [&](const Call& call) {
      if (call.kind != CallKind::kLookUp) return Fault{};
      return Fault{.kind = ++looked_up == 1 ? Fault::Kind::kStale : Fault::Kind::kNone};
    };
    ASSERT_TRUE(world.open(*second));
    if (known_as_active) began = world.open(*third);
    ASSERT_TRUE(began && *began);
    EXPECT_GE(looked_up, 2);
    EXPECT_EQ(bank_of(world, second->vault.root()), 1u);
    EXPECT_EQ(bank_of(world, third->vault.root()), 2u);
  }
}

TEST(VaultTakeOver, ARegisteredRootThatStaysACandidateEndsTheOpening) {
  World world;
  auto first = world.opened();
  auto second = world.process();
  second->channel.on_call = [](const Call& call) {
    return Fault{.kind = call.kind == CallKind::kLookUp ? Fault::Kind::kStale : Fault::Kind::kNone};
  };
  const auto opened = world.open(*second);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(opened.error().message.find("before it became active"), std::string::npos);
  EXPECT_TRUE(world.open(*world.process()));
}

// The old writer commits at each possible moment of the take-over: what it was told is committed
// must be in what the new one serves.
TEST(VaultTakeOver, ACommitDuringATakeOverIsAbsorbedOrRefused) {
  int absorbed = 0;
  int refused = 0;
  for (std::uint64_t moment = 0;; ++moment) {
    World world;
    world.chat.extra_turns = 3;
    auto old = world.opened();
    old->apply(1, 1, "one");
    ASSERT_TRUE(world.commit(*old));
    auto young = world.process();
    std::optional<Result<CommitReport>> committed;
    bool reached = false;
    young->channel.on_call = [&](const Call& call) {
      if (call.number == moment) {
        reached = true;
        old->apply(2, 2, "two");
        world.begin(old->vault.commit(world.deadline()), committed);
      }
      return Fault{};
    };
    const auto opened = world.open(*young);
    ASSERT_TRUE(opened) << describe(opened.error());
    if (!reached) break;
    ASSERT_TRUE(committed);
    if (*committed) {
      EXPECT_EQ(young->state.content(), old->state.content()) << "at call " << moment;
      ++absorbed;
    } else {
      EXPECT_EQ(committed->error().code, ErrorCode::kSuperseded);
      ++refused;
    }
    EXPECT_EQ(restored(world), young->state.content());
  }
  EXPECT_GT(absorbed, 0);
  EXPECT_GT(refused, 0);
}

TEST(VaultTakeOver, OfTwoStartersAtOnceOneServes) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World world;
    world.chat = SimChat(seed);
    world.chat.extra_turns = 6;
    if (seed % 2 == 0) {
      auto before = world.opened();
      before->apply(1, 1, "one");
      ASSERT_TRUE(world.commit(*before));
    }
    auto a = world.process();
    auto b = world.process();
    std::optional<Result<OpenReport>> opened_a;
    std::optional<Result<OpenReport>> opened_b;
    world.begin(a->vault.open(world.deadline()), opened_a);
    world.begin(b->vault.open(world.deadline()), opened_b);
    world.clock.run(world.context);
    ASSERT_TRUE(*opened_a || *opened_b) << "seed " << seed;
    int writers = 0;
    for (auto* process : {a.get(), b.get()}) {
      process->apply(2, 2, "of " + std::to_string(writers));
      if (world.commit(*process)) {
        ++writers;
        EXPECT_EQ(restored(world), process->state.content()) << "seed " << seed;
      }
    }
    EXPECT_EQ(writers, 1) << "seed " << seed;
  }
}

// A starter that is held up between its first reading and its pin finds what happened meanwhile
// even when a late call has turned the register back.
/// A starter that has surveyed a chat with one root is held up before its candidate, while another
/// one takes over, commits, and `then` happens.
struct HeldUp {
  World world;
  std::unique_ptr<Process> first = world.opened();
  std::unique_ptr<Process> starter = world.process();
  std::unique_ptr<Process> meanwhile;

  bool open(const std::function<void(HeldUp&)>& then) {
    starter->channel.on_call = [this](const Call& call) {
      // If it dies before it is active, the next opener still finds what came meanwhile.
      if (call.kind == CallKind::kReplace) {
        EXPECT_EQ(restored(world), meanwhile->state.content());
      }
      if (call.kind != CallKind::kPost || meanwhile) return Fault{};
      meanwhile = world.process();
      return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "down"}};
    };
    std::optional<Result<OpenReport>> opened;
    world.begin(starter->vault.open(world.deadline()), opened);
    world.context.restart();
    while (!meanwhile) world.context.run_one();
    const auto live = [&]() -> boost::asio::awaitable<bool> {
      const auto report = co_await meanwhile->vault.open(world.deadline());
      meanwhile->apply(1, 1, "one");
      const auto committed = co_await meanwhile->vault.commit(world.deadline());
      then(*this);
      co_return report&& committed;
    };
    const bool lived = world.run(live());
    return lived && opened->has_value();
  }
};

TEST(VaultTakeOver, AStarterHeldUpBeforeItsPinFindsTheRootThatCameMeanwhile) {
  HeldUp held_up;
  ASSERT_TRUE(
      held_up.open([](HeldUp& now) { now.world.chat.set_pointer(now.first->vault.root()); }));
  EXPECT_EQ(held_up.starter->state.content(), (MapState::Content{{1, "one"}}));
}

TEST(VaultTakeOver, AStarterHeldUpBeforeItsPinFindsTheRootThatTheRegisterNames) {
  HeldUp held_up;
  ASSERT_TRUE(held_up.open([](HeldUp& now) { now.world.chat.unpin(now.meanwhile->vault.root()); }));
  EXPECT_EQ(held_up.starter->state.content(), (MapState::Content{{1, "one"}}));
}

TEST(VaultTakeOver, AForeignPinIsTakenAwayWhereTheRegisterNamesAVanishedRoot) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*old));
  auto young = world.opened();
  young->apply(2, 2, "two");
  ASSERT_TRUE(world.commit(*young));
  world.chat.set_pointer(old->vault.root());
  world.chat.remove(old->vault.root());
  world.chat.pin(world.chat.send_text());
  EXPECT_EQ(restored(world), young->state.content());
}

// The register is turned back to a root that cannot be loaded any more, and a foreign pin hides the
// newest.
TEST(VaultTakeOver, AForeignPinIsTakenAwayBeforeAnythingIsLoaded) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.run(old->vault.write_base(world.deadline())));
  ASSERT_TRUE(world.commit(*old));
  const MessageId chunk{old->vault.manifest().state().base().chunks(0).message_id()};
  auto young = world.opened();
  young->apply(2, 2, "two");
  ASSERT_TRUE(world.run(young->vault.write_base(world.deadline())));
  ASSERT_TRUE(world.commit(*young));
  world.chat.lose_file(chunk);
  world.chat.set_pointer(old->vault.root());
  world.chat.pin(world.chat.send_text());
  const auto next = world.process();
  const auto report = world.open(*next);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(next->state.content(), young->state.content());
  EXPECT_EQ(world.chat.shown_pin(), next->vault.root());
}

// The last edition is read first, the one before it by the second reading.
TEST(VaultTakeOver, AnOlderEditionOfTheSameRootIsNotGoneBackTo) {
  World world;
  auto old = world.opened();
  old->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*old));
  ASSERT_TRUE(world.run(old->vault.write_base(world.deadline())));
  ASSERT_TRUE(world.commit(*old));
  auto young = world.process();
  int looks = 0;
  young->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kLookUp) return Fault{};
    ++looks;
    return Fault{.kind = Fault::Kind::kStale};
  };
  ASSERT_TRUE(world.open(*young));
  ASSERT_GT(looks, 0);
  EXPECT_TRUE(young->vault.manifest().state().has_base());
}

// A penalty can be long: who has taken over meanwhile may have named the slot.
TEST(VaultCommit, ASlotIsAskedForAgainAfterEveryRefusal) {
  World world;
  auto process = world.opened();
  process->vault.note_witness();
  std::vector<CallKind> calls;
  process->channel.on_call = [&](const Call& call) {
    const bool slot = call.kind == CallKind::kReplace && call.document != kRootName;
    if (!slot && calls.empty()) return Fault{};
    calls.push_back(call.kind);
    if (calls.size() > 1) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRateLimited, "slow", {}, 30}};
  };
  for (std::int64_t update = 1; update <= 4; ++update) {
    process->apply(update, 1, std::to_string(update));
    ASSERT_TRUE(world.run(process->vault.make_point(world.deadline())));
  }
  ASSERT_GE(calls.size(), 3u) << "the history's slots are edited in turn";
  EXPECT_EQ(calls[1], CallKind::kPinned);
  EXPECT_EQ(calls[2], CallKind::kReplace);
}

// Who has taken over may go on from an edition of the old root that names the slot.
TEST(VaultCommit, ASupersededWriterEditsNoSlot) {
  World world;
  auto old = world.opened();
  old->vault.note_witness();
  std::int64_t update = 0;
  const auto edits_of_slots = [&](Process& process) {
    int edits = 0;
    process.channel.on_call = [&edits](const Call& call) {
      const bool slot = call.kind == CallKind::kReplace && call.document != kRootName;
      edits += slot ? 1 : 0;
      return Fault{};
    };
    ++update;
    process.apply(update, 1, std::to_string(update));
    (void)world.run(process.vault.make_point(world.deadline()));
    process.channel.on_call = nullptr;
    return edits;
  };
  for (int i = 0; i < 3; ++i) (void)edits_of_slots(*old);
  ASSERT_GT(edits_of_slots(*old), 0) << "the history's slots are edited in turn";
  auto young = world.opened();
  EXPECT_EQ(edits_of_slots(*old), 0);
}

// Old roots are unpinned when they have been absorbed; a refusal is no reason to knock again
// inside a penalty.
TEST(VaultTakeOver, UnpinningStopsAtTheFirstRefusal) {
  World world;
  auto first = world.opened();
  world.chat.set_pointer(std::nullopt);
  std::vector<std::unique_ptr<Process>> dead;
  for (int i = 0; i < 3; ++i) {
    dead.push_back(world.process());
    dead.back()->channel.on_call = nth(CallKind::kPin, 1, {.kind = Fault::Kind::kCrashAfter});
    ASSERT_FALSE(world.open(*dead.back()));
  }
  auto next = world.process();
  int refused = 0;
  next->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kUnpin) return Fault{};
    ++refused;
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 30}};
  };
  ASSERT_TRUE(world.open(*next));
  EXPECT_EQ(refused, 1);
}

// What a start costs does not grow with the number of starts before it.
TEST(VaultTakeOver, CostsTheSameAfterManyStarts) {
  World world;
  std::uint64_t third = 0;
  for (int start = 1; start <= 100; ++start) {
    const std::uint64_t before = world.chat.calls();
    auto process = world.opened();
    const std::uint64_t calls = world.chat.calls() - before;
    if (start == 3) third = calls;
    if (start <= 3) continue;
    ASSERT_EQ(calls, third) << "start " << start;
  }
}

}  // namespace
}  // namespace telekv::vault
