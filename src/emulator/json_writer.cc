#include "emulator/json_writer.h"

#include <array>
#include <charconv>

namespace telekv::emulator {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15u];
}

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
  string(name);
  out_ += ':';
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
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      append_unit(out_, byte);
    } else if (byte < 0x80) {
      out_ += c;
    } else {
      std::uint32_t code_point = 0;
      const std::size_t length = sequence_at(value.substr(i), code_point);
      if (length == 0) {
        out_ += c;
        continue;
      }
      if (code_point < 0x10000) {
        append_unit(out_, code_point);
      } else {
        append_unit(out_, 0xD800u + ((code_point - 0x10000u) >> 10));
        append_unit(out_, 0xDC00u + ((code_point - 0x10000u) & 0x3FFu));
      }
      i += length - 1;
    }
  }
}

}  // namespace telekv::emulator
