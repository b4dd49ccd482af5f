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

TEST(Snapshot, TellsTheKeysOfAChunk) {
  Table<User> table(test_options());
  for (const Key key : {7, -3, 11, 5}) ASSERT_TRUE(table.insert(key, {.clicks = 1}));
  table.take_changes();
  const Bytes chunk = walk_to_end(table, std::size_t{64} << 10U).front();
  const auto keys = table.keys_of_chunk(chunk);
  ASSERT_TRUE(keys && *keys);
  EXPECT_EQ((*keys)->first, -3);
  EXPECT_EQ((*keys)->last, 11);
  table.clear();
  const auto none = table.keys_of_chunk(walk_to_end(table, std::size_t{64} << 10U).front());
  EXPECT_TRUE(none && !*none);
  EXPECT_FALSE(table.keys_of_chunk(chunk.substr(1)));
}

TEST(Snapshot, ADeltaOfSomeKeysTouchesNoOthers) {
  Table<User> table(test_options());
  Table<User> copy(test_options());
  for (Key key = 0; key < 40; ++key) ASSERT_TRUE(table.insert(key, {.name = "Ann", .clicks = 5}));
  ASSERT_TRUE(copy.load_delta(table.take_changes()->encode()));
  const auto change = [&](Key key) {
    ASSERT_TRUE(table.update(key, [](User& user) { ++user.clicks; }));
  };
  for (Key key = 10; key < 30; ++key) change(key);
  for (const Key key : {3, 12, 35}) ASSERT_TRUE(table.erase(key));
  for (const Key key : {-1, 12, 50}) ASSERT_TRUE(table.insert(key, {.name = "Bob"}));
  const Bytes delta = table.take_changes()->encode();
  ASSERT_TRUE(copy.load_delta(delta, {.first = 10, .last = 19}));
  EXPECT_EQ(copy.size(), 40U);
  EXPECT_EQ(copy.validate(), "");
  EXPECT_EQ(copy.find(12)->name, "Bob");
  EXPECT_EQ(copy.find(19)->clicks, 6U);
  EXPECT_EQ(copy.find(20)->clicks, 5U);
  EXPECT_TRUE(copy.find(3));
  ASSERT_TRUE(copy.load_delta(delta, {.last = 9}));
  ASSERT_TRUE(copy.load_delta(delta, {.first = 20}));
  EXPECT_EQ(copy.digest(), table.digest());
  EXPECT_EQ(copy.size(), table.size());
}

