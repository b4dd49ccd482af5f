#include "kv/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kv/records.h"

namespace telekv::kv {
namespace {

using testing::ElementsAre;

std::vector<Key> keys_of(const std::vector<Ranked<User>>& listed) {
  std::vector<Key> keys;
  for (const auto& each : listed) keys.push_back(each.key);
  return keys;
}

TEST(Table, FindsWhatWasInsertedUnderAnyKey) {
  Table<User> table(test_options());
  for (const Key key :
       {Key{0}, Key{-1}, std::numeric_limits<Key>::min(), std::numeric_limits<Key>::max()}) {
    ASSERT_TRUE(table.insert(key, {.name = "Ann", .clicks = 3, .state = 4}));
    EXPECT_EQ(table.find(key), (User{"Ann", 3, 4}));
  }
  EXPECT_FALSE(table.find(1));
  EXPECT_EQ(table.size(), 4U);
}

TEST(Table, RefusesAKeyThatIsTaken) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.name = "Ann"}));
  EXPECT_EQ(table.insert(1, {.name = "Bob"}).error().code, ErrorCode::kRejected);
  EXPECT_EQ(table.find(1)->name, "Ann");
}

TEST(Table, MayBeToldToExpectAnyKey) {
  Table<User> table(test_options());
  table.expect(1);
  ASSERT_TRUE(table.insert(1, {.name = "Ann", .clicks = 3}));
  for (Key key = -100; key < 100; ++key) table.expect(key);
  EXPECT_EQ(table.find(1), (User{"Ann", 3, 0}));
  EXPECT_EQ(table.unsaved(), 1U);
  EXPECT_EQ(table.validate(), "");
}

TEST(Table, SaysWhenThereIsNothingToUpdate) {
  Table<User> table(test_options());
  EXPECT_EQ(table.update(1, [](User&) {}).error().code, ErrorCode::kNotFound);
}

TEST(Table, RefusesTextsBeyondTheBoundAndKeepsTheRecord) {
  const std::string longest(kMaxTextBytes, 'x');
  const std::string longer(kMaxTextBytes + 1, 'x');
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.name = longest}));
  EXPECT_EQ(table.insert(2, {.name = longer}).error().code, ErrorCode::kTooLarge);
  const auto grow = [&](User& user) { user = {.name = longer, .clicks = 9}; };
  EXPECT_EQ(table.update(1, grow).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(table.find(1), (User{.name = longest}));
  EXPECT_FALSE(table.find(2));
  EXPECT_EQ(table.validate(), "");
}

TEST(Table, TextsOfARecordMayChangePlaces) {
  Table<Player> table(test_options());
  ASSERT_TRUE(table.insert(1, {.alias = "left", .club = "right"}));
  ASSERT_TRUE(table.update(1, [](Player& player) { std::swap(player.alias, player.club); }));
  EXPECT_EQ(table.find(1)->alias, "right");
  EXPECT_EQ(table.find(1)->club, "left");
}

TEST(Table, RanksByScoreThenKeyAndTiesShareARank) {
  Table<User> table(test_options());
  const std::vector<std::pair<Key, std::uint64_t>> clicks = {{5, 10}, {3, 10}, {9, 40}, {7, 1}};
  for (const auto& [key, count] : clicks) ASSERT_TRUE(table.insert(key, {.clicks = count}));
  EXPECT_THAT(keys_of(table.top(15)), ElementsAre(9, 3, 5, 7));
  EXPECT_THAT(keys_of(table.page(1, 2)), ElementsAre(3, 5));
  EXPECT_THAT(keys_of(table.around(5, 1)), ElementsAre(3, 5, 7));
  EXPECT_TRUE(table.around(6, 1).empty());
  EXPECT_EQ(table.rank(9), 1U);
  EXPECT_EQ(table.rank(3), 2U);
  EXPECT_EQ(table.rank(5), 2U);
  EXPECT_EQ(table.rank(7), 4U);
  EXPECT_EQ(table.rank(6), std::nullopt);
  EXPECT_EQ(table.around(7, 9).back().rank, 4U);
}

