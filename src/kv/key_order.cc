#include "kv/key_order.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "kv/radix_sort.h"

namespace telekv::kv {

std::span<const std::uint32_t> KeyOrder::operator()(std::span<const Key> keys) {
  order_.resize(keys.size());
  const auto [lowest, highest] = std::minmax_element(keys.begin(), keys.end());
  const auto above_lowest = [&keys, first = static_cast<std::uint64_t>(*lowest)](std::size_t row) {
    return static_cast<std::uint64_t>(keys[row]) - first;
  };
  const auto key_bits = static_cast<unsigned>(
      std::bit_width(static_cast<std::uint64_t>(*highest) - static_cast<std::uint64_t>(*lowest)));
  const auto row_bits = static_cast<unsigned>(std::bit_width(keys.size()));
  if (key_bits + row_bits <= 64) {  // a key and its row in one word
    words_.resize(keys.size());
    room_.resize(keys.size());
    for (std::size_t row = 0; row < words_.size(); ++row) {
      words_[row] = (above_lowest(row) << row_bits) | row;
    }
    const auto key_of = [row_bits](std::uint64_t word) { return word >> row_bits; };
    const std::span<const std::uint64_t> sorted =
        radix_sort<std::uint64_t>(words_, room_, key_bits, key_of);
    const std::uint64_t mask = (std::uint64_t{1} << row_bits) - 1;
    std::transform(sorted.begin(), sorted.end(), order_.begin(),
                   [mask](std::uint64_t word) { return static_cast<std::uint32_t>(word & mask); });
    return order_;
  }
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
  };
  std::vector<Entry> entries(keys.size());
  std::vector<Entry> room(keys.size());
  for (std::uint32_t row = 0; row < entries.size(); ++row) entries[row] = {above_lowest(row), row};
  const std::span<const Entry> sorted =
      radix_sort<Entry>(entries, room, key_bits, [](const Entry& entry) { return entry.key; });
  std::transform(sorted.begin(), sorted.end(), order_.begin(),
                 [](const Entry& entry) { return entry.row; });
  return order_;
}

}  // namespace telekv::kv
