// Bits packed into bytes, least significant first.
//
// Internal to the codec. One thread each. O(1) a value.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kv/bytes.h"
#include "kv/memory_blocks.h"

namespace telekv::kv {

inline constexpr unsigned kWordBits = 64;
inline constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

/// `bits` is below 64.
constexpr std::uint64_t lowest_bits(std::uint64_t value, unsigned bits) {
  return value & ((std::uint64_t{1} << bits) - 1);
}

constexpr std::uint64_t little_endian(std::uint64_t value) {
  return std::endian::native == std::endian::big ? __builtin_bswap64(value) : value;
}

/// Writes into memory that has room for a word beyond each value. A small value of its own, so that
/// a loop keeps it in registers.
class BitCursor {
 public:
  explicit BitCursor(char* at) : at_(at) {}

  /// `value` has no more than `bits`, fewer than 64.
  void put(std::uint64_t value, unsigned bits) {
    constexpr unsigned kHalf = 32;
    if (bits > kWordBits - 8) [[unlikely]] {  // it might not fit beside what is pending
      put(lowest_bits(value, kHalf), kHalf);
      value >>= kHalf;
      bits -= kHalf;
    }
    pending_ |= value << filled_;
    filled_ += bits;
    const std::uint64_t word = little_endian(pending_);
    std::memcpy(at_, &word, sizeof word);
    at_ += filled_ / 8;
    pending_ >>= filled_ / 8 * 8;
    filled_ %= 8;
  }

  char* at() const { return at_; }
  void move_to(char* at) { at_ = at; }
  bool in_a_byte() const { return filled_ != 0; }

 private:
  char* at_;
  std::uint64_t pending_ = 0;  // fewer than eight bits, which are in memory too
  unsigned filled_ = 0;
};

class BitWriter {
 public:
  /// The scratch outlives what is written.
  explicit BitWriter(Scratch& scratch) : scratch_(&scratch) {}

  /// Where the next `values` go; to be given back by set_cursor(). When there is no room left,
  /// some is made, for `expected_bytes` more.
  BitCursor cursor(std::size_t values, std::size_t expected_bytes) {
    const std::size_t needed = at_ + (values + 2) * kWordBytes;
    if (needed > bytes_.size()) {
      const std::span<char> larger = scratch_->take<char>(needed + expected_bytes);
      if (size() != 0) std::memcpy(larger.data(), bytes_.data(), size());
      bytes_ = larger;
    }
    cursor_.move_to(bytes_.data() + at_);
    return cursor_;
  }
  void set_cursor(const BitCursor& cursor) {
    cursor_ = cursor;
    at_ = static_cast<std::size_t>(cursor.at() - bytes_.data());
  }

  /// Bytes written, the last one filled up with zeros.
  std::size_t size() const { return at_ + (cursor_.in_a_byte() ? 1 : 0); }
  ByteView view() const { return {bytes_.data(), size()}; }

 private:
  Scratch* scratch_;
  std::span<char> bytes_;
  std::size_t at_ = 0;
  BitCursor cursor_{nullptr};
};

/// Reads what BitWriter wrote; zeros beyond the end.
class BitReader {
 public:
  static constexpr unsigned kMostPeeked = kWordBits - 7;

  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  /// Whether there are none at all.
  bool empty() const { return bytes_.empty(); }

  /// The next kMostPeeked bits, and some more or zeros above them.
  std::uint64_t peek() const { return word_at(position_ / 8) >> (position_ % 8); }
  void skip(unsigned bits) { position_ += bits; }

  /// `bits` is below 64.
  std::uint64_t get(unsigned bits) {
    const std::size_t byte = position_ / 8;
    const auto offset = static_cast<unsigned>(position_ % 8);
    position_ += bits;
    std::uint64_t value = word_at(byte) >> offset;
    // What is left of the word is 57 bits at least; a value has 61 at most.
    if (offset + bits > kWordBits) value |= word_at(byte + kWordBytes) << (kWordBits - offset);
    return lowest_bits(value, bits);
  }

 private:
  std::uint64_t word_at(std::size_t byte) const {
    std::uint64_t word = 0;
    if (byte + kWordBytes <= bytes_.size()) [[likely]] {
      std::memcpy(&word, bytes_.data() + byte, kWordBytes);
    } else if (byte < bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, bytes_.size() - byte);
    }
    return little_endian(word);
  }

  ByteView bytes_;
  std::size_t position_ = 0;
};

}  // namespace telekv::kv
