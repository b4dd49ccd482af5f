// What bots do to messages: send, edit, forward, copy, delete, pin.
#include <algorithm>

#include "emulator/message_text.h"
#include "emulator/world.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kDeleteTimeLimit_s = 48 * 3600;  // Bot API: deleteMessage
constexpr int kKeptWhenFull = 8;                        // of a chat, when there are too many

// Details only where there is something to say: most messages have none.
void set_details(Message& message, MessageDetails details) {
  const bool has_any = !details.entities.empty() || !details.reply_markup.empty() ||
                       details.file != 0 || details.reply_to != 0 || details.pinned_message != 0 ||
                       details.forward_sender != 0 || details.sender != 0 || details.subject != 0;
  message.details = has_any ? std::make_unique<MessageDetails>(std::move(details)) : nullptr;
}

auto position_of(std::vector<Message>& messages, MessageId id) {
  return std::lower_bound(
      messages.begin(), messages.end(), id,
      [](const Message& message, MessageId wanted) { return message.id < wanted; });
}

Answer<void> check_inline(const Markup& markup) {
  if (markup.kind == MarkupKind::kNone || markup.kind == MarkupKind::kInline) return {};
  return bad_request("inline keyboard expected");
}

bool has_rights(const Chat& chat) {
  return chat.group && chat.group->bot == BotStatus::kAdministrator;
}

// TDLib DialogManager::can_pin_messages: everyone in a private chat, elsewhere who has the right.
Answer<void> check_pin_rights(const Chat& chat) {
  if (!chat.group || has_rights(chat)) return {};
  return bad_request("not enough rights to manage pinned messages in the chat");
}

}  // namespace

Answer<Chat*> World::find_chat(Bot& bot, ChatId id) {
  const auto place = bot.chats.find(id);
  if (place == bot.chats.end()) return bad_request("chat not found");
  return &place->second;
}

Answer<Chat*> World::writable_chat(Bot& bot, ChatId id) {
  const auto place = bot.chats.find(id);
  if (place == bot.chats.end()) {
    if (find_person(id) == nullptr) return bad_request("chat not found");
    return forbidden("bot can't initiate conversation with a user");
  }
  const auto access = check_access(place->second, Access::kWrite);
  if (access.has_error()) return access.error();
  return &place->second;
}

Message* World::find_message(Chat& chat, MessageId id) {
  const auto place = position_of(chat.messages, id);
  return place == chat.messages.end() || place->id != id ? nullptr : &*place;
}

const Message* World::find_message(const Chat& chat, MessageId id) const {
  const auto place = std::lower_bound(
      chat.messages.begin(), chat.messages.end(), id,
      [](const Message& message, MessageId wanted) { return message.id < wanted; });
  return place == chat.messages.end() || place->id != id ? nullptr : &*place;
}

const Message* World::newest_pinned(const Chat& chat) const {
  return chat.pinned.empty() ? nullptr : find_message(chat, chat.pinned.back());
}

Message& World::store(Bot& bot, Chat& chat, Message message) {
  const bool counts_its_own =
      chat.type() == ChatType::kSupergroup || chat.type() == ChatType::kChannel;
  message.id = counts_its_own ? chat.group->next_message_id++ : bot.next_message_id++;
  chat.messages.push_back(std::move(message));
  ++message_count_;
  touch(bot, chat);
  record_message(bot, chat, chat.messages.back());
  if (message_count_ > most_messages_) drop_old_messages(bot, chat);
  return chat.messages.back();
}

// Waits until twice as many are there, so that a message of text costs O(1).
void World::drop_old_messages(const Bot& bot, Chat& chat) {
  if (chat.messages.size() < 2 * kKeptWhenFull) return;
  const auto newest = chat.messages.end() - kKeptWhenFull;
  const auto goes = [&](const Message& message) {
    const bool stays = message.pinned || message.kind == MessageKind::kDocument;
    if (!stays) record_message_gone(bot, chat, message.id);
    return !stays;
  };
  const auto gone = std::remove_if(chat.messages.begin(), newest, goes);
  message_count_ -= static_cast<std::uint64_t>(newest - gone);
  chat.messages.erase(gone, newest);
}

Answer<const Message*> World::append(Bot& bot, Chat& chat, Message message, SendOptions options) {
  if (chat.type() == ChatType::kChannel) {
    if (chat.group->bot != BotStatus::kAdministrator) {
      return bad_request("need administrator rights in the channel chat");
    }
    if (auto checked = check_inline(options.markup); checked.has_error()) return checked.error();
  }
  if (options.reply_to != 0) {
    if (find_message(chat, options.reply_to) != nullptr) {
      message.make_rare().reply_to = options.reply_to;
    } else if (!options.may_lose_reply) {
      return bad_request("message to be replied not found");
    }
  }
  message.from_bot = true;
  switch (options.markup.kind) {
    case MarkupKind::kNone:
      break;
    case MarkupKind::kInline:
      message.make_rare().reply_markup = std::move(options.markup.json);
      break;
    case MarkupKind::kReplyKeyboard:
    case MarkupKind::kRemove:
    case MarkupKind::kForceReply:
      message.has_reply_keyboard = true;
      if (options.markup.kind == MarkupKind::kForceReply) break;
      if (chat.reply_keyboard != options.markup.json) {
        chat.reply_keyboard = std::move(options.markup.json);
        record_chat(bot, chat);
      }
      break;
  }
  const Message& stored = store(bot, chat, std::move(message));
  observer_.bot_wrote(bot.id, chat.id);
  return &stored;
}

