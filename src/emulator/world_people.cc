// People, their chats with bots, and the updates that what they do puts in a bot's queue.
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "emulator/markup.h"
#include "emulator/message_text.h"
#include "emulator/render.h"
#include "emulator/text.h"
#include "emulator/world.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kMaxPersonId = std::int64_t{1} << 52;  // Bot API: User.id
constexpr std::int64_t kMaxBotId = std::int64_t{1} << 54;     // ClientManager.cpp
constexpr std::size_t kMaxTokenLength = 80;                   // ClientManager.cpp
constexpr std::size_t kMinSecretLength = 24;                  // ClientManager.cpp
constexpr std::int64_t kMessageLifetime_s = 86'400;           // Client.cpp: messages in the queue
constexpr std::int64_t kCallbackLifetime_s = 150;             // Client.cpp: callback queries
constexpr std::int64_t kMaxPollTimeout_s = 50;                // Client.h: LONG_POLL_MAX_TIMEOUT
constexpr TimeMs kRepeatedOffset_ms = 3000;        // Client.cpp process_get_updates_query
constexpr TimeMs kQuicklyRepeatedOffset_ms = 500;  // the same

constexpr std::array<std::string_view, 23> kUpdateTypes = {"message",
                                                           "edited_message",
                                                           "channel_post",
                                                           "edited_channel_post",
                                                           "callback_query",
                                                           "inline_query",
                                                           "chosen_inline_result",
                                                           "shipping_query",
                                                           "pre_checkout_query",
                                                           "poll",
                                                           "my_chat_member",
                                                           "poll_answer",
                                                           "chat_join_request",
                                                           "chat_boost",
                                                           "removed_chat_boost",
                                                           "message_reaction",
                                                           "message_reaction_count",
                                                           "chat_member",
                                                           "business_connection",
                                                           "business_message",
                                                           "edited_business_message",
                                                           "deleted_business_messages",
                                                           "purchased_paid_media"};

struct Token {
  BotId id = 0;
  std::string_view secret;
};

std::optional<Token> parse_token(std::string_view token) {
  const std::size_t colon = token.find(':');
  if (colon == std::string_view::npos || colon == 0 || token.size() > kMaxTokenLength) return {};
  const std::string_view id = token.substr(0, colon);
  const std::string_view secret = token.substr(colon + 1);
  const bool is_number =
      std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
  const BotId number = to_integer(id);
  if (!is_number || number <= 0 || number >= kMaxBotId) return {};
  const bool is_secret = secret.size() >= kMinSecretLength && is_base64url(secret);
  if (!is_secret) return {};
  return Token{number, secret};
}

// The webhook's queue that an update belongs to: of a message its chat's, of other kinds one apart
// (Client.cpp, webhook_queue_id), so that a tap and a message of one person are not ordered.
std::int64_t lane_of(std::uint32_t update_type, ChatId from) {
  constexpr int kShift = 33;
  switch (update_type) {
    case 4:  // callback_query
      return from + (std::int64_t{3} << kShift);
    case 10:  // my_chat_member
      return from + (std::int64_t{5} << kShift);
    default:
      return from;
  }
}

}  // namespace

std::span<const std::string_view> update_types() { return kUpdateTypes; }

const MessageDetails& Message::rare() const {
  static const MessageDetails nothing;
  return details ? *details : nothing;
}

MessageDetails& Message::make_rare() {
  if (!details) details = std::make_unique<MessageDetails>();
  return *details;
}

Answer<const Person*> World::put_person(Person person) {
  if (person.id == 0) {
    while (people_.contains(next_person_id_)) ++next_person_id_;
    person.id = next_person_id_++;
  }
  if (person.id < 0 || person.id > kMaxPersonId) return bad_request("id must be in 1..2^52");
  const PersonId id = person.id;
  const auto [place, is_new] = people_.insert_or_assign(id, std::move(person));
  if (is_new) people_order_.push_back(id);
  record_person(place->second);
  return &place->second;
}

const Person* World::find_person(PersonId id) const {
  const auto place = people_.find(id);
  return place == people_.end() ? nullptr : &place->second;
}

Bot& World::ensure_bot(BotId id) {
  const auto [place, is_new] = bots_.try_emplace(id);
  Bot& bot = place->second;
  if (is_new) {
    bot.id = id;
    bot.first_name = "Bot " + std::to_string(id);
    bot.allowed_updates = kDefaultUpdates;
    record_bot(bot);
  }
  return bot;
}

void World::rename_bot(Bot& bot, std::string first_name) {
  bot.first_name = std::move(first_name);
  record_bot_name(bot);
}

Bot* World::find_bot(BotId id) {
  const auto place = bots_.find(id);
  return place == bots_.end() ? nullptr : &place->second;
}

