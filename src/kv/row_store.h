// Dense storage of fixed-size rows in segments: a row never moves, growing copies nothing, and 4
// bytes (a slot) name a row. Every row starts with its 8-byte key, so that the hash map and the
// ranking can keep slots instead of keys.
//
// One thread. append() and row() O(1); one append in 4,096 takes a segment, some 15 us. Lack of
// memory throws std::bad_alloc and changes nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kv/memory_blocks.h"
#include "kv/schema.h"

namespace telekv::kv {

/// A row's number: 0..size-1.
using Slot = std::uint32_t;

class RowStore {
 public:
  /// `row_bytes` counts the key: at least 8.
  explicit RowStore(std::size_t row_bytes) : row_bytes_(row_bytes) {}

  /// Rows that lie one behind the other.
  struct Run {
    Slot first;
    Slot count;
  };

  /// A new row, all zeros but for its key.
  Slot append(Key key) {
    const Slot slot = append_run(1).first;
    set_key(slot, key);
    return slot;
  }

  /// At least one new row and at most `most`, all zeros.
  Run append_run(std::size_t most) {
    if (size_ / kSegmentRows == segments_.size()) add_segments(1);
    const Slot room = kSegmentRows - size_ % kSegmentRows;
    const Run run{.first = size_, .count = static_cast<Slot>(std::min<std::size_t>(most, room))};
    std::memset(row(run.first), 0, run.count * row_bytes_);
    size_ += run.count;
    return run;
  }

  /// Takes memory for `rows` more from huge pages: for who is about to append them at once.
  void expect(std::uint64_t rows) {
    const std::uint64_t needed = (size_ + rows + kSegmentRows - 1) / kSegmentRows;
    if (needed > segments_.size())
      add_segments(static_cast<std::size_t>(needed) - segments_.size());
  }

  /// Takes back the rows from `size` on.
  void truncate(Slot size) { size_ = size; }

  std::byte* row(Slot slot) {
    return segments_[slot / kSegmentRows] + (slot % kSegmentRows) * row_bytes_;
  }
  const std::byte* row(Slot slot) const {
    return segments_[slot / kSegmentRows] + (slot % kSegmentRows) * row_bytes_;
  }

  /// Begins to bring a row into the cache: the lines of its ends, as a short row may lie on two.
  [[gnu::always_inline]] void prefetch(Slot slot) const {
    __builtin_prefetch(row(slot));
    __builtin_prefetch(row(slot) + row_bytes_ - 1);
  }

  Key key(Slot slot) const { return key(row(slot)); }
  static Key key(const std::byte* row) {
    Key key;
    std::memcpy(&key, row, sizeof key);
    return key;
  }
  void set_key(Slot slot, Key key) { std::memcpy(row(slot), &key, sizeof key); }

  Slot size() const { return size_; }
  /// From one row to the next, within a run.
  std::size_t row_bytes() const { return row_bytes_; }
  /// Of segments with rows: others are address space only.
  std::size_t memory_bytes() const {
    const std::size_t used = (std::size_t{size_} + kSegmentRows - 1) / kSegmentRows;
    return used * kSegmentRows * row_bytes_ + segments_.capacity() * sizeof segments_[0];
  }

  void clear() {
    segments_.clear();
    blocks_.clear();
    huge_blocks_.clear();
    size_ = 0;
  }

 private:
  static constexpr Slot kSegmentRows = 4096;

  void add_segments(std::size_t count) {
    const std::size_t bytes = row_bytes_ * kSegmentRows;
    segments_.reserve(std::max(segments_.size() + count, segments_.size() * 2));
    std::byte* begin = nullptr;
    if (count == 1) {
      blocks_.push_back(allocate_block(bytes));
      begin = blocks_.back().get();
      make_resident(begin, bytes);
    } else {
      huge_blocks_.emplace_back(bytes * count);
      begin = huge_blocks_.back().data();
    }
    for (std::size_t i = 0; i < count; ++i) segments_.push_back(begin + i * bytes);
  }

  std::size_t row_bytes_;
  std::vector<std::byte*> segments_;
  std::vector<Block> blocks_;
  std::vector<PageBlock> huge_blocks_;
  Slot size_ = 0;
};

}  // namespace telekv::kv
