#include "kv/column_codec.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/codec_error.h"
#include "kv/key_order.h"
#include "kv/row_copy.h"
#include "kv/rows_reader.h"
#include "kv/rows_writer.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

/// A block in one part.
class BlockSource final : public RowSource {
 public:
  explicit BlockSource(const RowBlock& block) : block_(block) {}
  std::size_t parts() const override { return 1; }
  std::size_t rows(std::size_t) const override { return block_.keys.size(); }
  void read_keys(std::size_t, std::span<Key> keys) const override {
    std::copy(block_.keys.begin(), block_.keys.end(), keys.begin());
  }
  void read_values(std::size_t, std::size_t column,
                   std::span<std::uint64_t> values) const override {
    const std::vector<std::uint64_t>& from = block_.columns[column].values;
    std::copy(from.begin(), from.end(), values.begin());
  }

 private:
  const RowBlock& block_;
};

/// Puts proto Rows.
void encode_rows(const RowSource& source, std::span<const ColumnShape> shapes, bool partial,
                 StreamPacker& packer, WireWriter& message) {
  using format::Rows;
  const WireWriter::Mark begin = message.begin();
  RowsWriter writer(source, packer);
  writer.write_keys(Rows::kKeysFieldNumber, message);
  for (const ColumnShape& shape : shapes) {
    writer.write_column(shape, partial, Rows::kColumnsFieldNumber, message);
  }
  message.number(Rows::kPartialFieldNumber, partial ? 1 : 0);
  message.enclose(format::Columns::kRowsFieldNumber, begin);
}

void encode_block(const RowBlock& block, StreamPacker& packer, WireWriter& message) {
  std::vector<ColumnShape> shapes;
  std::vector<std::vector<std::uint32_t>> uses(block.columns.size());
  for (std::size_t i = 0; i < block.columns.size(); ++i) {
    const ColumnValues& column = block.columns[i];
    ColumnShape shape{.column = i, .field = column.field, .type = column.type};
    shape.difference = column.difference;
    if (column.type == FieldType::kText) {
      uses[i] = count_uses(column.values, column.distinct.size());
      shape.distinct = &column.distinct;
      shape.uses = uses[i];
    }
    shapes.push_back(shape);
  }
  encode_rows(BlockSource(block), shapes, block.partial, packer, message);
}

Result<RowBlock> decode_block(ByteView encoded, std::size_t& code_points_left,
                              StreamUnpacker& unpacker) {
  Result<RowsReader> reader = RowsReader::open(encoded, code_points_left, unpacker);
  if (!reader) return reader.error();
  RowBlock block{
      .keys = std::vector<Key>(reader->keys.count()), .columns = {}, .partial = reader->partial};
  if (!reader->keys.read(block.keys)) return damaged("keys out of range");
  for (ColumnReader& each : reader->columns) {
    Result<ColumnValues> column = each.read_all(block.keys.size());
    if (!column) return column.error();
    block.columns.push_back(*std::move(column));
  }
  return block;
}

Result<std::vector<Key>> decode_keys(ByteView encoded, StreamUnpacker& unpacker) {
  Result<KeyReader> reader = KeyReader::open(encoded, unpacker);
  if (!reader) return reader.error();
  std::vector<Key> keys(reader->count());
  if (!reader->read(keys)) return damaged("keys out of range");
  return keys;
}

/// Rows and cells, so far.
struct Counts {
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;

  Result<void> add(ByteView keys, std::size_t columns) {
    const Result<KeysMessage> message = KeysMessage::read(keys);
    if (!message) return message.error();
    const auto too_many = [] { return damaged("too many rows"); };
    if (message->count > kMaxMessageRows || columns > kMaxMessageCells) return too_many();
    rows += message->count;
    cells += message->count * (std::uint64_t{columns} + 1);
    if (rows > kMaxMessageRows || cells > kMaxMessageCells) return too_many();
    return {};
  }
};

