// Committing: one edit makes everything applied durable, or nothing; bases come and go around it.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <new>
#include <set>

#include "vault/caught.h"
#include "world.h"

namespace telekv::vault {
namespace {

namespace asio = boost::asio;

/// What the next opener would restore from the chat as it is now.

std::vector<CallKind> kinds_since(const SimChat& chat, std::size_t from) {
  std::vector<CallKind> kinds;
  for (std::size_t i = from; i < chat.log().size(); ++i) kinds.push_back(chat.log()[i].call.kind);
  return kinds;
}

std::size_t roots(const SimChat& chat) {
  return static_cast<std::size_t>(
      std::count_if(chat.messages().begin(), chat.messages().end(),
                    [](const auto& message) { return message.second.name == kRootName; }));
}

TEST(VaultCommit, WithNothingToCommitMakesNoCall) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  const std::uint64_t before = world.chat.calls();
  const auto report = world.commit(*process);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->root_bytes, 0u);
  EXPECT_EQ(world.chat.calls(), before);
}

TEST(VaultCommit, IsOneEditOfTheRoot) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  const std::size_t before = world.chat.mutating_calls();
  const auto report = world.commit(*process);
  ASSERT_TRUE(report);
  EXPECT_EQ(kinds_since(world.chat, before), std::vector<CallKind>{CallKind::kReplace});
  EXPECT_EQ(report->root_bytes, world.chat.document(process->vault.root()).size());
  EXPECT_EQ(report->object_bytes, 0u);
}

TEST(VaultCommit, AnUpdateThatChangedNothingIsStillRecorded) {
  World world;
  auto process = world.opened();
  process->vault.note_applied({.id = 77});
  EXPECT_TRUE(process->vault.has_uncommitted());
  ASSERT_TRUE(world.commit(*process));
  auto next = world.opened();
  EXPECT_EQ(next->vault.applied().last(), 77);
}

// Each delta is uploaded a few times, as it climbs the ladder, never with every later commit.
TEST(VaultCommit, ATailOverItsBoundBecomesASegmentAndSegmentsAreMerged) {
  World world;
  world.options.ladder = {.tail_bytes = 100, .fan_out = 3, .least_bytes = 1u << 20};
  auto process = world.opened();
  process->vault.note_witness();
  std::uint64_t uploaded = 0;
  std::size_t most = 0;
  constexpr int kCommits = 200;
  for (int i = 1; i <= kCommits; ++i) {
    process->apply(i, i, "record number " + std::to_string(i));
    const auto report = world.commit(*process);
    ASSERT_TRUE(report);
    uploaded += report->object_bytes;
    most = std::max(most, process->vault.stats().segments);
    EXPECT_LE(process->vault.stats().delta_bytes, 100u * static_cast<unsigned>(i));
    if (i % 20 == 0) {
      EXPECT_EQ(restored(world), process->state.content());
    }
  }
  EXPECT_LE(most, 2u * 5u) << "fewer than the fan-out in each size class";
  EXPECT_LT(uploaded, 7u * process->vault.stats().delta_bytes) << "once for each size class";
}

TEST(VaultCommit, ABaseIsWrittenBesideTheCommitsAndTakesThePlaceOfTheDeltasItHolds) {
  World world;
  world.options.ladder = {.tail_bytes = 60, .fan_out = 4, .least_bytes = 1000};
  world.pace = {.records_per_step = 1, .records_per_chunk = 3};
  auto process = world.opened();
  process->vault.note_witness();
  int update = 0;
  const auto click = [&] {
    ++update;
    process->apply(update, update % 17, "record number " + std::to_string(update));
    ASSERT_TRUE(world.commit(*process));
    ASSERT_EQ(restored(world), process->state.content());
  };
  while (!process->vault.base_due()) click();
  const std::uint64_t deltas = process->vault.stats().delta_bytes;
  const auto go_on = [&world, &process, &update]() -> asio::awaitable<bool> {
    for (int i = 0; i < 20; ++i) {
      ++update;
      process->apply(update, update % 17, "meanwhile " + std::to_string(update));
      if (i % 7 == 0) process->state.erase(update % 5);
      (void)co_await process->vault.commit(world.deadline());
    }
    co_return true;
  };
  std::optional<bool> went_on;
  world.begin(go_on(), went_on);
  ASSERT_TRUE(world.run(process->vault.write_base(world.deadline())));
  ASSERT_EQ(went_on, true);
  click();
  EXPECT_GT(process->vault.stats().base_bytes, 0u);
  EXPECT_LT(process->vault.stats().delta_bytes, deltas + 25u * 100u);
  EXPECT_EQ(process->vault.points().size(), 1u) << "each base makes a restore point";
  EXPECT_FALSE(process->vault.base_due());
  for (int i = 0; i < 30; ++i) click();
}

