// Texts of others on a terminal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace telekv::bot {

/// `text` with every control character replaced: names of bots, files and fields can hold what a
/// terminal would obey.
std::string printable(std::string_view text);

}  // namespace telekv::bot
