#include "kv/row_map.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>
#include <vector>

namespace telekv::kv {
namespace {

TEST(RowMap, TakesEveryKeyThatThereIs) {
  RowStore rows(sizeof(Key));
  RowMap map(rows, 7);
  const std::vector<Key> keys = {0, -1, 1, std::numeric_limits<Key>::min(),
                                 std::numeric_limits<Key>::max()};
  for (const Key key : keys) {
    EXPECT_FALSE(map.find(key));
    map.insert(rows.append(key));
  }
  for (Slot slot = 0; slot < keys.size(); ++slot) EXPECT_EQ(map.find(keys[slot]), slot);
  EXPECT_EQ(map.validate(), "");
}

RC_GTEST_PROP(RowMap, BehavesLikeStdMap, (const std::vector<std::int16_t>& steps)) {
  RowStore rows(sizeof(Key));
  RowMap map(rows, 3);
  std::map<Key, Slot> model;
  for (const std::int16_t step : steps) {
    const Key key = step % 50;
    const auto known = model.find(key);
    RC_ASSERT(map.find(key).has_value() == (known != model.end()));
    if (known == model.end()) {
      const Slot slot = rows.append(key);
      map.insert(slot);
      model[key] = slot;
    } else {
      RC_ASSERT(*map.find(key) == known->second);
      map.erase(known->second);
      model.erase(known);
    }
    RC_ASSERT(map.size() == model.size());
  }
  RC_ASSERT(map.validate().empty());
}

TEST(RowMap, KeepsEveryKeyWhileItGrowsAndShrinks) {
  constexpr Slot kKeys = 200'000;
  RowStore rows(sizeof(Key));
  RowMap map(rows, 11);
  for (Slot i = 0; i < kKeys; ++i) map.insert(rows.append(Key{i} * 4096));
  EXPECT_EQ(map.validate(), "");
  for (Slot i = 0; i < kKeys; i += 2) map.erase(i);
  EXPECT_EQ(map.size(), kKeys / 2);
  for (Slot i = 0; i < kKeys; ++i) ASSERT_EQ(map.find(Key{i} * 4096).has_value(), i % 2 == 1);
  EXPECT_EQ(map.validate(), "");
}

TEST(RowMap, ErasingAndInsertingForEverTakesNoMoreMemory) {
  RowStore rows(sizeof(Key));
  RowMap map(rows, 5);
  for (Slot i = 0; i < 500; ++i) map.insert(rows.append(i));
  const std::size_t before = map.memory_bytes();
  for (Key key = 500; key < 50'000; ++key) {
    const Slot slot = static_cast<Slot>(key % 500);
    map.erase(slot);
    rows.set_key(slot, key);
    map.insert(slot);
  }
  EXPECT_EQ(map.validate(), "");
  EXPECT_LE(map.memory_bytes(), 2 * before);
}

TEST(RowMap, WithRoomMadeBeforehandTakesWhatItsRoomWasMadeForAndMore) {
  constexpr Slot kKeys = 20'000;
  RowStore rows(sizeof(Key));
  RowMap map(rows, 13);
  map.reserve(kKeys / 2);
  EXPECT_EQ(map.validate(), "");
  for (Slot i = 0; i < kKeys; ++i) map.insert(rows.append(Key{i} << 40));
  map.reserve(2 * kKeys);  // not empty: nothing happens
  EXPECT_EQ(map.size(), kKeys);
  EXPECT_EQ(map.validate(), "");
}

/// Keys whose hashes under `seed` agree in the bits that choose the tag and the first line.
std::vector<Key> colliding_keys(std::uint64_t seed, std::size_t count) {
  constexpr std::uint64_t kMask = 0x7fffU;
  const KeyHash hash(seed);
  std::vector<Key> keys;
  for (Key key = 0; keys.size() < count; ++key) {
    if ((hash(key) & kMask) == 0) keys.push_back(key);
  }
  return keys;
}

TEST(RowMap, KeysChosenForOneSeedDoNotCollideUnderAnother) {
  const std::vector<Key> keys = colliding_keys(1, 300);
  RowStore rows(sizeof(Key));
  RowMap crafted(rows, 1);
  RowMap seeded(rows, 2);
  for (const Key key : keys) {
    const Slot slot = rows.append(key);
    crafted.insert(slot);
    seeded.insert(slot);
  }
  EXPECT_GT(crafted.longest_search(), 20U) << "the keys do not collide: the test shows nothing";
  EXPECT_LT(seeded.longest_search(), 12U);
}

TEST(RowMap, StaysCorrectAndSmallWhenTheSeedIsKnown) {
  constexpr std::size_t kKeys = 3000;
  const KeyHash hash(1);
  std::vector<Key> keys;
  for (Key key = 0; keys.size() < kKeys; ++key) {
    if (hash(key) >> 50U == 0) keys.push_back(key);
  }
  RowStore rows(sizeof(Key));
  RowMap map(rows, 1);
  for (const Key key : keys) map.insert(rows.append(key));
  EXPECT_EQ(map.validate(), "");
  EXPECT_LT(map.memory_bytes(), 100 * kKeys);
}

}  // namespace
}  // namespace telekv::kv
