// The classes of integers: docs/format.md says what they are.
//
// Internal to the codec. Any thread. O(1).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace telekv::kv {

inline constexpr std::uint64_t kPlainClasses = 16;  // values that are their own class
inline constexpr unsigned kMantissaBits = 2;
inline constexpr unsigned kFirstLength = 5;  // bits of kPlainClasses
inline constexpr std::size_t kClassCount = 256;

/// A value's class and how many low bits it has. Without branches: values of a column lie on both
/// sides of every threshold, and a wrong guess costs more than the rest.
struct Split {
  std::uint8_t symbol;
  std::uint8_t low_bits;
};

inline Split split(std::uint64_t value) {
  const auto length = static_cast<unsigned>(std::bit_width(value | (kPlainClasses - 1)));
  const unsigned plain = length < kFirstLength ? 1 : 0;
  const unsigned low_bits = length - 1 - kMantissaBits - plain;
  // 4 to 7, the leading one and the mantissa; a plain value itself.
  const auto leading = static_cast<unsigned>(value >> low_bits);
  const unsigned first = (length - kFirstLength + 3) << kMantissaBits;
  return {.symbol = static_cast<std::uint8_t>(first + leading - (plain << 3U)),
          .low_bits = static_cast<std::uint8_t>(low_bits)};
}

constexpr unsigned low_bits_of_class(unsigned symbol) {
  if (symbol < kPlainClasses) return 0;
  return ((symbol - static_cast<unsigned>(kPlainClasses)) >> kMantissaBits) + kFirstLength - 1 -
         kMantissaBits;
}

constexpr std::uint64_t class_start(unsigned symbol) {
  if (symbol < kPlainClasses) return symbol;
  const std::uint64_t mantissa = (symbol - kPlainClasses) & ((1U << kMantissaBits) - 1);
  return ((std::uint64_t{1} << kMantissaBits) | mantissa) << low_bits_of_class(symbol);
}

struct ClassTable {
  std::array<std::uint64_t, kClassCount> start;
  std::array<std::uint64_t, kClassCount> low_mask;
  std::array<std::uint8_t, kClassCount> low_bits;
};

constexpr ClassTable make_class_table() {
  ClassTable table{};
  for (unsigned symbol = 0; symbol < table.start.size(); ++symbol) {
    table.start[symbol] = class_start(symbol);
    table.low_bits[symbol] = static_cast<std::uint8_t>(low_bits_of_class(symbol));
    table.low_mask[symbol] = (std::uint64_t{1} << table.low_bits[symbol]) - 1;
  }
  return table;
}

inline constexpr ClassTable kClasses = make_class_table();

}  // namespace telekv::kv
