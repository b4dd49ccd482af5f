// A block of rows into proto Keys and Columns, one column after the other: of what is coded and not
// yet compressed, memory holds one column at a time.
//
// Internal to the codec. One thread each, O(rows). Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kv/change_set.h"
#include "kv/key_order.h"
#include "kv/memory_blocks.h"
#include "kv/symbol_stream.h"
#include "kv/wire_writer.h"

namespace telekv::kv {

/// Rows in parts, each above the one before, in any order within it. No key twice.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::size_t parts() const = 0;
  virtual std::size_t rows(std::size_t part) const = 0;
  /// All of the part.
  virtual void read_keys(std::size_t part, std::span<Key> keys) const = 0;
  virtual void read_values(std::size_t part, std::size_t column,
                           std::span<std::uint64_t> values) const = 0;
};

struct ColumnShape {
  std::size_t column;  ///< its number for the source
  std::uint32_t field;
  FieldType type;
  bool difference = false;
  // Of kText: what the rows' values are places in, and how many rows have each.
  const TextList* distinct = nullptr;
  std::span<const std::uint32_t> uses = {};
};

class RowsWriter {
 public:
  /// Both outlive the writer. The packer's scratch is used anew for each column.
  RowsWriter(const RowSource& source, StreamPacker& packer);

  /// To be called first: puts proto Keys as field `field`. There is at least one row.
  void write_keys(int field, WireWriter& message);

  /// Puts proto Column as field `field`; nothing when the column is zero or empty in all rows,
  /// unless it is to be written `even_then`.
  void write_column(const ColumnShape& shape, bool even_then, int field, WireWriter& message);

 private:
  /// Of a part that is not in order: as narrow as its rows allow.
  struct Order {
    std::span<std::uint16_t> narrow;
    std::span<std::uint32_t> wide;
  };

  template <class Writer>
  std::uint64_t write_values(const ColumnShape& shape, Writer& writer);
  template <class Writer>
  void hand_on(std::size_t part, bool zigzags, Writer& writer);

  const RowSource& source_;
  StreamPacker& packer_;
  std::size_t rows_ = 0;
  KeyOrder sort_;
  Scratch scratch_;
  std::vector<Order> orders_;
  std::vector<std::uint64_t> values_;  // of a part
};

}  // namespace telekv::kv
