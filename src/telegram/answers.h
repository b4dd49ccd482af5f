// Reads the Bot API's answers: {"ok":true,"result":...} or {"ok":false,"error_code":...}.
//
// Pure functions; every field is checked (json_read.h). Updates have their own parser, which
// survives a bad one among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/api.h"

namespace telekv::telegram {

/// What a refused call says.
struct Refusal {
  int error_code = 0;
  std::string description;                         ///< valid UTF-8, at most 300 bytes, one line
  std::uint32_t retry_after_s = 0;                 ///< 0 when absent
  std::optional<std::int64_t> migrate_to_chat_id;  ///< a group became this supergroup
};

/// nullopt when the text is no answer of {"ok":false}: an HTML page, garbage, a success.
std::optional<Refusal> parse_refusal(std::string_view body);

/// A call whose result is only "true" (or a Message that nobody needs).
struct Done {};

/// The result of a success. kDamaged when the text is no success or the result is not a T. Defined
/// for Done, User, Message, ChatInfo, Membership, RemoteFile, WebhookInfo and
/// std::vector<BotCommand>.
template <class T>
Result<T> parse_answer(std::string_view body);

}  // namespace telekv::telegram
