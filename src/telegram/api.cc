#include "telegram/api.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "telegram/answers.h"
#include "telegram/local_file.h"
#include "telegram/requests.h"

namespace telekv::telegram {

namespace js = boost::json;
using Effect = Method::Effect;

namespace {

/// A getUpdates answer is cut at about 4 MiB by the server.
constexpr std::size_t kMaxPageBytes = std::size_t{8} << 20;

/// How much longer than a long poll its exchange may take.
constexpr std::chrono::seconds kPollGrace{10};

/// A path as it stands in a URL: everything unusual as %XX.
std::string percent_encode(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string encoded;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += "0123456789ABCDEF"[byte >> 4];
    encoded += "0123456789ABCDEF"[byte & 15];
  }
  return encoded;
}

Error too_large(std::size_t max_bytes) {
  return {
      .code = ErrorCode::kTooLarge,
      .message = "file download: the file is longer than " + std::to_string(max_bytes) + " bytes"};
}

}  // namespace

Api::Api(Http& http, Token token, FloodBudget* budget)
    : http_(&http), token_(std::move(token)), budget_(budget) {}

Error Api::redacted(Error error) const {
  error.message = token_.redact(std::move(error.message));
  error.hint = token_.redact(std::move(error.hint));
  return error;
}

// A call inside a penalty makes it longer.
Result<void> Api::charge(const Method& method) {
  if (!budget_ || !method.writes_into) return {};
  const auto left = budget_->penalty_left(*method.writes_into);
  if (left > left.zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    return Error{.code = ErrorCode::kRateLimited,
                 .message = std::string(method.name) +
                            ": not called, Telegram wants no message into this chat yet",
                 .retry_after_s = static_cast<std::uint32_t>(seconds)};
  }
  budget_->spend(*method.writes_into);
  return {};
}

void Api::note_answer(const Method& method, const HttpResponse& response) {
  if (!budget_ || !method.writes_into) return;
  if (response.status / 100 == 2) {
    budget_->succeed();
    return;
  }
  const Error error = answer_error(method, response, "");
  if (error.code == ErrorCode::kRateLimited) {
    // A refusal that names no time is no invitation to come back at once.
    budget_->penalize(*method.writes_into, std::chrono::seconds(std::max(error.retry_after_s, 1u)));
  }
}

Async<HttpResponse> Api::send(Method method, HttpRequest request) {
  const auto charged = charge(method);
  if (!charged) co_return charged.error();
  request.target = "/bot";
  request.target.append(token_.reveal()).append("/").append(method.name);
  if (method.effect == Effect::kReads) request.repeat = HttpRequest::Repeat::kSafe;
  auto response = co_await http_->exchange(std::move(request));
  if (!response) co_return redacted(exchange_error(method, response.error()));
  note_answer(method, *response);
  co_return response;
}

template <class T>
Result<T> Api::read(const Method& method, const HttpResponse& response) const {
  if (response.status / 100 != 2) return redacted(answer_error(method, response, ""));
  auto value = parse_answer<T>(response.body);
  if (!value) return redacted(answer_error(method, response, value.error().message));
  return value;
}

template <class T>
Async<T> Api::call(Method method, HttpRequest request) {
  auto response = co_await send(method, std::move(request));
  if (!response) co_return response.error();
  co_return read<T>(method, *response);
}

// ---- the bot and its updates -------------------------------------------------------------------

Async<User> Api::get_me() { return call<User>({"getMe", Effect::kReads}, {}); }

Async<UpdatePage> Api::get_updates(GetUpdates query) {
  constexpr Method kMethod{"getUpdates", Effect::kReads};
  js::object body{{"limit", query.limit},
                  {"timeout", query.timeout.count()},
                  {"allowed_updates", allowed_updates()}};
  if (query.offset) body["offset"] = to_int(*query.offset);
  auto request = json_request(body);
  request.deadline = query.timeout + kPollGrace;
  request.max_response_bytes = kMaxPageBytes;
  auto response = co_await send(kMethod, std::move(request));
  if (!response) co_return response.error();
  if (response->status / 100 != 2) co_return redacted(answer_error(kMethod, *response, ""));
  auto page = parse_update_page(response->body);
  if (!page) co_return redacted(answer_error(kMethod, *response, page.error().message));
  co_return page;
}

