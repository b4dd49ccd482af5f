// A block of rows out of proto Rows: keys and columns, part by part.
//
// Internal to the codec. One thread each, O(rows). Errors: kDamaged, kUnsupportedVersion. Lack of
// memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "kv/bytes.h"
#include "kv/change_set.h"
#include "kv/error.h"
#include "kv/integer_codec.h"
#include "kv/symbol_stream.h"
#include "kv/text_codec.h"

namespace telekv::kv {

class KeyReader {
 public:
  /// Of a KeysMessage with a count that is bounded; its bytes and `unpacker` outlive the reader.
  static Result<KeyReader> open(ByteView encoded, StreamUnpacker& unpacker);

  std::size_t count() const { return count_; }
  /// The next keys; false when one is out of range. No more than are left.
  bool read(std::span<Key> keys);

 private:
  std::size_t count_ = 0;
  bool begun_ = false;
  Key last_ = 0;  // the first one until it is read
  IntegerReader steps_;
};

class ColumnReader {
 public:
  ColumnReader(std::uint32_t field, FieldType type, bool difference,
               std::variant<IntegerReader, TextReader> reader)
      : field_(field), type_(type), difference_(difference), reader_(std::move(reader)) {}

  std::uint32_t field() const { return field_; }
  FieldType type() const { return type_; }
  bool difference() const { return difference_; }
  /// Of kText: what values are places in.
  const TextViews& texts() const { return std::get<TextReader>(reader_).texts(); }

  /// The next rows' values; false when one is no text's place. No more than are left.
  bool read(std::span<std::uint64_t> values);

  /// All of it. Errors: kDamaged.
  Result<ColumnValues> read_all(std::size_t rows);

 private:
  std::uint32_t field_;
  FieldType type_;
  bool difference_;
  std::variant<IntegerReader, TextReader> reader_;
};

/// What is wrong beyond this, read() says.
struct RowsReader {
  KeyReader keys;
  std::vector<ColumnReader> columns;  ///< by ascending field
  bool partial = false;

  /// Of a RowsMessage, whose bytes and `unpacker` outlive the reader; the caller has bounded rows
  /// and columns. `code_points_left` is lowered by what texts take.
  static Result<RowsReader> open(ByteView encoded, std::size_t& code_points_left,
                                 StreamUnpacker& unpacker);
};

}  // namespace telekv::kv
