// Names as strangers chose them, made safe to show to others. Pure; linear.
#pragma once

#include <string>
#include <string_view>

namespace telekv::bot {

/// `raw` (any bytes) without control characters, line breaks and direction marks, runs of spaces
/// folded, at most 64 code points (what Telegram's own clients allow); a stand-in when nothing
/// visible is left. Always valid UTF-8.
std::string display_name(std::string_view raw);

}  // namespace telekv::bot
