// What a table's digest is. docs/format.md works the first of these out step by step: a change here
// is a change of the stored format.
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <set>
#include <string>

#include "kv/record_hash.h"
#include "kv/records.h"

namespace telekv::kv {
namespace {

std::array<std::uint8_t, 16> counting_key() {
  std::array<std::uint8_t, 16> key{};
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  return key;
}

template <class Record>
Digest digest_of(const std::vector<std::pair<Key, Record>>& records) {
  Table<Record> table({.hash_seed = 1, .digest_key = counting_key()});
  for (const auto& [key, record] : records) EXPECT_TRUE(table.insert(key, record));
  table.take_changes();
  return table.digest();
}

TEST(Digest, GoldenBytesOfTwoUsers) {
  const User anya{.name = "Аня", .clicks = 57};
  const User bob{.name = "Bob", .clicks = 3, .state = 1};
  EXPECT_EQ(digest_of<User>({{1'000'000, anya}}),
            (Digest{0x03, 0xf1, 0x45, 0x70, 0x5a, 0x19, 0xb8, 0x00, 0x24, 0x8f, 0x0f, 0x17, 0x70,
                    0xde, 0x9b, 0xc1}));
  EXPECT_EQ(digest_of<User>({{1'000'000, anya}, {1'000'300, bob}}),
            (Digest{0x4d, 0x42, 0x19, 0x35, 0x0b, 0x11, 0x89, 0x3e, 0xa7, 0x7c, 0x24, 0x25, 0x7f,
                    0xf0, 0xab, 0xd3}));
}

TEST(Digest, GoldenBytesOfALongTextAndANegativeScore) {
  EXPECT_EQ(digest_of<Player>({{-5, {.alias = "a text of 18 bytes", .rating = -7}}}),
            (Digest{0x1a, 0x3b, 0xe1, 0x6a, 0x54, 0xce, 0x4f, 0x54, 0xcc, 0x58, 0x65, 0xe9, 0x78,
                    0x61, 0x1d, 0xfc}));
}

TEST(Digest, SeesWhatChangesPlacesBetweenRecordsAndFields) {
  std::set<Digest> seen;
  seen.insert(digest_of<User>({{1, {.name = "Ann", .clicks = 7}}, {2, {.name = "Bob"}}}));
  seen.insert(digest_of<User>({{1, {.name = "Bob", .clicks = 7}}, {2, {.name = "Ann"}}}));
  seen.insert(digest_of<User>({{1, {.name = "Ann"}}, {2, {.name = "Bob", .clicks = 7}}}));
  seen.insert(digest_of<User>({{1, {.name = "Ann", .state = 7}}, {2, {.name = "Bob"}}}));
  seen.insert(digest_of<User>({{1, {.clicks = 7}}, {2, {}}}));
  EXPECT_EQ(seen.size(), 5U);
}

TEST(Digest, SeesEveryByteOfATextAndItsLength) {
  std::set<Digest> seen;
  for (std::size_t length = 0; length <= 20; ++length) {
    std::string text(length, '\0');
    seen.insert(digest_of<User>({{1, {.name = text}}}));
    for (char& each : text) {
      each = 'x';
      seen.insert(digest_of<User>({{1, {.name = text}}}));
      each = '\0';
    }
  }
  EXPECT_EQ(seen.size(), 21U + 20U * 21U / 2U);
}

}  // namespace
}  // namespace telekv::kv