Answer<Bot*> World::authorize(std::string_view token) {
  const std::optional<Token> parsed = parse_token(token);
  if (!parsed) return ApiError{401, "Unauthorized: invalid token specified"};
  Bot* bot = find_bot(parsed->id);
  if (bot == nullptr) bot = &ensure_bot(parsed->id);
  if (bot->secret.empty()) {
    bot->secret = parsed->secret;
    record_bot(*bot);
  }
  if (bot->secret != parsed->secret) return ApiError{401, "Unauthorized"};
  return bot;
}

void World::open_chat(Bot& bot, PersonId person) {
  const auto [place, is_new] = bot.chats.try_emplace(person);
  if (!is_new) return;
  place->second.id = person;
  record_chat(bot, place->second);
  touch(bot, place->second);
}

Answer<Sent> World::person_sends(Bot& bot, PersonId from, std::string_view text, TimeMs now) {
  if (find_person(from) == nullptr) return bad_request("no such person; create them first");
  open_chat(bot, from);
  return person_writes(bot, from, from, text, now);
}

Answer<Sent> World::person_writes(Bot& bot, ChatId chat_id, PersonId from, std::string_view text,
                                  TimeMs now) {
  auto cleaned = clean_message_text(text);
  if (cleaned.has_error()) return cleaned.error();
  Message message;
  message.text = std::move(*cleaned);
  auto found = chat_of_person(bot, chat_id, from);
  if (found.has_error()) return found.error();
  Chat& chat = **found;
  if (chat.blocked) return bad_request("the person has blocked the bot");
  if (chat.group) message.make_rare().sender = from;
  message.date_s = now / 1000;
  if (const auto commands = find_bot_commands(message.text); !commands.empty()) {
    JsonWriter writer(message.make_rare().entities);
    writer.begin_array();
    for (const Span& command : commands) {
      writer.begin_object();
      writer.field("offset", command.offset);
      writer.field("length", command.length);
      writer.field("type", "bot_command");
      writer.end_object();
    }
    writer.end_array();
  }
  const Message& stored = store(bot, chat, std::move(message));
  const std::int64_t update_id = push_message_update(bot, chat, stored);
  return Sent{update_id, stored.id};
}

Answer<Tapped> World::person_taps(Bot& bot, ChatId chat_id, PersonId from, MessageId id,
                                  std::string_view data, TimeMs now) {
  const Person* person = find_person(from);
  if (person == nullptr) return bad_request("chat not found");
  const auto chat = chat_of_person(bot, chat_id, from);
  if (chat.has_error()) return chat.error();
  const Message* message = find_message(**chat, id);
  if (message == nullptr || !message->from_bot) return bad_request("message to tap not found");
  if (data.empty() || data.size() > kMaxCallbackDataBytes)
    return bad_request("BUTTON_DATA_INVALID");
  const std::uint64_t number = bot.next_callback_id++;
  const std::string query_id = std::to_string(number);
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  writer.field("id", query_id);
  writer.key("from");
  write_person(writer, *person);
  writer.key("message");
  write_message(writer, *this, bot, **chat, *message);
  writer.field("chat_instance", std::to_string(-chat_id));
  writer.field("data", data);
  writer.end_object();
  put_tap(bot, number, {chat_id, now / 1000});
  const std::int64_t update_id =
      push_update(bot, UpdateKind::kCallbackQuery, from, now / 1000 + kCallbackLifetime_s, body);
  return Tapped{update_id, query_id};
}

// The chat in which a person does something.
Answer<Chat*> World::chat_of_person(Bot& bot, ChatId chat, PersonId person) {
  const auto place = bot.chats.find(chat);
  if (place == bot.chats.end()) return bad_request("chat not found");
  const Group* group = place->second.group.get();
  if (group == nullptr && chat != person) return bad_request("not the chat of that person");
  if (group != nullptr && !has_person(*group, person)) {
    return bad_request("the person is not in that chat");
  }
  if (group != nullptr && (!is_in(group->bot) || group->migrated_to != 0)) {
    return bad_request("the bot is not in that chat");
  }
  return &place->second;
}

void World::put_tap(Bot& bot, std::uint64_t number, PendingTap tap) {
  // Taps nobody answered leave by age, so that their number stays bounded by the rate of taps.
  while (!bot.taps.empty() && bot.taps.begin()->second.date_s < tap.date_s - kCallbackLifetime_s) {
    record_tap(bot, bot.taps.begin()->first, {});
    bot.taps.erase(bot.taps.begin());
  }
  record_tap(bot, number, tap);
  bot.taps.emplace(number, tap);
}

