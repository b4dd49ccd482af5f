#include "kv/hash_map.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <limits>
#include <map>
#include <vector>

namespace telekv::kv {
namespace {

constexpr Key kLowest = std::numeric_limits<Key>::min();
constexpr Key kHighest = std::numeric_limits<Key>::max();

TEST(HashMap, TakesEveryKeyThatThereIs) {
  HashMap<std::uint64_t> map(7);
  const std::vector<Key> keys = {0, -1, 1, kLowest, kHighest};
  for (const Key key : keys) EXPECT_EQ(map.find(key), nullptr);
  for (const Key key : keys) EXPECT_TRUE(map.insert(key, static_cast<std::uint64_t>(key)).second);
  for (const Key key : keys) EXPECT_EQ(*map.find(key), static_cast<std::uint64_t>(key));
  EXPECT_EQ(map.size(), keys.size());
  EXPECT_EQ(map.validate(), "");
  for (const Key key : keys) EXPECT_TRUE(map.erase(key));
  EXPECT_TRUE(map.empty());
}

TEST(HashMap, KeepsTheValueThatIsThere) {
  HashMap<int> map(7);
  const auto [first, is_new] = map.insert(1, 10);
  EXPECT_TRUE(is_new);
  const auto [second, again] = map.insert(1, 20);
  EXPECT_FALSE(again);
  EXPECT_EQ(second, first);
  EXPECT_EQ(*second, 10);
  EXPECT_FALSE(map.erase(2));
}

/// Values of all sizes: from seven entries a line to one.
template <std::size_t size>
using Bytes = std::array<std::uint8_t, size>;

template <class Value>
void behaves_like_std_map(const std::vector<std::int16_t>& steps) {
  HashMap<Value> map(3);
  std::map<Key, std::uint8_t> model;
  for (const std::int16_t step : steps) {
    // Some hundred keys, so that the first segment doubles on the way.
    const Key key = (step % 300) * 1'000'003;
    const auto random = static_cast<std::uint8_t>(step / 300);
    const auto known = model.find(key);
    if (random % 4 == 0) {
      RC_ASSERT(map.erase(key) == (known != model.end()));
      model.erase(key);
    } else if (known != model.end()) {
      map.find(key)->back() = random;
      known->second = random;
    } else {
      Value value{};
      value.back() = random;
      RC_ASSERT(map.insert(key, value).second);
      model[key] = random;
    }
    RC_ASSERT(map.size() == model.size());
  }
  RC_ASSERT(map.validate() == "");
  for (const auto& [key, value] : model) RC_ASSERT(map.find(key)->back() == value);
}

RC_GTEST_PROP(HashMap, BehavesLikeStdMap, (const std::vector<std::int16_t>& steps)) {
  behaves_like_std_map<Bytes<8>>(steps);
  behaves_like_std_map<Bytes<1>>(steps);
  behaves_like_std_map<Bytes<29>>(steps);
  behaves_like_std_map<Bytes<104>>(steps);
}

TEST(HashMap, KeepsEveryKeyWhileItGrowsAndShrinks) {
  constexpr Key kKeys = 200'000;
  HashMap<Key> map(11);
  for (Key key = 0; key < kKeys; ++key) map.insert(key * 4096, key);
  EXPECT_EQ(map.validate(), "");
  for (Key key = 0; key < kKeys; key += 2) EXPECT_TRUE(map.erase(key * 4096));
  EXPECT_EQ(map.size(), kKeys / 2);
  for (Key key = 0; key < kKeys; ++key) {
    const Key* const found = map.find(key * 4096);
    ASSERT_EQ(found != nullptr, key % 2 == 1);
    ASSERT_TRUE(found == nullptr || *found == key);
  }
  EXPECT_EQ(map.validate(), "");
}

TEST(HashMap, ErasingAndInsertingForEverTakesNoMoreMemory) {
  HashMap<Key> map(5);
  for (Key key = 0; key < 500; ++key) map.insert(key, key);
  const std::size_t before = map.memory_bytes();
  for (Key key = 500; key < 50'000; ++key) {
    map.erase(key - 500);
    map.insert(key, key);
  }
  EXPECT_EQ(map.validate(), "");
  EXPECT_LE(map.memory_bytes(), 2 * before);
}

TEST(HashMap, WithRoomMadeBeforehandTakesWhatItsRoomWasMadeForAndMore) {
  constexpr Key kKeys = 20'000;
  HashMap<Key> map(13);
  map.reserve(kKeys / 2);
  EXPECT_EQ(map.validate(), "");
  for (Key key = 0; key < kKeys; ++key) map.insert(key << 40, key);
  map.reserve(2 * kKeys);  // not empty: nothing happens
  EXPECT_EQ(map.size(), kKeys);
  EXPECT_EQ(map.validate(), "");
  map.clear();
  EXPECT_EQ(map.find(0), nullptr);
  EXPECT_EQ(map.validate(), "");
}

TEST(HashMap, IsSmallWhenItHoldsLittle) {
  const HashMap<std::uint64_t> map(1);
  EXPECT_LE(map.memory_bytes(), 2048U);
}

/// Keys whose hashes under `seed` agree in the bits that choose the tag and the first line.
std::vector<Key> colliding_keys(std::uint64_t seed, std::size_t count) {
  constexpr std::uint64_t kMask = 0x1f'fffeU;
  const KeyHash hash(seed);
  std::vector<Key> keys;
  for (Key key = 0; keys.size() < count; ++key) {
    if ((hash(key) & kMask) == 0) keys.push_back(key);
  }
  return keys;
}

// With 300 keys on one line, 43 lines are looked at for the last one: quadratic in all.
TEST(HashMap, KeysChosenForOneSeedDoNotCollideUnderAnother) {
  const std::vector<Key> keys = colliding_keys(1, 300);
  HashMap<Key> crafted(1);
  HashMap<Key> seeded(2);
  for (const Key key : keys) {
    crafted.insert(key, key);
    seeded.insert(key, key);
  }
  EXPECT_GT(crafted.longest_search(), 20U) << "the keys do not collide: the test shows nothing";
  EXPECT_LT(seeded.longest_search(), 12U);
}

// What identity hashes and multiplications without folding fail at: keys that differ in few bits.
TEST(HashMap, KeysInRegularPatternsDoNotCollide) {
  constexpr Key kKeys = 4000;
  constexpr std::size_t kLongest = 16;  // random keys: 10
  for (const std::uint64_t seed : {1, 2, 3}) {
    for (unsigned shift = 0; shift < 52; ++shift) {
      HashMap<Key> map(seed);
      for (Key i = 0; i < kKeys; ++i) map.insert((i - kKeys / 2) * (Key{1} << shift), i);
      ASSERT_LT(map.longest_search(), kLongest) << "steps of 2^" << shift << ", seed " << seed;
    }
    HashMap<Key> bits(seed);
    for (unsigned i = 0; i < 64; ++i) {
      for (unsigned j = 0; j < i; ++j) {
        bits.insert(static_cast<Key>((std::uint64_t{1} << i) | (std::uint64_t{1} << j)), 0);
      }
    }
    ASSERT_LT(bits.longest_search(), kLongest) << "two bits set, seed " << seed;
  }
}

TEST(HashMap, StaysCorrectAndSmallWhenTheSeedIsKnown) {
  constexpr std::size_t kKeys = 3000;
  const KeyHash hash(1);
  HashMap<Key> map(1);
  for (Key key = 0; map.size() < kKeys; ++key) {
    if (hash(key) >> 50U == 0) map.insert(key, key);
  }
  EXPECT_EQ(map.validate(), "");
  EXPECT_LT(map.memory_bytes(), 200 * kKeys);
}

}  // namespace
}  // namespace telekv::kv
