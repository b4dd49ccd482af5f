#include "telegram/json_read.h"

#include "telegram/update_parser.h"

namespace telekv::telegram::json {
namespace {

constexpr std::size_t kMaxFileIdBytes = 1024;
constexpr std::size_t kMaxQueryIdBytes = 256;
constexpr std::size_t kMaxKindBytes = 64;
constexpr std::size_t kMaxButtons = 100;  // Telegram takes no more below one message

ChatType chat_type(std::string_view text) {
  if (text == "private") return ChatType::kPrivate;
  if (text == "group") return ChatType::kGroup;
  if (text == "supergroup") return ChatType::kSupergroup;
  if (text == "channel") return ChatType::kChannel;
  return ChatType::kOther;
}

Result<DocumentInfo> read_document(const std::optional<Element>& element, std::string_view field) {
  auto object = as_object(element, field);
  if (!object) return object.error();
  auto file_id = read_string(*object, "file_id", kMaxFileIdBytes);
  if (!file_id) return file_id.error();
  if (file_id->empty()) return damaged("document.file_id", "is missing");
  auto file_name = read_string(*object, "file_name", kMaxNameBytes);
  if (!file_name) return file_name.error();
  auto file_size = read_size(*object, "file_size");
  if (!file_size) return file_size.error();
  return DocumentInfo{std::move(*file_id), std::move(*file_name), *file_size};
}

}  // namespace

Error damaged(std::string_view field, std::string_view what) {
  std::string message(field);
  return {.code = ErrorCode::kDamaged, .message = message.append(" ").append(what)};
}

std::optional<Element> member(const Object& object, std::string_view key) {
  Element element;
  if (object.at_key(key).get(element) != simdjson::SUCCESS || element.is_null()) {
    return std::nullopt;
  }
  return element;
}

Result<Object> as_object(const std::optional<Element>& element, std::string_view field) {
  Object object;
  if (!element) return damaged(field, "is missing");
  if (element->get(object) != simdjson::SUCCESS) return damaged(field, "is not an object");
  return object;
}

Result<std::int64_t> read_id(const Object& object, std::string_view key) {
  const auto element = member(object, key);
  if (!element) return damaged(key, "is missing");
  std::int64_t id = 0;
  if (element->get(id) != simdjson::SUCCESS) return damaged(key, "is not a 64-bit integer");
  if (id == 0 || id > kMaxId || id < -kMaxId) return damaged(key, "is out of range");
  return id;
}

Result<std::string> read_string(const Object& object, std::string_view key, std::size_t max_bytes) {
  const auto element = member(object, key);
  if (!element) return std::string();
  std::string_view text;
  if (element->get(text) != simdjson::SUCCESS) return damaged(key, "is not a string");
  if (text.size() > max_bytes) return damaged(key, "is too long");
  // Escapes such as a lone surrogate can spell what no UTF-8 has.
  if (!simdjson::validate_utf8(text)) return damaged(key, "is not valid UTF-8");
  return std::string(text);
}

Result<std::uint64_t> read_size(const Object& object, std::string_view key) {
  const auto element = member(object, key);
  if (!element) return std::uint64_t{0};
  std::uint64_t size = 0;
  if (element->get(size) != simdjson::SUCCESS) return damaged(key, "is not a size");
  return size;
}

/// Telegram's dates are 32 bits wide. One that is no date costs no message: it counts as not told.
std::chrono::seconds read_date(const Object& object) {
  const auto element = member(object, "date");
  std::uint64_t date = 0;
  const bool good = element && element->get(date) == simdjson::SUCCESS && date <= UINT32_MAX;
  return std::chrono::seconds(good ? date : 0);
}

Result<User> read_user(const std::optional<Element>& element, std::string_view field) {
  auto object = as_object(element, field);
  if (!object) return object.error();
  auto id = read_id(*object, "id");
  if (!id) return id.error();
  if (*id < 0) return damaged("a user's id", "is negative");
  User user;
  user.id = UserId{*id};
  if (const auto flag = member(*object, "is_bot");
      flag && flag->get(user.is_bot) != simdjson::SUCCESS) {
    return damaged("is_bot", "is not a boolean");
  }
  const std::pair<const char*, std::string*> texts[] = {{"first_name", &user.first_name},
                                                        {"last_name", &user.last_name},
                                                        {"username", &user.username},
                                                        {"language_code", &user.language_code}};
  for (const auto& [key, target] : texts) {
    auto text = read_string(*object, key, kMaxNameBytes);
    if (!text) return text.error();
    *target = std::move(*text);
  }
  return user;
}

Result<Chat> read_chat(const std::optional<Element>& element, std::string_view field) {
  auto object = as_object(element, field);
  if (!object) return object.error();
  auto id = read_id(*object, "id");
  if (!id) return id.error();
  auto type = read_string(*object, "type", kMaxKindBytes);
  if (!type) return type.error();
  return Chat{ChatId{*id}, chat_type(*type)};
}

Result<Message> read_message(const std::optional<Element>& element, std::string_view field) {
  auto object = as_object(element, field);
  if (!object) return object.error();
  auto id = read_id(*object, "message_id");
  if (!id) return id.error();
  if (*id < 0) return damaged("message_id", "is negative");
  auto chat = read_chat(member(*object, "chat"), "chat");
  if (!chat) return chat.error();
  Message message;
  message.id = MessageId{*id};
  message.chat = *chat;
  if (const auto from = member(*object, "from")) {
    auto user = read_user(from, "from");
    if (!user) return user.error();
    message.from = std::move(*user);
  }
  if (const auto sender = member(*object, "sender_chat")) {
    auto sender_chat = read_chat(sender, "sender_chat");
    if (!sender_chat) return sender_chat.error();
    message.sender_chat = sender_chat->id;
  }
  auto text = read_string(*object, "text", kMaxTextBytes);
  if (!text) return text.error();
  message.text = std::move(*text);
  if (const auto document = member(*object, "document")) {
    auto info = read_document(document, "document");
    if (!info) return info.error();
    message.document = std::move(*info);
  }
  message.tells_of_pin = member(*object, "pinned_message").has_value();
  message.date = read_date(*object);
  return message;
}

namespace {

/// Where a tapped button is. What cannot be read counts as not told: the tap still wants an answer.
std::optional<MessagePlace> read_place(const Object& query) {
  const auto message = as_object(member(query, "message"), "message");
  if (!message) return std::nullopt;
  const auto id = read_id(*message, "message_id");
  if (!id || *id < 0) return std::nullopt;
  const auto chat = read_chat(member(*message, "chat"), "chat");
  if (!chat) return std::nullopt;
  return MessagePlace{*chat, MessageId{*id}};
}

bool is_button(const Element& button, std::string_view data) {
  std::string_view own;
  return button.at_key("callback_data").get(own) == simdjson::SUCCESS && own == data;
}

/// Whether the tapped message carries a button with `data`. One that Telegram does not show
/// (an InaccessibleMessage) carries none.
bool has_button(const Object& query, std::string_view data) {
  simdjson::dom::array rows;
  if (query.at_pointer("/message/reply_markup/inline_keyboard").get(rows) != simdjson::SUCCESS) {
    return false;
  }
  std::size_t read = 0;
  for (const Element row : rows) {
    simdjson::dom::array buttons;
    if (row.get(buttons) != simdjson::SUCCESS) return false;
    for (const Element button : buttons) {
      if (++read > kMaxButtons) return false;
      if (is_button(button, data)) return true;
    }
  }
  return false;
}

}  // namespace

Result<CallbackQuery> read_callback_query(const std::optional<Element>& element,
                                          std::string_view field) {
  auto object = as_object(element, field);
  if (!object) return object.error();
  auto id = read_string(*object, "id", kMaxQueryIdBytes);
  if (!id) return id.error();
  if (id->empty()) return damaged("callback_query.id", "is missing");
  auto from = read_user(member(*object, "from"), "from");
  if (!from) return from.error();
  auto data = read_string(*object, "data", kMaxCallbackBytes);
  if (!data) return data.error();
  const bool is_on_message = has_button(*object, *data);
  return CallbackQuery{std::move(*id), std::move(*from), std::move(*data), read_place(*object),
                       is_on_message};
}

}  // namespace telekv::telegram::json
