// A block of rows to and from proto Rows: keys and columns, part by part.
//
// Internal to the codec. One thread each, O(rows). Errors: kDamaged, kUnsupportedVersion. Lack of
// memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "kv/change_set.h"
#include "kv/error.h"
#include "kv/integer_codec.h"
#include "kv/symbol_stream.h"
#include "kv/text_codec.h"

namespace telekv::format {
class Keys;
class Rows;
}  // namespace telekv::format

namespace telekv::kv {

/// A column to be written.
struct ColumnShape {
  std::uint32_t field;
  FieldType type;
  bool difference = false;
  // Of kText: what the rows' values are places in, and how many rows have each. They outlive the
  // writer.
  const TextList* distinct = nullptr;
  std::span<const std::uint32_t> uses = {};
};

class RowsWriter {
 public:
  /// For `rows` rows. The packer outlives the writer.
  RowsWriter(std::span<const ColumnShape> columns, std::size_t rows, StreamPacker& packer);

  /// Rows in any order, all of them above those before. `columns`: a row's value each, as many as
  /// keys.
  void append(std::span<const Key> keys, std::span<const std::span<const std::uint64_t>> columns);

  /// To be called once, after the last of at least one row. Columns that are zero or empty in all
  /// rows are left out unless the rows are `partial`.
  void finish(bool partial, format::Rows& message);

 private:
  struct Column {
    ColumnShape shape;
    bool any = false;  // a value that is neither zero nor empty
    std::variant<IntegerWriter, TextWriter> writer;
  };

  void append_keys(std::span<const Key> keys);
  void append_values(std::span<const std::uint64_t> values, Column& column);

  StreamPacker& packer_;
  std::vector<Column> columns_;
  std::size_t rows_ = 0;
  Key first_ = 0;
  Key last_ = 0;
  IntegerWriter steps_;
  // Of the rows that are appended: their order, and memory to make it in.
  std::vector<std::uint32_t> order_;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> sorted_;
};

/// Distinct keys in any order.
void encode_keys(std::span<const Key> keys, StreamPacker& packer, format::Keys& message);

class KeyReader {
 public:
  /// `message` and `unpacker` outlive the reader.
  static Result<KeyReader> open(const format::Keys& message, StreamUnpacker& unpacker);

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

  /// `message` and `unpacker` outlive the reader; the caller has bounded rows and columns.
  /// `code_points_left` is lowered by what texts take.
  static Result<RowsReader> open(const format::Rows& message, std::size_t& code_points_left,
                                 StreamUnpacker& unpacker);
};

}  // namespace telekv::kv
