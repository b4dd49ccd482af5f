// What may be the text of a message, or a caption.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "emulator/answer.h"

namespace telekv::emulator {

inline constexpr std::size_t kMaxRawTextBytes = 32u << 10;  // Client.cpp get_formatted_text

/// The text as the server keeps it (clean_text()), 1..4096 characters. Error: why it is none.
Answer<std::string> clean_message_text(std::string_view raw);

/// The same for a caption of 0..1024 characters.
Answer<std::string> clean_caption(std::string_view raw);

}  // namespace telekv::emulator
