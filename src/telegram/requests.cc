#include "telegram/requests.h"

#include <boost/json.hpp>
#include <memory>
#include <utility>
#include <variant>

namespace telekv::telegram {

namespace js = boost::json;

namespace {

constexpr std::chrono::seconds kTransferGrace{30};
constexpr std::uint64_t kSlowestBytesPerSecond = 128 * 1024;

js::object reply_keyboard_json(const ReplyKeyboard& keyboard) {
  js::array rows;
  for (const auto& row : keyboard) {
    js::array keys;
    for (const auto& key : row) keys.emplace_back(js::object{{"text", key}});
    rows.emplace_back(std::move(keys));
  }
  return {{"keyboard", std::move(rows)}, {"resize_keyboard", true}, {"is_persistent", true}};
}

js::object keyboard_json(const Keyboard& keyboard) {
  if (const auto* keys = std::get_if<ReplyKeyboard>(&keyboard)) return reply_keyboard_json(*keys);
  return inline_keyboard_json(std::get<InlineKeyboard>(keyboard));
}

}  // namespace

std::chrono::milliseconds transfer_deadline(std::uint64_t bytes) {
  return kTransferGrace +
         std::chrono::seconds(static_cast<std::int64_t>(bytes / kSlowestBytesPerSecond));
}

js::array allowed_updates() { return {"message", "callback_query"}; }

js::object inline_keyboard_json(const InlineKeyboard& keyboard) {
  js::array rows;
  for (const auto& row : keyboard) {
    js::array buttons;
    for (const auto& [text, data] : row) {
      buttons.emplace_back(js::object{{"text", text}, {"callback_data", data}});
    }
    rows.emplace_back(std::move(buttons));
  }
  return {{"inline_keyboard", std::move(rows)}};
}

js::object message_to_send(ChatId chat, const std::string& text,
                           const std::optional<Keyboard>& keyboard) {
  js::object body{{"chat_id", to_int(chat)}, {"text", text}};
  if (keyboard) body["reply_markup"] = keyboard_json(*keyboard);
  return body;
}

void add_scope(js::object& body, const CommandScope& scope) {
  if (!scope.language.empty()) body["language_code"] = scope.language;
  if (scope.kind == CommandScope::Kind::kAllGroupChats) {
    body["scope"] = js::object{{"type", "all_group_chats"}};
  } else if (scope.kind == CommandScope::Kind::kChat) {
    body["scope"] = js::object{{"type", "chat"}, {"chat_id", to_int(scope.chat)}};
  }
}

js::object message_json(ChatId chat, MessageId id) {
  return {{"chat_id", to_int(chat)}, {"message_id", to_int(id)}};
}

HttpRequest json_request(const js::object& body) {
  HttpRequest request;
  request.content_type = "application/json";
  request.body = {std::make_shared<const Bytes>(js::serialize(body))};
  return request;
}

// A certificate is a file, and a file needs a form. In a form, what is not a string is its JSON.
HttpRequest webhook_request(const Webhook& webhook) {
  const js::object body{{"url", webhook.url},
                        {"secret_token", webhook.secret.reveal()},
                        {"max_connections", webhook.max_connections},
                        {"allowed_updates", allowed_updates()},
                        {"drop_pending_updates", webhook.drop_pending_updates}};
  if (!webhook.certificate) return json_request(body);
  std::vector<FormField> fields;
  for (const auto& [name, value] : body) {
    fields.emplace_back(name,
                        value.is_string() ? std::string(value.as_string()) : js::serialize(value));
  }
  auto multipart = make_multipart(fields, {"certificate", "certificate.pem", webhook.certificate});
  HttpRequest request;
  request.content_type = std::move(multipart.content_type);
  request.body = std::move(multipart.body);
  return request;
}

Result<HttpRequest> upload_request(const std::vector<FormField>& fields, const Upload& upload) {
  if (!is_document_name(upload.name)) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "a document's name needs 1-64 characters of A-Z a-z 0-9 . _ -"};
  }
  if (!upload.bytes || upload.bytes->empty()) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = upload.name + ": Telegram refuses empty documents"};
  }
  HttpRequest request;
  auto multipart = make_multipart(fields, {kDocumentPart, upload.name, upload.bytes});
  request.content_type = std::move(multipart.content_type);
  request.body = std::move(multipart.body);
  request.deadline = transfer_deadline(upload.bytes->size());
  return request;
}

}  // namespace telekv::telegram
