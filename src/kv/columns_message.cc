#include "kv/columns_message.h"

#include <initializer_list>
#include <variant>

#include "kv/codec_error.h"
#include "kv/record_bytes.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

/// Where a field's value goes.
struct Place {
  int field;
  std::variant<std::uint64_t*, ByteView*> value;
};

Result<void> read_fields(ByteView bytes, std::initializer_list<Place> places) {
  WireReader reader(bytes);
  while (reader.next()) {
    for (const Place& place : places) {
      if (place.field != reader.field()) continue;
      std::visit([&reader](auto* value) { reader.take(*value); }, place.value);
    }
  }
  if (reader.damaged()) return damaged("not a Columns message");
  return {};
}

/// `message`, unless reading it has failed.
template <class Message>
Result<Message> if_read(const Result<void>& read, const Message& message) {
  if (!read) return read.error();
  return message;
}

}  // namespace

Result<IntegersMessage> IntegersMessage::read(ByteView bytes) {
  using format::Integers;
  IntegersMessage message;
  return if_read(read_fields(bytes, {{Integers::kEncodingFieldNumber, &message.encoding},
                                     {Integers::kClassesFieldNumber, &message.classes.stored},
                                     {Integers::kClassesZstdFieldNumber, &message.classes.zstd},
                                     {Integers::kLowBitsFieldNumber, &message.low_bits},
                                     {Integers::kCommonFieldNumber, &message.common},
                                     {Integers::kExceptionsFieldNumber, &message.exceptions},
                                     {Integers::kGapsFieldNumber, &message.gaps},
                                     {Integers::kClassesCodedFieldNumber, &message.classes.coded}}),
                 message);
}

Result<KeysMessage> KeysMessage::read(ByteView bytes) {
  using format::Keys;
  KeysMessage message;
  std::uint64_t first = 0;
  const Result<void> read = read_fields(bytes, {{Keys::kCountFieldNumber, &message.count},
                                                {Keys::kFirstFieldNumber, &first},
                                                {Keys::kStepsFieldNumber, &message.steps}});
  message.first = static_cast<Key>(unzigzag(first));
  return if_read(read, message);
}

Result<TextsMessage> TextsMessage::read(ByteView bytes) {
  using format::Texts;
  TextsMessage message;
  return if_read(read_fields(bytes, {{Texts::kIndexFieldNumber, &message.index},
                                     {Texts::kDictionaryFieldNumber, &message.dictionary},
                                     {Texts::kLengthsFieldNumber, &message.lengths},
                                     {Texts::kAlphabetSizeFieldNumber, &message.alphabet_size},
                                     {Texts::kAlphabetFieldNumber, &message.alphabet},
                                     {Texts::kSymbolsFieldNumber, &message.symbols.stored},
                                     {Texts::kSymbolsZstdFieldNumber, &message.symbols.zstd},
                                     {Texts::kRareCountFieldNumber, &message.rare_count},
                                     {Texts::kRareFieldNumber, &message.rare},
                                     {Texts::kSymbolsCodedFieldNumber, &message.symbols.coded}}),
                 message);
}

Result<ColumnMessage> ColumnMessage::read(ByteView bytes) {
  using format::Column;
  ColumnMessage message;
  return if_read(read_fields(bytes, {{Column::kFieldFieldNumber, &message.field},
                                     {Column::kTypeFieldNumber, &message.type},
                                     {Column::kIntegersFieldNumber, &message.integers},
                                     {Column::kTextsFieldNumber, &message.texts}}),
                 message);
}

Result<RowsMessage> RowsMessage::read(ByteView bytes) {
  using format::Rows;
  RowsMessage message;
  message.bytes_ = bytes;
  ByteView column;
  std::uint64_t partial = 0;
  const Result<void> read = read_fields(bytes, {{Rows::kKeysFieldNumber, &message.keys},
                                                {Rows::kColumnsFieldNumber, &column},
                                                {Rows::kPartialFieldNumber, &partial}});
  message.partial = partial != 0;
  for (MessageParts columns = message.columns(); columns.next();) ++message.column_count;
  return if_read(read, message);
}

MessageParts RowsMessage::columns() const { return {bytes_, format::Rows::kColumnsFieldNumber}; }

Result<ColumnsMessage> ColumnsMessage::read(ByteView bytes) {
  using format::Columns;
  ColumnsMessage message;
  message.bytes_ = bytes;
  ByteView rows;
  const Result<void> read =
      read_fields(bytes, {{Columns::kVersionFieldNumber, &message.version},
                          {Columns::kRowsFieldNumber, &rows},
                          {Columns::kErasedFieldNumber, &message.erased},
                          {Columns::kRecordsInAllFieldNumber, &message.records_in_all}});
  message.has_erased = MessageParts(bytes, Columns::kErasedFieldNumber).next();
  return if_read(read, message);
}

MessageParts ColumnsMessage::rows() const { return {bytes_, format::Columns::kRowsFieldNumber}; }

}  // namespace telekv::kv
