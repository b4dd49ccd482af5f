// The inner part of the ranking: nodes of a counted B+-tree.
//
//  1. A place in the ranking is one 128-bit number: the complement of the score, then the key.
//  2. Searching a node takes no branch that depends on the data, so that two searches run side by
//     side. The lowest nodes, which no cache holds, are small and fetched whole at once.
//  3. Every child stands with its number of members: a rank is the sum of what stands before.
//  4. Bounds are bounds, not minima: taking a member out changes none.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "kv/schema.h"

namespace telekv::kv {

/// Higher is better.
using Score = std::int64_t;

namespace ranking {

/// Ascending order of the ranking: the bits above 64 are a level, those below a key.
__extension__ using Order = unsigned __int128;

/// A score as the ranking has it: the highest score is level 0.
using Level = std::uint64_t;

inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

inline Level level_of(Score score) { return ~(static_cast<std::uint64_t>(score) ^ kSignBit); }
inline Score score_of(Level level) { return static_cast<Score>(~level ^ kSignBit); }
inline std::uint64_t ordered(Key key) { return static_cast<std::uint64_t>(key) ^ kSignBit; }
inline Order start_of(Level level) { return Order{level} << 64U; }
inline Order order_of(Score score, Key key) { return start_of(level_of(score)) | ordered(key); }
inline Level level_of(Order order) { return static_cast<Level>(order >> 64U); }

template <class Child, std::uint32_t capacity>
struct alignas(64) Node {
  static constexpr std::uint32_t kCapacity = capacity;

  /// Nothing in a child is below its low; but the first low means nothing.
  std::array<Order, capacity> lows;
  std::array<Child, capacity> children;
  std::array<std::uint32_t, capacity> sizes;
  std::uint32_t count = 0;

  /// Fetches all of it, for searching touches its lines one after the other.
  void prefetch() const {
    const auto* const begin = reinterpret_cast<const std::byte*>(this);
    for (std::size_t i = 0; i < sizeof(Node); i += 64) __builtin_prefetch(begin + i);
  }

  /// The child that `order` belongs into.
  std::uint32_t find(Order order) const {
    const Order* low = lows.data();
    for (std::size_t left = count; left > 1;) {
      const std::size_t half = left / 2;
      low = low[half] <= order ? low + half : low;
      left -= half;
    }
    return static_cast<std::uint32_t>(low - lows.data());
  }

  /// Members in the first `place` children.
  std::uint32_t size_before(std::uint32_t place) const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < place; ++i) sum += sizes[i];
    return sum;
  }
  std::uint32_t size() const { return size_before(count); }
  bool full() const { return count == capacity; }

  void insert(std::uint32_t place, Order low, std::uint32_t size, const Child& child) {
    open_gap(lows, place);
    open_gap(sizes, place);
    open_gap(children, place);
    lows[place] = low;
    sizes[place] = size;
    children[place] = child;
    ++count;
  }

  void erase(std::uint32_t place) {
    close_gap(lows, place);
    close_gap(sizes, place);
    close_gap(children, place);
    --count;
  }

  /// Appends the children of `source` from `place` on and takes them away there.
  void take(Node& source, std::uint32_t place) {
    const std::uint32_t taken = source.count - place;
    std::copy_n(source.lows.begin() + place, taken, lows.begin() + count);
    std::copy_n(source.sizes.begin() + place, taken, sizes.begin() + count);
    std::copy_n(source.children.begin() + place, taken, children.begin() + count);
    count += taken;
    source.count = place;
  }

 private:
  template <class Array>
  void open_gap(Array& array, std::uint32_t place) {
    std::move_backward(array.begin() + place, array.begin() + count, array.begin() + count + 1);
  }
  template <class Array>
  void close_gap(Array& array, std::uint32_t place) {
    std::move(array.begin() + place + 1, array.begin() + count, array.begin() + place);
  }
};

}  // namespace ranking
}  // namespace telekv::kv
