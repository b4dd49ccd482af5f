#include "kv/rank_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace telekv::kv {
namespace {

/// A ranking and what it must agree with: members sorted by score, highest first, then by key.
class Ranking {
 public:
  RowStore rows{sizeof(Key) + RankTree::kRowBytes};
  RankTree tree{rows};
  struct Member {
    Score score;
    Slot slot;
  };
  std::map<Key, Member> members;

  std::vector<RankMember> sorted() const {
    std::vector<RankMember> list;
    for (const auto& [key, member] : members) list.push_back({member.score, key, member.slot});
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    return list;
  }

  /// Adds the member or gives it another score.
  void set(Key key, Score score) {
    const auto known = members.find(key);
    if (known == members.end()) {
      const Slot slot = new_slot(key);
      tree.insert(slot, score);
      members[key] = {score, slot};
    } else {
      tree.move(known->second.slot, known->second.score, score);
      known->second.score = score;
    }
  }

  void erase(Key key) {
    const auto known = members.find(key);
    if (known == members.end()) return;
    tree.erase(known->second.slot, known->second.score);
    free_.push_back(known->second.slot);
    members.erase(known);
  }

  Slot new_slot(Key key) {
    if (free_.empty()) return rows.append(key);
    const Slot slot = free_.front();
    free_.erase(free_.begin());
    rows.set_key(slot, key);
    return slot;
  }

 private:
  std::vector<Slot> free_;
};

void expect_right(const Ranking& ranking) {
  const RankTree& tree = ranking.tree;
  const std::vector<RankMember> expected = ranking.sorted();
  ASSERT_EQ(tree.validate(), "");
  ASSERT_EQ(tree.size(), expected.size());
  std::uint64_t rank = 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i > 0 && expected[i].score != expected[i - 1].score) rank = i + 1;
    ASSERT_EQ(tree.rank(expected[i].score), rank);
    ASSERT_EQ(tree.position(expected[i].score, expected[i].key), i);
    ASSERT_EQ(tree.select(i), expected[i]);
  }
  ASSERT_EQ(tree.page(0, expected.size() + 1), expected);
  ASSERT_EQ(tree.validate(), "");
}

constexpr Score kLowest = std::numeric_limits<Score>::min();
constexpr Score kHighest = std::numeric_limits<Score>::max();

/// Few keys and scores, so that they meet; some at the ends of their range.
std::int64_t from_small(int number, int end) {
  if (number == end) return std::numeric_limits<std::int64_t>::max();
  if (number == -end) return std::numeric_limits<std::int64_t>::min();
  return number;
}

RC_GTEST_PROP(RankTree, BehavesLikeASortedList, ()) {
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(rc::gen::tuple(
      rc::gen::inRange(-40, 41), rc::gen::inRange(-5, 6), rc::gen::arbitrary<bool>()));
  Ranking ranking;
  for (const auto& [key, score, erases] : steps) {
    if (erases) {
      ranking.erase(from_small(key, 40));
    } else {
      ranking.set(from_small(key, 40), from_small(score, 5));
    }
  }
  expect_right(ranking);
}

