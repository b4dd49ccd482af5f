// Protocol Buffers' encoding, written directly: the same bytes as the generated classes would give
// (a test says so), without a second copy of megabytes in a message and its strings.
//
// Fields are put in ascending order of number, those that are zero or empty left out; nested
// messages are written first and enclosed then. One thread. Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kv/bytes.h"
#include "kv/memory_blocks.h"

namespace telekv::kv {

class WireWriter {
 public:
  /// Where a nested message begins.
  using Mark = std::size_t;

  /// `expected_bytes`: address space that is set aside.
  explicit WireWriter(std::size_t expected_bytes = 0) { bytes_.reserve(expected_bytes); }

  void number(int field, std::uint64_t value) {
    if (value == 0) return;
    append_varint(tag(field, 0));
    append_varint(value);
  }

  void bytes(int field, ByteView value) {
    if (value.empty()) return;
    append_varint(tag(field, kLengthDelimited));
    append_varint(value.size());
    if (bytes_.capacity() - bytes_.size() >= value.size()) {
      make_resident(bytes_.data() + bytes_.size(), value.size());
    }
    bytes_ += value;
  }

  Mark begin() const { return bytes_.size(); }

  /// Makes all that was written since `begin` a message of its own. O(its bytes).
  void enclose(int field, Mark begin) {
    Bytes head;
    append_varint(tag(field, kLengthDelimited), head);
    append_varint(bytes_.size() - begin, head);
    bytes_.insert(begin, head);
  }

  /// Forgets all that was written since `begin`.
  void take_back(Mark begin) { bytes_.resize(begin); }

  Bytes finish() { return std::move(bytes_); }

 private:
  static constexpr std::uint64_t kLengthDelimited = 2;

  static std::uint64_t tag(int field, std::uint64_t type) {
    return static_cast<std::uint64_t>(field) << 3U | type;
  }
  static void append_varint(std::uint64_t value, Bytes& bytes) {
    for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(0x80U | (value & 0x7fU));
    bytes += static_cast<char>(value);
  }
  void append_varint(std::uint64_t value) { append_varint(value, bytes_); }

  Bytes bytes_;
};

}  // namespace telekv::kv
