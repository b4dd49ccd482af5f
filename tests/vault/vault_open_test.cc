// Opening: what is found is restored, what cannot be decided is left alone.
#include <gtest/gtest.h>

#include "world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

TEST(VaultOpen, AFreshChatGetsAPinnedAndRegisteredRoot) {
  World world;
  auto process = world.process();
  const auto report = world.open(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_TRUE(report->created);
  EXPECT_EQ(report->records, 0u);
  EXPECT_EQ(report->applied_update_id, 0);
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
  EXPECT_EQ(world.chat.pointer(), process->vault.root());
  EXPECT_EQ(world.chat.find(process->vault.root())->name, kRootName);
  EXPECT_EQ(world.chat.messages().size(), 1u);
}

TEST(VaultOpen, AChainThatMovesUnderTheReaderIsReadAgainFromThePointers) {
  World world;
  world.options.ladder.tail_bytes = 20;
  auto writer = world.opened();
  for (int i = 1; i <= 3; ++i) {
    writer->apply(i, i, "record " + std::to_string(i));
    ASSERT_TRUE(world.commit(*writer));
  }
  auto reader = world.process();
  std::optional<Result<CommitReport>> moved;
  reader->channel.on_call = [&](const Call& call) {
    if (moved || call.kind != CallKind::kFetch) return Fault{};
    if (call.document == world.chat.find(writer->vault.root())->file_id) return Fault{};
    if (writer->vault.has_uncommitted()) return Fault{.kind = Fault::Kind::kFlipped};
    writer->apply(4, 4, "four");
    world.begin(writer->vault.commit(world.deadline()), moved);
    return Fault{.kind = Fault::Kind::kFlipped};
  };
  const auto report = world.run(reader->vault.read(world.deadline()));
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(reader->state.content(), writer->state.content());
}

TEST(VaultOpen, ReadingAFreshChatFindsNothingAndWritesNothing) {
  World world;
  auto process = world.process();
  const auto report = world.run(process->vault.read(world.deadline()));
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_TRUE(report->created);
  EXPECT_EQ(report->root, MessageId{});
  EXPECT_EQ(world.chat.mutating_calls(), 0u);
}

TEST(VaultOpen, ANewProcessRestoresExactlyWhatWasCommitted) {
  World world;
  auto first = world.opened();
  first->apply(41, 7, "seven");
  first->apply(42, -8, "");
  ASSERT_TRUE(world.commit(*first));
  first->apply(43, 7, "Seven");
  first->state.erase(-8);
  const auto last = world.commit(*first);
  ASSERT_TRUE(last);
  first->apply(44, 9, "never committed");

  auto second = world.process();
  const auto report = world.open(*second);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_FALSE(report->created);
  EXPECT_EQ(second->state.content(), (Content{{7, "Seven"}}));
  EXPECT_EQ(report->records, 1u);
  EXPECT_EQ(report->sequence, last->sequence);
  EXPECT_EQ(report->applied_update_id, 43);
  EXPECT_EQ(second->vault.applied().last(), 43);
  EXPECT_FALSE(second->vault.has_uncommitted());
}

TEST(VaultOpen, ARootWhosePinIsSilentlyMissingIsFoundByTheRegister) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  world.chat.unpin(first->vault.root());
  auto second = world.process();
  ASSERT_TRUE(world.open(*second));
  EXPECT_EQ(second->state.content(), first->state.content());
  EXPECT_EQ(world.chat.shown_pin(), second->vault.root());
}

TEST(VaultOpen, ARootWhosePinTelegramDoesNotShowIsFoundByTheRegister) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  auto second = world.process();
  second->channel.on_call = [](const Call& call) {
    return Fault{.kind = call.number == 0 ? Fault::Kind::kHidden : Fault::Kind::kNone};
  };
  ASSERT_TRUE(world.open(*second));
  EXPECT_EQ(second->state.content(), first->state.content());
}

