#include "kv/column_codec.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/codec_error.h"
#include "kv/row_copy.h"
#include "kv/rows_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

void encode_block(const RowBlock& block, StreamPacker& packer, format::Rows& message) {
  std::vector<ColumnShape> shapes;
  std::vector<std::span<const std::uint64_t>> values;
  std::vector<std::vector<std::uint32_t>> uses;
  uses.reserve(block.columns.size());
  for (const ColumnValues& column : block.columns) {
    ColumnShape shape{.field = column.field, .type = column.type};
    shape.difference = column.difference;
    if (column.type == FieldType::kText) {
      uses.push_back(count_uses(column.values, column.distinct.size()));
      shape.distinct = &column.distinct;
      shape.uses = uses.back();
    }
    shapes.push_back(shape);
    values.emplace_back(column.values);
  }
  RowsWriter writer(shapes, block.keys.size(), packer);
  writer.append(block.keys, values);
  writer.finish(block.partial, message);
}

Result<RowBlock> decode_block(const format::Rows& message, std::size_t& code_points_left,
                              StreamUnpacker& unpacker) {
  Result<RowsReader> reader = RowsReader::open(message, code_points_left, unpacker);
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

Result<std::vector<Key>> decode_keys(const format::Keys& message, StreamUnpacker& unpacker) {
  Result<KeyReader> reader = KeyReader::open(message, unpacker);
  if (!reader) return reader.error();
  std::vector<Key> keys(reader->count());
  if (!reader->read(keys)) return damaged("keys out of range");
  return keys;
}

/// Everything is counted here, before memory is taken for any of it.
Result<void> check_counts(const format::Columns& message) {
  std::uint64_t rows = message.erased().count();
  std::uint64_t cells = rows;
  for (const format::Rows& block : message.rows()) {
    const std::uint64_t count = block.keys().count();
    rows += count;
    cells += count * (static_cast<std::uint64_t>(block.columns_size()) + 1);
    if (rows > kMaxMessageRows || cells > kMaxMessageCells) break;
  }
  if (rows > kMaxMessageRows || cells > kMaxMessageCells) return damaged("too many rows");
  return {};
}

Result<void> check_keys_differ(const ChangeSet& changes) {
  if (changes.blocks.size() + (changes.erased.empty() ? 0 : 1) < 2) return {};
  std::vector<Key> keys = changes.erased;
  for (const RowBlock& block : changes.blocks) {
    keys.insert(keys.end(), block.keys.begin(), block.keys.end());
  }
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return damaged("a key twice");
  return {};
}

}  // namespace

Bytes encode_columns(const ChangeSet& changes) {
  StreamPacker packer;
  format::Columns message;
  message.set_version(kColumnsVersion);
  for (const RowBlock& block : changes.blocks) {
    if (!block.keys.empty()) encode_block(block, packer, *message.add_rows());
  }
  if (!changes.erased.empty()) encode_keys(changes.erased, packer, *message.mutable_erased());
  return message.SerializeAsString();
}

Bytes encode_columns(const RowCopy& rows, std::uint64_t records_in_all) {
  format::Columns message;
  message.set_version(kColumnsVersion);
  if (records_in_all > rows.size()) message.set_records_in_all(records_in_all);
  if (rows.size() != 0) {
    StreamPacker packer;
    RowsWriter writer(rows.shapes(), rows.size(), packer);
    rows.for_each_part(
        [&writer](const auto& keys, const auto& columns) { writer.append(keys, columns); });
    writer.finish(false, *message.add_rows());
  }
  return message.SerializeAsString();
}

Result<std::unique_ptr<const format::Columns>> parse_columns(ByteView encoded) {
  if (encoded.size() > kMaxEncodedBytes) return damaged("too long");
  auto message = std::make_unique<format::Columns>();
  if (!message->ParseFromArray(encoded.data(), static_cast<int>(encoded.size()))) {
    return damaged("not a Columns message");
  }
  if (message->version() == 0) return damaged("no version");
  if (message->version() != kColumnsVersion) {
    return unsupported("version " + std::to_string(message->version()));
  }
  if (Result<void> counts = check_counts(*message); !counts) return counts.error();
  return std::unique_ptr<const format::Columns>(std::move(message));
}

Result<ChangeSet> decode_columns(ByteView encoded) {
  const Result<std::unique_ptr<const format::Columns>> parsed = parse_columns(encoded);
  if (!parsed) return parsed.error();
  const format::Columns& message = **parsed;
  StreamUnpacker unpacker;
  ChangeSet changes;
  std::size_t code_points_left = kMaxMessageCodePoints;
  for (const format::Rows& each : message.rows()) {
    Result<RowBlock> block = decode_block(each, code_points_left, unpacker);
    if (!block) return block.error();
    changes.blocks.push_back(*std::move(block));
  }
  if (message.has_erased()) {
    Result<std::vector<Key>> erased = decode_keys(message.erased(), unpacker);
    if (!erased) return erased.error();
    changes.erased = *std::move(erased);
  }
  if (Result<void> differ = check_keys_differ(changes); !differ) return differ.error();
  return changes;
}

}  // namespace telekv::kv
