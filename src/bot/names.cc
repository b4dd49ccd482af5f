#include "bot/names.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <optional>

namespace telekv::bot {
namespace {

constexpr std::size_t kMaxCodePoints = 64;
constexpr std::size_t kMaxMarks = 3;  // on one letter; no script needs more
constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kFirstStrongIsolate = "\u2068";
constexpr std::string_view kPopDirectionalIsolate = "\u2069";
constexpr utf8proc_int32_t kZeroWidthJoiner = 0x200d;  // holds emoji of several parts together

struct CodePoint {
  utf8proc_int32_t value = 0;
  std::size_t bytes = 0;
};

/// The code point at the start of `text` (not empty), or nullopt when the bytes are not UTF-8.
std::optional<CodePoint> first_code_point(std::string_view text) {
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &value);
  if (bytes <= 0) return std::nullopt;
  return CodePoint{value, static_cast<std::size_t>(bytes)};
}

bool is_space(utf8proc_int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP || (c >= '\t' && c <= '\r') || c == 0x85;
}

/// What Unicode means to be seen nowhere, whatever its category: fillers, the blank of Braille,
/// places kept for more of the kind.
bool is_blank(utf8proc_int32_t c) {
  constexpr std::array<utf8proc_int32_t, 8> kBlanks{0x34f,  0x115f, 0x1160, 0x17b4,
                                                    0x17b5, 0x2800, 0x3164, 0xffa0};
  return std::find(kBlanks.begin(), kBlanks.end(), c) != kBlanks.end() ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xfff0 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff) || (c & 0xfffe) == 0xfffe;
}

// Controls, the marks that turn the direction of what follows, and what no font shows.
bool is_hidden(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
      return true;
    case UTF8PROC_CATEGORY_CF:
      return c != kZeroWidthJoiner;
    default:
      return is_blank(c);
  }
}

bool is_mark(utf8proc_int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

/// Columns. What is newer than the library's tables may well be seen.
std::size_t width_of(utf8proc_int32_t c) {
  if (utf8proc_category(c) == UTF8PROC_CATEGORY_CN) return 1;
  return static_cast<std::size_t>(std::max(utf8proc_charwidth(c), 0));
}

/// The first characters of `name` (valid UTF-8) that are at most `columns` wide together. What
/// people see as one character, an emoji of several parts as well, stays whole.
std::string_view fitting(std::string_view name, std::size_t columns) {
  std::size_t used = 0;   // by the characters before `begin`
  std::size_t begin = 0;  // of the character that is being read
  std::size_t width = 0;  // of it
  std::optional<utf8proc_int32_t> before;
  utf8proc_int32_t state = 0;
  for (std::size_t at = 0; at < name.size();) {
    const std::optional<CodePoint> c = first_code_point(name.substr(at));
    if (!c) break;
    if (before && utf8proc_grapheme_break_stateful(*before, c->value, &state)) {
      used += width;
      begin = at;
      width = 0;
    }
    width = std::max(width, width_of(c->value));
    if (used + width > columns) return name.substr(0, begin);
    before = c->value;
    at += c->bytes;
  }
  return name;
}

}  // namespace

std::string display_name(std::string_view raw) {
  std::string name;
  std::size_t code_points = 0;
  std::size_t marks = 0;
  bool space_pending = false;
  bool visible = false;
  while (!raw.empty() && code_points < kMaxCodePoints) {
    const std::optional<CodePoint> c = first_code_point(raw);
    const std::string_view piece = raw.substr(0, c ? c->bytes : 1);
    raw.remove_prefix(piece.size());
    if (c && is_space(c->value)) space_pending = !name.empty();
    if (!c || is_space(c->value) || is_hidden(c->value)) continue;
    marks = is_mark(c->value) ? marks + 1 : 0;
    if (marks > kMaxMarks) continue;
    if (space_pending) {
      name += ' ';
      space_pending = false;
      if (++code_points == kMaxCodePoints) break;
    }
    name += piece;
    ++code_points;
    visible = visible || width_of(c->value) > 0;
  }
  if (!name.empty() && name.back() == ' ') name.pop_back();
  return visible ? name : std::string(kNoNameStored);
}

std::string short_name(std::string_view stored, std::string_view stand_in) {
  const std::string safe = display_name(stored);
  const std::string_view name = safe == kNoNameStored ? stand_in : std::string_view(safe);
  if (fitting(name, kShownColumns).size() == name.size()) return std::string(name);
  return std::string(fitting(name, kShownColumns - 1)).append(kEllipsis);
}

std::string shown_name(std::string_view stored, std::string_view stand_in) {
  std::string shown(kFirstStrongIsolate);
  return shown.append(short_name(stored, stand_in)).append(kPopDirectionalIsolate);
}

}  // namespace telekv::bot