TEST(VaultOpen, ARootHiddenByAForeignPinIsFoundByTheRegister) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  const MessageId foreign = world.chat.send_text();
  world.chat.pin(foreign);
  auto second = world.process();
  ASSERT_TRUE(world.open(*second));
  EXPECT_EQ(second->state.content(), first->state.content());
  EXPECT_EQ(world.chat.shown_pin(), second->vault.root()) << "newer than the foreign message";
}

// A late call has turned the register back to a root that was absorbed.
TEST(VaultOpen, ARootUnderAForeignPinIsFoundAlthoughTheRegisterNamesAnother) {
  World world;
  auto first = world.opened();
  auto second = world.opened();
  second->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*second));
  world.chat.set_pointer(first->vault.root());
  world.chat.pin(world.chat.send_text());
  auto third = world.process();
  ASSERT_TRUE(world.open(*third));
  EXPECT_EQ(third->state.content(), second->state.content());
  EXPECT_EQ(world.chat.shown_pin(), third->vault.root());
}

TEST(VaultOpen, AForeignPinAndNoRegisterNeedADecisionAndNothingIsWritten) {
  for (const bool own : {false, true}) {  // the bot's own document may be pinned as well
    World world;
    const MessageId pinned =
        own ? world.chat.send("telekv-base-1-0.tkv", std::make_shared<const Bytes>("x"))
            : world.chat.send_text();
    world.chat.pin(pinned);
    auto process = world.process();
    const auto report = world.open(*process);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kNeedsDecision);
    EXPECT_FALSE(report.error().hint.empty());
    EXPECT_EQ(world.chat.mutating_calls(), 0u);
  }
}

TEST(VaultOpen, ARegisterThatNamesAVanishedRootNeedsADecision) {
  World world;
  auto first = world.opened();
  world.chat.remove(first->vault.root());
  const std::size_t before = world.chat.mutating_calls();
  auto second = world.process();
  const auto report = world.open(*second);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNeedsDecision);
  EXPECT_EQ(world.chat.mutating_calls(), before);
}

TEST(VaultOpen, InitStartsEmptyUnderAForeignPin) {
  World world;
  world.chat.pin(world.chat.send_text());
  world.options.when_absent = WhenAbsent::kStartEmpty;
  auto process = world.process();
  const auto report = world.open(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_TRUE(report->created);
  EXPECT_EQ(world.chat.shown_pin(), process->vault.root());
}

TEST(VaultOpen, InitDoesNotForgetARootThatIsThere) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  world.options.when_absent = WhenAbsent::kStartEmpty;
  auto second = world.opened();
  EXPECT_EQ(second->state.content(), first->state.content());
}

TEST(VaultOpen, RootIdFindsARootThatNothingElseNames) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  world.chat.unpin(first->vault.root());
  world.chat.set_pointer(std::nullopt);
  world.options.root_id = first->vault.root();
  auto second = world.opened();
  EXPECT_EQ(second->state.content(), first->state.content());
}

TEST(VaultOpen, ARootIdThatNamesNothingNeedsADecision) {
  World world;
  world.options.root_id = MessageId{12};
  auto process = world.process();
  const auto report = world.open(*process);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNeedsDecision);
  EXPECT_EQ(world.chat.mutating_calls(), 0u);
}

TEST(VaultOpen, TheCandidateOfAStarterThatDiedFirstOfAllIsNoHindrance) {
  World world;
  auto dead = world.process();
  dead->channel.on_call = [](const Call& call) {
    return Fault{.kind =
                     call.kind == CallKind::kPin ? Fault::Kind::kCrashAfter : Fault::Kind::kNone};
  };
  ASSERT_FALSE(world.open(*dead));
  ASSERT_TRUE(world.chat.shown_pin());
  auto next = world.process();
  const auto report = world.open(*next);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_TRUE(report->created);
}