/// Changes of many members at once, so that leaves and nodes split and merge.
RC_GTEST_PROP(RankTree, BehavesLikeASortedListAtSize, ()) {
  // first key, number of keys, distance of keys, first score, keys to a score, erases
  using Step = std::tuple<int, int, int, int, int, bool>;
  const auto steps = *rc::gen::container<std::vector<Step>>(rc::gen::tuple(
      rc::gen::inRange(0, 4000), rc::gen::inRange(1, 2000), rc::gen::inRange(1, 9),
      rc::gen::inRange(-6, 6), rc::gen::element(1, 7, 150, 100'000), rc::gen::arbitrary<bool>()));
  Ranking ranking;
  for (const auto& [first, count, distance, score, to_a_score, erases] : steps) {
    for (int i = 0; i < count; ++i) {
      const Key key = (first + Key{i} * distance) % 6007;
      if (erases) {
        ranking.erase(key);
      } else {
        ranking.set(key, score + key / to_a_score);
      }
    }
    RC_ASSERT(ranking.tree.validate() == "");
  }
  RC_ASSERT(ranking.tree.page(0, ranking.members.size()) == ranking.sorted());
  RC_ASSERT(ranking.tree.validate() == "");
}

TEST(RankTree, StaysRightThroughManyRandomSteps) {
  std::mt19937_64 random(1);
  for (const Score spread : {1, 30, 400, 1'000'000}) {
    Ranking ranking;
    for (int i = 0; i < 60'000; ++i) {
      const auto key = static_cast<Key>(random() % 8000) - 4000;
      const auto score = static_cast<Score>(random() % static_cast<std::uint64_t>(spread));
      if (random() % 3 == 0) {
        ranking.erase(key);
      } else {
        ranking.set(key, score - spread / 2);
      }
      if (i % 6000 == 0) {
        ASSERT_EQ(ranking.tree.validate(), "");
      }
    }
    expect_right(ranking);
  }
}

TEST(RankTree, StaysRightWhenEverybodyIsOneUp) {
  std::mt19937_64 random(2);
  for (const Score to_a_score : {1, 40, 300, 20'000}) {  // of 20,000 members
    Ranking ranking;
    for (Key key = 0; key < 20'000; ++key) ranking.set(key, key / to_a_score);
    for (int i = 0; i < 60'000; ++i) {
      const auto key = static_cast<Key>(random() % 20'000);
      ranking.set(key, ranking.members[key].score + 1);
    }
    expect_right(ranking);
  }
}

TEST(RankTree, StaysRightForInputsInOrder) {
  for (const Score direction : {-1, 0, 1}) {
    Ranking ranking;
    for (Key key = 0; key < 20'000; ++key) ranking.set(key, direction * key);
    expect_right(ranking);
    for (Key key = 0; key < 20'000; key += 2) ranking.erase(key);
    for (Key key = 5001; key < 15'000; key += 2) ranking.erase(key);
    expect_right(ranking);
  }
}

TEST(RankTree, EmptiesFromEitherEnd) {
  for (const bool from_top : {true, false}) {
    for (const Score to_a_score : {3, 1000}) {
      Ranking ranking;
      for (Key key = 0; key < 5000; ++key) ranking.set(key, key / to_a_score);
      while (ranking.tree.size() > 0) {
        ranking.erase(ranking.tree.select(from_top ? 0 : ranking.tree.size() - 1).key);
        if (ranking.tree.size() % 500 == 0) expect_right(ranking);
      }
      EXPECT_TRUE(ranking.tree.top(15).empty());
      EXPECT_EQ(ranking.tree.rank(0), 1U);
      EXPECT_EQ(ranking.tree.position(0, 0), 0U);
    }
  }
}

TEST(RankTree, OneMemberJumpsFromEndToEnd) {
  for (const Score direction : {0, 1}) {
    Ranking ranking;
    for (Key key = 0; key < 3000; ++key) ranking.set(key, direction * key);
    for (const Score score : {kHighest, kLowest, Score{0}, kLowest, kHighest, kLowest}) {
      ranking.set(1500, score);
      expect_right(ranking);
    }
    EXPECT_EQ(ranking.tree.select(2999).key, 1500);
    EXPECT_EQ(ranking.tree.rank(kLowest), 3000U);
  }
}

/// A score's members may be taken apart by a score between, and come together again.
TEST(RankTree, AMemberMovesAgainBeforeItsLastMoveIsDone) {
  Ranking ranking;
  for (Key key = 0; key < 200; ++key) ranking.set(key, 5);
  for (Key key = 200; key < 240; ++key) ranking.set(key, key);
  for (Key key = 100; key < 200; ++key) {
    ranking.set(key, 300);
    ranking.set(key, 210);
    for (Key other = 200; other < 220; ++other) ranking.set(other, other + key % 2);
    ranking.set(key, 5);
  }
  expect_right(ranking);
}

TEST(RankTree, ScoresComeAndGoBetweenLargeOnes) {
  Ranking ranking;
  for (Key key = 0; key < 4000; ++key) ranking.set(key, key < 2000 ? 10 : 20);
  for (const Score between : {15, 5, 25, 11, 19}) {
    for (Key key = 500; key < 3500; key += 10) {
      ranking.set(key, between);
      if (key % 100 == 0) {
        ASSERT_EQ(ranking.tree.validate(), "");
      }
    }
    expect_right(ranking);
    for (Key key = 500; key < 3500; key += 10) ranking.set(key, key < 2000 ? 20 : 10);
    expect_right(ranking);
  }
}

TEST(RankTree, ExtremeKeysTieInOrder) {
  for (const Score score : {kLowest, Score{7}, kHighest}) {
    Ranking ranking;
    for (Key key = 0; key < 1000; ++key) ranking.set(key, score);
    for (const Key key :
         {std::numeric_limits<Key>::max(), Key{-1}, std::numeric_limits<Key>::min()}) {
      ranking.set(key, score);
    }
    expect_right(ranking);
    EXPECT_EQ(ranking.tree.select(0).key, std::numeric_limits<Key>::min());
    EXPECT_EQ(ranking.tree.select(1002).key, std::numeric_limits<Key>::max());
  }
}

TEST(RankTree, RanksScoresThatNobodyHas) {
  Ranking ranking;
  for (Key key = 0; key < 1000; ++key) ranking.set(key, 10 * (key / 100));
  EXPECT_EQ(ranking.tree.rank(91), 1U);
  EXPECT_EQ(ranking.tree.rank(45), 501U);
  EXPECT_EQ(ranking.tree.rank(-1), 1001U);
  EXPECT_EQ(ranking.tree.position(45, 3), 500U);
  EXPECT_EQ(ranking.tree.position(40, 450), 550U);
}

TEST(RankTree, ListsPagesAndNeighbours) {
  Ranking ranking;
  for (Key key = 0; key < 1000; ++key) ranking.set(key, key % 7);
  const RankTree& tree = ranking.tree;
  const std::vector<RankMember> all = ranking.sorted();
  const auto part = [&](std::size_t from, std::size_t to) {
    return std::vector<RankMember>(all.begin() + static_cast<std::ptrdiff_t>(from),
                                   all.begin() + static_cast<std::ptrdiff_t>(to));
  };
  EXPECT_EQ(tree.top(15), part(0, 15));
  EXPECT_EQ(tree.page(500, 20), part(500, 520));
  EXPECT_EQ(tree.page(995, 20), part(995, 1000));
  EXPECT_TRUE(tree.page(1000, 20).empty());
  EXPECT_EQ(tree.around(all[400].score, all[400].key, 3), part(397, 404));
  EXPECT_EQ(tree.around(all[1].score, all[1].key, 3), part(0, 5));
  EXPECT_EQ(tree.around(all[999].score, all[999].key, 2), part(997, 1000));
}

TEST(RankTree, AssigningGivesWhatInsertingGives) {
  constexpr Score kFarApart = std::numeric_limits<Score>::max();
  for (const Score scores : {Score{1}, Score{91}, Score{1'000'000}, kFarApart}) {
    Ranking ranking;
    ranking.set(-5, 3);  // is replaced
    ranking.members.clear();
    std::vector<Score> all_scores;
    std::vector<Slot> slots;
    for (Key key = 0; key < 30'000; ++key) {
      const Score high = scores == kFarApart ? kFarApart / 30'000 * key : key * 7919 % scores;
      const Score score = high * (key % 2 == 0 ? 1 : scores == kFarApart ? -1 : -1'000'000'000'000);
      all_scores.push_back(score);
      slots.push_back(ranking.rows.append(key));
      ranking.members[key] = {score, slots.back()};
    }
    ranking.tree.assign(all_scores, slots);
    expect_right(ranking);
    for (Key key = 0; key < 30'000; ++key) {
      if (key % 3 != 0) ranking.set(key, key % 11);
    }
    expect_right(ranking);
    ranking.tree.assign({}, {});
    ranking.members.clear();
    expect_right(ranking);
  }
}

TEST(RankTree, TakesLittleMemory) {
  Ranking ranking;
  std::mt19937_64 random(4);
  std::lognormal_distribution<double> clicks(3, 2);
  std::vector<Score> scores;
  for (Slot slot = 0; slot < 200'000; ++slot) {
    scores.push_back(static_cast<Score>(clicks(random)));
    ASSERT_EQ(ranking.rows.append(slot), slot);
  }
  std::vector<Score> given = scores;
  ranking.tree.assign(given, {});
  EXPECT_LT(ranking.tree.memory_bytes(), 11 * scores.size());
  for (int i = 0; i < 1'000'000; ++i) {
    const auto slot = static_cast<Slot>(random() % scores.size());
    ranking.tree.move(slot, scores[slot], scores[slot] + 1);
    ++scores[slot];
  }
  EXPECT_EQ(ranking.tree.validate(), "");
  EXPECT_LT(ranking.tree.memory_bytes(), 11 * scores.size());
}

}  // namespace
}  // namespace telekv::kv
