#include "kv/key_order.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "kv/radix_sort.h"

namespace telekv::kv {
namespace {

// Bits that keys are sorted by, beyond those that number them. Where keys lie evenly, hardly any
// two agree in all of them.
constexpr unsigned kSpareBits = 7;

/// By insertion; false, and some are in order, when too many are not in their place.
bool finish_sorting(std::span<std::uint64_t> words) {
  std::size_t moves_left = words.size();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::uint64_t word = words[i];
    std::size_t place = i;
    for (; place > 0 && words[place - 1] > word; --place) {
      if (moves_left-- == 0) {
        words[place] = word;
        return false;
      }
      words[place] = words[place - 1];
    }
    words[place] = word;
  }
  return true;
}

}  // namespace

std::span<const std::uint32_t> KeyOrder::operator()(std::span<Key> keys) {
  order_.resize(keys.size());
  const auto [lowest_key, highest_key] = std::minmax_element(keys.begin(), keys.end());
  const auto lowest = static_cast<std::uint64_t>(*lowest_key);
  const auto key_bits =
      static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(*highest_key) - lowest));
  const auto row_bits = static_cast<unsigned>(std::bit_width(keys.size()));
  if (key_bits + row_bits > 64) {
    sort_wide(keys, lowest, key_bits);
    return order_;
  }
  // A key and its row in one word.
  words_.resize(keys.size());
  room_.resize(keys.size());
  for (std::size_t row = 0; row < words_.size(); ++row) {
    words_[row] = (static_cast<std::uint64_t>(keys[row]) - lowest) << row_bits | row;
  }
  const auto by_bits = [&](std::span<std::uint64_t> words, std::span<std::uint64_t> room,
                           unsigned bits) {
    return radix_sort(words, room, bits, [shift = row_bits + key_bits - bits](std::uint64_t word) {
      return word >> shift;
    });
  };
  std::span<std::uint64_t> sorted =
      by_bits(words_, room_, std::min(key_bits, row_bits + kSpareBits));
  if (!finish_sorting(sorted)) {
    const bool in_words = sorted.data() == words_.data();
    sorted = by_bits(sorted, in_words ? room_ : words_, key_bits);
  }
  const std::uint64_t mask = (std::uint64_t{1} << row_bits) - 1;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    order_[i] = static_cast<std::uint32_t>(sorted[i] & mask);
    keys[i] = static_cast<Key>((sorted[i] >> row_bits) + lowest);
  }
  return order_;
}

/// Keys too far apart for a word that has a row, too.
void KeyOrder::sort_wide(std::span<Key> keys, std::uint64_t lowest, unsigned key_bits) {
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
  };
  std::vector<Entry> entries(keys.size());
  std::vector<Entry> room(keys.size());
  for (std::uint32_t row = 0; row < entries.size(); ++row) {
    entries[row] = {static_cast<std::uint64_t>(keys[row]) - lowest, row};
  }
  const std::span<const Entry> sorted =
      radix_sort<Entry>(entries, room, key_bits, [](const Entry& entry) { return entry.key; });
  for (std::size_t i = 0; i < keys.size(); ++i) {
    order_[i] = sorted[i].row;
    keys[i] = static_cast<Key>(sorted[i].key + lowest);
  }
}

}  // namespace telekv::kv
