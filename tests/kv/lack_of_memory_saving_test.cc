// What happens when memory is lacking: every allocation of an operation fails once, and what
// kv/durable.h promises for that holds each time.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kv/records.h"
#include "kv/scarce_memory.h"

namespace telekv::kv {
namespace {

constexpr Key kUsers = 3000;

std::string name_of(Key key) {
  return key % 3 == 0 ? "Аня" : "somebody called " + std::to_string(key);
}

void fill(Table<User>& table, Key first) {
  for (Key key = first; key < first + kUsers; ++key) {
    const std::string name = name_of(key);
    ASSERT_TRUE(table.insert(key * 1'000'003,
                             {.name = name, .clicks = static_cast<std::uint64_t>(key * key)}));
  }
}

/// Calls attempt(which) with the first, the second, … allocation failing, until none of those that
/// it lets fail does; how often one did. attempt(which) answers whether it succeeded.
template <class Attempt>
std::size_t until_it_succeeds(Attempt&& attempt) {
  constexpr std::size_t kMost = 100'000;
  for (std::size_t failing = 0; failing < kMost; ++failing) {
    scarce_memory::refuse_one_after(failing);
    const bool succeeded = attempt(failing);
    EXPECT_NE(succeeded, scarce_memory::grant_all());
    if (testing::Test::HasFailure() || succeeded) return failing;
  }
  ADD_FAILURE() << "it never succeeded";
  return kMost;
}

TEST(LackOfMemory, LeavesTheTableAsItWasWhenAChunkIsLoaded) {
  Table<User> written(test_options());
  fill(written, 0);
  written.take_changes();
  const Bytes chunk = only_chunk(written);
  ASSERT_FALSE(chunk.empty());
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(-1, {.name = "Аня", .clicks = 5}));
  table.take_changes();
  const Digest before = table.digest();
  const std::size_t failures = until_it_succeeds([&](std::size_t) {
    const Result<void> loaded = table.load_chunk(chunk);
    scarce_memory::grant_all();
    EXPECT_EQ(table.validate(), "");
    if (loaded) return true;
    EXPECT_EQ(loaded.error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.digest(), before);
    EXPECT_EQ(table.find(-1)->name, "Аня");
    return false;
  });
  EXPECT_GT(failures, 15U);
  EXPECT_EQ(table.size(), 1U + kUsers);
}

TEST(LackOfMemory, LeavesTheTableAsItWasOrEmptyWhenADeltaIsLoaded) {
  Table<User> written(test_options());
  fill(written, 0);
  const Bytes first = written.take_changes()->encode();
  fill(written, kUsers);
  ASSERT_TRUE(written.update(0, [](User& user) { user.name = "Eve"; }));
  const Bytes second = written.take_changes()->encode();
  std::size_t emptied = 0;
  const std::size_t failures = until_it_succeeds([&](std::size_t failing) {
    scarce_memory::grant_all();
    Table<User> table(test_options());
    EXPECT_TRUE(table.load_delta(first));
    table.finish_loading();
    const Digest before = table.digest();
    scarce_memory::refuse_one_after(failing);
    const Result<void> loaded = table.load_delta(second);
    scarce_memory::grant_all();
    EXPECT_EQ(table.validate(), "");
    if (loaded) {
      EXPECT_EQ(table.digest(), written.digest());
      return true;
    }
    EXPECT_EQ(loaded.error().code, ErrorCode::kTooLarge);
    if (table.size() == 0) {
      ++emptied;
      EXPECT_EQ(table.digest(), Digest{});
    } else {
      EXPECT_EQ(table.digest(), before);
    }
    return false;
  });
  EXPECT_GT(failures, 20U);
  EXPECT_GT(emptied, 0U);
}

TEST(LackOfMemory, LosesNoChangesWhenTheyAreTaken) {
  Table<User> table(test_options());
  Table<User> same(test_options());
  for (Table<User>* each : {&table, &same}) {
    fill(*each, 0);
    each->take_changes();
    for (Key key = 0; key < kUsers; key += 7) {
      const std::string name = name_of(key + 1);
      ASSERT_TRUE(each->update(key * 1'000'003, [&](User& user) {
        user.name = name;
        user.clicks += 1;
      }));
    }
    ASSERT_TRUE(each->erase(5 * 1'000'003));
  }
  std::unique_ptr<const Encodable> changes;
  const std::size_t failures = until_it_succeeds([&](std::size_t) {
    const std::uint64_t unsaved = table.unsaved();
    try {
      changes = table.take_changes();
      return true;
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(table.unsaved(), unsaved);
      EXPECT_EQ(table.validate(), "");
      return false;
    }
  });
  EXPECT_GT(failures, 5U);
  EXPECT_EQ(changes->encode(), same.take_changes()->encode());
  EXPECT_EQ(table.digest(), same.digest());
}

TEST(LackOfMemory, EndsAWalkAndNothingElse) {
  Table<User> table(test_options());
  fill(table, 0);
  table.take_changes();
  const Bytes expected = only_chunk(table);
  Bytes chunk;
  const std::size_t failures = until_it_succeeds([&](std::size_t) {
    try {
      const auto walk = table.begin_snapshot(std::size_t{1} << 20U);
      std::unique_ptr<const Encodable> last;
      while (!walk->done()) {
        if (auto next = walk->step(500)) last = std::move(next);
      }
      scarce_memory::grant_all();
      chunk = last->encode();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  });
  EXPECT_GT(failures, 5U);
  EXPECT_EQ(chunk, expected);
  EXPECT_EQ(table.validate(), "");
}

TEST(LackOfMemory, LeavesAChunkToBeEncodedAgain) {
  Table<User> table(test_options());
  fill(table, 0);
  table.take_changes();
  const Bytes expected = only_chunk(table);
  std::unique_ptr<const Encodable> chunk;
  const auto walk = table.begin_snapshot(std::size_t{1} << 20U);
  while (!walk->done()) {
    if (auto next = walk->step(500)) chunk = std::move(next);
  }
  Bytes encoded;
  const std::size_t failures = until_it_succeeds([&](std::size_t) {
    try {
      encoded = chunk->encode();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  });
  EXPECT_GT(failures, 10U);
  EXPECT_EQ(encoded, expected);
}

}  // namespace
}  // namespace telekv::kv
