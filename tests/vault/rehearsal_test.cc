#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kv/table.h"
#include "simulation_process.h"
#include "vault/chain.h"

namespace telekv::vault {
namespace {

constexpr int kPlayers = 30'000;
constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;

/// A downloaded state: players with the keys 0, 10, 20 and so on as its base, and three deltas.
class RehearsalTest : public testing::Test {
 protected:
  RehearsalTest() {
    for (int i = 0; i < kPlayers; ++i) insert(10 * i);
    write_base();
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 3000; ++i) click(random_key());
      for (int i = 0; i < 100; ++i) (void)table_.erase(random_key());
      for (int i = 0; i < 100; ++i) (void)table_.insert(random_key() + round + 1, {});
      insert(-1 - round);
      insert(10 * kPlayers + round);
      write_delta();
    }
    promise();
  }

  std::int64_t random_key() { return static_cast<std::int64_t>(10 * (random_() % kPlayers)); }

  void insert(std::int64_t key) {
    EXPECT_TRUE(table_.insert(key, {.clicks = random_(), .marks = random_()}));
  }
  void click(std::int64_t key) {
    (void)table_.update(key, [](Player& player) { ++player.clicks; });
  }

  void add_chunks_of(kv::Table<Player>& table) {
    const auto walk = table.begin_snapshot(kChunkBytes);
    while (!walk->done()) {
      if (const auto chunk = walk->step(1000)) parts_.chunks.push_back(chunk->encode());
    }
  }

  void write_base() {
    table_.take_changes();
    parts_.chunks.clear();
    add_chunks_of(table_);
    parts_.state.mutable_base()->set_sequence(++sequence_);
  }

  void write_delta() {
    auto deltas = std::make_shared<format::Deltas>();
    format::Delta& delta = *deltas->add_deltas();
    delta.set_sequence(++sequence_);
    *delta.mutable_columns() = table_.take_changes()->encode();
    parts_.segments.push_back(std::move(deltas));
  }

  void promise() {
    parts_.state.set_sequence(sequence_);
    parts_.state.set_records(table_.size());
    const kv::Digest digest = table_.digest();
    parts_.state.mutable_digest()->assign(digest.begin(), digest.end());
  }

  Result<void> rehearse() {
    auto scratch = std::make_unique<WatchedTable>();
    scratch->on_clear = [this, &table = scratch->table] {
      most_held_ = std::max(most_held_, table.size());
      ++pieces_;
    };
    Rehearsal rehearsal(parts_.state, parts_.segments, std::move(scratch));
    for (const Bytes& chunk : parts_.chunks) {
      if (Result<void> added = rehearsal.add(chunk); !added) return added;
    }
    return rehearsal.finish();
  }

  Result<void> restore() const {
    kv::Table<Player> whole(table_options_of_bot());
    const Result<Chain::Loaded> restored = Chain::fill(parts_, whole);
    return restored ? Result<void>{} : restored.error();
  }

  void expect_both_refuse() {
    const Result<void> restored = restore();
    const Result<void> rehearsed = rehearse();
    ASSERT_FALSE(restored);
    ASSERT_FALSE(rehearsed);
    EXPECT_EQ(rehearsed.error().code, restored.error().code);
    EXPECT_EQ(rehearsed.error().message, restored.error().message);
  }

  std::mt19937_64 random_{7};
  kv::Table<Player> table_{table_options_of_bot()};
  Chain::Parts parts_;
  std::uint64_t sequence_ = 0;
  std::uint64_t most_held_ = 0;
  int pieces_ = 0;
};

TEST_F(RehearsalTest, ProvesWhatARestoreWouldHoldingOneChunkAtATime) {
  ASSERT_GE(parts_.chunks.size(), 4U);
  ASSERT_TRUE(restore());
  const Result<void> rehearsed = rehearse();
  EXPECT_TRUE(rehearsed) << rehearsed.error().message;
  EXPECT_EQ(pieces_, static_cast<int>(parts_.chunks.size()));
  EXPECT_LT(most_held_, table_.size() / 2);
}

