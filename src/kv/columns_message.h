// The messages of proto Columns as views of their bytes, each read when it is asked for.
//
// Messages inside are left as bytes, and of what repeats only the number is kept: reading takes no
// memory, however many parts hostile bytes have. Internal to the codec. Any thread. O(fields of the
// message itself). Errors: kDamaged.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kv/bytes.h"
#include "kv/error.h"
#include "kv/schema.h"
#include "kv/symbol_stream.h"
#include "kv/wire_reader.h"

namespace telekv::kv {

struct IntegersMessage {
  std::uint64_t encoding = 0;
  Packed classes = {};
  ByteView low_bits = {};
  std::uint64_t common = 0;
  std::uint64_t exceptions = 0;
  ByteView gaps = {};

  static Result<IntegersMessage> read(ByteView bytes);
};

struct KeysMessage {
  std::uint64_t count = 0;
  Key first = 0;
  ByteView steps = {};

  static Result<KeysMessage> read(ByteView bytes);
};

struct TextsMessage {
  ByteView index = {};
  std::uint64_t dictionary = 0;
  ByteView lengths = {};
  std::uint64_t alphabet_size = 0;
  ByteView alphabet = {};
  Packed symbols = {};
  std::uint64_t rare_count = 0;
  ByteView rare = {};

  static Result<TextsMessage> read(ByteView bytes);
};

struct ColumnMessage {
  std::uint64_t field = 0;
  std::uint64_t type = 0;
  ByteView integers = {};
  ByteView texts = {};

  static Result<ColumnMessage> read(ByteView bytes);
};

/// Goes over the messages inside another one that have the same field's number.
class MessageParts {
 public:
  /// Of bytes that have been read as a message.
  MessageParts(ByteView message, int field) : reader_(message), field_(field) {}

  /// false at the end.
  bool next() {
    while (reader_.next()) {
      if (reader_.field() != field_) continue;
      reader_.take(part_);
      return true;
    }
    return false;
  }
  ByteView part() const { return part_; }

 private:
  WireReader reader_;
  int field_;
  ByteView part_;
};

struct RowsMessage {
  ByteView keys = {};
  std::size_t column_count = 0;
  bool partial = false;

  static Result<RowsMessage> read(ByteView bytes);
  /// Each for ColumnMessage::read().
  MessageParts columns() const;

 private:
  ByteView bytes_ = {};
};

struct ColumnsMessage {
  std::uint64_t version = 0;
  bool has_erased = false;
  ByteView erased = {};  ///< for KeysMessage::read()
  std::uint64_t records_in_all = 0;

  static Result<ColumnsMessage> read(ByteView bytes);
  /// Each for RowsMessage::read().
  MessageParts rows() const;

 private:
  ByteView bytes_ = {};
};

}  // namespace telekv::kv
