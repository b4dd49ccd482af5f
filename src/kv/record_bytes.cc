#include "kv/record_bytes.h"

#include "kv/codec_error.h"

namespace telekv::kv {
namespace {

constexpr unsigned kTypeBits = 2;

void append_varint(std::uint64_t value, std::string& bytes) {
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(0x80U | (value & 0x7fU));
  bytes += static_cast<char>(value);
}

}  // namespace

void append_field(std::uint32_t number, FieldType type, const FieldValue& value,
                  std::string& bytes) {
  const bool is_text = type == FieldType::kText;
  if (is_text ? value.text.empty() : value.integer == 0) return;
  append_varint((std::uint64_t{number} << kTypeBits) | static_cast<std::uint64_t>(type), bytes);
  if (is_text) {
    append_varint(value.text.size(), bytes);
    bytes += value.text;
  } else {
    append_varint(type == FieldType::kSigned ? zigzag(value.integer) : value.integer, bytes);
  }
}

std::uint64_t FieldReader::take_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

bool FieldReader::next() {
  if (rest_.empty()) return false;
  const std::uint64_t tag = take_varint();
  number_ = static_cast<std::uint32_t>(tag >> kTypeBits);
  type_ = static_cast<FieldType>(tag & ((1U << kTypeBits) - 1));
  value_ = {};
  if (type_ == FieldType::kText) {
    const auto length = static_cast<std::size_t>(take_varint());
    value_.text = rest_.substr(0, length);
    rest_.remove_prefix(value_.text.size());
  } else {
    const std::uint64_t stored = take_varint();
    value_.integer = type_ == FieldType::kSigned ? unzigzag(stored) : stored;
  }
  return true;
}

Result<void> check_types(FieldTypes types, const std::unordered_map<Slot, std::string>& held) {
  for (auto each = held.begin(); each != held.end() && !types.empty(); ++each) {
    for (FieldReader reader(each->second); reader.next();) {
      const auto found = types.find(reader.number());
      if (found == types.end()) continue;
      if (found->second != reader.type()) return unsupported("an unknown field changes its type");
      types.erase(found);
    }
  }
  return {};
}

}  // namespace telekv::kv
