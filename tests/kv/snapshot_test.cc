#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kv/random_records.h"

namespace telekv::kv {
namespace {

std::vector<Bytes> walk_to_end(Durable& table, std::size_t max_chunk_bytes) {
  std::vector<Bytes> chunks;
  const auto walk = table.begin_snapshot(max_chunk_bytes);
  while (!walk->done()) {
    if (const auto chunk = walk->step(100)) chunks.push_back(chunk->encode());
  }
  return chunks;
}

std::string random_name(std::mt19937_64& random) {
  std::string name;
  for (std::size_t i = 0; i < 8 + random() % 24; ++i) name += static_cast<char>(random());
  return name;
}

TEST(Snapshot, OfAnEmptyTableIsOneEmptyChunk) {
  Table<User> table(test_options());
  const std::vector<Bytes> chunks = walk_to_end(table, std::size_t{64} << 10U);
  ASSERT_EQ(chunks.size(), 1U);
  Table<User> restored(test_options());
  ASSERT_TRUE(restored.load_chunk(chunks[0]));
  EXPECT_EQ(restored.size(), 0U);
}

TEST(Snapshot, ChunksStayBelowTheirBoundAndHoldRangesOfKeys) {
  constexpr std::size_t kBound = std::size_t{64} << 10U;
  std::mt19937_64 random(1);
  Table<User> table(test_options());
  Model<User> model;
  std::vector<std::string> names(20'000);
  for (std::string& name : names) {
    name = random_name(random);
    const auto key = static_cast<Key>(random());
    model[key] = {.name = name, .clicks = random(), .state = 7};
    ASSERT_TRUE(table.insert(key, model[key]));
  }
  table.take_changes();
  const std::vector<Bytes> chunks = walk_to_end(table, kBound);
  EXPECT_GT(chunks.size(), 5U);
  Table<User> restored(test_options());
  for (const Bytes& chunk : chunks) {
    EXPECT_LE(chunk.size(), kBound);
    ASSERT_TRUE(restored.load_chunk(chunk));
  }
  expect_equal(restored, model);
  EXPECT_EQ(restored.digest(), table.digest());
}

TEST(Snapshot, TheLargestRecordsFitTheSmallestChunk) {
  constexpr std::size_t kBound = std::size_t{64} << 10U;
  Table<Player> table(test_options());
  std::mt19937_64 random(2);
  for (Key key = 0; key < 5; ++key) {
    std::string worst(kMaxTextBytes, '\0');
    for (char& each : worst) each = static_cast<char>(0x80 + random() % 0x80);
    std::string other = worst;
    std::reverse(other.begin(), other.end());
    ASSERT_TRUE(table.insert(key, {.alias = worst, .rating = -1, .club = other}));
  }
  table.take_changes();
  for (const Bytes& chunk : walk_to_end(table, kBound)) EXPECT_LE(chunk.size(), kBound);
}

TEST(Snapshot, AStepTakesNoMoreThanItMay) {
  Table<User> table(test_options());
  for (Key key = 0; key < 1000; ++key) ASSERT_TRUE(table.insert(key, {}));
  const auto walk = table.begin_snapshot(std::size_t{64} << 10U);
  std::size_t steps = 0;
  for (; !walk->done(); ++steps) walk->step(10);
  EXPECT_GE(steps, 100U);
}

TEST(Snapshot, ARecordErasedAndInsertedAgainDuringTheWalkIsNotTwiceInIt) {
  Table<User> table(test_options());
  for (Key key = 0; key < 100; ++key) ASSERT_TRUE(table.insert(key, {.clicks = 1}));
  table.take_changes();
  std::vector<Bytes> chunks;
  {
    const auto walk = table.begin_snapshot(std::size_t{64} << 10U);
    walk->step(50);
    for (Key key = 0; key < 100; ++key) table.erase(key);
    for (Key key = 99; key >= 0; --key) ASSERT_TRUE(table.insert(key, {.clicks = 2}));
    while (!walk->done()) {
      if (const auto chunk = walk->step(50)) chunks.push_back(chunk->encode());
    }
  }
  const Bytes delta = table.take_changes()->encode();
  Table<User> restored(test_options());
  for (const Bytes& chunk : chunks) ASSERT_TRUE(restored.load_chunk(chunk));
  ASSERT_TRUE(restored.load_delta(delta));
  EXPECT_EQ(restored.size(), 100U);
  EXPECT_EQ(restored.digest(), table.digest());
}

TEST(Snapshot, TheSameKeyInTwoChunksIsDamage) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(5, {.name = "Ann"}));
  const std::vector<Bytes> chunks = walk_to_end(table, std::size_t{64} << 10U);
  Table<User> restored(test_options());
  ASSERT_TRUE(restored.load_chunk(chunks[0]));
  EXPECT_EQ(restored.load_chunk(chunks[0]).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(restored.find(5)->name, "Ann");
  EXPECT_EQ(restored.validate(), "");
}

TEST(Snapshot, LoadingOverUnsavedChangesIsRefused) {
  Table<User> table(test_options());
  const std::vector<Bytes> chunks = walk_to_end(table, std::size_t{64} << 10U);
  ASSERT_TRUE(table.insert(1, {}));
  EXPECT_EQ(table.load_chunk(chunks[0]).error().code, ErrorCode::kInvalidArgument);
}

TEST(Delta, IsNoSnapshot) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.clicks = 1}));
  table.take_changes();
  ASSERT_TRUE(table.update(1, [](User& user) { ++user.clicks; }));
  const Bytes partial = table.take_changes()->encode();
  table.erase(1);
  const Bytes tombstone = table.take_changes()->encode();
  Table<User> restored(test_options());
  EXPECT_EQ(restored.load_chunk(partial).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(restored.load_chunk(tombstone).error().code, ErrorCode::kDamaged);
}

TEST(Delta, HoldsOnlyTheFieldsThatChanged) {
  Table<User> table(test_options());
  const std::string name(1000, 'x');
  ASSERT_TRUE(table.insert(1, {.name = name + "1"}));
  EXPECT_GT(table.take_changes()->encode().size(), 40U);
  ASSERT_TRUE(table.update(1, [](User& user) { ++user.clicks; }));
  EXPECT_LT(table.take_changes()->encode().size(), 40U);
}

TEST(Delta, OfTenChangedUsersTakesAtMost120Bytes) {
  std::mt19937_64 random(3);
  Table<User> table(test_options());
  std::vector<Key> keys;
  for (int i = 0; i < 10; ++i) keys.push_back(static_cast<Key>(random() % 8'000'000'000));
  for (const Key key : keys) ASSERT_TRUE(table.insert(key, {.name = "Ann", .clicks = 99}));
  table.take_changes();
  for (const Key key : keys) ASSERT_TRUE(table.update(key, [](User& user) { ++user.clicks; }));
  EXPECT_LE(table.take_changes()->encode().size(), 120U);
}

}  // namespace
}  // namespace telekv::kv