Answer<void> World::answer_callback(Bot& bot, std::string_view query_id, CallbackAnswer answer,
                                    TimeMs now) {
  const auto tap = bot.taps.find(static_cast<std::uint64_t>(to_integer(query_id)));
  if (tap == bot.taps.end() || tap->second.date_s + kCallbackLifetime_s < now / 1000) {
    return bad_request("query is too old and response timeout expired or query ID is invalid");
  }
  const auto chat = bot.chats.find(tap->second.chat);
  record_tap(bot, tap->first, {});
  bot.taps.erase(tap);
  if (chat != bot.chats.end() && !answer.text.empty()) {
    chat->second.callback_answer = std::move(answer);
    touch(bot, chat->second);
  }
  return {};
}

Answer<void> World::set_blocked(Bot& bot, PersonId from, bool blocked, TimeMs now) {
  const Person* person = find_person(from);
  const auto place = bot.chats.find(from);
  if (person == nullptr || place == bot.chats.end()) return bad_request("chat not found");
  Chat& chat = place->second;
  if (chat.blocked == blocked) return {};
  chat.blocked = blocked;
  record_chat(bot, chat);
  touch(bot, chat);
  const auto [before, after] = blocked ? std::pair(BotStatus::kMember, BotStatus::kKicked)
                                       : std::pair(BotStatus::kKicked, BotStatus::kMember);
  push_bot_status(bot, chat, person, before, after, now);
  return {};
}

std::int64_t World::queue_raw_update(Bot& bot, std::string_view body, TimeMs now) {
  std::string json = "{\"update_id\":" + std::to_string(bot.queue.next_id()) + ",";
  json += body;
  return queue_update(bot, now / 1000 + kMessageLifetime_s, 0, std::move(json));
}

std::int64_t World::push_message_update(Bot& bot, const Chat& chat, const Message& message) {
  std::string body;
  JsonWriter writer(body);
  write_message(writer, *this, bot, chat, message);
  const UpdateKind kind =
      chat.type() == ChatType::kChannel ? UpdateKind::kChannelPost : UpdateKind::kMessage;
  return push_update(bot, kind, chat.id, message.date_s + kMessageLifetime_s, body);
}

std::int64_t World::push_update(Bot& bot, UpdateKind kind, ChatId from, std::int64_t expires_at_s,
                                std::string_view body) {
  const auto bit = static_cast<std::uint32_t>(kind);
  if ((bot.allowed_updates & (1u << bit)) == 0) return 0;
  std::string json = "{\"update_id\":" + std::to_string(bot.queue.next_id()) + ",\"";
  json += kUpdateTypes.at(bit);
  json += "\":";
  json += body;
  json += '}';
  return queue_update(bot, expires_at_s, lane_of(bit, from), std::move(json));
}

std::int64_t World::queue_update(Bot& bot, std::int64_t expires_at_s, std::int64_t lane,
                                 std::string json) {
  if (!bot.queue.push(expires_at_s, lane, std::move(json))) return 0;
  record_update(bot, bot.queue.updates().back());
  observer_.update_queued(bot.id);
  return bot.queue.next_id() - 1;
}

void World::set_allowed_updates(Bot& bot, std::optional<std::uint32_t> allowed) {
  if (!allowed || *allowed == bot.allowed_updates) return;
  bot.allowed_updates = *allowed;
  record_bot(bot);
}

PollPlan World::plan_poll(Bot& bot, const PollRequest& request, TimeMs now) {
  set_allowed_updates(bot, request.allowed_updates);
  PollPlan plan;
  plan.offset = request.offset;
  plan.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.limit, 1, 100));
  plan.timeout_s = std::clamp<std::int64_t>(request.timeout_s, 0, kMaxPollTimeout_s);
  const bool is_repeated = bot.last_poll.started != 0 && bot.last_poll.offset == plan.offset;
  const TimeMs since = now - bot.last_poll.started;
  if (is_repeated && since < kRepeatedOffset_ms && plan.timeout_s < 3) plan.timeout_s = 3;
  if (is_repeated && since < kQuicklyRepeatedOffset_ms) plan.limit = 1;
  bot.last_poll = {plan.offset, now};
  return plan;
}

std::vector<const QueuedUpdate*> World::poll(Bot& bot, const PollPlan& plan, TimeMs now) {
  bot.queue.expire(now / 1000);
  confirm_updates(bot, plan.offset);
  return bot.queue.read(plan.limit);
}

void World::confirm_updates(Bot& bot, std::int64_t offset) {
  for (const auto& [first, last] : bot.queue.confirm(offset)) record_confirmed(bot, first, last);
}

void World::drop_pending_updates(Bot& bot) { confirm_updates(bot, bot.queue.next_id()); }

void World::put_commands(Bot& bot, const std::string& key, std::string json) {
  record_commands(bot, key, json);
  if (json.empty()) {
    bot.commands.erase(key);
  } else {
    bot.commands[key] = std::move(json);
  }
}

void World::touch(const Bot& bot, Chat& chat) {
  chat.version = next_version_++;
  observer_.chat_changed(bot.id, chat.id);
}

}  // namespace telekv::emulator
