#include "kv/rows_reader.h"

#include <limits>

#include "kv/codec_error.h"
#include "kv/columns_message.h"
#include "kv/record_bytes.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint32_t kMaxFieldNumber = std::numeric_limits<std::uint16_t>::max();

FieldType field_type(std::uint64_t type) {
  switch (type) {
    case format::Column::UNSIGNED_DIFFERENCE:
      return FieldType::kUnsigned;
    case format::Column::SIGNED_DIFFERENCE:
      return FieldType::kSigned;
    default:
      return static_cast<FieldType>(type);
  }
}

Result<ColumnReader> open_column(const ColumnMessage& message, std::size_t rows,
                                 std::size_t& code_points_left, StreamUnpacker& unpacker) {
  if (message.type > format::Column::Type_MAX) return unsupported("an unknown type of column");
  if (message.field == 0 || message.field > kMaxFieldNumber) {
    return damaged("a field number out of range");
  }
  const auto field = static_cast<std::uint32_t>(message.field);
  const FieldType type = field_type(message.type);
  const bool difference = message.type == format::Column::UNSIGNED_DIFFERENCE ||
                          message.type == format::Column::SIGNED_DIFFERENCE;
  if (type == FieldType::kText) {
    Result<TextReader> reader = TextReader::open(message.texts, rows, code_points_left, unpacker);
    if (!reader) return reader.error();
    return ColumnReader(field, type, difference, *std::move(reader));
  }
  Result<IntegerReader> reader = IntegerReader::open(message.integers, rows, unpacker);
  if (!reader) return reader.error();
  return ColumnReader(field, type, difference, *std::move(reader));
}

}  // namespace

Result<KeyReader> KeyReader::open(ByteView encoded, StreamUnpacker& unpacker) {
  const Result<KeysMessage> message = KeysMessage::read(encoded);
  if (!message) return message.error();
  if (message->count == 0) return damaged("a block without rows");
  KeyReader reader;
  reader.count_ = static_cast<std::size_t>(message->count);
  reader.last_ = message->first;
  Result<IntegerReader> steps = IntegerReader::open(message->steps, reader.count_ - 1, unpacker);
  if (!steps) return steps.error();
  reader.steps_ = *std::move(steps);
  return reader;
}

bool KeyReader::read(std::span<Key> keys) {
  if (keys.empty()) return true;
  if (!begun_) {
    begun_ = true;
    keys[0] = last_;
    keys = keys.subspan(1);
  }
  // The steps are read into the place of the keys that they become.
  const std::span<std::uint64_t> places(reinterpret_cast<std::uint64_t*>(keys.data()), keys.size());
  steps_.read(places);
  auto before = static_cast<std::uint64_t>(last_);
  bool in_range = true;
  for (std::uint64_t& place : places) {
    // Distances of signed keys as unsigned numbers: right however far apart they are.
    in_range &= place < static_cast<std::uint64_t>(std::numeric_limits<Key>::max()) - before;
    place += before + 1;
    before = place;
  }
  last_ = static_cast<Key>(before);
  return in_range;
}

bool ColumnReader::read(std::span<std::uint64_t> values) {
  if (type_ == FieldType::kText) return std::get<TextReader>(reader_).read(values);
  std::get<IntegerReader>(reader_).read(values);
  if (difference_ || type_ == FieldType::kSigned) {
    for (std::uint64_t& value : values) value = unzigzag(value);
  }
  return true;
}

Result<ColumnValues> ColumnReader::read_all(std::size_t rows) {
  ColumnValues column{.field = field_, .type = type_};
  column.values.resize(rows);
  column.difference = difference_;
  if (!read(column.values)) return damaged("a text outside the dictionary");
  for (std::size_t text = 0; type_ == FieldType::kText && text < texts().size(); ++text) {
    column.distinct.push_back(texts()[text]);
  }
  return column;
}

Result<RowsReader> RowsReader::open(ByteView encoded, std::size_t& code_points_left,
                                    StreamUnpacker& unpacker) {
  const Result<RowsMessage> message = RowsMessage::read(encoded);
  if (!message) return message.error();
  Result<KeyReader> keys = KeyReader::open(message->keys, unpacker);
  if (!keys) return keys.error();
  RowsReader reader{.keys = *std::move(keys), .columns = {}, .partial = message->partial};
  std::uint64_t before = 0;
  for (MessageParts columns = message->columns(); columns.next();) {
    const Result<ColumnMessage> each = ColumnMessage::read(columns.part());
    if (!each) return each.error();
    if (each->field <= before) return damaged("columns out of order");
    before = each->field;
    Result<ColumnReader> column =
        open_column(*each, reader.keys.count(), code_points_left, unpacker);
    if (!column) return column.error();
    if (column->difference() && !reader.partial) return damaged("a difference in whole rows");
    reader.columns.push_back(*std::move(column));
  }
  return reader;
}

}  // namespace telekv::kv