Answer<const Message*> World::send_text(Bot& bot, Chat& chat, TextContent content,
                                        SendOptions options, TimeMs now) {
  auto text = clean_message_text(content.text);
  if (text.has_error()) return text.error();
  Message message;
  message.date_s = now / 1000;
  message.text = std::move(*text);
  if (!content.entities.empty()) message.make_rare().entities = std::move(content.entities);
  return append(bot, chat, std::move(message), std::move(options));
}

Answer<const Message*> World::send_document(Bot& bot, Chat& chat, DocumentContent content,
                                            SendOptions options, TimeMs now) {
  auto caption = clean_caption(content.caption);
  if (caption.has_error()) return caption.error();
  Message message;
  message.kind = MessageKind::kDocument;
  message.date_s = now / 1000;
  message.text = std::move(*caption);
  message.make_rare().file = content.file;
  message.make_rare().entities = std::move(content.entities);
  return append(bot, chat, std::move(message), std::move(options));
}

Answer<Message*> World::editable(Chat& chat, MessageId id) {
  Message* message = find_message(chat, id);
  if (message == nullptr) return bad_request("message to edit not found");
  const bool is_post = chat.type() == ChatType::kChannel && has_rights(chat);
  const bool can_be_edited = (message->from_bot || is_post) && !message->has_reply_keyboard &&
                             !is_service(message->kind) && message->rare().forward_sender == 0;
  if (!can_be_edited) return bad_request("message can't be edited");
  return message;
}

Answer<void> World::check_editable(Chat& chat, MessageId id) {
  auto message = editable(chat, id);
  if (message.has_error()) return message.error();
  return {};
}

Answer<const Message*> World::finish_edit(Bot& bot, Chat& chat, Message& message, Edit edit,
                                          TimeMs now) {
  if (auto checked = check_inline(edit.markup); checked.has_error()) return checked.error();
  const MessageDetails& old = message.rare();
  const bool is_same = message.kind == edit.kind && message.text == edit.text &&
                       old.file == edit.file && old.entities == edit.entities &&
                       old.reply_markup == edit.markup.json;
  if (is_same) {
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the "
        "same as a current content and reply markup of the message");
  }
  MessageDetails details = old;
  details.file = edit.file;
  details.entities = std::move(edit.entities);
  details.reply_markup = std::move(edit.markup.json);
  set_details(message, std::move(details));
  message.kind = edit.kind;
  message.text = std::move(edit.text);
  message.edit_date_s = now / 1000;
  touch(bot, chat);
  record_message(bot, chat, message);
  return &message;
}

Answer<const Message*> World::edit_text(Bot& bot, Chat& chat, MessageId id, TextContent content,
                                        Markup markup, TimeMs now) {
  auto text = clean_message_text(content.text);
  if (text.has_error()) return text.error();
  auto message = editable(chat, id);
  if (message.has_error()) return message.error();
  if ((*message)->kind != MessageKind::kText) {
    return bad_request("there is no text in the message to edit");
  }
  return finish_edit(bot, chat, **message,
                     {.text = std::move(*text),
                      .entities = std::move(content.entities),
                      .markup = std::move(markup)},
                     now);
}

Answer<const Message*> World::edit_document(Bot& bot, Chat& chat, MessageId id,
                                            DocumentContent content, Markup markup, TimeMs now) {
  auto caption = clean_caption(content.caption);
  if (caption.has_error()) return caption.error();
  auto message = editable(chat, id);
  if (message.has_error()) return message.error();
  return finish_edit(bot, chat, **message,
                     {.kind = MessageKind::kDocument,
                      .file = content.file,
                      .text = std::move(*caption),
                      .entities = std::move(content.entities),
                      .markup = std::move(markup)},
                     now);
}

Answer<const Message*> World::edit_caption(Bot& bot, Chat& chat, MessageId id, TextContent caption,
                                           Markup markup, TimeMs now) {
  auto message = editable(chat, id);
  if (message.has_error()) return message.error();
  if ((*message)->kind != MessageKind::kDocument) {
    return bad_request("there is no caption in the message to edit");
  }
  DocumentContent content{(*message)->rare().file, std::move(caption.text),
                          std::move(caption.entities)};
  return edit_document(bot, chat, id, std::move(content), std::move(markup), now);
}

