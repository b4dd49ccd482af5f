#include "telegram/answers.h"

#include <algorithm>

#include "telegram/json_read.h"

namespace telekv::telegram {
namespace {

using json::Element;
using json::Object;

constexpr std::size_t kShortAnswerBytes = 16 << 10;
constexpr std::size_t kMaxDescriptionBytes = 300;
constexpr std::size_t kMaxStatusBytes = 64;
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kMaxUrlBytes = 4096;
constexpr std::size_t kMaxCommands = 100;
constexpr std::size_t kMaxCommandBytes = 2048;

/// One line of bounded length, cut at a character's border.
std::string tidy(std::string_view text) {
  if (text.size() > kMaxDescriptionBytes) {
    std::size_t end = kMaxDescriptionBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

Result<void> read(const Element& /*result*/, Done& /*done*/) { return {}; }

Result<void> read(const Element& result, User& user) {
  auto parsed = json::read_user(result, "result");
  if (!parsed) return parsed.error();
  user = std::move(*parsed);
  return {};
}

Result<void> read(const Element& result, MessageId& id) {
  auto object = json::as_object(result, "result");
  if (!object) return object.error();
  auto number = json::read_id(*object, "message_id");
  if (!number) return number.error();
  if (*number < 0) return json::damaged("message_id", "is negative");
  id = MessageId{*number};
  return {};
}

Result<void> read(const Element& result, Message& message) {
  auto parsed = json::read_message(result, "result");
  if (!parsed) return parsed.error();
  message = std::move(*parsed);
  return {};
}

Result<void> read(const Element& result, ChatInfo& info) {
  auto chat = json::read_chat(result, "result");
  if (!chat) return chat.error();
  info.chat = *chat;
  Object object;
  if (result.get(object) != simdjson::SUCCESS) return json::damaged("result", "is not an object");
  if (const auto pinned = json::member(object, "pinned_message")) {
    auto message = json::read_message(pinned, "pinned_message");
    if (!message) return message.error();
    info.pinned_message = std::move(*message);
  }
  return {};
}

Result<void> read(const Element& result, Membership& member) {
  auto object = json::as_object(result, "result");
  if (!object) return object.error();
  auto status = json::read_string(*object, "status", kMaxStatusBytes);
  if (!status) return status.error();
  bool may_pin = false;
  if (object->at_key("can_pin_messages").get(may_pin) != simdjson::SUCCESS) may_pin = false;
  member = {.administrator = *status == "administrator", .may_pin = may_pin};
  return {};
}

Result<void> read(const Element& result, RemoteFile& file) {
  auto object = json::as_object(result, "result");
  if (!object) return object.error();
  auto path = json::read_string(*object, "file_path", kMaxPathBytes);
  if (!path) return path.error();
  auto size = json::read_size(*object, "file_size");
  if (!size) return size.error();
  file = RemoteFile{std::move(*path), *size};
  return {};
}

Result<void> read(const Element& result, WebhookInfo& info) {
  auto object = json::as_object(result, "result");
  if (!object) return object.error();
  auto url = json::read_string(*object, "url", kMaxUrlBytes);
  if (!url) return url.error();
  auto last_error = json::read_string(*object, "last_error_message", kMaxUrlBytes);
  if (!last_error) return last_error.error();
  auto pending = json::read_size(*object, "pending_update_count");
  if (!pending) return pending.error();
  auto connections = json::read_size(*object, "max_connections");
  if (!connections) return connections.error();
  auto date = json::read_size(*object, "last_error_date");
  if (!date) return date.error();
  if (*date > static_cast<std::uint64_t>(kMaxId)) {
    return json::damaged("last_error_date", "is not a date");
  }
  info = {.url = std::move(*url),
          .pending_updates = *pending,
          .max_connections = *connections,
          .last_error_at = std::chrono::seconds(static_cast<std::int64_t>(*date)),
          .last_error = tidy(*last_error)};
  return {};
}

Result<void> read(const Element& result, std::vector<BotCommand>& commands) {
  simdjson::dom::array array;
  if (result.get(array) != simdjson::SUCCESS) return json::damaged("result", "is not a list");
  for (const auto element : array) {
    if (commands.size() == kMaxCommands) return json::damaged("result", "has too many commands");
    auto object = json::as_object(element, "a command");
    if (!object) return object.error();
    auto name = json::read_string(*object, "command", kMaxCommandBytes);
    if (!name) return name.error();
    auto description = json::read_string(*object, "description", kMaxCommandBytes);
    if (!description) return description.error();
    commands.push_back({std::move(*name), std::move(*description)});
  }
  return {};
}

}  // namespace

std::optional<Refusal> parse_refusal(std::string_view body) {
  simdjson::dom::parser parser;
  Object answer;
  bool ok = true;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS ||
      answer.at_key("ok").get(ok) != simdjson::SUCCESS || ok) {
    return std::nullopt;
  }
  Refusal refusal;
  std::int64_t number = 0;
  if (answer.at_key("error_code").get(number) == simdjson::SUCCESS && number > 0 && number < 1000) {
    refusal.error_code = static_cast<int>(number);
  }
  std::string_view text;
  if (answer.at_key("description").get(text) == simdjson::SUCCESS &&
      simdjson::validate_utf8(text)) {
    refusal.description = tidy(text);
  }
  Object parameters;
  if (answer.at_key("parameters").get(parameters) == simdjson::SUCCESS) {
    if (parameters.at_key("retry_after").get(number) == simdjson::SUCCESS && number > 0) {
      refusal.retry_after_s =
          static_cast<std::uint32_t>(std::min<std::int64_t>(number, UINT32_MAX));
    }
    if (auto chat = json::read_id(parameters, "migrate_to_chat_id")) {
      refusal.migrate_to_chat_id = *chat;
    }
  }
  return refusal;
}

// Most answers are short, and setting a parser up for them takes longer than parsing them.
simdjson::dom::parser& parser_of_short_answers() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

template <class T>
Result<T> parse_answer(std::string_view body) {
  simdjson::dom::parser for_this;
  simdjson::dom::parser& parser =
      body.size() <= kShortAnswerBytes ? parser_of_short_answers() : for_this;
  Object answer;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS) {
    return json::damaged("the answer", "is not JSON");
  }
  bool ok = false;
  if (answer.at_key("ok").get(ok) != simdjson::SUCCESS || !ok) {
    return json::damaged("the answer", "is no success");
  }
  const auto result = json::member(answer, "result");
  if (!result) return json::damaged("result", "is missing");
  T value{};
  if (auto outcome = read(*result, value); !outcome) return outcome.error();
  return value;
}

template Result<Done> parse_answer<Done>(std::string_view);
template Result<User> parse_answer<User>(std::string_view);
template Result<MessageId> parse_answer<MessageId>(std::string_view);
template Result<Message> parse_answer<Message>(std::string_view);
template Result<ChatInfo> parse_answer<ChatInfo>(std::string_view);
template Result<Membership> parse_answer<Membership>(std::string_view);
template Result<RemoteFile> parse_answer<RemoteFile>(std::string_view);
template Result<WebhookInfo> parse_answer<WebhookInfo>(std::string_view);
template Result<std::vector<BotCommand>> parse_answer<std::vector<BotCommand>>(std::string_view);

}  // namespace telekv::telegram
