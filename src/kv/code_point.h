// Code points out of UTF-8 and back, for any bytes.
//
// Internal to the codec. Any thread. O(1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace telekv::kv {

inline constexpr std::uint32_t kAsciiEnd = 0x80;
inline constexpr std::uint32_t kTwoBytesEnd = 0x800;
/// From here on: single bytes that are not UTF-8.
inline constexpr std::uint32_t kUnicodeEnd = 0x110000;
inline constexpr std::uint32_t kCodePointsEnd = kUnicodeEnd + 0x100;

/// The code point at `position`, which moves behind it. Strict: what is not shortest-form UTF-8
/// comes back byte by byte, so that writing it gives the same bytes again.
inline std::uint32_t take_code_point(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint32_t first = byte(position++);
  if (first < kAsciiEnd) return first;
  const std::size_t following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  constexpr std::array<std::uint32_t, 4> kShortest = {0, kAsciiEnd, kTwoBytesEnd, 0x10000};
  if (first < 0xc2 || first > 0xf4 || text.size() - position < following)
    return kUnicodeEnd + first;
  std::uint32_t code_point = first & (0x3fU >> following);
  for (std::size_t i = 0; i < following; ++i) {
    const std::uint8_t next = byte(position + i);
    if ((next & 0xc0U) != 0x80U) return kUnicodeEnd + first;
    code_point = (code_point << 6U) | (next & 0x3fU);
  }
  const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
  if (code_point < kShortest[following] || code_point >= kUnicodeEnd || surrogate) {
    return kUnicodeEnd + first;
  }
  position += following;
  return code_point;
}

/// A code point's bytes, ready to be written as one word.
struct SpelledCodePoint {
  std::array<char, 4> bytes{};
  std::uint8_t size = 0;
};

inline SpelledCodePoint spell(std::uint32_t code_point) {
  SpelledCodePoint spelled;
  const auto put = [&](std::uint32_t byte) {
    spelled.bytes[spelled.size++] = static_cast<char>(static_cast<std::uint8_t>(byte));
  };
  if (code_point >= kUnicodeEnd) {
    put(code_point - kUnicodeEnd);
  } else if (code_point < kAsciiEnd) {
    put(code_point);
  } else if (code_point < kTwoBytesEnd) {
    put(0xc0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3fU));
  } else if (code_point < 0x10000) {
    put(0xe0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  } else {
    put(0xf0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3fU));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  }
  return spelled;
}

}  // namespace telekv::kv
