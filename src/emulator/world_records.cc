// The world as a sequence of records. Each holds the whole of one thing as it is after a change, so
// that applying a record twice does no harm and an old log can be replaced by one record per thing.
#include <algorithm>
#include <utility>

#include "emulator/world.h"

namespace telekv::emulator {
namespace {

enum class Record : std::uint8_t {
  kPerson = 1,
  kBot = 2,
  kChat = 3,
  kMessage = 4,
  kMessageGone = 5,
  kFile = 6,
  kUpdate = 7,
  kCommands = 8,
  kTap = 9,
  kClock = 10,
  kBotName = 11,
  kConfirmed = 12,
  kWebhook = 13,
  kProfile = 14,
};

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.language_code;
}
{
  archive(value.id);
  archive(value.first_name);
  archive(value.last_name);
  archive(value.username);
  archive(value.language_code);
}

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.mime_type;
}
{
  archive(value.number);
  archive(value.owner);
  archive(value.size);
  archive(value.name);
  archive(value.mime_type);
}

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.forward_sender;
}
{
  archive(value.entities);
  archive(value.reply_markup);
  archive(value.file);
  archive(value.reply_to);
  archive(value.pinned_message);
  archive(value.forward_sender);
  archive(value.forward_sender_is_bot);
  archive(value.forward_date_s);
}

template <class Archive>
void describe_plain_message(Archive& archive, auto& message) {
  archive(message.id);
  archive(message.from_bot);
  archive(message.pinned);
  archive(message.has_reply_keyboard);
  archive(message.date_s);
  archive(message.edit_date_s);
  archive(message.text);
}

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
  if (in.failed() || message_kind > static_cast<std::uint8_t>(MessageKind::kPin)) return false;
  message.kind = static_cast<MessageKind>(message_kind);
  bot.next_message_id = std::max(bot.next_message_id, message.id + 1);
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
