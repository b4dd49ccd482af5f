// Records, steps and models for the property tests. Texts are literals: a model may keep views.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "kv/records.h"

namespace telekv::kv {

inline constexpr std::array<std::string_view, 7> kTexts = {"",
                                                           "Ann",
                                                           "Анна",
                                                           "Bob",
                                                           "🦊 fox",
                                                           "\xff\xfe not UTF-8 \xc3",
                                                           "a longer name, to be kept once"};

inline std::string_view text_of(std::uint32_t random) { return kTexts[random % kTexts.size()]; }

/// Changes some fields of a record, which ones and how given by `random`.
inline void scramble(User& user, std::uint32_t random) {
  if (random % 4 != 0) user.clicks = random % 16 == 5 ? user.clicks + 1 : random % 9;
  if (random % 3 == 1) user.name = text_of(random / 3);
  if (random % 5 == 2) user.state = random % 7 == 0 ? std::numeric_limits<std::uint32_t>::max() : 1;
}

inline void scramble(Player& player, std::uint32_t random) {
  if (random % 4 != 0) player.rating = static_cast<std::int64_t>(random % 11) - 5;
  if (random % 17 == 3) player.rating = std::numeric_limits<std::int64_t>::min();
  if (random % 3 == 1) player.alias = text_of(random / 3);
  if (random % 5 == 2) player.club = text_of(random / 5);
  if (random % 7 == 1) player.seen_at = ~std::uint64_t{random};
  if (random % 6 == 0) std::swap(player.alias, player.club);
  if (random % 8 == 1) player.balance = -player.balance - 1;
  if (random % 9 == 1) player.flags ^= random;
}

inline Score score_of(const User& user) {
  return static_cast<Score>(user.clicks ^ (std::uint64_t{1} << 63U));
}
inline Score score_of(const Player& player) { return player.rating; }

template <class Record>
using Model = std::map<Key, Record>;

template <class Record>
void expect_equal(const Table<Record>& table, const Model<Record>& model) {
  ASSERT_EQ(table.validate(), "");
  ASSERT_EQ(table.size(), model.size());
  std::vector<std::pair<Key, Record>> sorted(model.begin(), model.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return score_of(a.second) > score_of(b.second);
  });
  const auto listed = table.page(0, model.size() + 1);
  ASSERT_EQ(listed.size(), sorted.size());
  std::uint64_t rank = 1;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& [key, record] = sorted[i];
    if (i > 0 && score_of(record) != score_of(sorted[i - 1].second)) rank = i + 1;
    ASSERT_EQ(listed[i].key, key);
    ASSERT_EQ(listed[i].rank, rank);
    ASSERT_TRUE(listed[i].record == record);
    ASSERT_TRUE(table.find(key) == record);
    ASSERT_EQ(table.rank(key), rank);
  }
  std::size_t seen = 0;
  table.for_each([&](Key key, const Record& record) { seen += model.at(key) == record ? 1 : 0; });
  ASSERT_EQ(seen, model.size());
}

/// Inserts, changes or erases the record of one key, in the table and in the model.
template <class Record>
void change(Table<Record>& table, Model<Record>& model, Key key, std::uint32_t random) {
  const auto known = model.find(key);
  if (known == model.end()) {
    Record record{};
    scramble(record, random);
    ASSERT_TRUE(table.insert(key, record));
    model[key] = record;
  } else if (random % 5 == 0) {
    ASSERT_TRUE(table.erase(key));
    model.erase(known);
  } else {
    ASSERT_TRUE(table.update(key, [&](Record& record) { scramble(record, random); }));
    scramble(known->second, random);
  }
}

struct Step {
  std::uint32_t what;
  std::uint32_t random;
};

inline std::vector<Step> random_steps() {
  const auto each = rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 100),
                                  rc::gen::inRange<std::uint32_t>(0, 1'000'000));
  const auto pairs =
      *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint32_t>>>(each);
  std::vector<Step> steps;
  for (const auto& [what, random] : pairs) steps.push_back({what, random});
  return steps;
}

/// Few keys, so that steps meet; some at the ends of their range.
inline Key key_of(std::uint32_t random) {
  const Key key = random % 24;
  if (key == 22) return std::numeric_limits<Key>::min();
  if (key == 23) return std::numeric_limits<Key>::max();
  return (key - 11) * 1'000'003;
}

}  // namespace telekv::kv
