// The world as a sequence of records. Each holds the whole of one thing as it is after a change, so
// that applying a record twice does no harm and an old log can be replaced by one record per thing.
#include "emulator/world_records.h"

#include <utility>

namespace telekv::emulator {
namespace {

Encoder begin(std::string& out, Record kind) {
  Encoder encode(out);
  encode(static_cast<std::uint8_t>(kind));
  return encode;
}

void encode_person(std::string& out, const Person& person) {
  Encoder encode = begin(out, Record::kPerson);
  describe(encode, person);
}

void encode_bot(std::string& out, const Bot& bot) {
  Encoder encode = begin(out, Record::kBot);
  encode(bot.id);
  encode(bot.secret);
  encode(bot.next_message_id);
  encode(bot.next_callback_id);
  encode(bot.allowed_updates);
  encode(bot.queue.next_id());
  encode(bot.logged_out_until);
}

void encode_bot_name(std::string& out, const Bot& bot) {
  Encoder encode = begin(out, Record::kBotName);
  encode(bot.id);
  encode(bot.first_name);
}

void encode_chat(std::string& out, const Bot& bot, const Chat& chat) {
  Encoder encode = begin(out, Record::kChat);
  encode(bot.id);
  encode(chat.id);
  encode(chat.blocked);
  encode(chat.reply_keyboard);
}

void encode_group(std::string& out, const Bot& bot, const Chat& chat) {
  Encoder encode = begin(out, Record::kGroup);
  encode(bot.id);
  encode(chat.id);
  encode(static_cast<std::uint8_t>(chat.group->type));
  encode(static_cast<std::uint8_t>(chat.group->bot));
  encode(chat.group->title);
  encode(chat.group->next_message_id);
  encode(chat.group->migrated_to);
  encode(chat.group->people.size());
  for (const PersonId person : chat.group->people) encode(person);
}

void encode_message(std::string& out, const Bot& bot, const Chat& chat, const Message& message) {
  Encoder encode = begin(out, Record::kMessage);
  encode(bot.id);
  encode(chat.id);
  encode(static_cast<std::uint8_t>(message.kind));
  describe_plain_message(encode, message);
  encode(message.details != nullptr);
  if (message.details) describe(encode, std::as_const(*message.details));
}

void encode_file(std::string& out, const File& file) {
  Encoder encode = begin(out, Record::kFile);
  describe(encode, file);
}

void encode_update(std::string& out, const Bot& bot, const QueuedUpdate& update) {
  Encoder encode = begin(out, Record::kUpdate);
  encode(bot.id);
  encode(update.id);
  encode(update.expires_at_s);
  encode(update.lane);
  encode(update.json);
}

void encode_confirmed(std::string& out, const Bot& bot, std::int64_t first, std::int64_t last) {
  Encoder encode = begin(out, Record::kConfirmed);
  encode(bot.id);
  encode(first);
  encode(last);
}

void encode_webhook(std::string& out, const Bot& bot) {
  Encoder encode = begin(out, Record::kWebhook);
  encode(bot.id);
  encode(bot.webhook.url);
  encode(bot.webhook.secret_token);
  encode(bot.webhook.max_connections);
  encode(bot.webhook.certificate);
}

void encode_commands(std::string& out, const Bot& bot, const std::string& key,
                     const std::string& json) {
  Encoder encode = begin(out, Record::kCommands);
  encode(bot.id);
  encode(key);
  encode(json);
}

void encode_profile(std::string& out, const Bot& bot, const std::string& key,
                    const std::string& text) {
  Encoder encode = begin(out, Record::kProfile);
  encode(bot.id);
  encode(key);
  encode(text);
}

void encode_tap(std::string& out, const Bot& bot, std::uint64_t number, PendingTap tap) {
  Encoder encode = begin(out, Record::kTap);
  encode(bot.id);
  encode(number);
  encode(tap.chat);
  encode(tap.date_s);
}

void encode_clock(std::string& out, TimeMs advance) {
  Encoder encode = begin(out, Record::kClock);
  encode(advance);
}

}  // namespace

void World::record_person(const Person& person) {
  if (journal_) encode_person(*journal_, person);
}
void World::record_bot(const Bot& bot) {
  if (journal_) encode_bot(*journal_, bot);
}
void World::record_bot_name(const Bot& bot) {
  if (journal_) encode_bot_name(*journal_, bot);
}
void World::record_chat(const Bot& bot, const Chat& chat) {
  if (journal_) encode_chat(*journal_, bot, chat);
}
void World::record_group(const Bot& bot, const Chat& chat) {
  if (journal_) encode_group(*journal_, bot, chat);
}
void World::record_message(const Bot& bot, const Chat& chat, const Message& message) {
  if (journal_) encode_message(*journal_, bot, chat, message);
}
void World::record_message_gone(const Bot& bot, const Chat& chat, MessageId id) {
  if (!journal_) return;
  Encoder encode = begin(*journal_, Record::kMessageGone);
  encode(bot.id);
  encode(chat.id);
  encode(id);
}
void World::record_file(const File& file) {
  if (journal_) encode_file(*journal_, file);
}
void World::record_update(const Bot& bot, const QueuedUpdate& update) {
  if (journal_) encode_update(*journal_, bot, update);
}
void World::record_confirmed(const Bot& bot, std::int64_t first, std::int64_t last) {
  if (journal_) encode_confirmed(*journal_, bot, first, last);
}
void World::record_webhook(const Bot& bot) {
  if (journal_) encode_webhook(*journal_, bot);
}
void World::record_profile(const Bot& bot, const std::string& key, const std::string& text) {
  if (journal_) encode_profile(*journal_, bot, key, text);
}
void World::record_commands(const Bot& bot, const std::string& key, const std::string& json) {
  if (journal_) encode_commands(*journal_, bot, key, json);
}
void World::record_tap(const Bot& bot, std::uint64_t number, PendingTap tap) {
  if (journal_) encode_tap(*journal_, bot, number, tap);
}

void World::advance_clock(TimeMs by) {
  clock_advance_ += by;
  if (journal_) encode_clock(*journal_, clock_advance_);
  observer_.clock_advanced();
}

void World::write_all(const std::function<void(std::string_view records)>& sink) const {
  constexpr std::size_t kPieceBytes = 1u << 20;
  std::string out;
  const auto flush = [&](std::size_t at_least) {
    if (out.size() < at_least || out.empty()) return;
    sink(out);
    out.clear();
  };
  encode_clock(out, clock_advance_);
  for (const PersonId id : people_order_) {
    encode_person(out, people_.at(id));
    flush(kPieceBytes);
  }
  for (const auto& [number, file] : files_) {
    encode_file(out, file);
    flush(kPieceBytes);
  }
  for (const auto& [id, bot] : bots_) {
    encode_bot_name(out, bot);
    for (const auto& [key, json] : bot.commands) encode_commands(out, bot, key, json);
    for (const auto& [key, text] : bot.profile) encode_profile(out, bot, key, text);
    for (const auto& [number, tap] : bot.taps) encode_tap(out, bot, number, tap);
    for (const QueuedUpdate& update : bot.queue.updates()) {
      encode_update(out, bot, update);
      flush(kPieceBytes);
    }
    for (const auto& [first, last] : bot.queue.confirmed().list()) {
      encode_confirmed(out, bot, first, last);
    }
    if (!bot.webhook.url.empty()) encode_webhook(out, bot);
    for (const auto& [chat_id, chat] : bot.chats) {
      encode_chat(out, bot, chat);
      if (chat.group) encode_group(out, bot, chat);
      for (const Message& message : chat.messages) {
        encode_message(out, bot, chat, message);
        flush(kPieceBytes);
      }
      flush(kPieceBytes);
    }
    encode_bot(out, bot);
    flush(kPieceBytes);
  }
  flush(0);
}

}  // namespace telekv::emulator
