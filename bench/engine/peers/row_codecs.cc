#include "engine/peers/row_codecs.h"

#include <simdjson.h>
#include <zstd.h>

#include <array>
#include <charconv>
#include <stdexcept>

#include "engine/peers/rows.pb.h"

namespace telekv::bench {
namespace {

constexpr int kZstdLevel = 3;

void append_number(std::string& json, std::uint64_t number, bool negative = false) {
  std::array<char, 24> digits{};
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  if (negative) json += '-';
  json.append(digits.data(), end);
}

void append_text(std::string& json, std::string_view text) {
  constexpr const char* kDigits = "0123456789abcdef";
  json += '"';
  for (const char symbol : text) {
    const auto byte = static_cast<unsigned char>(symbol);
    if (byte >= 0x20 && symbol != '"' && symbol != '\\') {
      json += symbol;
      continue;
    }
    json += byte >= 0x20 ? "\\" : "\\u00";
    if (byte < 0x20) json += kDigits[byte >> 4U];
    json += byte >= 0x20 ? symbol : kDigits[byte & 0xFU];
  }
  json += '"';
}

void insert(Users& users, kv::Key id, const User& user) {
  if (!users.insert(id, user)) throw std::runtime_error("rows: a record was refused");
}

}  // namespace

std::string JsonRows::encode(const Dataset& data) {
  std::string json = "[";
  for (const Person& person : data.people) {
    if (json.size() > 1) json += ',';
    json += '[';
    const auto bits = static_cast<std::uint64_t>(person.id);
    append_number(json, person.id < 0 ? 0 - bits : bits, person.id < 0);
    json += ',';
    append_text(json, data.name(person));
    json += ',';
    append_number(json, person.clicks);
    json += ',';
    append_number(json, person.state);
    json += ']';
  }
  return json + "]";
}

void JsonRows::decode(std::string_view encoded, Users& users) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(encoded);
  auto document = parser.iterate(padded);
  for (auto row : document.get_array()) {
    auto values = row.get_array().begin();
    const kv::Key id = (*values).get_int64();
    ++values;
    const std::string_view name = (*values).get_string();
    ++values;
    const std::uint64_t clicks = (*values).get_uint64();
    ++values;
    const std::uint64_t state = (*values).get_uint64();
    ++values;
    insert(users, id, {name, clicks, static_cast<std::uint32_t>(state)});
  }
}

std::string ProtobufRows::encode(const Dataset& data) {
  rows::Rows message;
  message.mutable_rows()->Reserve(static_cast<int>(data.size()));
  for (const Person& person : data.people) {
    rows::Row& row = *message.add_rows();
    row.set_id(person.id);
    row.set_name(std::string(data.name(person)));
    row.set_clicks(person.clicks);
    row.set_state(person.state);
  }
  return message.SerializeAsString();
}

void ProtobufRows::decode(std::string_view encoded, Users& users) {
  rows::Rows message;
  if (!message.ParseFromArray(encoded.data(), static_cast<int>(encoded.size()))) {
    throw std::runtime_error("protobuf rows: not readable");
  }
  for (const rows::Row& row : message.rows()) {
    insert(users, row.id(), {row.name(), row.clicks(), row.state()});
  }
}

std::string compressed(std::string_view plain) {
  std::string result(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ZSTD_compress(result.data(), result.size(), plain.data(), plain.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd: cannot compress");
  result.resize(size);
  return result;
}

std::string decompressed(std::string_view compressed) {
  std::string result(ZSTD_getFrameContentSize(compressed.data(), compressed.size()), '\0');
  const std::size_t size =
      ZSTD_decompress(result.data(), result.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd: cannot decompress");
  return result;
}

}  // namespace telekv::bench
