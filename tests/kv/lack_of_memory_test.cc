// Lack of memory in maps and in operations on a table, wherever it strikes: the first request for
// memory of an operation is refused, then the second, and so on until the operation succeeds. In
// between all must be as it was.
#include <gtest/gtest.h>

#include <cstddef>
#include <new>
#include <string>
#include <vector>

#include "kv/hash_map.h"
#include "kv/random_records.h"
#include "kv/row_map.h"
#include "kv/scarce_memory.h"

namespace telekv::kv {
namespace {

/// Calls operation(), which answers whether it succeeded, with 0, 1, ... requests granted until it
/// does; after each failure check(). Answers how often it failed.
template <class Operation, class Check>
std::size_t with_ever_more_memory(Operation&& operation, Check&& check) {
  for (std::size_t grants = 0;; ++grants) {
    scarce_memory::refuse_after(grants);
    const bool succeeded = operation();
    scarce_memory::grant_all();
    if (succeeded) return grants;
    check();
  }
}

/// For what throws.
template <class Operation>
auto succeeds(Operation&& operation) {
  return [operation] {
    try {
      operation();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  };
}

TEST(LackOfMemory, LeavesAHashMapAsItWas) {
  HashMap<Key> map(1);
  std::size_t failures = 0;
  for (Key key = 0; key < 5000; ++key) {
    failures += with_ever_more_memory(succeeds([&] { map.insert(key, key); }), [&] {
      ASSERT_EQ(map.find(key), nullptr);
      ASSERT_EQ(map.size(), static_cast<std::uint64_t>(key));
      ASSERT_EQ(map.validate(), "");
    });
  }
  EXPECT_GT(failures, 15U) << "the map has not grown: the test shows nothing";
  for (Key key = 0; key < 5000; ++key) ASSERT_EQ(*map.find(key), key);
}

TEST(LackOfMemory, LeavesAHashMapEmptyThatWasToHaveRoom) {
  HashMap<Key> map(1);
  const auto failures = with_ever_more_memory(succeeds([&] { map.reserve(100'000); }), [&] {
    ASSERT_EQ(map.validate(), "");
    ASSERT_EQ(map.find(1), nullptr);
  });
  EXPECT_GT(failures, 2U);
}

TEST(LackOfMemory, LeavesARowMapAsItWas) {
  RowStore rows(sizeof(Key));
  RowMap map(rows, 1);
  for (Key key = 0; key < 5000; ++key) {
    const Slot slot = rows.append(key);
    with_ever_more_memory(succeeds([&] { map.insert(slot); }), [&] {
      ASSERT_FALSE(map.find(key));
      ASSERT_EQ(map.validate(), "");
    });
  }
  EXPECT_EQ(map.size(), 5000U);
}

/// A table and what it should hold; its texts are too long to be kept without memory.
class LackOfMemoryOfATable : public testing::Test {
 protected:
  const std::string first_ = std::string(100, 'a');
  const std::string second_ = std::string(100, 'b');
  Table<User> table_{test_options()};
  Model<User> model_;

  /// Until it succeeds; it must fail at least once.
  template <class Operation>
  void repeat(Operation&& operation) {
    const std::uint64_t unsaved = table_.unsaved();
    const auto fails = [&] {
      const Result<void> done = operation();
      return !done && done.error().code == ErrorCode::kTooLarge;
    };
    EXPECT_GT(with_ever_more_memory([&] { return !fails(); },
                                    [&] {
                                      expect_equal(table_, model_);
                                      ASSERT_GE(table_.unsaved(), unsaved);
                                    }),
              0U);
  }

  /// The digest must be that of a table that never lacked memory.
  void expect_digest() {
    table_.take_changes();
    Table<User> straight(test_options());
    for (const auto& [key, user] : model_) ASSERT_TRUE(straight.insert(key, user));
    straight.take_changes();
    EXPECT_EQ(table_.digest(), straight.digest());
  }
};

TEST_F(LackOfMemoryOfATable, RefusesAnInsertAndIsAsItWas) {
  repeat([&] { return table_.insert(1, {.name = first_, .clicks = 5}); });
  model_[1] = {.name = first_, .clicks = 5};
  expect_equal(table_, model_);
  expect_digest();
}

TEST_F(LackOfMemoryOfATable, RefusesInsertsWhileItGrowsAndIsAsItWas) {
  for (Key key = 0; key < 1500; ++key) {
    const User user{.name = {}, .clicks = static_cast<std::uint64_t>(key % 40)};
    with_ever_more_memory([&] { return table_.insert(key, user).has_value(); },
                          [&] { ASSERT_EQ(table_.validate(), ""); });
    model_[key] = user;
  }
  expect_equal(table_, model_);
  expect_digest();
}

TEST_F(LackOfMemoryOfATable, RefusesUpdatesAndIsAsItWas) {
  constexpr Key kMembers = 100;
  std::vector<std::string> names;
  for (Key key = 0; key < kMembers; ++key) {
    ASSERT_TRUE(table_.insert(key, {.name = first_, .clicks = 5}));
    model_[key] = {.name = first_, .clicks = 5};
    names.push_back(second_ + std::to_string(key));
  }
  table_.take_changes();
  std::size_t failures = 0;
  for (Key key = 0; key < kMembers; ++key) {
    const User after{.name = names[static_cast<std::size_t>(key)], .clicks = 7, .state = 1};
    const auto change = [&](User& user) { user = after; };
    failures += with_ever_more_memory([&] { return table_.update(key, change).has_value(); },
                                      [&] { expect_equal(table_, model_); });
    model_[key] = after;
  }
  EXPECT_GT(failures, 2U) << "nothing has grown: the test shows nothing";
  expect_equal(table_, model_);
  expect_digest();
}

// The old hash of a clicked record is put aside where another field changes too.
TEST_F(LackOfMemoryOfATable, RefusesAnUpdateAfterAClickAndIsAsItWas) {
  for (Key key = 0; key < 200; ++key) {
    ASSERT_TRUE(table_.insert(key, {.name = first_, .clicks = 5}));
  }
  table_.take_changes();
  for (Key key = 0; key < 200; ++key) {
    ASSERT_TRUE(table_.update(key, [](User& user) { ++user.clicks; }));
    model_[key] = {.name = first_, .clicks = 6};
  }
  for (Key key = 0; key < 200; ++key) {
    const auto set = [](User& user) { user.state = 9; };
    with_ever_more_memory([&] { return table_.update(key, set).has_value(); },
                          [&] { expect_equal(table_, model_); });
    model_[key].state = 9;
  }
  expect_digest();
}

TEST_F(LackOfMemoryOfATable, RefusesAnEraseAndIsAsItWas) {
  for (Key key = 0; key < 300; ++key) {
    ASSERT_TRUE(table_.insert(key, {.name = first_, .clicks = static_cast<std::uint64_t>(key)}));
    model_[key] = {.name = first_, .clicks = static_cast<std::uint64_t>(key)};
  }
  table_.take_changes();
  std::size_t failures = 0;
  for (Key key = 0; key < 300; ++key) {
    if (key % 2 == 0) {
      ASSERT_TRUE(table_.update(key, [](User& user) { user.clicks += 1000; }));
      model_[key].clicks += 1000;
    }
    failures += with_ever_more_memory(
        [&] {
          const Result<void> erased = table_.erase(key);
          if (!erased) {
            EXPECT_EQ(erased.error().code, ErrorCode::kTooLarge);
          }
          return erased.has_value();
        },
        [&] { expect_equal(table_, model_); });
    model_.erase(key);
  }
  EXPECT_GT(failures, 2U) << "nothing has grown: the test shows nothing";
  expect_digest();
}

// Of any size, because what is large is built in another way than what is small.
TEST_F(LackOfMemoryOfATable, ClearsATableWithoutAny) {
  for (const Key members : {Key{0}, Key{10}, Key{3000}}) {
    for (Key key = 0; key < members; ++key) {
      ASSERT_TRUE(table_.insert(key, {.name = first_, .clicks = static_cast<std::uint64_t>(key)}));
    }
    for (Key key = 0; key < members; key += 5) {
      ASSERT_TRUE(table_.update(key, [](User& user) { ++user.clicks; }));
      ASSERT_TRUE(table_.erase(key + 1));
    }
    scarce_memory::refuse_after(0);
    table_.clear();
    scarce_memory::grant_all();
    model_.clear();
    expect_equal(table_, model_);
    expect_digest();
  }
}

}  // namespace
}  // namespace telekv::kv
