// What the Bot API's calls send: JSON, and forms for files.
//
// Pure functions; only an upload is checked, because what Telegram would do with a bad one is to
// change it. answers.h is the other direction.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/api.h"
#include "telegram/http.h"
#include "telegram/multipart.h"

namespace telekv::telegram {

/// A deadline that a slow line still meets.
std::chrono::milliseconds transfer_deadline(std::uint64_t bytes);

/// What the program asks to be told of; sent with every call that takes it, because an omitted list
/// keeps what another program set before.
boost::json::array allowed_updates();

boost::json::object inline_keyboard_json(const InlineKeyboard& keyboard);
boost::json::object message_to_send(ChatId chat, const std::string& text,
                                    const std::optional<Keyboard>& keyboard);
boost::json::object message_json(ChatId chat, MessageId id);
void add_scope(boost::json::object& body, const CommandScope& scope);

HttpRequest json_request(const boost::json::object& body);
HttpRequest webhook_request(const Webhook& webhook);

/// The part of an upload that is the document; "attach://document" in JSON fields.
inline constexpr std::string_view kDocumentPart = "document";

/// kInvalidArgument for a document that Telegram would refuse or rename.
Result<HttpRequest> upload_request(const std::vector<FormField>& fields, const Upload& upload);

}  // namespace telekv::telegram
