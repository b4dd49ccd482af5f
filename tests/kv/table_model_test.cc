// The table against std::map plus sort, and its durable copy against both: whatever is done in
// whatever order, the chunks of a walk followed by the deltas taken since it began are the table,
// also when walks were abandoned on the way and the writer restarted from its own store.
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
  Table<Record>& table() { return *table_; }

  void take() {
    if (const auto changes = table_->take_changes()) {
      if (walk_ || base_) deltas_.push_back(changes->encode());
      if (walk_) ++deltas_in_walk_;
    }
    digest_ = table_->digest();
  }

  /// Starts a walk, goes on with one, or finishes it. The changes before it may be in no delta.
  void walk(std::size_t max_records) {
    if (!walk_) {
      take();
      walk_ = table_->begin_snapshot(std::size_t{64} << 10U);
      chunks_.clear();
      deltas_in_walk_ = 0;
    }
    if (const auto chunk = walk_->step(max_records)) chunks_.push_back(chunk->encode());
    if (!walk_->done()) return;
    walk_.reset();
    base_ = chunks_;
    deltas_.erase(deltas_.begin(), deltas_.end() - static_cast<std::ptrdiff_t>(deltas_in_walk_));
  }

  void abandon_walk() {
    walk_.reset();
    if (!base_) deltas_.clear();
  }

  /// Goes on with a table restored from what is stored.
  void restart() {
    if (walk_ || !base_) return;
    take();
    auto restored = std::make_unique<Table<Record>>(test_options(99));
    restore_into(*restored);
    table_ = std::move(restored);
  }

  void expect_restorable(const Model<Record>& model) {
    while (walk_ || !base_) walk(3);
    take();
    Table<Record> restored(test_options(99));
    restore_into(restored);
    expect_equal(restored, model);
    ASSERT_EQ(restored.digest(), digest_);
    ASSERT_EQ(restored.unsaved(), 0U);
  }

 private:
  void restore_into(Table<Record>& table) {
    for (const Bytes& chunk : *base_) ASSERT_TRUE(table.load_chunk(chunk));
    for (const Bytes& delta : deltas_) ASSERT_TRUE(table.load_delta(delta));
  }

  std::unique_ptr<Table<Record>> table_ = std::make_unique<Table<Record>>(test_options());
  std::unique_ptr<SnapshotWalk> walk_;
  std::vector<Bytes> chunks_;
  std::optional<std::vector<Bytes>> base_;
  std::vector<Bytes> deltas_;
  std::size_t deltas_in_walk_ = 0;
  Digest digest_{};
};

template <class Record>
void run(const std::vector<Step>& steps) {
  Durability<Record> durability;
  Model<Record> model;
  for (const Step& step : steps) {
    if (step.what < 8) {
      durability.take();
    } else if (step.what < 30) {
      durability.walk(1 + step.random % 4);
    } else if (step.what < 32) {
      durability.abandon_walk();
    } else if (step.what < 34) {
      durability.restart();
    } else {
      change(durability.table(), model, key_of(step.what + step.random), step.random);
    }
  }
  expect_equal(durability.table(), model);
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
