// The reply_markup of a message: parsed, checked and rewritten in a normal form, so that equal
// keyboards are equal texts. Linear in the input; nesting is bounded by the parser.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "emulator/answer.h"

namespace telekv::emulator {

inline constexpr std::size_t kMaxCallbackDataBytes = 64;  // Bot API: InlineKeyboardButton

enum class MarkupKind { kNone, kInline, kReplyKeyboard, kRemove, kForceReply };

struct Markup {
  MarkupKind kind = MarkupKind::kNone;
  std::string json;  ///< inline or reply keyboard in normal form; empty for the others
};

/// An empty text or object is no markup. Errors: the server's texts for markup that is no JSON
/// object, keyboards that are no rows of buttons, callback data over 64 bytes.
Answer<Markup> parse_markup(std::string_view json);

}  // namespace telekv::emulator