TEST(VaultCommit, ManyChangesGoStraightIntoABase) {
  World world;
  world.options.delta_bound_records = 5;
  auto process = world.opened();
  for (int i = 1; i <= 6; ++i) process->apply(i, i, "x");
  const auto report = world.commit(*process);
  ASSERT_TRUE(report);
  EXPECT_GT(report->object_bytes, 0u);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCommit, TheChatDoesNotGrowBecauseMessagesAreWrittenAgain) {
  World world;
  world.options.restore_points = 1;
  world.options.delta_bound_records = 0;  // every commit writes a base
  world.pace = {.records_per_step = 10, .records_per_chunk = 1};
  auto process = world.opened();
  process->vault.note_witness();
  for (int i = 1; i <= 5; ++i) process->state.put(i, "x");
  std::size_t settled = 0;
  for (int i = 1; i <= 40; ++i) {
    process->apply(i, 1 + i % 5, "value " + std::to_string(i));
    ASSERT_TRUE(world.commit(*process));
    ASSERT_EQ(restored(world), process->state.content());
    if (i == 6) settled = world.chat.messages().size();
  }
  EXPECT_EQ(world.chat.messages().size(), settled);
}

TEST(VaultCommit, BeforeTheWitnessNoMessageIsWrittenAgain) {
  World world;
  world.options.restore_points = 1;
  world.options.delta_bound_records = 0;
  auto process = world.opened();
  for (int i = 1; i <= 8; ++i) {
    const MessageId root = process->vault.root();
    const std::size_t before = world.chat.mutating_calls();
    process->apply(i, 1, std::to_string(i));
    ASSERT_TRUE(world.commit(*process));
    for (std::size_t k = before; k < world.chat.log().size(); ++k) {
      const Call& call = world.chat.log()[k].call;
      if (call.kind == CallKind::kReplace) {
        EXPECT_EQ(call.message, root);
      }
    }
  }
}

TEST(VaultCommit, ASlotWhoseEditGotNoAnswerIsLeftAlone) {
  World world;
  world.options.restore_points = 1;
  world.options.delta_bound_records = 0;
  auto process = world.opened();
  process->vault.note_witness();
  for (int i = 1; i <= 4; ++i) {
    process->apply(i, 1, std::to_string(i));
    ASSERT_TRUE(world.commit(*process));
  }
  std::optional<MessageId> silent;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kReplace || call.message == process->vault.root()) return Fault{};
    if (silent) {
      EXPECT_NE(call.message, *silent);
      return Fault{};
    }
    silent = call.message;
    return Fault{.kind = Fault::Kind::kUnknownLate};
  };
  for (int i = 5; i <= 20; ++i) {
    process->apply(i, 1, std::to_string(i));
    ASSERT_TRUE(world.commit(*process));
    if (i == 15) world.chat.release_late();
    ASSERT_EQ(restored(world), process->state.content());
  }
  EXPECT_TRUE(silent);
}

TEST(VaultCommit, ADeltaThatIsTooLargeForARootGoesIntoABase) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, std::string(std::size_t{17} << 20, 'x'));
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(process->vault.manifest().state().tail_size(), 0);
  EXPECT_EQ(process->vault.manifest().state().base().chunks_size(), 1);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCommit, ARecordThatNoDocumentHoldsIsAnError) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, std::string(Channel::kMaxDocumentBytes, 'x'));
  EXPECT_EQ(world.commit(*process).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(restored(world), MapState::Content{});
}

