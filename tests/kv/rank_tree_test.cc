#include "kv/rank_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace telekv::kv {
namespace {

/// What the tree must agree with: members sorted by score, highest first, then by key.
class Model {
 public:
  std::map<Key, Score> scores;

  std::vector<RankMember> sorted() const {
    std::vector<RankMember> members;
    for (const auto& [key, score] : scores) members.push_back({score, key, slot_of(key)});
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    return members;
  }
  static Slot slot_of(Key key) { return static_cast<Slot>(key) * 2654435761U; }
};

void expect_equal(const RankTree& tree, const Model& model) {
  const std::vector<RankMember> expected = model.sorted();
  ASSERT_EQ(tree.validate(), "");
  ASSERT_EQ(tree.size(), expected.size());
  ASSERT_EQ(tree.page(0, expected.size() + 1), expected);
  std::uint64_t rank = 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i > 0 && expected[i].score != expected[i - 1].score) rank = i + 1;
    ASSERT_EQ(tree.rank(expected[i].score), rank);
    ASSERT_EQ(tree.position(expected[i].score, expected[i].key), i);
    ASSERT_EQ(tree.select(i), expected[i]);
  }
}

void step(RankTree& tree, Model& model, Key key, Score score, bool erases) {
  const auto known = model.scores.find(key);
  const Slot slot = Model::slot_of(key);
  if (known == model.scores.end()) {
    tree.insert({score, key, slot});
    model.scores[key] = score;
  } else if (erases) {
    tree.erase({known->second, key, slot});
    model.scores.erase(known);
  } else {
    tree.move({known->second, key, slot}, score);
    known->second = score;
  }
}

RC_GTEST_PROP(RankTree, BehavesLikeASortedList, ()) {
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(rc::gen::tuple(
      rc::gen::inRange(-40, 40), rc::gen::inRange(-5, 5), rc::gen::arbitrary<bool>()));
  RankTree tree;
  Model model;
  for (const auto& [key, score, erases] : steps) step(tree, model, key, score, erases);
  expect_equal(tree, model);
}

TEST(RankTree, StaysRightThroughManyRandomSteps) {
  std::mt19937_64 random(1);
  for (const Score spread : {1, 30, 1'000'000}) {
    RankTree tree;
    Model model;
    for (int i = 0; i < 60'000; ++i) {
      const auto key = static_cast<Key>(random() % 8000) - 4000;
      const auto score = static_cast<Score>(random() % static_cast<std::uint64_t>(spread));
      const bool erases = random() % 3 == 0;
      step(tree, model, key, score, erases);
      if (i % 6000 == 0) {
        ASSERT_EQ(tree.validate(), "");
      }
    }
    expect_equal(tree, model);
  }
}

TEST(RankTree, StaysRightForInputsInOrder) {
  for (const Score direction : {-1, 0, 1}) {
    RankTree tree;
    Model model;
    for (Key key = 0; key < 20'000; ++key) step(tree, model, key, direction * key, false);
    expect_equal(tree, model);
    for (Key key = 0; key < 20'000; key += 2) step(tree, model, key, 0, true);
    for (Key key = 5001; key < 15'000; key += 2) step(tree, model, key, 0, true);
    expect_equal(tree, model);
  }
}

TEST(RankTree, EmptiesFromEitherEnd) {
  for (const bool from_top : {true, false}) {
    RankTree tree;
    Model model;
    for (Key key = 0; key < 5000; ++key) step(tree, model, key, key / 3, false);
    while (tree.size() > 0) {
      const RankMember member = tree.select(from_top ? 0 : tree.size() - 1);
      step(tree, model, member.key, 0, true);
      if (tree.size() % 500 == 0) expect_equal(tree, model);
    }
    EXPECT_TRUE(tree.top(15).empty());
  }
}

TEST(RankTree, OneMemberJumpsFromEndToEnd) {
  RankTree tree;
  Model model;
  for (Key key = 0; key < 3000; ++key) step(tree, model, key, key, false);
  for (const Score score : {std::numeric_limits<Score>::max(), std::numeric_limits<Score>::min()}) {
    step(tree, model, 1500, score, false);
    expect_equal(tree, model);
  }
  EXPECT_EQ(tree.select(2999).key, 1500);
  EXPECT_EQ(tree.rank(std::numeric_limits<Score>::min()), 3000U);
}

TEST(RankTree, ExtremeKeysTieInOrder) {
  RankTree tree;
  Model model;
  for (const Key key :
       {Key{0}, Key{-1}, std::numeric_limits<Key>::max(), std::numeric_limits<Key>::min()}) {
    step(tree, model, key, 7, false);
  }
  expect_equal(tree, model);
  EXPECT_EQ(tree.select(0).key, std::numeric_limits<Key>::min());
}

TEST(RankTree, ListsPagesAndNeighbours) {
  RankTree tree;
  Model model;
  for (Key key = 0; key < 1000; ++key) step(tree, model, key, key % 7, false);
  const std::vector<RankMember> all = model.sorted();
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
  RankTree tree;
  Model model;
  for (Key key = 0; key < 3000; ++key) model.scores[key * 17 % 3001] = key % 91;
  std::vector<RankMember> members = model.sorted();
  tree.assign(members);
  expect_equal(tree, model);
  std::reverse(members.begin(), members.end());
  tree.assign(members);
  expect_equal(tree, model);
}

}  // namespace
}  // namespace telekv::kv
