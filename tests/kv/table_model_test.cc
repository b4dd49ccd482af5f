// The table against std::map plus sort, and its durable copy against both: whatever is done in
// whatever order, the chunks of a walk followed by the deltas taken since it began are the table.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "kv/random_records.h"

namespace telekv::kv {
namespace {

template <class Record>
class Durability {
 public:
  explicit Durability(Table<Record>& table) : table_(table) {}

  void take() {
    if (const auto changes = table_.take_changes()) {
      if (walk_ || base_) deltas_.push_back(changes->encode());
      if (walk_) ++deltas_in_walk_;
    }
    digest_ = table_.digest();
  }

  /// Starts a walk, goes on with one, or finishes it.
  void walk(std::size_t max_records) {
    if (!walk_) {
      take();
      walk_ = table_.begin_snapshot(std::size_t{64} << 10U);
      chunks_.clear();
      deltas_in_walk_ = 0;
    }
    if (const auto chunk = walk_->step(max_records)) chunks_.push_back(chunk->encode());
    if (!walk_->done()) return;
    walk_.reset();
    base_ = chunks_;
    deltas_.erase(deltas_.begin(), deltas_.end() - static_cast<std::ptrdiff_t>(deltas_in_walk_));
  }

  void expect_restorable(const Model<Record>& model) {
    while (walk_ || !base_) walk(3);
    take();
    Table<Record> restored(test_options(99));
    for (const Bytes& chunk : *base_) ASSERT_TRUE(restored.load_chunk(chunk));
    for (const Bytes& delta : deltas_) ASSERT_TRUE(restored.load_delta(delta));
    expect_equal(restored, model);
    ASSERT_EQ(restored.digest(), digest_);
    ASSERT_EQ(restored.unsaved(), 0U);
    for (const Bytes& delta : deltas_) ASSERT_TRUE(restored.load_delta(delta));
    ASSERT_EQ(restored.digest(), digest_) << "replaying twice differs from once";
  }

 private:
  Table<Record>& table_;
  std::unique_ptr<SnapshotWalk> walk_;
  std::vector<Bytes> chunks_;
  std::optional<std::vector<Bytes>> base_;
  std::vector<Bytes> deltas_;
  std::size_t deltas_in_walk_ = 0;
  Digest digest_{};
};

template <class Record>
void run(const std::vector<Step>& steps) {
  Table<Record> table(test_options());
  Durability<Record> durability(table);
  Model<Record> model;
  for (const Step& step : steps) {
    if (step.what < 8) {
      durability.take();
    } else if (step.what < 30) {
      durability.walk(1 + step.random % 4);
    } else {
      change(table, model, key_of(step.what + step.random), step.random);
    }
  }
  expect_equal(table, model);
  durability.expect_restorable(model);
}

RC_GTEST_PROP(TableModel, OfUsers, ()) {
  run<User>(random_steps());
  RC_ASSERT(!testing::Test::HasFailure());
}

RC_GTEST_PROP(TableModel, OfPlayers, ()) {
  run<Player>(random_steps());
  RC_ASSERT(!testing::Test::HasFailure());
}

}  // namespace
}  // namespace telekv::kv
