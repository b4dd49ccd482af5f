#include "telegram/api_error.h"

#include <algorithm>
#include <string>

#include "telegram/answers.h"

namespace telekv::telegram {
namespace {

struct Rule {
  std::string_view text;  ///< part of a 400's description
  ErrorCode code;
  std::string_view hint;
};

constexpr std::string_view kChatHint =
    "the bot does not see that chat: open the bot and press Start there, or check the chat's id";

// A chat that is not there is kForbidden and never kNotFound: that one must mean that a message is
// gone, which the vault draws conclusions from.
constexpr Rule kRules[] = {
    {"chat not found", ErrorCode::kForbidden, kChatHint},
    {"PEER_ID_INVALID", ErrorCode::kForbidden, kChatHint},
    {"message to edit not found", ErrorCode::kNotFound, "the message was deleted from the chat"},
    {"message to delete not found", ErrorCode::kNotFound, "the message was deleted already"},
    {"message to forward not found", ErrorCode::kNotFound, "the message was deleted from the chat"},
    {"message to pin not found", ErrorCode::kNotFound, "the message was deleted from the chat"},
    {"MESSAGE_ID_INVALID", ErrorCode::kNotFound, "the message was deleted from the chat"},
    {"not enough rights", ErrorCode::kForbidden,
     "make the bot an administrator of the chat who may post, edit and pin"},
    {"file is too big", ErrorCode::kTooLarge, "the Bot API serves files up to 20 MiB"},
    {"message is too long", ErrorCode::kTooLarge, "a message has at most 4096 characters"},
    {"file is temporarily unavailable", ErrorCode::kUnavailable, "try again later"},
    {"Canceled by new edit message request", ErrorCode::kOutcomeUnknown,
     "another edit of the same message came in between; only one program may write to the chat"},
};

Error plain_error(ErrorCode code, std::string message, std::string_view hint) {
  return {.code = code, .message = std::move(message), .hint = std::string(hint)};
}

/// A call that Telegram, or something in front of it, failed to answer properly.
ErrorCode no_answer(const Method& method) {
  return method.effect == Method::Effect::kMutates ? ErrorCode::kOutcomeUnknown
                                                   : ErrorCode::kUnavailable;
}

Error rate_limited(std::string message, const Refusal& refusal, const HttpResponse& response) {
  const std::uint32_t wait =
      refusal.retry_after_s > 0 ? refusal.retry_after_s : response.retry_after_s;
  return {.code = ErrorCode::kRateLimited,
          .message = std::move(message),
          .hint = "waiting as long as Telegram asks",
          .retry_after_s = wait};
}

Error bad_request(std::string message, const Refusal& refusal) {
  if (refusal.migrate_to_chat_id) {
    std::string hint = "the group has become a supergroup; its id is now ";
    hint += std::to_string(*refusal.migrate_to_chat_id);
    return plain_error(ErrorCode::kForbidden, std::move(message), hint);
  }
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& r) {
    return refusal.description.find(r.text) != std::string::npos;
  });
  if (rule == std::end(kRules)) return plain_error(ErrorCode::kRejected, std::move(message), "");
  return plain_error(rule->code, std::move(message), rule->hint);
}

Error not_found(std::string message, const Refusal& refusal) {
  if (refusal.description.find("method not found") != std::string::npos) {
    return plain_error(ErrorCode::kRejected, std::move(message),
                       "the Bot API server is too old for this program");
  }
  return plain_error(ErrorCode::kUnauthorized, std::move(message),
                     "Telegram answers so to a wrong token; check the token and API_ROOT");
}

std::string message_of(std::string_view what, const HttpResponse& response,
                       const std::optional<Refusal>& refusal) {
  std::string message(what);
  if (refusal && !refusal->description.empty()) {
    return message.append(": ").append(refusal->description);
  }
  return message.append(": HTTP ").append(std::to_string(response.status));
}

}  // namespace

Error answer_error(const Method& method, const HttpResponse& response, std::string_view problem) {
  const auto parsed = parse_refusal(response.body);
  const Refusal refusal = parsed.value_or(Refusal());
  const unsigned code =
      refusal.error_code != 0 ? static_cast<unsigned>(refusal.error_code) : response.status;
  std::string message = message_of(method.name, response, parsed);
  switch (code) {
    case 400:
      return bad_request(std::move(message), refusal);
    case 401:
      return plain_error(ErrorCode::kUnauthorized, std::move(message),
                         "the token is wrong or was revoked; BotFather shows the current one");
    case 403:
      return plain_error(ErrorCode::kForbidden, std::move(message),
                         "the bot was blocked or is no member of the chat");
    case 404:
      if (parsed) return not_found(std::move(message), refusal);
      // A page of something in front of the Bot API says nothing about the token.
      return plain_error(no_answer(method), std::move(message),
                         "check that API_ROOT is a Bot API server");
    case 409:
      return plain_error(ErrorCode::kConflict, std::move(message),
                         "another program uses this token; only one may run");
    case 413:
      return plain_error(ErrorCode::kTooLarge, std::move(message),
                         "the Bot API takes files up to 50 MB");
    case 429:
      return rate_limited(std::move(message), refusal, response);
    default:
      break;
  }
  if (code >= 500) {
    return plain_error(no_answer(method), std::move(message), "Telegram has trouble; try later");
  }
  if (code >= 300) {
    return plain_error(ErrorCode::kRejected, std::move(message),
                       "check that API_ROOT is a Bot API server");
  }
  message.append(", but ").append(problem);
  return plain_error(no_answer(method), std::move(message),
                     "check that API_ROOT is a Bot API server");
}

Error exchange_error(const Method& method, Error error) {
  const bool mutates = method.effect == Method::Effect::kMutates;
  if (error.code == ErrorCode::kOutcomeUnknown || (error.code == ErrorCode::kTooLarge && mutates)) {
    error.code = no_answer(method);  // an answer too long to be read is no answer
  }
  error.message.insert(0, ": ").insert(0, method.name);
  return error;
}

Error download_error(const HttpResponse& response) {
  constexpr Method kDownload{"file download", Method::Effect::kReads};
  if (response.status == 404) {
    return plain_error(ErrorCode::kUnavailable, "file download: HTTP 404",
                       "file paths expire and are sometimes late; try again");
  }
  return answer_error(kDownload, response, "it is no file");
}

bool refused_with(const HttpResponse& response, std::string_view text) {
  const auto refusal = parse_refusal(response.body);
  return refusal && refusal->description.find(text) != std::string::npos;
}

}  // namespace telekv::telegram
