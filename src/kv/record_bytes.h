// Fields of newer versions as bytes, kept beside a record until they are written again.
//
//   fields := field*                             by ascending number
//   field  := varint(number * 4 + type) value    none when it is zero or empty
//   value  := varint | varint(length) bytes      a signed value is zigzag first
//
// Internal to the engine; the reader takes only what this file wrote.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kv/error.h"
#include "kv/row_store.h"
#include "kv/schema.h"

namespace telekv::kv {

constexpr std::uint64_t zigzag(std::uint64_t value) {
  return (value << 1U) ^ (std::uint64_t{0} - (value >> 63U));
}
constexpr std::uint64_t unzigzag(std::uint64_t value) {
  return (value >> 1U) ^ (std::uint64_t{0} - (value & 1U));
}

/// Appends the field; nothing when it is zero or empty.
void append_field(std::uint32_t number, FieldType type, const FieldValue& value,
                  std::string& bytes);

/// Goes over the fields that append_field() wrote.
class FieldReader {
 public:
  explicit FieldReader(std::string_view fields) : rest_(fields) {}

  /// false at the end.
  bool next();

  std::uint32_t number() const { return number_; }
  FieldType type() const { return type_; }
  const FieldValue& value() const { return value_; }

 private:
  std::uint64_t take_varint();

  std::string_view rest_;
  std::uint32_t number_ = 0;
  FieldType type_ = FieldType::kUnsigned;
  FieldValue value_;
};

using FieldTypes = std::map<std::uint32_t, FieldType>;

/// Whether records may get fields of these types beside those that others hold: a chunk has one
/// column for a field, so a table may hold it in one type only. A field that most records have is
/// found in the first ones.
Result<void> check_types(FieldTypes types, const std::unordered_map<Slot, std::string>& held);

}  // namespace telekv::kv
