// What Telegram does to texts and names on their way through: UTF-8 checks, the cleaning of texts
// and file names, lengths in code points and UTF-16 units, base64url. Pure functions, linear time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telekv::emulator {

bool is_valid_utf8(std::string_view text);

/// Code points in valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// UTF-16 code units of valid UTF-8, the unit of entity offsets.
std::size_t count_utf16_units(std::string_view text);

/// What the server does to a text on sending (TDLib misc.cpp): control characters become spaces,
/// '\r' and U+2028..U+202E are removed, the ends are trimmed. Wants valid UTF-8.
std::string clean_text(std::string_view text);

/// The same; `moved` tells of each UTF-16 unit of the text, and of its end, where it went.
std::string clean_text(std::string_view text, std::vector<std::size_t>& moved);

/// What the server does to the name of an uploaded file: stem of at most 64 code points, extension
/// of at most 16, no path, quote, shell or control characters; "file" when nothing is left. Letters
/// beyond ASCII are recognised by block, not by a full Unicode table.
std::string clean_file_name(std::string_view name);

/// The extension of a file name with its dot, "" when it has none.
std::string_view extension_of(std::string_view name);

/// The type that the server derives from the extension; application/octet-stream when unknown.
std::string_view mime_type_of(std::string_view name);

/// A span of text that Telegram marks, in UTF-16 units.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// The commands ("/start", "/top@some_bot") in a text.
std::vector<Span> find_bot_commands(std::string_view text);

std::string to_lower_ascii(std::string_view text);

/// Only A-Z a-z 0-9 - _, or nothing.
bool is_base64url(std::string_view text);

/// %XX sequences (and '+' as a space in form bodies) decoded; malformed sequences stay as they are.
enum class PlusSign { kIsPlus, kIsSpace };
std::string percent_decode(std::string_view text, PlusSign plus);

/// Everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

std::string base64url_encode(std::string_view bytes);

/// Accepts both alphabets, with or without padding.
std::optional<std::string> base64_decode(std::string_view text);

/// Leading decimal integer of a text, saturated to int64; 0 when there is none (as the server
/// does).
std::int64_t to_integer(std::string_view text);

}  // namespace telekv::emulator
