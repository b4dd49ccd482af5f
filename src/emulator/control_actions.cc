// POST under /emulator/: people and what they do, bots, faults, the clock.
#include <optional>
#include <utility>

#include "emulator/bot_api.h"
#include "emulator/control_arguments.h"
#include "emulator/control_calls.h"
#include "emulator/render.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kMaxUploadTime_ms = 600'000;
constexpr std::int64_t kMaxClockStep_s = 366LL * 86400;
constexpr std::size_t kMaxPeopleAtOnce = 10'000;
constexpr std::size_t kMaxBotNameCodePoints = 64;  // Bot API: setMyName

// Most actions are a person doing something to a bot.
struct Actor {
  Bot* bot = nullptr;
  ChatId chat = 0;  ///< "chat_id", or the private chat
  PersonId person = 0;
};

Answer<Actor> read_actor(ControlCall& call, const ControlBody& body) {
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  const auto from = required_integer(body, "from");
  if (from.has_error()) return from.error();
  const auto chat = optional_integer(body, "chat_id", *from);
  if (chat.has_error()) return chat.error();
  return Actor{*bot, *chat, *from};
}

// Names a bot as @BotFather would; it exists from then on and belongs to that token.
Answer<std::string> post_bots(ControlCall& call, const ControlBody& body) {
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

Answer<std::string> post_upload_time(ControlCall& call, const ControlBody& body) {
  const auto time = required_integer(body, "ms");
  if (time.has_error()) return time.error();
  if (*time < 0 || *time > kMaxUploadTime_ms) return wrong("\"ms\" must be 0..600000");
  call.world.set_upload_time(*time);
  return std::string("{}");
}

Answer<Person> read_person(const ControlBody& body) {
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
  return Person{*id, std::move(*first_name), std::move(*last_name), std::move(*username),
                std::move(*language_code)};
}

Answer<const Person*> put_person(ControlCall& call, const ControlBody& body, Bot* bot) {
  auto person = read_person(body);
  if (person.has_error()) return person.error();
  const auto stored = call.world.put_person(std::move(*person));
  if (stored.has_value() && bot != nullptr) call.world.open_chat(*bot, (*stored)->id);
  return stored;
}

Answer<std::string> put_all_people(ControlCall& call, const ControlBody& body, Bot* bot) {
  const auto people = required_array(body, "people", kMaxPeopleAtOnce);
  if (people.has_error()) return people.error();
  for (const simdjson::dom::element each : *people) {
    ControlBody fields;
    if (each.get(fields) != simdjson::SUCCESS) return wrong("\"people\" must be objects");
    const auto stored = put_person(call, fields, bot);
    if (stored.has_error()) return stored.error();
  }
  return "{\"people\":" + std::to_string(people->size()) + "}";
}

Answer<std::string> post_people(ControlCall& call, const ControlBody& body) {
  simdjson::dom::element given;
  Bot* bot = nullptr;
  if (body["bot_id"].get(given) == simdjson::SUCCESS && !given.is_null()) {
    const auto found = required_bot(call, body);
    if (found.has_error()) return found.error();
    bot = *found;
  }
  if (body["people"].get(given) == simdjson::SUCCESS) return put_all_people(call, body, bot);
  const auto stored = put_person(call, body, bot);
  if (stored.has_error()) return stored.error();
  std::string out;
  JsonWriter writer(out);
  write_person(writer, **stored);
  return out;
}

Answer<std::string> post_send(ControlCall& call, const ControlBody& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto text = required_string(body, "text");
  if (text.has_error()) return text.error();
  const auto sent =
      actor->chat == actor->person
          ? call.world.person_sends(*actor->bot, actor->person, *text, call.now)
          : call.world.person_writes(*actor->bot, actor->chat, actor->person, *text, call.now);
  if (sent.has_error()) return sent.error();
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("update_id", sent->update_id);
  writer.field("message_id", sent->message_id);
  writer.end_object();
  return out;
}

Answer<std::string> post_tap(ControlCall& call, const ControlBody& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto message = required_integer(body, "message_id");
  if (message.has_error()) return message.error();
  const auto data = required_string(body, "data");
  if (data.has_error()) return data.error();
  if (!std::in_range<MessageId>(*message)) return wrong("\"message_id\" is out of range");
  const auto tapped = call.world.person_taps(*actor->bot, actor->chat, actor->person,
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

Answer<std::string> post_block(ControlCall& call, const ControlBody& body) {
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

Answer<std::string> post_raw_update(ControlCall& call, const ControlBody& body) {
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

// What a person does to their own chat; the bot is not told of it, as by Telegram.
Answer<MessageId> read_message_id(std::int64_t id) {
  if (!std::in_range<MessageId>(id) || id < 0) return wrong("\"message_id\" is out of range");
  return static_cast<MessageId>(id);
}

Answer<std::string> post_unpin(ControlCall& call, const ControlBody& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto given = optional_integer(body, "message_id", 0);
  if (given.has_error()) return given.error();
  const auto id = read_message_id(*given);
  if (id.has_error()) return id.error();
  const auto chat = call.world.find_chat(*actor->bot, actor->person);
  if (chat.has_error()) return chat.error();
  const auto message = *id == 0 ? std::nullopt : std::optional(*id);
  const auto done = call.world.unpin(*actor->bot, **chat, message);
  if (done.has_error()) return done.error();
  return std::string("{}");
}

Answer<std::string> post_delete_message(ControlCall& call, const ControlBody& body) {
  const auto actor = read_actor(call, body);
  if (actor.has_error()) return actor.error();
  const auto given = required_integer(body, "message_id");
  if (given.has_error()) return given.error();
  const auto id = read_message_id(*given);
  if (id.has_error()) return id.error();
  const auto chat = call.world.find_chat(*actor->bot, actor->person);
  if (chat.has_error()) return chat.error();
  const Message* message = call.world.find_message(**chat, *id);
  if (message == nullptr) return bad_request("message to delete not found");
  // The limit of 48 hours is the bot's; a person deletes at any age.
  const TimeMs when_it_was_new = message->date_s * 1000;
  const auto done = call.world.remove(*actor->bot, **chat, *id, when_it_was_new);
  if (done.has_error()) return done.error();
  return std::string("{}");
}

constexpr std::int64_t kMaxFaultCount = 1'000'000;
constexpr std::int64_t kMaxRetryAfter_s = 1'000'000;
constexpr std::int64_t kMaxDelay_ms = 600'000;

// The method that a rule waits for, as documented.
Answer<std::string> read_fault_method(const ControlBody& body, FaultKind kind) {
  auto name = required_string(body, "method");
  if (name.has_error()) return name.error();
  if (kind == FaultKind::kSecondPoller && to_lower_ascii(*name) != "getupdates") {
    return wrong("a second_poller spoils \"getUpdates\" only");
  }
  if (*name == "*" || *name == "file") return name;
  const MethodEntry* method = find_method(*name);
  if (method == nullptr) return wrong("\"method\" must be one that GET methods lists, file or *");
  return std::string(method->name);
}

Answer<Fault> read_fault(const ControlBody& body) {
  const auto kind_name = required_string(body, "kind");
  if (kind_name.has_error()) return kind_name.error();
  const auto kind = parse_fault_kind(*kind_name);
  if (!kind) {
    return wrong(
        "\"kind\" must be 429, 502, 500, drop_before, drop_after, delay, cut, timeout or "
        "second_poller");
  }
  const auto retry_after = optional_integer(body, "retry_after", 1);
  const auto delay =
      optional_integer(body, "delay_ms", kind == FaultKind::kNoAnswer ? kMaxDelay_ms : 0);
  const auto bytes = optional_integer(body, "bytes", 0);
  for (const auto* value : {&retry_after, &delay, &bytes}) {
    if (value->has_error()) return value->error();
  }
  if (*retry_after < 1 || *retry_after > kMaxRetryAfter_s)
    return wrong("\"retry_after\" must be 1..1000000");
  if (*delay < 0 || *delay > kMaxDelay_ms) return wrong("\"delay_ms\" must be 0..600000");
  if (*bytes < 0) return wrong("\"bytes\" must not be negative");
  return Fault{*kind, static_cast<std::uint32_t>(*retry_after), std::chrono::milliseconds(*delay),
               static_cast<std::uint64_t>(*bytes)};
}

Answer<std::string> post_faults(ControlCall& call, const ControlBody& body) {
  const auto fault = read_fault(body);
  if (fault.has_error()) return fault.error();
  auto method = read_fault_method(body, fault->kind);
  if (method.has_error()) return method.error();
  const auto count = optional_integer(body, "count", 1);
  const auto bot_id = optional_integer(body, "bot_id", 0);
  for (const auto* value : {&count, &bot_id}) {
    if (value->has_error()) return value->error();
  }
  if (*count < 1 || *count > kMaxFaultCount) return wrong("\"count\" must be 1..1000000");
  FaultRule rule;
  rule.method = std::move(*method);
  rule.bot_id = *bot_id;
  rule.remaining = static_cast<std::uint64_t>(*count);
  rule.fault = *fault;
  if (auto added = call.faults.add(std::move(rule)); added.has_error()) return added.error();
  return show_faults(call.faults);
}

Answer<std::string> post_clock(ControlCall& call, const ControlBody& body) {
  const auto advance = required_integer(body, "advance_s");
  if (advance.has_error()) return advance.error();
  if (*advance < 0 || *advance > kMaxClockStep_s) {
    return wrong("\"advance_s\" must be 0..31622400; the clock only goes forward");
  }
  call.world.advance_clock(*advance * 1000);
  return "{\"now\":" + std::to_string(call.now / 1000 + *advance) + "}";
}

constexpr std::pair<std::string_view, ControlAction> kPosts[] = {
    {"upload_time", post_upload_time},
    {"people", post_people},
    {"bots", post_bots},
    {"send", post_send},
    {"tap", post_tap},
    {"raw_update", post_raw_update},
    {"block", post_block},
    {"unpin", post_unpin},
    {"delete_message", post_delete_message},
    {"faults", post_faults},
    {"clock", post_clock},
    {"crowd", post_crowd},
};
}  // namespace

Answer<std::string> delete_faults(ControlCall& call) {
  const std::int64_t id = call.query.get_integer("id", 0);
  if (id == 0) {
    call.faults.clear();
  } else if (id < 0 || !call.faults.remove(static_cast<std::uint64_t>(id))) {
    return ApiError{404, "no such fault; it may have been met already"};
  }
  return show_faults(call.faults);
}

ControlAction find_control_action(std::string_view name) {
  for (const auto& [known, action] : kPosts) {
    if (known == name) return action;
  }
  return find_group_action(name);
}

}  // namespace telekv::emulator