TEST(VaultOpen, FromACandidateTheWayLeadsToItsPredecessors) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  for (int i = 0; i < 2; ++i) {  // a candidate whose predecessor is a candidate
    auto dead = world.process();
    dead->channel.on_call = [](const Call& call) {
      return Fault{.kind =
                       call.kind == CallKind::kPin ? Fault::Kind::kCrashAfter : Fault::Kind::kNone};
    };
    ASSERT_FALSE(world.open(*dead));
    world.chat.set_pointer(std::nullopt);  // only the candidates know the way
  }
  auto second = world.opened();
  EXPECT_EQ(second->state.content(), first->state.content());
}

TEST(VaultOpen, ACandidateWhosePredecessorsAreGoneIsNoProofOfANewStore) {
  World world;
  auto first = world.opened();
  auto dead = world.process();
  dead->channel.on_call = [](const Call& call) {
    return Fault{.kind =
                     call.kind == CallKind::kPin ? Fault::Kind::kCrashAfter : Fault::Kind::kNone};
  };
  ASSERT_FALSE(world.open(*dead));
  world.chat.remove(first->vault.root());
  world.chat.set_pointer(std::nullopt);
  auto next = world.process();
  const auto report = world.open(*next);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNeedsDecision);
}

TEST(VaultOpen, AnAmbiguousCandidatePostLeavesAtMostAnOrphan) {
  for (const auto kind :
       {Fault::Kind::kUnknownDone, Fault::Kind::kUnknownLate, Fault::Kind::kUnknownNever}) {
    World world;
    auto first = world.opened();
    first->apply(1, 1, "one");
    ASSERT_TRUE(world.commit(*first));
    auto second = world.process();
    int posts = 0;
    second->channel.on_call = [&](const Call& call) {
      const bool hit = call.kind == CallKind::kPost && ++posts == 1;
      return Fault{.kind = hit ? kind : Fault::Kind::kNone};
    };
    ASSERT_TRUE(world.open(*second));
    world.chat.release_late();
    EXPECT_LE(world.chat.messages().size(), 3u);
    auto third = world.opened();
    EXPECT_EQ(third->state.content(), first->state.content());
  }
}

TEST(VaultOpen, NothingIsAskedAgainInsideAPenalty) {
  World world;
  auto process = world.process();
  const Clock::Time started = world.clock.now();
  std::optional<Clock::Time> again;
  process->channel.on_call = [&](const Call& call) {
    if (call.number == 0) {
      return Fault{.kind = Fault::Kind::kRefuse,
                   .error = {ErrorCode::kRateLimited, "slow down", {}, 37}};
    }
    if (call.number == 1) again = world.clock.now();
    return Fault{};
  };
  ASSERT_TRUE(world.open(*process));
  EXPECT_EQ(*again - started, std::chrono::seconds(37));
}

TEST(VaultOpen, APenaltyBeyondTheDeadlineEndsTheAttemptAtOnce) {
  World world;
  auto process = world.process();
  process->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kPin) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 61}};
  };
  const Clock::Time started = world.clock.now();
  const auto report = world.open(*process);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(report.error().retry_after_s, 61u);
  EXPECT_EQ(world.clock.now(), started);
}

TEST(VaultOpen, AnOutageLastsNoLongerThanTheDeadline) {
  World world;
  auto process = world.process();
  process->channel.on_call = [](const Call&) {
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "down"}};
  };
  const Clock::Time deadline = world.deadline();
  const auto report = world.run(process->vault.open(deadline));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
  EXPECT_LE(world.clock.now(), deadline);
  EXPECT_GT(process->channel.calls(), 3u) << "it has tried again";
}

TEST(VaultOpen, AnOpeningThatFailedMayBeTriedAgainByTheSameProcess) {
  World world;
  auto first = world.opened();
  first->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*first));
  auto second = world.process();
  second->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kReplace) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.open(*second));
  second->channel.on_call = nullptr;
  ASSERT_TRUE(world.open(*second));
  EXPECT_EQ(second->state.content(), first->state.content());
}

}  // namespace
}  // namespace telekv::vault
