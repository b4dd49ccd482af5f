// What nodes of the ranking's trees share: children in order of a 64-bit bound.
//
// Any thread. Finding is O(log of the capacity), changing O(capacity). Nothing fails.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace telekv::kv::ranking {

using Bound = std::uint64_t;
inline constexpr Bound kNoBound = std::numeric_limits<Bound>::max();

/// The last of `left` bounds that `bound` reaches; the first for what is below all. Conditional
/// moves alone: GCC 12 makes branches of a choice that it sees through, and half of them go wrong.
template <std::uint32_t left>
[[gnu::always_inline]] inline const Bound* last_reached(const Bound* first, Bound bound) {
  if constexpr (left > 1) {
    constexpr std::uint32_t half = left / 2;
    const Bound* middle = first + half;
    asm("" : "+r"(middle));
    first = *middle <= bound ? middle : first;
    asm("" : "+r"(first));
    return last_reached<left - half>(first, bound);
  }
  return first;
}

/// The place of the last of the bounds that `bound` reaches, of `count`; the first for what is
/// below all. Those from `count` on are kNoBound. No branch depends on the data: searches run side
/// by side, one operation's with the next one's.
template <std::size_t capacity>
[[gnu::always_inline]] inline std::uint32_t find_bound(const std::array<Bound, capacity>& bounds,
                                                       std::uint32_t count, Bound bound) {
  const Bound* const begin = bounds.data();
  const auto place = static_cast<std::uint32_t>(last_reached<capacity>(begin, bound) - begin);
  return std::min(place, count - 1);
}

template <class Array, class Value>
void insert_at(Array& array, std::uint32_t place, std::uint32_t count, const Value& value) {
  std::move_backward(array.begin() + place, array.begin() + count, array.begin() + count + 1);
  array[place] = value;
}

template <class Array>
void erase_at(Array& array, std::uint32_t place, std::uint32_t count) {
  std::move(array.begin() + place + 1, array.begin() + count, array.begin() + place);
}

/// Fetches all of a node, for searching touches its lines one after the other.
template <class Node>
[[gnu::always_inline]] inline void prefetch_node(const Node& node) {
  const auto* const begin = reinterpret_cast<const std::byte*>(&node);
  for (std::size_t i = 0; i < sizeof(Node); i += 64) __builtin_prefetch(begin + i, 1);
}

}  // namespace telekv::kv::ranking