// A range of a walk that holds more than a chunk gives two, with its rows as they come.
TEST_F(RehearsalTest, TakesChunksOfOneRangeOfKeys) {
  const auto range = table_.keys_of_chunk(parts_.chunks[1]);
  ASSERT_TRUE(range && *range);
  kv::Table<Player> others(table_options_of_bot());
  for (std::int64_t key = (*range)->first + 5; key < (*range)->last; key += 100) {
    const Player player{.clicks = random_(), .marks = 1};
    ASSERT_TRUE(others.insert(key, player));
    ASSERT_TRUE(table_.insert(key, player));
  }
  others.take_changes();
  table_.take_changes();
  const std::vector<Bytes> base = std::exchange(parts_.chunks, {});
  add_chunks_of(others);
  ASSERT_EQ(parts_.chunks.size(), 1U);
  parts_.chunks.insert(parts_.chunks.begin(), base.begin(), base.begin() + 2);
  parts_.chunks.insert(parts_.chunks.end(), base.begin() + 2, base.end());
  promise();
  ASSERT_TRUE(restore());
  const Result<void> rehearsed = rehearse();
  EXPECT_TRUE(rehearsed) << rehearsed.error().message;
}

TEST_F(RehearsalTest, RefusesChunksWhoseKeysDoNotAscend) {
  std::rotate(parts_.chunks.begin(), parts_.chunks.begin() + 1, parts_.chunks.begin() + 3);
  const Result<void> rehearsed = rehearse();
  ASSERT_FALSE(rehearsed);
  EXPECT_EQ(rehearsed.error().code, ErrorCode::kDamaged);
}

TEST_F(RehearsalTest, RefusesAChunkThatComesAgainAtTheEnd) {
  parts_.chunks.push_back(parts_.chunks.front());
  EXPECT_FALSE(restore());
  const Result<void> rehearsed = rehearse();
  ASSERT_FALSE(rehearsed);
  EXPECT_EQ(rehearsed.error().code, ErrorCode::kDamaged);
}

TEST_F(RehearsalTest, ProvesAStateWithTheHighestOfAllKeys) {
  insert(std::numeric_limits<std::int64_t>::max());
  write_base();
  promise();
  EXPECT_TRUE(restore());
  EXPECT_TRUE(rehearse());
}

TEST_F(RehearsalTest, ProvesAStateWithoutABase) {
  parts_ = {};
  sequence_ = 0;
  table_.clear();
  promise();
  EXPECT_TRUE(rehearse());
  insert(1);
  write_delta();
  promise();
  EXPECT_TRUE(rehearse());
}

TEST_F(RehearsalTest, ProvesAnEmptyBase) {
  parts_ = {};
  sequence_ = 0;
  table_.clear();
  write_base();
  insert(1);
  write_delta();
  promise();
  EXPECT_TRUE(rehearse());
}

TEST_F(RehearsalTest, RefusesWhatARestoreRefuses) {
  const Chain::Parts whole = parts_;
  parts_.chunks.pop_back();
  expect_both_refuse();
  parts_ = whole;
  parts_.chunks.insert(parts_.chunks.begin(), parts_.chunks.front());
  expect_both_refuse();
  parts_ = whole;
  parts_.chunks.front() = parts_.chunks.front().substr(0, 100);
  expect_both_refuse();
  parts_ = whole;
  parts_.segments.erase(parts_.segments.begin() + 1);
  expect_both_refuse();
  parts_ = whole;
  std::swap(parts_.segments[0], parts_.segments[1]);
  expect_both_refuse();
  parts_ = whole;
  parts_.state.mutable_digest()->front() ^= 1;
  expect_both_refuse();
  parts_ = whole;
  parts_.state.set_records(parts_.state.records() + 1);
  expect_both_refuse();
}

}  // namespace
}  // namespace telekv::vault
