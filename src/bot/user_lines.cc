#include "bot/user_lines.h"

#include <array>
#include <boost/json/serializer.hpp>

#include "bot/decimal.h"

namespace telekv::bot {
namespace {

/// As Python's json.dumps() with ensure_ascii: \uXXXX for each UTF-16 unit that is not ASCII.
std::size_t escaped_bytes(std::string_view text) {
  constexpr std::size_t kEscape = 6;
  std::size_t bytes = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      bytes += kEscape;
    } else if (byte < 0x80) {
      bytes += byte == '"' || byte == '\\' ? 2 : 1;
    } else if (byte >= 0xc0) {
      bytes += byte >= 0xf0 ? 2 * kEscape : kEscape;
    }
  }
  return bytes;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  boost::json::serializer serializer;
  serializer.reset(text);
  std::array<char, 512> piece;
  while (!serializer.done()) out += serializer.read(piece.data(), piece.size());
}

void append_json_line(std::string& out, kv::Key chat_id, const User& user) {
  out += R"({"chat_id":)";
  append_number(out, chat_id);
  out += R"(,"name":)";
  append_json_text(out, user.name);
  out += R"(,"clicks":)";
  append_number(out, user.clicks);
  out += R"(,"state":)";
  append_number(out, user.state);
  out += "}\n";
}

std::size_t old_dump_bytes(kv::Key chat_id, const User& user) {
  constexpr std::string_view kAround = R"([, "", , ], )";
  return kAround.size() + Decimal(chat_id).size() + escaped_bytes(user.name) +
         Decimal(user.clicks).size() + Decimal(user.state).size();
}

}  // namespace telekv::bot
