#include "emulator/text.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace telekv::emulator {
namespace {

constexpr std::size_t kMaxStemCodePoints = 64;       // TDLib filesystem.cpp
constexpr std::size_t kMaxExtensionCodePoints = 16;  // TDLib filesystem.cpp

bool is_ascii_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::size_t sequence_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0x80) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

char32_t decode(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  switch (sequence.size()) {
    case 1:
      return byte(0);
    case 2:
      return ((byte(0) & 0x1Fu) << 6) | (byte(1) & 0x3Fu);
    case 3:
      return ((byte(0) & 0x0Fu) << 12) | ((byte(1) & 0x3Fu) << 6) | (byte(2) & 0x3Fu);
    default:
      return ((byte(0) & 0x07u) << 18) | ((byte(1) & 0x3Fu) << 12) | ((byte(2) & 0x3Fu) << 6) |
             (byte(3) & 0x3Fu);
  }
}

// Calls visit(code point, its bytes) for valid UTF-8.
template <class Visit>
void for_each_code_point(std::string_view text, Visit visit) {
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view sequence = text.substr(i, sequence_length(text[i]));
    visit(decode(sequence), sequence);
    i += sequence.size();
  }
}

bool is_allowed_in_file_name(char32_t c) {
  if (c < 0x20 || c == 0x7F) return false;
  if (c < 0x7F)
    return std::string_view("<>:\"/\\|?*&`'").find(static_cast<char>(c)) == std::string_view::npos;
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  const bool is_symbol = (c >= 0x2000 && c < 0x2C00) || (c >= 0x3000 && c < 0x3041) ||
                         (c >= 0xD800 && c < 0xF900) || (c >= 0xFE00 && c < 0xFE70) ||
                         (c >= 0xFF00 && c < 0xFF10) || c == 0xFFFD || c >= 0x1F000;
  return !is_symbol;
}

// Runs of characters that cannot stay become one space; blanks and dots at the start go.
std::string clean_name_part(std::string_view part, std::size_t max_code_points) {
  std::string result;
  std::size_t count = 0;
  for_each_code_point(part, [&](char32_t c, std::string_view bytes) {
    if (count == max_code_points) return;
    const bool keep = is_allowed_in_file_name(c) && c != ' ';
    if (!keep && (result.empty() || result.back() == ' ')) return;
    if (c == '.' && result.empty()) return;
    result += keep ? bytes : std::string_view(" ");
    ++count;
  });
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

bool is_blank(char c) { return c == ' ' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  const auto* first = std::find_if_not(text.begin(), text.end(), is_blank);
  text.remove_prefix(static_cast<std::size_t>(first - text.begin()));
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  }));
}

std::size_t count_utf16_units(std::string_view text) {
  const auto beyond_bmp = std::count_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xF0u; });
  return count_code_points(text) + static_cast<std::size_t>(beyond_bmp);
}

// Most texts stay as they are, but for blanks around them. U+2028-202E begin with 0xE2.
std::string clean_text(std::string_view text) {
  const auto may_change = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0xE2;
  };
  if (std::none_of(text.begin(), text.end(), may_change)) return std::string(trimmed(text));
  std::vector<std::size_t> moved;
  return clean_text(text, moved);
}

std::string clean_text(std::string_view text, std::vector<std::size_t>& moved) {
  std::string result;
  result.reserve(text.size());
  moved.clear();
  std::size_t units = 0;
  for_each_code_point(text, [&](char32_t c, std::string_view bytes) {
    moved.insert(moved.end(), c > 0xFFFF ? 2 : 1, units);
    if (c == '\r' || (c >= 0x2028 && c <= 0x202E)) return;
    result += (c < 0x20 && c != '\n') ? std::string_view(" ") : bytes;
    units += c > 0xFFFF ? 2 : 1;
  });
  moved.push_back(units);
  while (!result.empty() && is_blank(result.back())) {
    result.pop_back();
    --units;
  }
  const auto first = std::find_if_not(result.begin(), result.end(), is_blank);
  const auto cut = static_cast<std::size_t>(first - result.begin());
  result.erase(result.begin(), first);
  for (std::size_t& unit : moved) unit = std::clamp(unit, cut, std::max(cut, units)) - cut;
  return result;
}