/// Everything is counted here, before memory is taken for any of it. Answers how many rows there
/// are.
Result<std::uint64_t> check_counts(const ColumnsMessage& message) {
  Counts counts;
  if (message.has_erased) {
    if (Result<void> counted = counts.add(message.erased, 0); !counted) return counted.error();
  }
  const std::uint64_t erased = counts.rows;
  for (MessageParts blocks = message.rows(); blocks.next();) {
    const Result<RowsMessage> block = RowsMessage::read(blocks.part());
    if (!block) return block.error();
    Result<void> counted = counts.add(block->keys, block->column_count);
    if (!counted) return counted.error();
  }
  return counts.rows - erased;
}

Result<void> check_keys_differ(const ChangeSet& changes) {
  if (changes.blocks.size() + (changes.erased.empty() ? 0 : 1) < 2) return {};
  std::vector<Key> keys = changes.erased;
  for (const RowBlock& block : changes.blocks) {
    keys.insert(keys.end(), block.keys.begin(), block.keys.end());
  }
  if (keys.empty()) return {};
  KeyOrder{}(keys);
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return damaged("a key twice");
  return {};
}

}  // namespace

Bytes encode_columns(const ChangeSet& changes) {
  using format::Columns;
  StreamPacker packer;
  WireWriter message;
  message.number(Columns::kVersionFieldNumber, kColumnsVersion);
  for (const RowBlock& block : changes.blocks) {
    if (!block.keys.empty()) encode_block(block, packer, message);
  }
  if (!changes.erased.empty()) {
    const RowBlock erased{.keys = changes.erased, .columns = {}};
    const BlockSource source(erased);
    RowsWriter(source, packer).write_keys(Columns::kErasedFieldNumber, message);
  }
  return message.finish();
}

Bytes encode_columns(const RowCopy& rows, std::uint64_t records_in_all) {
  using format::Columns;
  // Seldom more; what is not needed of it is address space only.
  WireWriter message(rows.memory_bytes() / 2);
  message.number(Columns::kVersionFieldNumber, kColumnsVersion);
  if (rows.size() != 0) {
    StreamPacker packer;
    encode_rows(rows, rows.shapes(), false, packer, message);
  }
  if (records_in_all > rows.size()) {
    message.number(Columns::kRecordsInAllFieldNumber, records_in_all);
  }
  return message.finish();
}

Result<CountedColumns> read_columns(ByteView encoded) {
  if (encoded.size() > kMaxEncodedBytes) return damaged("too long");
  const Result<ColumnsMessage> message = ColumnsMessage::read(encoded);
  if (!message) return message.error();
  if (message->version == 0) return damaged("no version");
  if (message->version != kColumnsVersion) {
    return unsupported("version " + std::to_string(message->version));
  }
  const Result<std::uint64_t> rows = check_counts(*message);
  if (!rows) return rows.error();
  return CountedColumns{*message, *rows};
}

Result<std::optional<KeyRange>> read_key_range(ByteView encoded) {
  const Result<CountedColumns> columns = read_columns(encoded);
  if (!columns) return columns.error();
  StreamUnpacker unpacker;
  std::optional<KeyRange> range;
  for (MessageParts blocks = columns->message.rows(); blocks.next();) {
    const Result<RowsMessage> block = RowsMessage::read(blocks.part());
    if (!block) return block.error();
    const Result<std::vector<Key>> keys = decode_keys(block->keys, unpacker);
    if (!keys) return keys.error();
    if (!range) range = KeyRange{.first = keys->front(), .last = keys->back()};
    range->first = std::min(range->first, keys->front());
    range->last = std::max(range->last, keys->back());
  }
  return range;
}

Result<ChangeSet> decode_columns(ByteView encoded) {
  const Result<CountedColumns> columns = read_columns(encoded);
  if (!columns) return columns.error();
  const ColumnsMessage& message = columns->message;
  StreamUnpacker unpacker;
  ChangeSet changes;
  std::size_t code_points_left = kMaxMessageCodePoints;
  for (MessageParts rows = message.rows(); rows.next();) {
    Result<RowBlock> block = decode_block(rows.part(), code_points_left, unpacker);
    if (!block) return block.error();
    changes.blocks.push_back(*std::move(block));
  }
  if (message.has_erased) {
    Result<std::vector<Key>> erased = decode_keys(message.erased, unpacker);
    if (!erased) return erased.error();
    changes.erased = *std::move(erased);
  }
  if (Result<void> differ = check_keys_differ(changes); !differ) return differ.error();
  return changes;
}

}  // namespace telekv::kv
