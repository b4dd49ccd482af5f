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

/// Calls fn(code_point) for each of the text. `readable`: bytes from the text's begin on that may
/// be looked at, more than it has by three or so where that is easy. Texts mix lengths of
/// characters, so guessing the next one's is wrong half the time: there is no branch on it.
template <class Function>
void for_each_code_point(std::string_view text, std::size_t readable, Function&& fn) {
  // By the highest four bits: how long a character is, what of its first byte counts, how far four
  // bytes put together are to be shifted, and from which code point on this is the shortest form.
  struct Lead {
    std::uint8_t length;
    std::uint8_t mask;
    std::uint8_t shift;
    std::uint32_t lowest;
  };
  constexpr Lead kOne{1, 0x7f, 18, 0};
  constexpr Lead kNone{1, 0, 18, 1};  // a byte that none begins with: found to be below `lowest`
  constexpr Lead kTwo{2, 0x1f, 12, kAsciiEnd};
  constexpr Lead kThree{3, 0x0f, 6, kTwoBytesEnd};
  constexpr Lead kFour{4, 0x0f, 0, 0x10000};
  constexpr std::array<Lead, 16> kLeads = {kOne,  kOne,  kOne,  kOne,  kOne, kOne, kOne,   kOne,
                                           kNone, kNone, kNone, kNone, kTwo, kTwo, kThree, kFour};
  constexpr std::array<std::uint32_t, 5> kFollowing = {0, 0, 0x80, 0x8080, 0x808080};
  constexpr std::array<std::uint32_t, 5> kFollowingMask = {0, 0, 0xc0, 0xc0c0, 0xc0c0c0};
  for (std::size_t position = 0; position < text.size();) {
    if (readable - position < 4) {
      fn(take_code_point(text, position));
      continue;
    }
    const auto byte = [&](std::size_t i) {
      return std::uint32_t{static_cast<std::uint8_t>(text.data()[position + i])};
    };
    const Lead lead = kLeads[byte(0) >> 4U];
    const std::uint32_t code_point = ((byte(0) & lead.mask) << 18U | (byte(1) & 0x3fU) << 12U |
                                      (byte(2) & 0x3fU) << 6U | (byte(3) & 0x3fU)) >>
                                     lead.shift;
    const std::uint32_t after = byte(1) | byte(2) << 8U | byte(3) << 16U;
    const bool shortest = code_point >= lead.lowest && code_point < kUnicodeEnd &&
                          (code_point < 0xd800 || code_point >= 0xe000);
    const bool whole = (after & kFollowingMask[lead.length]) == kFollowing[lead.length] &&
                       text.size() - position >= lead.length;
    if (!(shortest & whole)) [[unlikely]] {
      fn(take_code_point(text, position));
      continue;
    }
    position += lead.length;
    fn(code_point);
  }
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