Async<void> Api::set_webhook(Webhook webhook) {
  constexpr Method kMethod{"setWebhook", Effect::kMutates};
  auto request = webhook_request(webhook);
  auto done = co_await call<Done>(kMethod, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<WebhookInfo> Api::get_webhook_info() {
  return call<WebhookInfo>({"getWebhookInfo", Effect::kReads}, {});
}

Async<void> Api::delete_webhook() {
  constexpr Method kMethod{"deleteWebhook", Effect::kMutates};
  HttpRequest request;
  auto done = co_await call<Done>(kMethod, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

// ---- messages ----------------------------------------------------------------------------------

Async<MessageId> Api::send_message(ChatId chat, std::string text,
                                   std::optional<Keyboard> keyboard) {
  const js::object body = message_to_send(chat, text, keyboard);
  return call<MessageId>({"sendMessage", Effect::kMutates, chat}, json_request(body));
}

std::string send_message_call(ChatId chat, const std::string& text,
                              const std::optional<Keyboard>& keyboard) {
  js::object body = message_to_send(chat, text, keyboard);
  body["method"] = "sendMessage";
  return js::serialize(body);
}

Async<void> Api::edit_message_text(ChatId chat, MessageId id, std::string text,
                                   std::optional<InlineKeyboard> buttons) {
  const Method method{"editMessageText", Effect::kMutates, chat};
  js::object body = message_json(chat, id);
  body["text"] = text;
  if (buttons) body["reply_markup"] = inline_keyboard_json(*buttons);
  auto request = json_request(body);
  auto response = co_await send(method, std::move(request));
  if (!response) co_return response.error();
  if (refused_with(*response, "message is not modified")) co_return Result<void>();
  auto message = read<Message>(method, *response);
  if (!message) co_return message.error();
  co_return Result<void>();
}

Async<void> Api::answer_callback_query(std::string query_id, std::string text) {
  constexpr Method kMethod{"answerCallbackQuery", Effect::kMutates};
  js::object body{{"callback_query_id", query_id}};
  if (!text.empty()) body["text"] = text;
  auto request = json_request(body);
  auto done = co_await call<Done>(kMethod, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<Message> Api::send_document(ChatId chat, Upload upload) {
  const Method method{"sendDocument", Effect::kMutates, chat};
  const std::vector<FormField> fields{{"chat_id", std::to_string(to_int(chat))},
                                      {"caption", upload.caption},
                                      {"disable_content_type_detection", "true"},
                                      {"disable_notification", "true"}};
  auto request = upload_request(fields, upload);
  if (!request) co_return request.error();
  co_return co_await call<Message>(method, std::move(*request));
}

Async<std::optional<Message>> Api::edit_message_document(ChatId chat, MessageId id, Upload upload) {
  const Method method{"editMessageMedia", Effect::kMutates, chat};
  const js::object media{{"type", "document"},
                         {"media", "attach://" + std::string(kDocumentPart)},
                         {"caption", upload.caption},
                         {"disable_content_type_detection", true}};
  const std::vector<FormField> fields{{"chat_id", std::to_string(to_int(chat))},
                                      {"message_id", std::to_string(to_int(id))},
                                      {"media", js::serialize(media)}};
  auto request = upload_request(fields, upload);
  if (!request) co_return request.error();
  auto response = co_await send(method, std::move(*request));
  if (!response) co_return response.error();
  if (refused_with(*response, "message is not modified")) co_return std::optional<Message>();
  auto message = read<Message>(method, *response);
  if (!message) co_return message.error();
  co_return std::optional<Message>(std::move(*message));
}

Async<Message> Api::forward_message(ChatId to, ChatId from, MessageId id) {
  const js::object body{{"chat_id", to_int(to)},
                        {"from_chat_id", to_int(from)},
                        {"message_id", to_int(id)},
                        {"disable_notification", true}};
  return call<Message>({"forwardMessage", Effect::kMutates, to}, json_request(body));
}

Async<void> Api::delete_message(ChatId chat, MessageId id) {
  const Method method{"deleteMessage", Effect::kMutates, chat};
  auto request = json_request(message_json(chat, id));
  auto done = co_await call<Done>(method, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

// ---- the chat ----------------------------------------------------------------------------------

Async<ChatInfo> Api::get_chat(ChatId chat) {
  return call<ChatInfo>({"getChat", Effect::kReads}, json_request({{"chat_id", to_int(chat)}}));
}

Async<Membership> Api::get_own_membership(ChatId chat) {
  return call<Membership>({"getChatMember", Effect::kReads},
                          json_request({{"chat_id", to_int(chat)}, {"user_id", to_int(bot_id())}}));
}

Async<void> Api::send_typing(ChatId chat) {
  const Method method{"sendChatAction", Effect::kReads, chat};
  auto request = json_request({{"chat_id", to_int(chat)}, {"action", "typing"}});
  auto done = co_await call<Done>(method, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<void> Api::pin_chat_message(ChatId chat, MessageId id) {
  const Method method{"pinChatMessage", Effect::kMutates, chat};
  auto body = message_json(chat, id);
  body["disable_notification"] = true;
  auto request = json_request(body);
  auto done = co_await call<Done>(method, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<void> Api::unpin_chat_message(ChatId chat, MessageId id) {
  const Method method{"unpinChatMessage", Effect::kMutates, chat};
  auto request = json_request(message_json(chat, id));
  auto response = co_await send(method, std::move(request));
  if (!response) co_return response.error();
  if (refused_with(*response, "message to unpin not found")) co_return Result<void>();
  auto done = read<Done>(method, *response);
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<void> Api::set_my_commands(std::vector<BotCommand> commands, CommandScope scope) {
  constexpr Method kMethod{"setMyCommands", Effect::kMutates};
  js::array list;
  for (const auto& command : commands) {
    list.emplace_back(
        js::object{{"command", command.command}, {"description", command.description}});
  }
  js::object body{{"commands", std::move(list)}};
  add_scope(body, scope);
  auto request = json_request(body);
  auto done = co_await call<Done>(kMethod, std::move(request));
  if (!done) co_return done.error();
  co_return Result<void>();
}

Async<std::vector<BotCommand>> Api::get_my_commands(CommandScope scope) {
  js::object body;
  add_scope(body, scope);
  return call<std::vector<BotCommand>>({"getMyCommands", Effect::kReads}, json_request(body));
}

// ---- files -------------------------------------------------------------------------------------

Async<RemoteFile> Api::get_file(std::string file_id) {
  constexpr Method kMethod{"getFile", Effect::kReads};
  auto request = json_request({{"file_id", file_id}});
  auto file = co_await call<RemoteFile>(kMethod, std::move(request));
  if (file && file->path.empty()) {
    // Absent when the server has not the whole file yet.
    co_return Error{.code = ErrorCode::kUnavailable,
                    .message = "getFile: the answer names no path",
                    .hint = "the file is not ready to be downloaded; try again"};
  }
  co_return file;
}

Async<std::uint64_t> Api::download(std::string file_id, std::size_t max_bytes, DownloadSink sink) {
  auto file = co_await get_file(std::move(file_id));
  if (!file) co_return file.error();
  if (file->size > max_bytes) co_return too_large(max_bytes);

  std::uint64_t received = 0;
  // The sink holds the bound, so that an error page may be longer than a tiny file.
  DownloadSink bounded = [&received, max_bytes, &sink](std::string_view piece) -> Result<void> {
    received += piece.size();
    if (received > max_bytes) return too_large(max_bytes);
    return sink(piece);
  };
  const bool local = file->path.starts_with('/');
  auto transfer = local ? read_local_file(file->path, std::move(bounded))
                        : fetch(*file, max_bytes, std::move(bounded));
  Result<void> transferred = co_await std::move(transfer);
  if (!transferred) co_return transferred.error();
  if (file->size != 0 && received != file->size) {
    co_return Error{.code = ErrorCode::kUnavailable,
                    .message = "file download: " + std::to_string(received) + " bytes instead of " +
                               std::to_string(file->size),
                    .hint = "the transfer was cut; try again"};
  }
  co_return received;
}

Async<void> Api::fetch(RemoteFile file, std::size_t max_bytes, DownloadSink sink) {
  constexpr Method kMethod{"file download", Effect::kReads};
  HttpRequest request;
  request.method = HttpRequest::Method::kGet;
  request.target = "/file/bot";
  request.target.append(token_.reveal()).append("/").append(percent_encode(file.path));
  request.repeat = HttpRequest::Repeat::kSafe;
  request.deadline = transfer_deadline(file.size > 0 ? file.size : max_bytes);
  request.max_response_bytes = std::max(max_bytes, request.max_response_bytes);
  request.sink = std::move(sink);
  auto response = co_await http_->exchange(std::move(request));
  if (!response) co_return redacted(exchange_error(kMethod, response.error()));
  if (response->status != 200) co_return redacted(download_error(*response));
  co_return Result<void>{};
}

}  // namespace telekv::telegram
