#include "emulator/control_api.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "emulator/json_value.h"
#include "emulator/render.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kMaxClockStep_s = 366LL * 86400;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxBotNameCodePoints = 64;  // Bot API: setMyName

using Body = simdjson::dom::object;

ApiError wrong(std::string text) { return {400, std::move(text)}; }

HttpReply json_reply(std::string body) {
  HttpReply reply;
  reply.body = std::move(body);
  return reply;
}

HttpReply refusal(const ApiError& error) { return control_error(error.code, error.description); }

std::size_t read_limit(const Arguments& query, std::int64_t otherwise, std::int64_t max) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(query.get_integer("limit", otherwise), 0, max));
}

Answer<std::int64_t> required_integer(const Body& body, std::string_view name) {
  std::int64_t value = 0;
  if (body[name].get(value) != simdjson::SUCCESS) {
    return wrong("\"" + std::string(name) + "\" must be an integer");
  }
  return value;
}

Answer<std::string> required_string(const Body& body, std::string_view name) {
  std::string_view value;
  if (body[name].get(value) != simdjson::SUCCESS) {
    return wrong("\"" + std::string(name) + "\" must be a string");
  }
  return std::string(value);
}

// The value, or `otherwise` when it is absent; an error when it is of another type.
Answer<std::int64_t> optional_integer(const Body& body, std::string_view name,
                                      std::int64_t otherwise) {
  simdjson::dom::element value;
  if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) return otherwise;
  return required_integer(body, name);
}