TEST(VaultCommit, ManyErasedKeysMoveFromTheRootToTheHistory) {
  for (const int at_once : {1, 1100}) {
    World world;
    auto process = world.opened();
    const int keys = at_once == 1 ? 70 : at_once;
    for (int key = 0; key < keys; ++key) process->apply(key + 1, key, "x");
    ASSERT_TRUE(world.commit(*process));
    ASSERT_TRUE(world.run(process->vault.make_point(world.deadline())));
    for (int key = 0; key < keys; key += at_once) {
      for (int each = key; each < key + at_once; ++each) process->state.erase(each);
      ASSERT_TRUE(world.commit(*process));
    }
    EXPECT_LT(process->vault.manifest().tombstones_size(), 10);
    const auto report = world.run(process->vault.restore(1, world.deadline()));
    ASSERT_TRUE(report) << describe(report.error());
    EXPECT_EQ(report->forgotten, static_cast<std::uint64_t>(keys));
    EXPECT_EQ(restored(world), MapState::Content{});
  }
}

TEST(VaultCommit, ChangesDuringABaseWalkAreExactAfterARestore) {
  World world;
  world.options.delta_bound_records = 10;
  world.pace = {.records_per_step = 1, .records_per_chunk = 4};
  auto process = world.opened();
  for (int i = 1; i <= 40; ++i) process->apply(i, i, "before");
  // Applies, overwrites, inserts on both sides of the walk and erases, between its slices.
  const auto meddle = [&world, &process]() -> asio::awaitable<bool> {
    for (int i = 1; i <= 60; ++i) {
      process->apply(100 + i, (i * 7) % 45, "during " + std::to_string(i));
      process->state.erase((i * 11) % 43);
      co_await asio::post(world.context, asio::use_awaitable);
    }
    co_return true;
  };
  std::optional<bool> meddled;
  world.begin(meddle(), meddled);
  const auto with_base = world.commit(*process);
  ASSERT_TRUE(with_base) << describe(with_base.error());
  EXPECT_GT(with_base->object_bytes, 0u);
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCommit, AfterADefiniteFailureTheNextCommitCarriesEverything) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  process->channel.on_call = [](const Call&) {
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.commit(*process));
  EXPECT_TRUE(process->vault.has_uncommitted());
  process->channel.on_call = nullptr;
  process->apply(2, 2, "two");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_FALSE(process->vault.has_uncommitted());
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCommit, ARefusedEditIsRepeatedInPlaceAfterThePenalty) {
  World world;
  auto process = world.opened();
  const MessageId root = process->vault.root();
  process->apply(1, 1, "one");
  int edits = 0;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kReplace || ++edits > 1) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 9}};
  };
  const auto report = world.commit(*process);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->duration, std::chrono::seconds(9));
  EXPECT_EQ(process->vault.root(), root);
}

TEST(VaultCommit, ABaseThatCouldNotBeUploadedLosesNothing) {
  World world;
  world.options.delta_bound_records = 3;
  world.pace = {.records_per_step = 10, .records_per_chunk = 2};
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  const auto committed = process->state.content();
  for (int i = 2; i <= 8; ++i) process->apply(i, i, "x");
  int posts = 0;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kPost || ++posts != 3) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.commit(*process));
  process->channel.on_call = nullptr;
  EXPECT_TRUE(process->vault.has_uncommitted());
  EXPECT_EQ(restored(world), committed);
  const auto report = world.commit(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_GT(report->object_bytes, 0u);
  EXPECT_EQ(restored(world), process->state.content());
}

// The changes that went into the failed base are in no delta: a root written now must not promise
// them.
TEST(VaultCommit, ARotationAfterAFailedBaseWritesARootThatCanBeRestored) {
  World world;
  world.options.delta_bound_records = 3;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  const auto committed = process->state.content();
  for (int i = 2; i <= 8; ++i) process->apply(i, i, "x");
  process->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kPost) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  ASSERT_FALSE(world.commit(*process));
  process->channel.on_call = nullptr;
  world.chat.pin(world.chat.send_text());
  ASSERT_TRUE(world.check(*process));
  EXPECT_EQ(restored(world), committed);
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(restored(world), process->state.content());
}

