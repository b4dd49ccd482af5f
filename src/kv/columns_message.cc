#include "kv/columns_message.h"

#include "kv/codec_error.h"
#include "kv/record_bytes.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

/// Calls take(reader) for each field.
template <class Take>
Result<void> read_fields(ByteView bytes, Take&& take) {
  WireReader reader(bytes);
  while (reader.next()) take(reader);
  if (reader.damaged()) return damaged("not a Columns message");
  return {};
}

}  // namespace

Result<IntegersMessage> IntegersMessage::read(ByteView bytes) {
  using format::Integers;
  IntegersMessage message;
  const Result<void> read = read_fields(bytes, [&message](WireReader& reader) {
    switch (reader.field()) {
      case Integers::kEncodingFieldNumber:
        return reader.take(message.encoding);
      case Integers::kClassesFieldNumber:
        return reader.take(message.classes.stored);
      case Integers::kClassesZstdFieldNumber:
        return reader.take(message.classes.zstd);
      case Integers::kLowBitsFieldNumber:
        return reader.take(message.low_bits);
      case Integers::kCommonFieldNumber:
        return reader.take(message.common);
      case Integers::kExceptionsFieldNumber:
        return reader.take(message.exceptions);
      case Integers::kGapsFieldNumber:
        return reader.take(message.gaps);
      case Integers::kClassesCodedFieldNumber:
        return reader.take(message.classes.coded);
      default:
        return;
    }
  });
  if (!read) return read.error();
  return message;
}

Result<KeysMessage> KeysMessage::read(ByteView bytes) {
  using format::Keys;
  KeysMessage message;
  std::uint64_t first = 0;
  const Result<void> read = read_fields(bytes, [&](WireReader& reader) {
    switch (reader.field()) {
      case Keys::kCountFieldNumber:
        return reader.take(message.count);
      case Keys::kFirstFieldNumber:
        return reader.take(first);
      case Keys::kStepsFieldNumber:
        return reader.take(message.steps);
      default:
        return;
    }
  });
  if (!read) return read.error();
  message.first = static_cast<Key>(unzigzag(first));
  return message;
}

Result<TextsMessage> TextsMessage::read(ByteView bytes) {
  using format::Texts;
  TextsMessage message;
  const Result<void> read = read_fields(bytes, [&message](WireReader& reader) {
    switch (reader.field()) {
      case Texts::kIndexFieldNumber:
        return reader.take(message.index);
      case Texts::kDictionaryFieldNumber:
        return reader.take(message.dictionary);
      case Texts::kLengthsFieldNumber:
        return reader.take(message.lengths);
      case Texts::kAlphabetSizeFieldNumber:
        return reader.take(message.alphabet_size);
      case Texts::kAlphabetFieldNumber:
        return reader.take(message.alphabet);
      case Texts::kSymbolsFieldNumber:
        return reader.take(message.symbols.stored);
      case Texts::kSymbolsZstdFieldNumber:
        return reader.take(message.symbols.zstd);
      case Texts::kRareCountFieldNumber:
        return reader.take(message.rare_count);
      case Texts::kRareFieldNumber:
        return reader.take(message.rare);
      case Texts::kSymbolsCodedFieldNumber:
        return reader.take(message.symbols.coded);
      default:
        return;
    }
  });
  if (!read) return read.error();
  return message;
}

Result<ColumnMessage> ColumnMessage::read(ByteView bytes) {
  using format::Column;
  ColumnMessage message;
  const Result<void> read = read_fields(bytes, [&message](WireReader& reader) {
    switch (reader.field()) {
      case Column::kFieldFieldNumber:
        return reader.take(message.field);
      case Column::kTypeFieldNumber:
        return reader.take(message.type);
      case Column::kIntegersFieldNumber:
        return reader.take(message.integers);
      case Column::kTextsFieldNumber:
        return reader.take(message.texts);
      default:
        return;
    }
  });
  if (!read) return read.error();
  return message;
}

Result<RowsMessage> RowsMessage::read(ByteView bytes) {
  using format::Rows;
  RowsMessage message;
  message.bytes_ = bytes;
  const Result<void> read = read_fields(bytes, [&message](WireReader& reader) {
    ByteView column;
    std::uint64_t partial = 0;
    switch (reader.field()) {
      case Rows::kKeysFieldNumber:
        return reader.take(message.keys);
      case Rows::kColumnsFieldNumber:
        ++message.column_count;
        return reader.take(column);
      case Rows::kPartialFieldNumber:
        reader.take(partial);
        message.partial = partial != 0;
        return;
      default:
        return;
    }
  });
  if (!read) return read.error();
  return message;
}

MessageParts RowsMessage::columns() const { return {bytes_, format::Rows::kColumnsFieldNumber}; }

Result<ColumnsMessage> ColumnsMessage::read(ByteView bytes) {
  using format::Columns;
  ColumnsMessage message;
  message.bytes_ = bytes;
  const Result<void> read = read_fields(bytes, [&message](WireReader& reader) {
    ByteView rows;
    switch (reader.field()) {
      case Columns::kVersionFieldNumber:
        return reader.take(message.version);
      case Columns::kRowsFieldNumber:
        return reader.take(rows);
      case Columns::kErasedFieldNumber:
        message.has_erased = true;
        return reader.take(message.erased);
      case Columns::kRecordsInAllFieldNumber:
        return reader.take(message.records_in_all);
      default:
        return;
    }
  });
  if (!read) return read.error();
  return message;
}

MessageParts ColumnsMessage::rows() const { return {bytes_, format::Columns::kRowsFieldNumber}; }

}  // namespace telekv::kv
