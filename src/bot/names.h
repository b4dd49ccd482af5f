// Names as strangers chose them, made safe to show to others. Pure; linear.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telekv::bot {

/// What is stored of somebody whose name shows nothing.
inline constexpr std::string_view kNoNameStored = "Без имени";

/// `raw` (any bytes) as it is stored: without control characters, line breaks, direction marks and
/// what else takes no room, runs of spaces folded, at most 64 code points (what Telegram's own
/// clients allow); kNoNameStored when nothing visible is left. Always valid UTF-8.
std::string display_name(std::string_view raw);

/// A name within a text is at most so many columns wide.
inline constexpr std::size_t kShownColumns = 24;

/// A name at the end of a text. A longer one ends with an ellipsis; no character is cut in two.
/// `stored` is any text.
std::string short_name(std::string_view stored, std::string_view stand_in);

/// The same with text behind it: in marks that keep its direction from turning what follows
/// (U+2068, U+2069).
std::string shown_name(std::string_view stored, std::string_view stand_in);

}  // namespace telekv::bot
