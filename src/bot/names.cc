#include "bot/names.h"

#include <cstdint>
#include <optional>

#include "bot/texts.h"

namespace telekv::bot {
namespace {

constexpr std::size_t kMaxCodePoints = 64;

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

/// The code point at the start of `text` (not empty), or nullopt when the bytes are not UTF-8.
std::optional<CodePoint> first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return std::nullopt;
  std::uint32_t value = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[bytes] || value > 0x10ffff || surrogate) return std::nullopt;
  return CodePoint{value, bytes};
}

bool is_space(std::uint32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x2028 || c == 0x2029;
}

// Controls, and the marks that turn the direction of what follows or take no room at all.
bool is_hidden(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
         (c >= 0x200b && c <= 0x200c) || (c >= 0x200e && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb);
}

}  // namespace

std::string display_name(std::string_view raw) {
  std::string name;
  std::size_t code_points = 0;
  bool space_pending = false;
  while (!raw.empty() && code_points < kMaxCodePoints) {
    const std::optional<CodePoint> c = first_code_point(raw);
    const std::string_view piece = raw.substr(0, c ? c->bytes : 1);
    raw.remove_prefix(piece.size());
    if (c && is_space(c->value)) space_pending = !name.empty();
    if (!c || is_space(c->value) || is_hidden(c->value)) continue;
    if (space_pending) {
      name += ' ';
      space_pending = false;
      if (++code_points == kMaxCodePoints) break;
    }
    name += piece;
    ++code_points;
  }
  if (!name.empty() && name.back() == ' ') name.pop_back();
  return name.empty() ? std::string(texts::kNoName) : name;
}

}  // namespace telekv::bot
