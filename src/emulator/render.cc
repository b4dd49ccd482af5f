#include "emulator/render.h"

namespace telekv::emulator {
namespace {

void write_sender(JsonWriter& writer, const World& world, const Bot& bot, std::int64_t id,
                  bool is_bot) {
  if (is_bot) return write_bot(writer, bot);
  if (const Person* person = world.find_person(id)) write_person(writer, *person);
}

void write_chat(JsonWriter& writer, const World& world, const Chat& chat) {
  writer.begin_object();
  write_chat_fields(writer, world, chat);
  writer.end_object();
}

void write_forwarded_post(JsonWriter& writer, const World& world, const Chat& channel,
                          const MessageDetails& rare) {
  writer.key("forward_origin");
  writer.begin_object();
  writer.field("type", "channel");
  writer.key("chat");
  write_chat(writer, world, channel);
  writer.field("message_id", rare.forward_message);
  writer.field("date", rare.forward_date_s);
  writer.end_object();
  writer.key("forward_from_chat");
  write_chat(writer, world, channel);
  writer.field("forward_from_message_id", rare.forward_message);
  writer.field("forward_date", rare.forward_date_s);
}

void write_forward(JsonWriter& writer, const World& world, const Bot& bot,
                   const MessageDetails& rare) {
  if (const auto channel = bot.chats.find(rare.forward_sender);
      rare.forward_sender < 0 && channel != bot.chats.end()) {
    return write_forwarded_post(writer, world, channel->second, rare);
  }
  writer.key("forward_origin");
  writer.begin_object();
  writer.field("type", "user");
  writer.key("sender_user");
  write_sender(writer, world, bot, rare.forward_sender, rare.forward_sender_is_bot);
  writer.field("date", rare.forward_date_s);
  writer.end_object();
  writer.key("forward_from");
  write_sender(writer, world, bot, rare.forward_sender, rare.forward_sender_is_bot);
  writer.field("forward_date", rare.forward_date_s);
}

void write_document(JsonWriter& writer, const File& file) {
  writer.begin_object();
  writer.field("file_name", file.name);
  writer.field("mime_type", file.mime_type);
  writer.field("file_id", file_id_of(file));
  writer.field("file_unique_id", file_unique_id_of(file));
  writer.field("file_size", file.size);
  writer.end_object();
}

// A message that another one refers to: itself, or its place when it is gone (InaccessibleMessage).
void write_reference(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                     MessageId id) {
  if (const Message* message = world.find_message(chat, id)) {
    return write_message(writer, world, bot, chat, *message, ReplyField::kHidden);
  }
  writer.begin_object();
  writer.key("chat");
  write_chat(writer, world, chat);
  writer.field("message_id", id);
  writer.field("date", 0);
  writer.end_object();
}

void write_content(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                   const Message& message) {
  const MessageDetails& rare = message.rare();
  switch (message.kind) {
    case MessageKind::kText:
      writer.field("text", message.text);
      if (!rare.entities.empty()) writer.key("entities"), writer.raw(rare.entities);
      break;
    case MessageKind::kDocument:
      if (const File* file = world.find_file(rare.file)) {
        writer.key("document");
        write_document(writer, *file);
      }
      if (!message.text.empty()) writer.field("caption", message.text);
      if (!rare.entities.empty()) writer.key("caption_entities"), writer.raw(rare.entities);
      break;
    case MessageKind::kPin:
      writer.key("pinned_message");
      write_reference(writer, world, bot, chat, rare.pinned_message);
      break;
    case MessageKind::kGroupCreated:
      writer.field("group_chat_created", true);
      break;
    case MessageKind::kJoined:
      for (const char* name : {"new_chat_participant", "new_chat_member"}) {
        writer.key(name);
        write_sender(writer, world, bot, rare.subject, rare.subject == bot.id);
      }
      writer.key("new_chat_members");
      writer.begin_array();
      write_sender(writer, world, bot, rare.subject, rare.subject == bot.id);
      writer.end_array();
      break;
    case MessageKind::kGone:
      for (const char* name : {"left_chat_participant", "left_chat_member"}) {
        writer.key(name);
        write_sender(writer, world, bot, rare.subject, rare.subject == bot.id);
      }
      break;
    case MessageKind::kMigratedTo:
      writer.field("migrate_to_chat_id", rare.subject);
      break;
    case MessageKind::kMigratedFrom:
      writer.field("migrate_from_chat_id", rare.subject);
      break;
  }
}

}  // namespace

void write_person(JsonWriter& writer, const Person& person) {
  writer.begin_object();
  writer.field("id", person.id);
  writer.field("is_bot", false);
  writer.field("first_name", person.first_name);
  if (!person.last_name.empty()) writer.field("last_name", person.last_name);
  if (!person.username.empty()) writer.field("username", person.username);
  if (!person.language_code.empty()) writer.field("language_code", person.language_code);
  writer.end_object();
}

void write_bot(JsonWriter& writer, const Bot& bot) {
  writer.begin_object();
  writer.field("id", bot.id);
  writer.field("is_bot", true);
  writer.field("first_name", bot.first_name);
  writer.field("username", bot.username());
  writer.end_object();
}

void write_chat_fields(JsonWriter& writer, const World& world, const Chat& chat,
                       ChatFields fields) {
  writer.field("id", chat.id);
  if (chat.group) return write_group_fields(writer, chat, fields);
  if (const Person* person = world.find_person(chat.id)) {
    writer.field("first_name", person->first_name);
    if (!person->last_name.empty()) writer.field("last_name", person->last_name);
    if (!person->username.empty()) writer.field("username", person->username);
  }
  writer.field("type", "private");
  if (fields == ChatFields::kFull) write_accepted_gift_types(writer);
}

void write_message_fields(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                          const Message& message, ReplyField reply) {
  const MessageDetails& rare = message.rare();
  writer.field("message_id", message.id);
  const bool is_post = chat.type() == ChatType::kChannel;
  writer.key(is_post ? "sender_chat" : "from");
  if (is_post) {
    write_chat(writer, world, chat);
  } else {
    write_sender(writer, world, bot, rare.sender != 0 ? rare.sender : chat.id, message.from_bot);
  }
  writer.key("chat");
  write_chat(writer, world, chat);
  writer.field("date", message.date_s);
  if (message.edit_date_s != 0) writer.field("edit_date", message.edit_date_s);
  if (rare.forward_sender != 0) write_forward(writer, world, bot, rare);
  if (rare.reply_to != 0 && reply == ReplyField::kShown &&
      world.find_message(chat, rare.reply_to) != nullptr) {
    writer.key("reply_to_message");
    write_reference(writer, world, bot, chat, rare.reply_to);
  }
  write_content(writer, world, bot, chat, message);
  if (!rare.reply_markup.empty()) writer.key("reply_markup"), writer.raw(rare.reply_markup);
}

void write_message(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                   const Message& message, ReplyField reply) {
  writer.begin_object();
  write_message_fields(writer, world, bot, chat, message, reply);
  writer.end_object();
}

}  // namespace telekv::emulator