Answer<std::string> optional_name(const Body& body, std::string_view name) {
  simdjson::dom::element value;
  if (body[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::string();
  auto text = required_string(body, name);
  if (text.has_value() && text->size() > kMaxNameBytes) {
    return wrong("\"" + std::string(name) + "\" is longer than 4096 bytes");
  }
  return text;
}

Answer<Bot*> required_bot(ControlCall& call, const Body& body) {
  const auto id = required_integer(body, "bot_id");
  if (id.has_error()) return id.error();
  if (*id <= 0 || *id >= (std::int64_t{1} << 54)) return wrong("\"bot_id\" must be in 1..2^54");
  return &call.world.ensure_bot(*id);
}

// Most actions are a person doing something to a bot.
struct Actor {
  Bot* bot = nullptr;
  PersonId person = 0;
};

Answer<Actor> read_actor(ControlCall& call, const Body& body) {
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  const auto from = required_integer(body, "from");
  if (from.has_error()) return from.error();
  return Actor{*bot, *from};
}

void write_listed_bot(JsonWriter& writer, const Bot& bot) {
  writer.begin_object();
  writer.field("id", bot.id);
  writer.field("is_bot", true);
  writer.field("first_name", bot.first_name);
  writer.field("username", bot.username());
  writer.field("chats", bot.chats.size());
  writer.end_object();
}

// Names a bot as @BotFather would; it exists from then on and belongs to that token.
Answer<std::string> post_bots(ControlCall& call, const Body& body) {
  const auto token = required_string(body, "token");
  if (token.has_error()) return token.error();
  auto first_name = required_string(body, "first_name");
  if (first_name.has_error()) return first_name.error();
  if (!is_valid_utf8(*first_name) || first_name->empty() ||
      count_code_points(*first_name) > kMaxBotNameCodePoints) {
    return wrong("\"first_name\" must have 1..64 characters");
  }
  const auto bot = call.world.authorize(*token);
  if (bot.has_error()) return bot.error();
  call.world.rename_bot(**bot, std::move(*first_name));
  std::string out;
  JsonWriter writer(out);
  write_listed_bot(writer, **bot);
  return out;
}

Answer<std::string> post_people(ControlCall& call, const Body& body) {
  Person person;
  const auto id = optional_integer(body, "id", 0);
  auto first_name = required_string(body, "first_name");
  auto last_name = optional_name(body, "last_name");
  auto username = optional_name(body, "username");
  auto language_code = optional_name(body, "language_code");
  if (id.has_error()) return id.error();
  for (const auto* name : {&first_name, &last_name, &username, &language_code}) {
    if (name->has_error()) return name->error();
  }
  if (first_name->size() > kMaxNameBytes) return wrong("\"first_name\" is longer than 4096 bytes");
  simdjson::dom::element bot_id;
  Bot* bot = nullptr;
  if (body["bot_id"].get(bot_id) == simdjson::SUCCESS && !bot_id.is_null()) {
    const auto given = required_bot(call, body);
    if (given.has_error()) return given.error();
    bot = *given;
  }
  person.id = *id;
  person.first_name = std::move(*first_name);
  person.last_name = std::move(*last_name);
  person.username = std::move(*username);
  person.language_code = std::move(*language_code);
  const auto stored = call.world.put_person(std::move(person));
  if (stored.has_error()) return stored.error();
  if (bot != nullptr) call.world.open_chat(*bot, (*stored)->id);
  std::string out;
  JsonWriter writer(out);
  write_person(writer, **stored);
  return out;
}

Answer<std::string> post_send(ControlCall& call, const Body& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto text = required_string(body, "text");
  if (text.has_error()) return text.error();
  const auto sent = call.world.person_sends(*actor->bot, actor->person, *text, call.now);
  if (sent.has_error()) return sent.error();
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("update_id", sent->update_id);
  writer.field("message_id", sent->message_id);
  writer.end_object();
  return out;
}

Answer<std::string> post_tap(ControlCall& call, const Body& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto message = required_integer(body, "message_id");
  if (message.has_error()) return message.error();
  const auto data = required_string(body, "data");
  if (data.has_error()) return data.error();
  if (!std::in_range<MessageId>(*message)) return wrong("\"message_id\" is out of range");
  const auto tapped = call.world.person_taps(*actor->bot, actor->person,
                                             static_cast<MessageId>(*message), *data, call.now);
  if (tapped.has_error()) return tapped.error();
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("update_id", tapped->update_id);
  writer.field("callback_query_id", tapped->callback_query_id);
  writer.end_object();
  return out;
}

Answer<std::string> post_block(ControlCall& call, const Body& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  bool blocked = false;
  if (body["blocked"].get(blocked) != simdjson::SUCCESS) {
    return wrong("\"blocked\" must be a boolean");
  }
  const auto done = call.world.set_blocked(*actor->bot, actor->person, blocked, call.now);
  if (done.has_error()) return done.error();
  return std::string("{}");
}

Answer<std::string> post_raw_update(ControlCall& call, const Body& body) {
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  std::string_view encoded;
  std::string bytes;
  if (body["base64"].get(encoded) == simdjson::SUCCESS) {
    auto decoded = base64_decode(encoded);
    if (!decoded) return wrong("\"base64\" is not base64");
    bytes = std::move(*decoded);
  } else {
    auto text = required_string(body, "json");
    if (text.has_error()) return wrong("\"json\" or \"base64\" must be a string");
    bytes = std::move(*text);
  }
  const std::int64_t id = call.world.queue_raw_update(**bot, bytes, call.now);
  if (id == 0) return wrong("the queue is full, or the update is over 512 KiB");
  return "{\"update_id\":" + std::to_string(id) + "}";
}

Answer<std::string> get_faults(ControlCall& call) {
  return "{\"faults\":" + std::to_string(call.faults.size()) + "}";
}

Answer<std::string> post_faults(ControlCall& call, const Body& body) {
  FaultRule rule;
  auto method = required_string(body, "method");
  if (method.has_error()) return method.error();
  const auto kind_name = required_string(body, "kind");
  if (kind_name.has_error()) return kind_name.error();
  const auto kind = parse_fault_kind(*kind_name);
  if (!kind) return wrong("\"kind\" must be 429, 502, 500, drop_before, drop_after or delay");
  const auto count = optional_integer(body, "count", 1);
  const auto bot_id = optional_integer(body, "bot_id", 0);
  const auto retry_after = optional_integer(body, "retry_after", 1);
  const auto delay = optional_integer(body, "delay_ms", 0);
  for (const auto* value : {&count, &bot_id, &retry_after, &delay}) {
    if (value->has_error()) return value->error();
  }
  if (*count < 1) return wrong("\"count\" must be positive");
  if (*retry_after < 1 || *retry_after > 1'000'000)
    return wrong("\"retry_after\" must be 1..1000000");
  if (*delay < 0 || *delay > 600'000) return wrong("\"delay_ms\" must be 0..600000");
  rule.method = std::move(*method);
  rule.bot_id = *bot_id;
  rule.remaining = static_cast<std::uint64_t>(*count);
  rule.fault = {*kind, static_cast<std::uint32_t>(*retry_after), std::chrono::milliseconds(*delay)};
  if (auto added = call.faults.add(std::move(rule)); added.has_error()) return added.error();
  return get_faults(call);
}

Answer<std::string> post_clock(ControlCall& call, const Body& body) {
  const auto advance = required_integer(body, "advance_s");
  if (advance.has_error()) return advance.error();
  if (*advance < 0 || *advance > kMaxClockStep_s) {
    return wrong("\"advance_s\" must be 0..31622400; the clock only goes forward");
  }
  call.world.advance_clock(*advance * 1000);
  return "{\"now\":" + std::to_string(call.now / 1000 + *advance) + "}";
}

Answer<std::string> get_people(ControlCall& call) {
  const auto& order = call.world.people_in_order();
  const auto offset = static_cast<std::size_t>(std::clamp<std::int64_t>(
      call.query.get_integer("offset", 0), 0, static_cast<std::int64_t>(order.size())));
  const std::size_t end = std::min(order.size(), offset + read_limit(call.query, 100, 10'000));
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("total", order.size());
  writer.key("people");
  writer.begin_array();
  for (std::size_t i = offset; i < end; ++i)
    write_person(writer, *call.world.find_person(order[i]));
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<std::string> get_bots(ControlCall& call) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("bots");
  writer.begin_array();
  for (const auto& [id, bot] : call.world.bots()) write_listed_bot(writer, bot);
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<Bot*> bot_of_query(ControlCall& call) {
  Bot* bot = call.world.find_bot(call.query.get_integer("bot_id", 0));
  if (bot == nullptr) return ApiError{404, "no such bot; give ?bot_id="};
  return bot;
}

Answer<std::string> get_chats(ControlCall& call) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  std::vector<const Chat*> chats;
  chats.reserve((*bot)->chats.size());
  for (const auto& [id, chat] : (*bot)->chats) chats.push_back(&chat);
  const std::size_t limit = std::min(chats.size(), read_limit(call.query, 100, 1000));
  std::partial_sort(chats.begin(), chats.begin() + static_cast<std::ptrdiff_t>(limit), chats.end(),
                    [](const Chat* a, const Chat* b) { return a->version > b->version; });
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("total", chats.size());
  writer.key("chats");
  writer.begin_array();
  for (std::size_t i = 0; i < limit; ++i) {
    const Chat& chat = *chats[i];
    writer.begin_object();
    write_chat_fields(writer, call.world, chat);
    writer.field("last_message_id", chat.messages.empty() ? 0 : chat.messages.back().id);
    writer.field("date", chat.messages.empty() ? 0 : chat.messages.back().date_s);
    writer.field("blocked", chat.blocked);
    writer.field("version", chat.version);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

void write_page_message(JsonWriter& writer, const ControlCall& call, const Bot& bot,
                        const Chat& chat, const Message& message) {
  writer.begin_object();
  write_message_fields(writer, call.world, bot, chat, message, ReplyField::kShown);
  writer.field("pinned", message.pinned);
  writer.end_object();
}

void write_callback_answer(JsonWriter& writer, const CallbackAnswer& answer) {
  if (answer.query_id.empty()) return writer.null();
  writer.begin_object();
  writer.field("callback_query_id", answer.query_id);
  writer.field("text", answer.text);
  writer.field("show_alert", answer.show_alert);
  writer.end_object();
}

Answer<std::string> get_messages(ControlCall& call, ChatId chat_id) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  static const Chat kClosed;
  const auto place = (*bot)->chats.find(chat_id);
  const bool is_open = place != (*bot)->chats.end();
  const Chat& chat = is_open ? place->second : kClosed;
  const std::size_t limit = read_limit(call.query, 200, 1000);
  const std::size_t begin = chat.messages.size() - std::min(limit, chat.messages.size());
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("version", chat.version);
  writer.key("chat");
  if (is_open) {
    writer.begin_object();
    write_chat_fields(writer, call.world, chat);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("reply_keyboard");
  writer.raw(chat.reply_keyboard.empty() ? std::string_view("null") : chat.reply_keyboard);
  writer.key("pinned_message");
  if (const Message* pinned = call.world.newest_pinned(chat)) {
    write_page_message(writer, call, **bot, chat, *pinned);
  } else {
    writer.null();
  }
  writer.key("callback_answer");
  write_callback_answer(writer, chat.callback_answer);
  writer.key("messages");
  writer.begin_array();
  for (std::size_t i = begin; i < chat.messages.size(); ++i) {
    write_page_message(writer, call, **bot, chat, chat.messages[i]);
  }
  writer.end_array();
  writer.end_object();
  return out;
}

HttpReply get_document(ControlCall& call, ChatId chat_id, std::int64_t message_id) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return refusal(bot.error());
  const auto chat = call.world.find_chat(**bot, chat_id);
  if (chat.has_error()) return control_error(404, "no such chat");
  const Message* message = std::in_range<MessageId>(message_id)
                               ? call.world.find_message(**chat, static_cast<MessageId>(message_id))
                               : nullptr;
  const File* file = message != nullptr ? call.world.find_file(message->rare().file) : nullptr;
  HttpReply reply;
  if (file != nullptr) reply.file = call.files.get(file->number);
  if (!reply.file) return control_error(404, "no such document");
  reply.content_type = "application/octet-stream";
  reply.extra_headers = "Content-Disposition: attachment; filename*=UTF-8''" +
                        percent_encode(file->name) + "\r\nX-Content-Type-Options: nosniff\r\n";
  return reply;
}

Answer<std::string> get_queue(ControlCall& call) {
  constexpr std::size_t kMaxShown = 1000;
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  const UpdateQueue& queue = (*bot)->queue;
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("pending", queue.size());
  writer.key("queued");
  writer.begin_array();
  for (std::size_t i = 0; i < std::min(queue.size(), kMaxShown); ++i) {
    writer.integer(queue.updates()[i].id);
  }
  writer.end_array();
  writer.field("highest_confirmed", queue.highest_confirmed());
  writer.field("next_update_id", queue.next_id());
  writer.end_object();
  return out;
}

Answer<std::string> get_stats(ControlCall& call) {
  const auto uptime = std::chrono::steady_clock::now() - call.statistics.started;
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("uptime_s", std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  writer.field("now", call.now / 1000);
  writer.field("bots", call.world.bots().size());
  writer.field("people", call.world.people_count());
  writer.field("messages", call.world.message_count());
  writer.field("files", call.world.file_count());
  writer.field("bytes_in", call.statistics.bytes_in);
  writer.field("bytes_out", call.statistics.bytes_out);
  writer.key("calls");
  writer.begin_object();
  for (const auto& [method, count] : call.statistics.calls) {
    writer.key(method);
    writer.begin_object();
    writer.field("ok", count.ok);
    writer.field("failed", count.failed);
    writer.end_object();
  }
  writer.end_object();
  writer.end_object();
  return out;
}

using Post = Answer<std::string> (*)(ControlCall&, const Body&);
using Get = Answer<std::string> (*)(ControlCall&);

constexpr std::pair<std::string_view, Post> kPosts[] = {
    {"people", post_people},
    {"bots", post_bots},
    {"send", post_send},
    {"tap", post_tap},
    {"raw_update", post_raw_update},
    {"block", post_block},
    {"faults", post_faults},
    {"clock", post_clock},
};
constexpr std::pair<std::string_view, Get> kGets[] = {
    {"people", get_people}, {"bots", get_bots},     {"chats", get_chats},
    {"updates", get_queue}, {"faults", get_faults}, {"stats", get_stats},
};

// chats/ID/messages and chats/ID/messages/ID/document
struct ChatPath {
  ChatId chat = 0;
  std::optional<std::int64_t> document_of;
};

std::optional<ChatPath> parse_chat_path(std::string_view path) {
  constexpr std::string_view kChats = "chats/";
  constexpr std::string_view kMessages = "/messages";
  constexpr std::string_view kDocument = "/document";
  if (!path.starts_with(kChats)) return std::nullopt;
  path.remove_prefix(kChats.size());
  const std::size_t id_end = path.find('/');
  if (id_end == std::string_view::npos || !path.substr(id_end).starts_with(kMessages)) {
    return std::nullopt;
  }
  ChatPath result{to_integer(path.substr(0, id_end)), std::nullopt};
  path.remove_prefix(id_end + kMessages.size());
  if (path.empty()) return result;
  if (!path.starts_with('/') || !path.ends_with(kDocument)) return std::nullopt;
  result.document_of = to_integer(path.substr(1));
  return result;
}

HttpReply run_post(ControlCall& call, Post post, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  Body fields;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root.get(fields) != simdjson::SUCCESS) {
    return control_error(400, "the body must be a JSON object");
  }
  auto answer = post(call, fields);
  return answer.has_error() ? refusal(answer.error()) : json_reply(std::move(*answer));
}

HttpReply run_get(ControlCall& call, std::string_view path) {
  for (const auto& [name, get] : kGets) {
    if (name != path) continue;
    auto answer = get(call);
    return answer.has_error() ? refusal(answer.error()) : json_reply(std::move(*answer));
  }
  const auto chat = parse_chat_path(path);
  if (!chat) return control_error(404, "no such call");
  if (chat->document_of) return get_document(call, chat->chat, *chat->document_of);
  auto answer = get_messages(call, chat->chat);
  return answer.has_error() ? refusal(answer.error()) : json_reply(std::move(*answer));
}

// Whether "http://localhost:8081" or "127.0.0.1:8081" names this machine's loopback.
bool is_loopback_authority(std::string_view authority) {
  if (authority.starts_with("http://")) authority.remove_prefix(std::string_view("http://").size());
  const std::string_view host = authority.starts_with('[')
                                    ? authority.substr(0, authority.find(']') + 1)
                                    : authority.substr(0, authority.find(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

}  // namespace

HttpReply control_error(int status, std::string_view text) {
  HttpReply reply;
  reply.status = status;
  JsonWriter writer(reply.body);
  writer.begin_object();
  writer.field("error", text);
  writer.end_object();
  return reply;
}

bool is_from_loopback_page(const HttpRequest& request) {
  return is_loopback_authority(request.host) &&
         (request.origin.empty() || is_loopback_authority(request.origin));
}

HttpReply run_control_call(ControlCall& call, std::string_view http_method, std::string_view path,
                           std::string_view body) {
  if (http_method == "GET") return run_get(call, path);
  if (http_method == "DELETE" && path == "faults") {
    call.faults.clear();
    return json_reply("{\"faults\":0}");
  }
  if (http_method != "POST") return control_error(405, "use GET or POST");
  for (const auto& [name, post] : kPosts) {
    if (name == path) return run_post(call, post, body);
  }
  return control_error(404, "no such call");
}

std::optional<ChatWait> parse_chat_wait(std::string_view http_method, std::string_view path,
                                        const Arguments& query) {
  constexpr std::int64_t kMaxWait_s = 60;
  const auto chat = parse_chat_path(path);
  const auto after = query.find("after");
  const std::int64_t wait_s =
      std::clamp<std::int64_t>(query.get_integer("wait_s", 0), 0, kMaxWait_s);
  if (http_method != "GET" || !chat || chat->document_of || !after || wait_s == 0) {
    return std::nullopt;
  }
  return ChatWait{query.get_integer("bot_id", 0), chat->chat,
                  static_cast<std::uint64_t>(to_integer(*after)), wait_s};
}

std::uint64_t chat_version(World& world, BotId bot_id, ChatId chat_id) {
  Bot* bot = world.find_bot(bot_id);
  if (bot == nullptr) return 0;
  const auto chat = bot->chats.find(chat_id);
  return chat == bot->chats.end() ? 0 : chat->second.version;
}

}  // namespace telekv::emulator
