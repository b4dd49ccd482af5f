// Describes a plain struct once, so that the table, the codec and the ranking know its fields:
//
//   struct User { std::string_view name; std::uint64_t clicks; std::uint32_t state; };
//   template <>
//   inline constexpr auto telekv::kv::schema_of<User> = telekv::kv::schema(
//       field(1, "name", &User::name), ranking_field(2, "clicks", &User::clicks),
//       field(3, "state", &User::state));
//
// A wrong description (field number 0 or twice, two ranking fields, a text that ranks) does not
// compile. Field numbers are stored: one is never given to another meaning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace telekv::kv {

/// What a record is found by.
using Key = std::int64_t;

/// Fields of one record at most; the ranking one counts.
inline constexpr std::size_t kMaxFields = 32;
/// Bytes of one text at most: a Telegram message is 4,096 characters.
inline constexpr std::size_t kMaxTextBytes = 4096;
/// Bytes of all texts of a record at most, so that any record fits the smallest snapshot chunk.
inline constexpr std::size_t kMaxRecordTextBytes = 3 * kMaxTextBytes;

/// How a field is stored. The numbers are those of proto Column.Type.
enum class FieldType : std::uint8_t {
  kUnsigned = 0,  // std::uint64_t, std::uint32_t
  kSigned = 1,    // std::int64_t
  kText = 2,      // std::string_view, any bytes
};

/// One value: `integer` (a signed one as two's complement) or `text`, by the field's type.
struct FieldValue {
  std::uint64_t integer = 0;
  std::string_view text = {};
};

/// A field as the core sees it.
struct FieldDescription {
  std::uint32_t number;  ///< 1..65535, stored, unique in its record
  std::string_view name;
  FieldType type;
  std::uint8_t bytes;  ///< in a row: 4 or 8; a text is a 4-byte reference
  bool ranks;          ///< records are ranked by it, highest first
};

/// The schema without its C++ type. Fields stand in ascending order of number.
struct SchemaDescription {
  std::vector<FieldDescription> fields;
};

template <class Record, class Value>
struct Field {
  std::uint32_t number;
  std::string_view name;
  Value Record::*member;
  bool ranks;
};

template <class Value>
inline constexpr bool kIsFieldType =
    std::is_same_v<Value, std::uint64_t> || std::is_same_v<Value, std::uint32_t> ||
    std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, std::string_view>;

/// A field that is only kept.
template <class Record, class Value>
constexpr Field<Record, Value> field(std::uint32_t number, std::string_view name,
                                     Value Record::*member) {
  static_assert(kIsFieldType<Value>, "a field is uint64_t, uint32_t, int64_t or string_view");
  return {number, name, member, false};
}

/// The field by which records are ranked, highest first.
template <class Record, class Value>
constexpr Field<Record, Value> ranking_field(std::uint32_t number, std::string_view name,
                                             Value Record::*member) {
  static_assert(kIsFieldType<Value> && std::is_integral_v<Value>, "only an integer ranks");
  return {number, name, member, true};
}

template <class Record, class... Values>
struct Schema {
  std::tuple<Field<Record, Values>...> fields;

  static constexpr std::size_t size() { return sizeof...(Values); }

  static SchemaDescription describe_fields(const Schema& schema) {
    SchemaDescription description;
    std::apply([&](const auto&... each) { (description.fields.push_back(describe(each)), ...); },
               schema.fields);
    return description;
  }

 private:
  template <class Value>
  static FieldDescription describe(const Field<Record, Value>& each) {
    constexpr bool is_text = std::is_same_v<Value, std::string_view>;
    constexpr FieldType type = is_text                   ? FieldType::kText
                               : std::is_signed_v<Value> ? FieldType::kSigned
                                                         : FieldType::kUnsigned;
    constexpr std::uint8_t bytes = is_text ? 4 : sizeof(Value);
    return {each.number, each.name, type, bytes, each.ranks};
  }
};

/// The schema of a record: its fields in ascending order of number.
template <class Record, class... Values>
consteval Schema<Record, Values...> schema(Field<Record, Values>... fields) {
  static_assert(sizeof...(Values) >= 1 && sizeof...(Values) <= kMaxFields);
  const std::array<std::uint32_t, sizeof...(Values)> numbers{fields.number...};
  std::uint32_t before = 0;
  for (const std::uint32_t number : numbers) {
    if (number <= before || number > std::numeric_limits<std::uint16_t>::max()) {
      throw "field numbers are 1..65535 and ascending";
    }
    before = number;
  }
  if ((0 + ... + (fields.ranks ? 1 : 0)) > 1) throw "one field ranks at most";
  return {std::tuple{fields...}};
}

/// Specialised for each record type.
template <class Record>
inline constexpr int schema_of = 0;

/// `value + delta`, staying at the type's limit instead of wrapping around: what a counter that
/// ranks should use.
template <class Value>
constexpr Value saturating_add(Value value, std::int64_t delta) {
  static_assert(kIsFieldType<Value> && std::is_integral_v<Value>);
  Value sum{};
  if (!__builtin_add_overflow(value, delta, &sum)) return sum;
  return delta < 0 ? std::numeric_limits<Value>::min() : std::numeric_limits<Value>::max();
}

}  // namespace telekv::kv