// Calling inside a penalty makes it longer, whichever operation calls.
TEST(VaultCommit, APenaltyBeyondTheDeadlineIsKeptByWhateverComesNext) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  process->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kReplace) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 200}};
  };
  ASSERT_FALSE(world.commit(*process));
  process->channel.on_call = nullptr;
  const Clock::Time penalty_end = world.clock.now() + std::chrono::seconds(200);

  const std::uint64_t calls = world.chat.calls();
  const auto early = world.commit(*process);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(early.error().retry_after_s, 200u);
  EXPECT_FALSE(world.check(*process));
  EXPECT_EQ(world.chat.calls(), calls) << "a call inside the penalty";

  world.clock.advance(std::chrono::seconds(150));
  const auto report = world.commit(*process);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(world.clock.now(), penalty_end) << "what is left of it is waited out";
  EXPECT_EQ(restored(world), process->state.content());
}

// Memory that runs out in the middle must not become a root that promises what it cannot restore.
TEST(VaultCommit, ASaveThatAnExceptionCutsInTwoIsTheLast) {
  World world;
  auto process = world.opened();
  process->apply(1, 1, "one");
  ASSERT_TRUE(world.commit(*process));
  process->apply(2, 2, "two");
  process->channel.on_call = [](const Call&) -> Fault { throw std::bad_alloc(); };
  EXPECT_FALSE(world.run(caught(process->vault.commit(world.deadline()))));
  process->channel.on_call = nullptr;
  EXPECT_EQ(world.commit(*process).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(restored(world), (MapState::Content{{1, "one"}}));
}

// Step 11.
TEST(VaultCommit, TheRootsOfPredecessorsGoAfterTheWitness) {
  World world;
  std::unique_ptr<Process> process;
  for (int i = 1; i <= 5; ++i) {
    process = world.opened();
    process->apply(i, i, "x");
    ASSERT_TRUE(world.commit(*process));
  }
  EXPECT_GE(world.chat.messages().size(), 5u);
  process->vault.note_witness();
  for (int i = 6; i <= 8; ++i) {
    process->apply(i, i, "x");
    ASSERT_TRUE(world.commit(*process));
  }
  EXPECT_EQ(roots(world.chat), 1u);
  EXPECT_EQ(restored(world), process->state.content());
}

TEST(VaultCommit, RecyclingStopsAtTheFirstPenaltyAndGoesOnLater) {
  World world;
  for (int i = 0; i < 3; ++i) world.opened();
  auto process = world.opened();
  process->vault.note_witness();
  int refused = 0;
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kRecycle) return Fault{};
    ++refused;
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 30}};
  };
  process->apply(1, 1, "z");
  ASSERT_TRUE(world.commit(*process)) << "what is committed is committed";
  EXPECT_EQ(refused, 1) << "no second call inside the penalty";
  process->channel.on_call = nullptr;
  process->apply(2, 1, "a");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(roots(world.chat), 1u);
}

TEST(VaultCommit, ARootThatCannotBeDeletedBecomesASlot) {
  World world;
  world.opened();
  auto process = world.opened();
  process->vault.note_witness();
  process->channel.on_call = [](const Call& call) {
    if (call.kind != CallKind::kRecycle) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "too old"}};
  };
  process->apply(1, 1, "z");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(process->vault.stats().slots, 2u) << "and the one of the restore points";
}

TEST(VaultCommit, AnOldRootIsReplacedWhileItCanStillBeDeleted) {
  World world;
  auto process = world.opened();
  process->vault.note_witness();
  const MessageId first = process->vault.root();
  world.clock.advance(std::chrono::hours(41));
  process->apply(1, 1, "z");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_NE(process->vault.root(), first);
  EXPECT_EQ(world.chat.find(first), nullptr);
  EXPECT_EQ(restored(world), process->state.content());
}

}  // namespace
}  // namespace telekv::vault