TEST(Table, RanksTheWholeRangeOfUnsignedAndSignedScores) {
  Table<User> users(test_options());
  ASSERT_TRUE(users.insert(1, {.clicks = 0}));
  ASSERT_TRUE(users.insert(2, {.clicks = std::numeric_limits<std::uint64_t>::max()}));
  ASSERT_TRUE(users.insert(3, {.clicks = std::uint64_t{1} << 63U}));
  EXPECT_THAT(keys_of(users.top(3)), ElementsAre(2, 3, 1));
  Table<Player> players(test_options());
  ASSERT_TRUE(players.insert(1, {.rating = -1}));
  ASSERT_TRUE(players.insert(2, {.rating = std::numeric_limits<std::int64_t>::min()}));
  ASSERT_TRUE(players.insert(3, {.rating = 1}));
  EXPECT_EQ(players.top(1).front().key, 3);
  EXPECT_EQ(players.rank(2), 3U);
}

TEST(Table, CountersSaturate) {
  EXPECT_EQ(saturating_add(std::uint64_t{5}, 1), 6U);
  EXPECT_EQ(saturating_add(std::uint64_t{5}, -6), 0U);
  EXPECT_EQ(saturating_add(std::numeric_limits<std::uint64_t>::max(), 1),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(saturating_add(std::numeric_limits<std::uint32_t>::max(), 1),
            std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(saturating_add(std::numeric_limits<std::int64_t>::min(), -1),
            std::numeric_limits<std::int64_t>::min());
}

TEST(Table, CountsWhatIsUnsaved) {
  Table<User> table(test_options());
  EXPECT_EQ(table.take_changes(), nullptr);
  ASSERT_TRUE(table.insert(1, {.clicks = 1}));
  ASSERT_TRUE(table.update(1, [](User& user) { ++user.clicks; }));
  EXPECT_EQ(table.unsaved(), 1U);
  EXPECT_EQ(table.take_changes()->records(), 1U);
  EXPECT_EQ(table.unsaved(), 0U);
  ASSERT_TRUE(table.update(1, [](User&) {}));
  EXPECT_EQ(table.unsaved(), 0U) << "an update that changes nothing is no change";
  EXPECT_TRUE(table.erase(1));
  EXPECT_FALSE(table.erase(1));
  EXPECT_EQ(table.unsaved(), 1U);
  EXPECT_EQ(table.take_changes()->records(), 1U);
}

// An older state may have a record that this one has not: whoever restores it must know.
TEST(Table, RemembersWhomItForgetsAlsoWithoutARecord) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.clicks = 1}));
  ASSERT_TRUE(table.insert(2, {.clicks = 1}));
  table.take_changes();
  const Digest before = table.digest();

  EXPECT_FALSE(table.forget(7).value());
  EXPECT_EQ(table.unsaved(), 1U);
  const auto absent = table.take_changes();
  ASSERT_NE(absent, nullptr);
  EXPECT_EQ(absent->erased_keys(), std::vector<Key>{7});
  EXPECT_EQ(table.digest(), before);

  EXPECT_TRUE(table.forget(2).value());
  EXPECT_FALSE(table.forget(2).value());
  const auto erased = table.take_changes();
  ASSERT_NE(erased, nullptr);
  EXPECT_EQ(erased->erased_keys(), std::vector<Key>{2});

  Table<User> reader(test_options());
  ASSERT_TRUE(reader.insert(1, {.clicks = 1}));
  ASSERT_TRUE(reader.insert(2, {.clicks = 1}));
  reader.take_changes();
  ASSERT_TRUE(reader.load_delta(absent->encode()));
  ASSERT_TRUE(reader.load_delta(erased->encode()));
  EXPECT_EQ(reader.digest(), table.digest());
}

