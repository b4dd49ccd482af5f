// Lack of memory, wherever it strikes: the first request for memory of an operation is refused,
// then the second, and so on until the operation succeeds. In between all must be as it was.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include "kv/hash_map.h"
#include "kv/random_records.h"
#include "kv/row_map.h"

namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
std::size_t granted = kAll;

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (granted == 0) throw std::bad_alloc();
  if (granted != kAll) --granted;
  void* const memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined: GCC 12 would warn of free() for what came from operator new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace telekv::kv {
namespace {

/// Calls operation(), which answers whether it succeeded, with 0, 1, ... requests granted until it
/// does; after each failure check(). Answers how often it failed.
template <class Operation, class Check>
std::size_t with_ever_more_memory(Operation&& operation, Check&& check) {
  for (std::size_t grants = 0;; ++grants) {
    granted = grants;
    const bool succeeded = operation();
    granted = kAll;
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

TEST(NoMemory, LeavesAHashMapAsItWas) {
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

TEST(NoMemory, LeavesAHashMapEmptyThatWasToHaveRoom) {
  HashMap<Key> map(1);
  const auto failures =
      with_ever_more_memory(succeeds([&] { map.reserve(100'000); }), [&] {
        ASSERT_EQ(map.validate(), "");
        ASSERT_EQ(map.find(1), nullptr);
      });
  EXPECT_GT(failures, 2U);
}

TEST(NoMemory, LeavesARowMapAsItWas) {
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
class TableWithoutMemory : public testing::Test {
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
      return !done && done.error().code == ErrorCode::kUnavailable;
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

TEST_F(TableWithoutMemory, RefusesAnInsertAndIsAsItWas) {
  repeat([&] { return table_.insert(1, {.name = first_, .clicks = 5}); });
  model_[1] = {.name = first_, .clicks = 5};
  expect_equal(table_, model_);
  expect_digest();
}

TEST_F(TableWithoutMemory, RefusesInsertsWhileItGrowsAndIsAsItWas) {
  for (Key key = 0; key < 1500; ++key) {
    const User user{.name = {}, .clicks = static_cast<std::uint64_t>(key % 40)};
    with_ever_more_memory([&] { return table_.insert(key, user).has_value(); },
                          [&] { ASSERT_EQ(table_.validate(), ""); });
    model_[key] = user;
  }
  expect_equal(table_, model_);
  expect_digest();
}

TEST_F(TableWithoutMemory, RefusesAnUpdateAndIsAsItWas) {
  ASSERT_TRUE(table_.insert(1, {.name = first_, .clicks = 5}));
  model_[1] = {.name = first_, .clicks = 5};
  table_.take_changes();
  const auto rename = [&](User& user) { user = {.name = second_, .clicks = 7, .state = 1}; };
  repeat([&] { return table_.update(1, rename); });
  model_[1] = {.name = second_, .clicks = 7, .state = 1};
  expect_equal(table_, model_);
  expect_digest();
}

// The old hash of a clicked record is put aside where another field changes too.
TEST_F(TableWithoutMemory, RefusesAnUpdateAfterAClickAndIsAsItWas) {
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

TEST_F(TableWithoutMemory, ThrowsFromAnEraseAndIsAsItWas) {
  for (Key key = 0; key < 300; ++key) {
    ASSERT_TRUE(table_.insert(key, {.name = first_, .clicks = static_cast<std::uint64_t>(key)}));
    model_[key] = {.name = first_, .clicks = static_cast<std::uint64_t>(key)};
  }
  table_.take_changes();
  for (Key key = 0; key < 300; ++key) {
    if (key % 2 == 0) {
      ASSERT_TRUE(table_.update(key, [](User& user) { user.clicks += 1000; }));
      model_[key].clicks += 1000;
    }
    with_ever_more_memory(succeeds([&] { table_.erase(key); }),
                          [&] { expect_equal(table_, model_); });
    model_.erase(key);
  }
  expect_digest();
}

}  // namespace
}  // namespace telekv::kv
