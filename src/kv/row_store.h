// Dense storage of fixed-size rows in segments: a row never moves, growing copies nothing, and 4
// bytes (a slot) name a row. Every row starts with its 8-byte key, so that the hash map and the
// ranking can keep slots instead of keys.
//
// One thread. append() and row() O(1).
#pragma once

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

  /// A new row, all zeros but for its key.
  Slot append(Key key) {
    if (size_ % kSegmentRows == 0) segments_.push_back(allocate_block(row_bytes_ * kSegmentRows));
    const Slot slot = size_++;
    std::memset(row(slot), 0, row_bytes_);
    set_key(slot, key);
    return slot;
  }

  std::byte* row(Slot slot) {
    return segments_[slot / kSegmentRows].get() + (slot % kSegmentRows) * row_bytes_;
  }
  const std::byte* row(Slot slot) const {
    return segments_[slot / kSegmentRows].get() + (slot % kSegmentRows) * row_bytes_;
  }

  /// Begins to bring a row into the cache: the lines of its ends, as a short row may lie on two.
  [[gnu::always_inline]] void prefetch(Slot slot) const {
    __builtin_prefetch(row(slot));
    __builtin_prefetch(row(slot) + row_bytes_ - 1);
  }

  Key key(Slot slot) const {
    Key key;
    std::memcpy(&key, row(slot), sizeof key);
    return key;
  }
  void set_key(Slot slot, Key key) { std::memcpy(row(slot), &key, sizeof key); }

  Slot size() const { return size_; }
  std::size_t memory_bytes() const {
    return segments_.size() * (kSegmentRows * row_bytes_ + sizeof segments_[0]);
  }

  void clear() {
    segments_.clear();
    size_ = 0;
  }

 private:
  static constexpr Slot kSegmentRows = 4096;

  std::size_t row_bytes_;
  std::vector<Block> segments_;
  Slot size_ = 0;
};

}  // namespace telekv::kv
