#include "emulator/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace telekv::emulator {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_unit(std::string& out, std::uint32_t unit) {
  const std::array<char, 6> text{'\\',
                                 'u',
                                 kHex[unit >> 12 & 15u],
                                 kHex[unit >> 8 & 15u],
                                 kHex[unit >> 4 & 15u],
                                 kHex[unit & 15u]};
  out.append(text.data(), text.size());
}

// Bytes that a JSON string carries as they are.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

bool is_plain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

// Length of a well-formed looking sequence at the start of `text`, 0 when its bytes do not fit.
std::size_t sequence_at(std::string_view text, std::uint32_t& code_point) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
  if (length == 0 || length > text.size()) return 0;
  code_point = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0u) != 0x80u) return 0;
    code_point = (code_point << 6) | (next & 0x3Fu);
  }
  return length;
}

}  // namespace

void JsonWriter::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

void JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
}

void JsonWriter::key(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out_.append(buffer.data(), end);
}

void JsonWriter::boolean(bool value) { raw(value ? "true" : "false"); }

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

void JsonWriter::string(std::string_view value) {
  separate();
  out_ += '"';
  append_escaped(value);
  out_ += '"';
}

void JsonWriter::append_escaped(std::string_view value) {
  while (!value.empty()) {
    const auto* special = std::find_if_not(value.begin(), value.end(), is_plain);
    out_.append(value.begin(), special);
    value.remove_prefix(static_cast<std::size_t>(special - value.begin()));
    if (!value.empty()) value.remove_prefix(append_special(value));
  }
}

// The first character of `rest`; returns its length in bytes.
std::size_t JsonWriter::append_special(std::string_view rest) {
  const char c = rest.front();
  if (c == '"' || c == '\\') {
    out_ += '\\';
    out_ += c;
    return 1;
  }
  if (c == '\n') {
    out_ += "\\n";
    return 1;
  }
  if (static_cast<unsigned char>(c) < 0x80) {
    append_unit(out_, static_cast<unsigned char>(c));
    return 1;
  }
  std::uint32_t code_point = 0;
  const std::size_t length = sequence_at(rest, code_point);
  if (length == 0) {
    out_ += c;
    return 1;
  }
  if (code_point < 0x10000) {
    append_unit(out_, code_point);
  } else {
    append_unit(out_, 0xD800u + ((code_point - 0x10000u) >> 10));
    append_unit(out_, 0xDC00u + ((code_point - 0x10000u) & 0x3FFu));
  }
  return length;
}

}  // namespace telekv::emulator