TEST(Snapshot, OfKeysInClustersAndAFewWideValuesComesBack) {
  constexpr Key kFarApart = Key{1} << 30U;
  constexpr int kClusters = 100;
  constexpr int kInEach = 300;
  std::mt19937_64 random(3);
  std::vector<Key> keys;
  for (Key cluster = 0; cluster < kClusters; ++cluster) {
    for (Key i = 0; i < kInEach; ++i) keys.push_back((cluster - kClusters / 2) * kFarApart + i);
  }
  std::shuffle(keys.begin(), keys.end(), random);
  std::vector<std::string> names(100);
  for (std::string& name : names) name = random_name(random);
  Table<User> table(test_options());
  Model<User> model;
  for (const Key key : keys) {
    const bool wide = random() % 500 == 0;
    model[key] = {.name = names[random() % names.size()],
                  .clicks = wide ? random() : random() % 200,
                  .state = static_cast<std::uint32_t>(wide ? random() : random() % 3)};
    ASSERT_TRUE(table.insert(key, model[key]));
  }
  table.take_changes();
  for (const std::size_t bound : {std::size_t{64} << 10U, std::size_t{1} << 20U}) {
    Table<User> restored(test_options());
    for (const Bytes& chunk : walk_to_end(table, bound)) ASSERT_TRUE(restored.load_chunk(chunk));
    expect_equal(restored, model);
    EXPECT_EQ(restored.digest(), table.digest());
  }
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

TEST(Snapshot, ChunksMayComeInAnyOrder) {
  std::mt19937_64 random(6);
  Table<User> table(test_options());
  for (Key key = 0; key < 20'000; ++key) {
    const std::string name = random_name(random);
    ASSERT_TRUE(table.insert(key * 7, {.name = name, .clicks = random() % 50}));
  }
  table.take_changes();
  std::vector<Bytes> chunks = walk_to_end(table, std::size_t{64} << 10U);
  ASSERT_GT(chunks.size(), 3U);
  std::reverse(chunks.begin(), chunks.end());
  Table<User> restored(test_options());
  for (const Bytes& chunk : chunks) ASSERT_TRUE(restored.load_chunk(chunk));
  EXPECT_EQ(restored.validate(), "");
  EXPECT_EQ(restored.digest(), table.digest());
  const auto expected = table.top(1000);
  const auto top = restored.top(1000);
  ASSERT_EQ(top.size(), expected.size());
  for (std::size_t i = 0; i < top.size(); ++i) EXPECT_EQ(top[i].key, expected[i].key);
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

/// A table of users 0 to 9, nothing unsaved.
void fill(Table<User>& table) {
  for (Key key = 0; key < 10; ++key) {
    ASSERT_TRUE(table.insert(key, {.clicks = 1000 + static_cast<std::uint64_t>(key)}));
  }
  table.take_changes();
}

Bytes delta_of_a_click(Table<User>& table, Key key) {
  EXPECT_TRUE(table.update(key, [](User& user) { ++user.clicks; }));
  return table.take_changes()->encode();
}

TEST(Delta, HoldsDifferencesOfTheRankingField) {
  Table<User> table(test_options());
  Table<User> other(test_options());
  fill(table);
  fill(other);
  ASSERT_TRUE(other.update(3, [](User& user) { user.clicks = 50; }));
  other.take_changes();
  ASSERT_TRUE(other.load_delta(delta_of_a_click(table, 3)));
  EXPECT_EQ(other.find(3)->clicks, 51U);
}

TEST(Delta, HoldsValuesWhenAWalkWasAliveSinceTheTakeBefore) {
  Table<User> table(test_options());
  Table<User> other(test_options());
  fill(table);
  fill(other);
  ASSERT_TRUE(other.update(3, [](User& user) { user.clicks = 50; }));
  other.take_changes();
  table.begin_snapshot(std::size_t{64} << 10U).reset();
  ASSERT_TRUE(other.load_delta(delta_of_a_click(table, 3)));
  EXPECT_EQ(other.find(3)->clicks, 1004U);
}

TEST(Delta, WithADifferenceToARecordThatIsNotThereIsDamage) {
  Table<User> table(test_options());
  Table<User> other(test_options());
  fill(table);
  fill(other);
  ASSERT_TRUE(table.update(2, [](User& user) { ++user.clicks; }));
  const Bytes delta = delta_of_a_click(table, 3);
  ASSERT_TRUE(other.erase(3));
  other.take_changes();
  const Digest before = other.digest();
  EXPECT_EQ(other.load_delta(delta).error().code, ErrorCode::kDamaged);
  EXPECT_EQ(other.digest(), before);
  EXPECT_EQ(other.find(2)->clicks, 1002U);
}

TEST(Delta, HoldsValuesWhereTheyAreShorterThanDifferences) {
  Table<User> table(test_options());
  Table<User> other(test_options());
  fill(table);
  fill(other);
  ASSERT_TRUE(table.update(3, [](User& user) { user.clicks = 0; }));
  ASSERT_TRUE(other.update(3, [](User& user) { user.clicks = 50; }));
  other.take_changes();
  ASSERT_TRUE(other.load_delta(table.take_changes()->encode()));
  EXPECT_EQ(other.find(3)->clicks, 0U);
}

TEST(Delta, OfAThousandClicksAmongAMillionUsersTakesAtMost3300Bytes) {
  std::mt19937_64 random(4);
  Table<User> table(test_options());
  std::vector<Key> keys(1000);
  for (Key& key : keys) {  // where the keys lie is all that the others of the million change
    key = static_cast<Key>(random() % 6'000'000'000);
    ASSERT_TRUE(table.insert(key, {.name = "Ann", .clicks = random() % 1000}));
  }
  table.take_changes();
  for (const Key key : keys) {
    ASSERT_TRUE(table.update(key, [&](User& user) { user.clicks += 1 + random() % 3; }));
  }
  EXPECT_LE(table.take_changes()->encode().size(), 3300U);
}

TEST(Ranking, IsRightWhereverItIsReadBetweenLoads) {
  Table<User> table(test_options());
  Table<User> restored(test_options());
  std::vector<Key> keys(200);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i] = static_cast<Key>(i * 7919 % 200);
    ASSERT_TRUE(
        table.insert(keys[i], {.name = std::string(1000, static_cast<char>(i)), .clicks = i % 13}));
  }
  const std::vector<Bytes> chunks = walk_to_end(table, std::size_t{64} << 10U);
  ASSERT_GT(chunks.size(), 2U);
  for (const Bytes& chunk : chunks) {
    ASSERT_TRUE(restored.load_chunk(chunk));
    ASSERT_EQ(restored.top(1000).size(), restored.size());
  }
  table.take_changes();
  ASSERT_TRUE(restored.load_delta(delta_of_a_click(table, 5)));
  restored.finish_loading();
  EXPECT_EQ(restored.validate(), "");
  EXPECT_EQ(restored.rank(5), table.rank(5));
}

}  // namespace
}  // namespace telekv::kv
