// What a Bot API call that failed means for the caller: the one place that maps HTTP status,
// error_code, description and parameters to Error.
//
// Pure functions. Codes and texts are those of the official server (tdlib/telegram-bot-api) and the
// FAQ; an answer that is no JSON (nginx's 502 and 413 pages) is judged by its HTTP status.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "telegram/http.h"
#include "telegram/types.h"

namespace telekv::telegram {

/// A method by its Bot API name, and whether a call of it without an answer may have done
/// something.
struct Method {
  enum class Effect : std::uint8_t { kReads, kMutates };
  std::string_view name;
  Effect effect;
  std::optional<ChatId> writes_into = {};  ///< the chat whose flood budget it is charged to
};

/// An answer that is not a readable success. `problem` says what was unreadable when it claimed to
/// be one.
Error answer_error(const Method& method, const HttpResponse& response, std::string_view problem);

/// An exchange that failed, told as the method's failure: what only reads is never of unknown
/// outcome.
Error exchange_error(const Method& method, Error error);

/// A failed download of a file's content: a 404 here is a path that is gone and not a wrong token.
Error download_error(const HttpResponse& response);

/// Whether the call was refused with a description that contains `text`.
bool refused_with(const HttpResponse& response, std::string_view text);

}  // namespace telekv::telegram
