#include "kv/symbol_coder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace telekv::kv {
namespace {

constexpr unsigned kProbabilityBits = 28;
constexpr unsigned kShareBits = 16;  // of a probability, what the range is shared by
constexpr std::int32_t kOne = std::int32_t{1} << kProbabilityBits;
constexpr std::int32_t kLeast = kOne >> 14U;  // no bit is taken for certain
constexpr std::int32_t kMostSeen = 1023;      // from here on older bits are forgotten
constexpr std::uint32_t kLowestRange = 1U << 24U;
constexpr std::uint64_t kCarry = std::uint64_t{1} << 32U;
constexpr unsigned kBitsOfByte = 8;

/// How likely a bit is 0.
class Probability {
 public:
  std::uint32_t share(std::uint32_t range) const {
    const auto zero = static_cast<std::uint32_t>(zero_) >> (kProbabilityBits - kShareBits);
    return (range >> kShareBits) * zero;
  }
  void learn(bool bit) {
    zero_ += ((bit ? 0 : kOne) - zero_) / (seen_ + 2);
    zero_ = std::clamp(zero_, kLeast, kOne - kLeast);
    seen_ = std::min(seen_ + 1, kMostSeen);
  }

 private:
  std::int32_t zero_ = kOne / 2;
  std::int32_t seen_ = 0;
};

/// Of each value of the bits before, a one in front of them.
using Model = std::array<Probability, 256>;

class RangeEncoder {
 public:
  void put(bool bit, Probability& probability) {
    const std::uint32_t share = probability.share(range_);
    if (bit) {
      low_ += share;
      range_ -= share;
    } else {
      range_ = share;
    }
    probability.learn(bit);
    while (range_ < kLowestRange) {
      range_ <<= kBitsOfByte;
      shift_out();
    }
  }

  Bytes finish() {
    // Any number from low_ to below low_ + range_ will do: the one with the most zeros at its end,
    // which a reader finds behind the end.
    for (unsigned zeros = 31; zeros > 0; --zeros) {
      const std::uint64_t rounded = (low_ + range_ - 1) >> zeros << zeros;
      if (rounded < low_) continue;
      low_ = rounded;
      break;
    }
    for (std::size_t i = 0; i <= sizeof range_; ++i) shift_out();
    bytes_.erase(0, 1);  // before the first digit nothing is carried
    bytes_.erase(bytes_.find_last_not_of('\0') + 1);
    return std::move(bytes_);
  }

 private:
  /// Hands the highest byte of low_ on. One that a carry may still change waits, and the 0xff
  /// behind it with it.
  void shift_out() {
    constexpr std::uint64_t kCarriesThrough = 0xff000000U;
    if (low_ < kCarriesThrough || low_ >= kCarry) {
      const auto carry = static_cast<std::uint8_t>(low_ / kCarry);
      for (; waiting_ > 0; --waiting_) {
        bytes_ += static_cast<char>(static_cast<std::uint8_t>(first_waiting_ + carry));
        first_waiting_ = 0xff;
      }
      first_waiting_ = static_cast<std::uint8_t>(low_ >> 24U);
    }
    ++waiting_;
    low_ = (low_ << kBitsOfByte) % kCarry;
  }

  Bytes bytes_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xffffffffU;
  std::uint8_t first_waiting_ = 0;
  std::size_t waiting_ = 1;
};

class RangeDecoder {
 public:
  explicit RangeDecoder(ByteView bytes) : bytes_(bytes) {
    for (std::size_t i = 0; i < sizeof code_; ++i) code_ = (code_ << kBitsOfByte) | next_byte();
  }

  bool get(Probability& probability) {
    const std::uint32_t share = probability.share(range_);
    const bool bit = code_ >= share;
    if (bit) {
      code_ -= share;
      range_ -= share;
    } else {
      range_ = share;
    }
    probability.learn(bit);
    while (range_ < kLowestRange) {
      range_ <<= kBitsOfByte;
      code_ = (code_ << kBitsOfByte) | next_byte();
    }
    return bit;
  }

  bool at_end() const { return at_ >= bytes_.size(); }

 private:
  std::uint32_t next_byte() {
    const std::size_t at = at_++;
    return at < bytes_.size() ? static_cast<std::uint8_t>(bytes_[at]) : 0U;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  std::uint32_t range_ = 0xffffffffU;
  std::uint32_t code_ = 0;
};

}  // namespace

Bytes encode_symbols(ByteView raw) {
  RangeEncoder encoder;
  Model model;
  for (const char each : raw) {
    std::size_t before = 1;
    for (unsigned bit = kBitsOfByte; bit-- > 0;) {
      const bool is_set = ((static_cast<std::uint8_t>(each) >> bit) & 1U) != 0;
      encoder.put(is_set, model[before]);
      before = before * 2 + (is_set ? 1 : 0);
    }
  }
  return encoder.finish();
}

bool decode_symbols(ByteView coded, std::span<char> raw) {
  RangeDecoder decoder(coded);
  Model model;
  for (char& each : raw) {
    std::size_t before = 1;
    while (before < model.size()) before = before * 2 + (decoder.get(model[before]) ? 1 : 0);
    each = static_cast<char>(static_cast<std::uint8_t>(before - model.size()));
  }
  return decoder.at_end();
}

}  // namespace telekv::kv
