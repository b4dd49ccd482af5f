// Protocol Buffers' encoding, read in place: a chunk's megabytes are not copied into a message's
// strings first, which took an eighth of a load.
//
// Of a field that stands twice the last counts; what is not asked for is passed over, as a newer
// version's. One thread. O(1) a field. Nothing fails but the bytes: see damaged().
#pragma once

#include <cstddef>
#include <cstdint>

#include "kv/bytes.h"

namespace telekv::kv {

class WireReader {
 public:
  /// The bytes outlive the reader and all that it gives out.
  explicit WireReader(ByteView message) : rest_(message) {}

  /// Goes to the next field; false at the end, and where the bytes are no message.
  bool next() {
    if (rest_.empty() || damaged_) return false;
    const std::uint64_t tag = take_varint();
    field_ = tag >> kTypeBits;
    type_ = static_cast<Type>(tag & ((1U << kTypeBits) - 1));
    if (field_ == 0 || field_ > kMaxField) damaged_ = true;
    switch (type_) {
      case Type::kVarint:
        number_ = take_varint();
        break;
      case Type::kFixed64:
        take_bytes(sizeof(std::uint64_t));
        break;
      case Type::kBytes:
        bytes_ = take_bytes(take_varint());
        break;
      case Type::kFixed32:
        take_bytes(sizeof(std::uint32_t));
        break;
      default:
        damaged_ = true;
    }
    return !damaged_;
  }

  int field() const { return static_cast<int>(field_); }

  /// The field's value. Another type than the one asked for is damage.
  void take(std::uint64_t& value) {
    damaged_ |= type_ != Type::kVarint;
    value = number_;
  }
  void take(ByteView& value) {
    damaged_ |= type_ != Type::kBytes;
    value = bytes_;
  }

  bool damaged() const { return damaged_; }

 private:
  enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  static constexpr unsigned kTypeBits = 3;
  static constexpr std::uint64_t kMaxField = (std::uint64_t{1} << 29U) - 1;

  std::uint64_t take_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
    damaged_ = true;
    return 0;
  }

  ByteView take_bytes(std::uint64_t size) {
    if (size > rest_.size()) {
      damaged_ = true;
      return {};
    }
    const ByteView bytes = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  ByteView rest_;
  std::uint64_t field_ = 0;
  Type type_ = Type::kVarint;
  std::uint64_t number_ = 0;
  ByteView bytes_;
  bool damaged_ = false;
};

}  // namespace telekv::kv
