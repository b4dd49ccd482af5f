// Committing: one edit makes everything applied durable, or nothing; bases come and go around it.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <set>

#include "world.h"

namespace telekv::vault {
namespace {

namespace asio = boost::asio;

/// What the next opener would restore from the chat as it is now.
MapState::Content restored(World& world) {
  SimChat copy = world.chat;
  auto opener = world.process_in(copy);
  const auto report = world.open(*opener);
  EXPECT_TRUE(report) << describe(report.error());
  return opener->state.content();
}

std::vector<CallKind> kinds_since(const SimChat& chat, std::size_t from) {
  std::vector<CallKind> kinds;
  for (std::size_t i = from; i < chat.log().size(); ++i) kinds.push_back(chat.log()[i].call.kind);
  return kinds;
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
  EXPECT_EQ(report->base_bytes, 0u);
}

TEST(VaultCommit, AnUpdateThatChangedNothingIsStillRecorded) {
  World world;
  auto process = world.opened();
  process->vault.note_applied(77);
  EXPECT_TRUE(process->vault.has_uncommitted());
  ASSERT_TRUE(world.commit(*process));
  auto next = world.opened();
  EXPECT_EQ(next->vault.applied_update_id(), 77);
}

TEST(VaultCommit, ATailOverItsBoundBecomesANewBase) {
  World world;
  world.options.tail_bound_bytes = 100;
  world.pace = {.records_per_step = 1, .records_per_chunk = 3};
  auto process = world.opened();
  bool compacted = false;
  for (int i = 1; i <= 20; ++i) {
    process->apply(i, i, "record number " + std::to_string(i));
    const auto report = world.commit(*process);
    ASSERT_TRUE(report);
    compacted = compacted || report->base_bytes > 0;
    EXPECT_EQ(restored(world), process->state.content());
  }
  EXPECT_TRUE(compacted);
}

TEST(VaultCommit, ManyChangesGoStraightIntoABase) {
  World world;
  world.options.delta_bound_records = 5;
  auto process = world.opened();
  for (int i = 1; i <= 6; ++i) process->apply(i, i, "x");
  const auto report = world.commit(*process);
  ASSERT_TRUE(report);
  EXPECT_GT(report->base_bytes, 0u);
  EXPECT_EQ(restored(world), process->state.content());
}

// A base stays in the chat until the base after the next one: whoever began to read it can finish.
TEST(VaultCommit, ABaseIsRecycledOneBaseLaterAndNeverWhileTheRootNamesIt) {
  World world;
  world.options.delta_bound_records = 0;  // every commit writes a base
  world.pace = {.records_per_step = 10, .records_per_chunk = 1};
  auto process = world.opened();
  std::vector<std::set<MessageId>> bases;
  for (int i = 1; i <= 5; ++i) {
    process->apply(i, i, "x");
    const std::size_t before = world.chat.mutating_calls();
    ASSERT_TRUE(world.commit(*process));
    std::set<MessageId> posted;
    bool root_written = false;
    for (std::size_t k = before; k < world.chat.log().size(); ++k) {
      const SimChat::Entry& entry = world.chat.log()[k];
      root_written = root_written || entry.call.kind == CallKind::kReplace;
      if (entry.call.kind == CallKind::kRecycle) {
        EXPECT_TRUE(root_written) << "recycled before the root stopped to name it";
        ASSERT_GE(bases.size(), 2u);
        EXPECT_TRUE(bases[bases.size() - 2].contains(entry.call.message));
      }
    }
    for (const auto& [id, message] : world.chat.messages()) {
      if (message.name.starts_with("telekv-base-" + std::to_string(i) + "-")) posted.insert(id);
    }
    ASSERT_EQ(posted.size(), static_cast<std::size_t>(i));
    bases.push_back(posted);
    EXPECT_EQ(world.chat.messages().size(),
              1u + bases.back().size() + (i > 1 ? bases[bases.size() - 2].size() : 0u));
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
  EXPECT_GT(with_base->base_bytes, 0u);
  ASSERT_TRUE(process->vault.has_uncommitted()) << "the changes have outlasted the walk";
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
  EXPECT_GT(report->base_bytes, 0u);
  EXPECT_EQ(restored(world), process->state.content());
  EXPECT_EQ(world.chat.messages().size(), 5u) << "the chunks of the failed attempt are gone";
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

TEST(VaultCommit, RecyclingStopsAtTheFirstRefusalAndGoesOnLater) {
  World world;
  world.options.delta_bound_records = 0;
  world.pace = {.records_per_step = 10, .records_per_chunk = 1};
  auto process = world.opened();
  int refused = 0;
  for (int i = 1; i <= 6; ++i) process->state.put(i, "x");
  ASSERT_TRUE(world.commit(*process));
  process->state.put(1, "y");
  ASSERT_TRUE(world.commit(*process));
  process->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kRecycle) return Fault{};
    ++refused;
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "slow down", {}, 30}};
  };
  process->state.put(1, "z");
  ASSERT_TRUE(world.commit(*process)) << "what is committed is committed";
  EXPECT_EQ(refused, 1) << "no second call inside the penalty";
  process->channel.on_call = nullptr;
  process->state.put(1, "a");
  ASSERT_TRUE(world.commit(*process));
  EXPECT_EQ(world.chat.messages().size(), 1u + 2 * 6u);
}

}  // namespace
}  // namespace telekv::vault
