// The world rebuilt from its records.
#include <algorithm>
#include <utility>

#include "emulator/world_records.h"

namespace telekv::emulator {
namespace {

// Null when it makes no sense.
std::unique_ptr<Group> decode_group(Decoder& in) {
  auto group = std::make_unique<Group>();
  std::uint8_t type = 0;
  std::uint8_t status = 0;
  std::uint64_t people = 0;
  in(type);
  in(status);
  in(group->title);
  in(group->next_message_id);
  in(group->migrated_to);
  in(people);
  while (people-- > 0 && !in.failed()) {
    PersonId person = 0;
    in(person);
    group->people.push_back(person);
  }
  group->type = static_cast<ChatType>(type);
  group->bot = static_cast<BotStatus>(status);
  const bool is_known = type >= static_cast<std::uint8_t>(ChatType::kGroup) &&
                        type <= static_cast<std::uint8_t>(ChatType::kChannel) &&
                        status <= static_cast<std::uint8_t>(BotStatus::kKicked);
  if (in.failed() || !is_known || group->people.empty()) return nullptr;
  return group;
}

}  // namespace

bool World::apply(std::string_view records) {
  Decoder in(records);
  while (!in.at_end()) {
    if (!apply_one(in)) return false;
  }
  return !in.failed();
}

bool World::apply_one(Decoder& in) {
  std::uint8_t kind = 0;
  in(kind);
  switch (static_cast<Record>(kind)) {
    case Record::kPerson: {
      Person person;
      describe(in, person);
      if (in.failed()) return false;
      return put_person(std::move(person)).has_value();
    }
    case Record::kFile: {
      File file;
      describe(in, file);
      if (in.failed()) return false;
      next_file_ = std::max(next_file_, file.number + 1);
      files_.insert_or_assign(file.number, std::move(file));
      return true;
    }
    case Record::kClock:
      started_ -= clock_advance_;
      in(clock_advance_);
      started_ += clock_advance_;
      return !in.failed();
    case Record::kBot:
    case Record::kBotName:
    case Record::kUpdate:
    case Record::kConfirmed:
    case Record::kWebhook:
    case Record::kProfile:
    case Record::kCommands:
    case Record::kTap: {
      BotId id = 0;
      in(id);
      return !in.failed() && apply_to_bot(kind, ensure_bot(id), in);
    }
    case Record::kChat:
    case Record::kGroup:
    case Record::kMessage:
    case Record::kMessageGone: {
      BotId bot = 0;
      ChatId chat = 0;
      in(bot);
      in(chat);
      if (in.failed()) return false;
      open_chat(ensure_bot(bot), chat);
      return apply_to_chat(kind, ensure_bot(bot), ensure_bot(bot).chats.at(chat), in);
    }
  }
  return false;
}

bool World::apply_to_bot(std::uint8_t kind, Bot& bot, Decoder& in) {
  if (static_cast<Record>(kind) == Record::kBot) {
    std::int64_t next_update = 0;
    in(bot.secret);
    in(bot.next_message_id);
    in(bot.next_callback_id);
    in(bot.allowed_updates);
    in(next_update);
    in(bot.logged_out_until);
    if (!in.failed()) bot.queue.restore_position(next_update);
  } else if (static_cast<Record>(kind) == Record::kBotName) {
    in(bot.first_name);
  } else if (static_cast<Record>(kind) == Record::kUpdate) {
    QueuedUpdate update;
    in(update.id);
    in(update.expires_at_s);
    in(update.lane);
    in(update.json);
    if (!in.failed()) bot.queue.restore(std::move(update));
  } else if (static_cast<Record>(kind) == Record::kConfirmed) {
    std::int64_t first = 0;
    std::int64_t last = 0;
    in(first);
    in(last);
    if (!in.failed()) bot.queue.restore_confirmed(first, last);
  } else if (static_cast<Record>(kind) == Record::kWebhook) {
    in(bot.webhook.url);
    in(bot.webhook.secret_token);
    in(bot.webhook.max_connections);
    in(bot.webhook.certificate);
  } else if (static_cast<Record>(kind) == Record::kCommands) {
    std::string key;
    std::string json;
    in(key);
    in(json);
    if (!in.failed()) put_commands(bot, key, std::move(json));
  } else if (static_cast<Record>(kind) == Record::kProfile) {
    std::string key;
    std::string text;
    in(key);
    in(text);
    if (!in.failed()) put_profile(bot, key, std::move(text));
  } else {
    std::uint64_t number = 0;
    PendingTap tap;
    in(number);
    in(tap.chat);
    in(tap.date_s);
    bot.next_callback_id = std::max(bot.next_callback_id, number + 1);
    if (tap.chat == 0) {
      bot.taps.erase(number);
    } else {
      bot.taps.insert_or_assign(number, tap);
    }
  }
  return !in.failed();
}

bool World::apply_to_chat(std::uint8_t kind, Bot& bot, Chat& chat, Decoder& in) {
  if (static_cast<Record>(kind) == Record::kChat) {
    in(chat.blocked);
    in(chat.reply_keyboard);
    return !in.failed();
  }
  if (static_cast<Record>(kind) == Record::kGroup) {
    chat.group = decode_group(in);
    next_group_ = std::max(next_group_, number_of_group(chat.id) + 1);
    return chat.group != nullptr;
  }
  if (static_cast<Record>(kind) == Record::kMessageGone) {
    MessageId id = 0;
    in(id);
    std::erase(chat.pinned, id);
    message_count_ -= std::erase_if(chat.messages, [&](const Message& m) { return m.id == id; });
    return !in.failed();
  }
  Message message;
  std::uint8_t message_kind = 0;
  bool has_details = false;
  in(message_kind);
  describe_plain_message(in, message);
  in(has_details);
  if (has_details) describe(in, message.make_rare());
  if (in.failed() || message_kind > static_cast<std::uint8_t>(MessageKind::kMigratedFrom))
    return false;
  message.kind = static_cast<MessageKind>(message_kind);
  const bool counts_its_own =
      chat.type() == ChatType::kSupergroup || chat.type() == ChatType::kChannel;
  MessageId& next = counts_its_own ? chat.group->next_message_id : bot.next_message_id;
  next = std::max(next, message.id + 1);
  put_message(chat, std::move(message));
  return true;
}

// A message as it was recorded, in its place; its pin follows its flag.
void World::put_message(Chat& chat, Message message) {
  const auto by_id = [](const Message& m, MessageId wanted) { return m.id < wanted; };
  const auto place =
      std::lower_bound(chat.messages.begin(), chat.messages.end(), message.id, by_id);
  std::erase(chat.pinned, message.id);
  if (message.pinned) {
    chat.pinned.insert(std::lower_bound(chat.pinned.begin(), chat.pinned.end(), message.id),
                       message.id);
  }
  if (place != chat.messages.end() && place->id == message.id) {
    *place = std::move(message);
  } else {
    chat.messages.insert(place, std::move(message));
    ++message_count_;
  }
}

}  // namespace telekv::emulator