std::string clean_file_name(std::string_view name) {
  if (!is_valid_utf8(name)) return "file";
  name.remove_prefix(std::min(name.size(), name.find_last_of("/\\") + 1));
  const std::string_view extension = extension_of(name);
  std::string result =
      clean_name_part(name.substr(0, name.size() - extension.size()), kMaxStemCodePoints);
  if (result.empty()) result = "file";
  if (!extension.empty()) {
    const std::string cleaned = clean_name_part(extension.substr(1), kMaxExtensionCodePoints);
    if (!cleaned.empty()) result += "." + cleaned;
  }
  return result;
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return {};
  return name.substr(dot);
}

std::string_view mime_type_of(std::string_view name) {
  struct Type {
    std::string_view extension;
    std::string_view mime;
  };
  static constexpr std::array<Type, 14> kTypes{{{".txt", "text/plain"},
                                                {".json", "application/json"},
                                                {".csv", "text/csv"},
                                                {".html", "text/html"},
                                                {".xml", "text/xml"},
                                                {".gz", "application/gzip"},
                                                {".zip", "application/zip"},
                                                {".pdf", "application/pdf"},
                                                {".png", "image/png"},
                                                {".jpg", "image/jpeg"},
                                                {".gif", "image/gif"},
                                                {".mp3", "audio/mpeg"},
                                                {".mp4", "video/mp4"},
                                                {".webp", "image/webp"}}};
  const std::string extension = to_lower_ascii(extension_of(name));
  for (const Type& type : kTypes) {
    if (type.extension == extension) return type.mime;
  }
  return "application/octet-stream";
}

std::vector<Span> find_bot_commands(std::string_view text) {
  constexpr std::size_t kMaxCommandLength = 64;
  std::vector<Span> result;
  for (std::size_t i = text.find('/'); i != std::string_view::npos; i = text.find('/', i + 1)) {
    if (i != 0 && text[i - 1] != ' ' && text[i - 1] != '\n') continue;
    std::size_t end = i + 1;
    const auto is_word = [&](std::size_t at) {
      return at < text.size() && (is_ascii_alnum(text[at]) || text[at] == '_');
    };
    while (is_word(end)) ++end;
    const std::size_t name_length = end - i - 1;
    if (name_length == 0 || name_length > kMaxCommandLength) continue;
    if (end < text.size() && text[end] == '@' && is_word(end + 1)) {
      for (++end; is_word(end);) ++end;
    }
    const bool is_followed_by_other = end < text.size() && text[end] != ' ' && text[end] != '\n';
    if (is_followed_by_other && static_cast<unsigned char>(text[end]) >= 0x80) continue;
    if (is_followed_by_other && text[end] == '/') continue;
    result.push_back({count_utf16_units(text.substr(0, i)), end - i});
  }
  return result;
}

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

std::string to_lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string percent_decode(std::string_view text, PlusSign plus) {
  std::string result;
  if (text.find_first_of("%+") == std::string_view::npos) return std::string(text);
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        result += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    result += (text[i] == '+' && plus == PlusSign::kIsSpace) ? ' ' : text[i];
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_ascii_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kHex[byte >> 4], kHex[byte & 15u]};
    }
  }
  return result;
}

std::string base64url_encode(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string result;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) result += kAlphabet[(buffer >> (bits - 6)) & 63u];
  }
  if (bits > 0) result += kAlphabet[(buffer << (6 - bits)) & 63u];
  return result;
}

std::optional<std::string> base64_decode(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string result;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0' + 52);
    } else if (c == '-' || c == '+') {
      value = 62;
    } else if (c == '_' || c == '/') {
      value = 63;
    } else {
      return std::nullopt;
    }
    buffer = (buffer << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      result += static_cast<char>((buffer >> bits) & 0xFFu);
    }
  }
  return result;
}

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc::result_out_of_range) {
    return text.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                               : std::numeric_limits<std::int64_t>::max();
  }
  return value;
}

}  // namespace telekv::emulator