TEST(Table, TheDigestForgetsHistory) {
  Table<User> straight(test_options(1));
  ASSERT_TRUE(straight.insert(1, {.name = "Ann", .clicks = 5}));
  ASSERT_TRUE(straight.insert(2, {.name = "Bob", .clicks = 7}));
  straight.take_changes();

  Table<User> winding(test_options(2));
  ASSERT_TRUE(winding.insert(2, {.name = "Eve"}));
  ASSERT_TRUE(winding.insert(3, {.name = "Zoe"}));
  winding.take_changes();
  EXPECT_NE(winding.digest(), straight.digest());
  ASSERT_TRUE(winding.erase(2));
  ASSERT_TRUE(winding.insert(2, {.name = "Bob"}));
  ASSERT_TRUE(winding.erase(3));
  ASSERT_TRUE(winding.insert(1, {.name = "Ann", .clicks = 5}));
  winding.take_changes();
  ASSERT_TRUE(winding.update(2, [](User& user) { user.clicks = 7; }));
  winding.take_changes();
  EXPECT_EQ(winding.digest(), straight.digest());

  winding.erase(1);
  winding.erase(2);
  winding.take_changes();
  EXPECT_EQ(winding.digest(), Digest{});
}

TEST(Table, TheDigestIsAsOfTheLastTake) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.clicks = 5}));
  EXPECT_EQ(table.digest(), Digest{});
  table.take_changes();
  const Digest saved = table.digest();
  ASSERT_TRUE(table.update(1, [](User& user) { ++user.clicks; }));
  EXPECT_EQ(table.digest(), saved);
  ASSERT_TRUE(table.update(1, [](User& user) { --user.clicks; }));
  table.take_changes();
  EXPECT_EQ(table.digest(), saved);
}

// A clicked record's old hash leaves the digest at the take, unless something else happens to it.
TEST(Table, TheDigestFollowsClicksAndWhateverComesAfterThem) {
  const auto click = [](User& user) { ++user.clicks; };
  const auto rename = [](User& user) { user.name = "Eve"; };
  Table<User> table(test_options(1));
  for (const Key key : {1, 2, 3, 4, 5, 6}) {
    ASSERT_TRUE(table.insert(key, {.name = "Ann", .clicks = 5}));
  }
  table.take_changes();
  for (const Key key : {1, 2, 3, 4, 5}) ASSERT_TRUE(table.update(key, click));
  ASSERT_TRUE(table.update(2, rename));
  ASSERT_TRUE(table.update(2, click));
  ASSERT_TRUE(table.erase(3));
  ASSERT_TRUE(table.erase(4));
  ASSERT_TRUE(table.insert(4, {.name = "Zoe"}));
  ASSERT_TRUE(table.update(5, [](User& user) { --user.clicks; }));
  ASSERT_TRUE(table.update(6, rename));
  ASSERT_TRUE(table.update(6, click));
  table.take_changes();
  ASSERT_TRUE(table.update(1, click));
  table.take_changes();

  Table<User> straight(test_options(2));
  ASSERT_TRUE(straight.insert(1, {.name = "Ann", .clicks = 7}));
  ASSERT_TRUE(straight.insert(2, {.name = "Eve", .clicks = 7}));
  ASSERT_TRUE(straight.insert(4, {.name = "Zoe"}));
  ASSERT_TRUE(straight.insert(5, {.name = "Ann", .clicks = 5}));
  ASSERT_TRUE(straight.insert(6, {.name = "Eve", .clicks = 6}));
  straight.take_changes();
  EXPECT_EQ(table.digest(), straight.digest());
}

TEST(Table, ClearingGivesAFreshTable) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.name = "Ann"}));
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.unsaved(), 0U);
  EXPECT_TRUE(table.top(1).empty());
  EXPECT_EQ(table.validate(), "");
}

}  // namespace
}  // namespace telekv::kv