Answer<const Message*> World::edit_markup(Bot& bot, Chat& chat, MessageId id, Markup markup,
                                          TimeMs now) {
  auto message = editable(chat, id);
  if (message.has_error()) return message.error();
  return finish_edit(bot, chat, **message,
                     {.kind = (*message)->kind,
                      .file = (*message)->rare().file,
                      .text = (*message)->text,
                      .entities = (*message)->rare().entities,
                      .markup = std::move(markup)},
                     now);
}

Answer<const Message*> World::forward(Bot& bot, Chat& to, const Chat& from, MessageId id,
                                      TimeMs now) {
  const Message* original = find_message(from, id);
  if (original == nullptr) return bad_request("message to forward not found");
  if (is_service(original->kind)) return bad_request("message can't be forwarded");
  const MessageDetails& rare = original->rare();
  Message message;
  message.kind = original->kind;
  message.text = original->text;
  message.date_s = now / 1000;
  MessageDetails& details = message.make_rare();
  details.entities = rare.entities;
  details.file = rare.file;
  if (rare.forward_sender != 0) {
    details.forward_sender = rare.forward_sender;
    details.forward_sender_is_bot = rare.forward_sender_is_bot;
    details.forward_date_s = rare.forward_date_s;
    details.forward_message = rare.forward_message;
  } else if (from.type() == ChatType::kChannel) {
    details.forward_sender = from.id;
    details.forward_date_s = original->date_s;
    details.forward_message = original->id;
  } else {
    details.forward_sender = original->from_bot ? bot.id : rare.sender != 0 ? rare.sender : from.id;
    details.forward_sender_is_bot = original->from_bot;
    details.forward_date_s = original->date_s;
  }
  return append(bot, to, std::move(message), {});
}

Answer<const Message*> World::copy(Bot& bot, Chat& to, const Chat& from, MessageId id,
                                   std::optional<TextContent> caption, SendOptions options,
                                   TimeMs now) {
  const Message* original = find_message(from, id);
  if (original == nullptr) return bad_request("message to copy not found");
  if (is_service(original->kind)) return bad_request("message can't be copied");
  TextContent text{original->text, original->rare().entities};
  if (original->kind == MessageKind::kText) {
    return send_text(bot, to, std::move(text), std::move(options), now);
  }
  if (caption) text = std::move(*caption);
  DocumentContent content{original->rare().file, std::move(text.text), std::move(text.entities)};
  return send_document(bot, to, std::move(content), std::move(options), now);
}

Answer<void> World::remove(Bot& bot, Chat& chat, MessageId id, TimeMs now) {
  const auto place = position_of(chat.messages, id);
  if (place == chat.messages.end() || place->id != id) {
    return bad_request("message to delete not found");
  }
  if (chat.group && !has_rights(chat) && !place->from_bot) {
    return bad_request("message can't be deleted");
  }
  if (!has_rights(chat) && now / 1000 - place->date_s >= kDeleteTimeLimit_s) {
    return bad_request("message can't be deleted for everyone");
  }
  std::erase(chat.pinned, id);
  chat.messages.erase(place);
  --message_count_;
  touch(bot, chat);
  record_message_gone(bot, chat, id);
  return {};
}

void World::set_pinned(Bot& bot, Chat& chat, Message& message, bool pinned) {
  if (message.pinned == pinned) return;
  message.pinned = pinned;
  if (pinned) {
    chat.pinned.insert(std::lower_bound(chat.pinned.begin(), chat.pinned.end(), message.id),
                       message.id);
  } else {
    std::erase(chat.pinned, message.id);
  }
  touch(bot, chat);
  record_message(bot, chat, message);
}

Answer<void> World::pin(Bot& bot, Chat& chat, MessageId id, TimeMs now) {
  Message* message = find_message(chat, id);
  if (message == nullptr) return bad_request("message to pin not found");
  if (auto may = check_pin_rights(chat); may.has_error()) return may;
  if (is_service(message->kind)) return bad_request("message can't be pinned");
  if (message->pinned) return {};
  set_pinned(bot, chat, *message, true);
  Message notice;
  notice.kind = MessageKind::kPin;
  notice.from_bot = true;
  notice.date_s = now / 1000;
  notice.make_rare().pinned_message = id;
  push_message_update(bot, chat, store(bot, chat, std::move(notice)));
  return {};
}

Answer<void> World::unpin(Bot& bot, Chat& chat, std::optional<MessageId> id) {
  if (!id && chat.pinned.empty()) return bad_request("message to unpin not found");
  Message* message = find_message(chat, id ? *id : chat.pinned.back());
  if (message == nullptr) return bad_request("message to unpin not found");
  if (auto may = check_pin_rights(chat); may.has_error()) return may;
  set_pinned(bot, chat, *message, false);
  return {};
}

Answer<void> World::unpin_all(Bot& bot, Chat& chat) {
  if (auto may = check_pin_rights(chat); may.has_error()) return may;
  while (!chat.pinned.empty()) {
    set_pinned(bot, chat, *find_message(chat, chat.pinned.back()), false);
  }
  return {};
}

}  // namespace telekv::emulator
