// Which of some ranges of keys a key lies in.
//
// One thread. A lookup takes some 2 ns where keys lie as evenly as a sample of them: cells of equal
// width say which few bounds to look at. O(log bounds) for any keys.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "kv/schema.h"

namespace telekv::kv {

class KeyRanges {
 public:
  /// `bounds` ascend. Range i holds the keys below bounds[i] that are in no range before; the last
  /// has no bound.
  explicit KeyRanges(std::vector<Key> bounds) : bounds_(std::move(bounds)) {
    assert(bounds_.size() <= kMostBounds);
    if (bounds_.empty()) return;
    const std::uint64_t width = above_first(bounds_.back());
    const auto bits = static_cast<unsigned>(std::bit_width(width));
    shift_ = bits > kCellBits ? bits - kCellBits : 0;
    std::size_t range = 0;
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      while (range < bounds_.size() && above_first(bounds_[range]) >> shift_ < cell) ++range;
      first_[cell] = static_cast<std::uint16_t>(range);
    }
    first_[kCells] = static_cast<std::uint16_t>(bounds_.size());
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      most_in_cell_ = std::max<unsigned>(most_in_cell_, first_[cell + 1] - first_[cell]);
    }
  }

  std::size_t size() const { return bounds_.size() + 1; }
  const std::vector<Key>& bounds() const { return bounds_; }

  std::size_t operator()(Key key) const {
    if (bounds_.size() <= kFew) {  // without branches: any of them would be guessed wrong
      std::size_t range = 0;
      for (const Key bound : bounds_) range += key >= bound ? 1 : 0;
      return range;
    }
    if (key < bounds_.front()) return 0;
    if (key >= bounds_.back()) return bounds_.size();
    const auto cell = static_cast<std::size_t>(above_first(key) >> shift_);
    if (most_in_cell_ <= kFew / 2) {  // bounds of later cells are above all keys of this one
      std::size_t range = first_[cell];
      for (unsigned i = 0; i < most_in_cell_ && range < bounds_.size(); ++i) {
        range += key >= bounds_[range] ? 1 : 0;
      }
      return range;
    }
    const auto begin = bounds_.begin();
    return static_cast<std::size_t>(
        std::upper_bound(begin + first_[cell], begin + first_[cell + 1], key) - begin);
  }

 private:
  static constexpr std::size_t kFew = 8;
  static constexpr std::size_t kMostBounds = std::numeric_limits<std::uint16_t>::max();
  static constexpr unsigned kCellBits = 11;
  static constexpr std::size_t kCells = std::size_t{1} << kCellBits;

  std::uint64_t above_first(Key key) const {
    return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(bounds_.front());
  }

  std::vector<Key> bounds_;
  unsigned shift_ = 0;
  unsigned most_in_cell_ = 0;
  std::array<std::uint16_t, kCells + 1> first_{};  // of each cell, the first bound not below it
};

}  // namespace telekv::kv
