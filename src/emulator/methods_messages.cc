// Methods on texts and on messages as such: send, edit, forward, copy, delete, pin, getChat.
#include <array>
#include <cstdlib>

#include "emulator/methods_shared.h"
#include "emulator/render.h"

namespace telekv::emulator::methods {
namespace {

struct Origin {
  Chat* chat = nullptr;
  MessageId message = 0;
};

Answer<Origin> read_origin(Call& call, std::string_view refusal) {
  auto chat = read_chat(call, Access::kRead, "from_chat_id");
  if (chat.has_error()) return chat.error();
  auto id = read_message_id(call, refusal);
  if (id.has_error()) return id.error();
  return Origin{*chat, *id};
}

// The message an edit means, and its new markup.
struct EditTarget {
  Chat* chat = nullptr;
  MessageId message = 0;
  Markup markup;
};

Answer<EditTarget> read_edit_target(Call& call) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto id = read_message_id(call, "message to edit not found");
  if (id.has_error()) return id.error();
  auto markup = parse_markup(call.arguments.get("reply_markup"));
  if (markup.has_error()) return markup.error();
  return EditTarget{*chat, *id, std::move(*markup)};
}

}  // namespace

Answer<void> send_message(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto content = read_text(call, "text", "entities");
  if (content.has_error()) return content.error();
  auto options = read_send_options(call);
  if (options.has_error()) return options.error();
  return write_result(
      call, out, **chat,
      call.world.send_text(call.bot, **chat, std::move(*content), std::move(*options), call.now));
}

Answer<void> edit_message_text(Call& call, std::string& out) {
  auto target = read_edit_target(call);
  if (target.has_error()) return target.error();
  auto content = read_text(call, "text", "entities");
  if (content.has_error()) return content.error();
  return write_edited(
      call, out, *target->chat,
      call.world.edit_text(call.bot, *target->chat, target->message, std::move(*content),
                           std::move(target->markup), call.now));
}

Answer<void> edit_message_caption(Call& call, std::string& out) {
  auto target = read_edit_target(call);
  if (target.has_error()) return target.error();
  auto caption = read_text(call, "caption", "caption_entities");
  if (caption.has_error()) return caption.error();
  return write_edited(
      call, out, *target->chat,
      call.world.edit_caption(call.bot, *target->chat, target->message, std::move(*caption),
                              std::move(target->markup), call.now));
}

Answer<void> edit_message_reply_markup(Call& call, std::string& out) {
  auto target = read_edit_target(call);
  if (target.has_error()) return target.error();
  return write_edited(call, out, *target->chat,
                      call.world.edit_markup(call.bot, *target->chat, target->message,
                                             std::move(target->markup), call.now));
}

Answer<void> forward_message(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto origin = read_origin(call, "message to forward not found");
  if (origin.has_error()) return origin.error();
  return write_result(
      call, out, **chat,
      call.world.forward(call.bot, **chat, *origin->chat, origin->message, call.now));
}

Answer<void> copy_message(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto origin = read_origin(call, "message to copy not found");
  if (origin.has_error()) return origin.error();
  auto options = read_send_options(call);
  if (options.has_error()) return options.error();
  std::optional<TextContent> caption;
  if (call.arguments.find("caption")) {
    auto text = read_text(call, "caption", "caption_entities");
    if (text.has_error()) return text.error();
    caption = std::move(*text);
  }
  auto message = call.world.copy(call.bot, **chat, *origin->chat, origin->message,
                                 std::move(caption), std::move(*options), call.now);
  if (message.has_error()) return message.error();
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("message_id", (*message)->id);
  writer.end_object();
  return {};
}

Answer<void> delete_message(Call& call, std::string& out) {
  // Looked at before everything else, and in words of its own (Client.cpp).
  if (call.arguments.get("chat_id").empty()) {
    return bad_request("chat identifier is not specified");
  }
  auto id = read_message_id(call, "message identifier is not specified");
  if (id.has_error()) return id.error();
  auto chat = read_chat(call, Access::kTakePart);
  if (chat.has_error()) return chat.error();
  return write_true(out, call.world.remove(call.bot, **chat, *id, call.now));
}

Answer<void> pin_chat_message(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  auto id = read_message_id(call, "message to pin not found");
  if (id.has_error()) return id.error();
  return write_true(out, call.world.pin(call.bot, **chat, *id, call.now));
}

Answer<void> unpin_chat_message(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  std::optional<MessageId> id;  // none, or none that could be one: the newest pin
  if (call.arguments.get_integer("message_id", 0) > 0) {
    auto given = read_message_id(call, "message to unpin not found");
    if (given.has_error()) return given.error();
    id = *given;
  }
  return write_true(out, call.world.unpin(call.bot, **chat, id));
}

Answer<void> unpin_all_chat_messages(Call& call, std::string& out) {
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  return write_true(out, call.world.unpin_all(call.bot, **chat));
}

Answer<void> get_chat(Call& call, std::string& out) {
  auto chat = read_chat(call);
  if (chat.has_error()) return chat.error();
  JsonWriter writer(out);
  writer.begin_object();
  write_chat_fields(writer, call.world, **chat, ChatFields::kFull);
  if (const Message* pinned = call.world.newest_pinned(**chat)) {
    writer.key("pinned_message");
    write_message(writer, call.world, call.bot, **chat, *pinned);
  }
  writer.field("max_reaction_count", 11);
  writer.field("accent_color_id", std::abs((*chat)->id % 7));
  writer.end_object();
  return {};
}

Answer<void> send_chat_action(Call& call, std::string& out) {
  static constexpr std::array<std::string_view, 15> kActions = {
      "typing",          "upload_photo",      "record_video",     "upload_video",
      "record_voice",    "record_audio",      "upload_voice",     "upload_audio",
      "upload_document", "choose_sticker",    "find_location",    "pick_up_location",
      "cancel",          "record_video_note", "upload_video_note"};
  auto chat = read_writable_chat(call);
  if (chat.has_error()) return chat.error();
  for (const std::string_view action : kActions) {
    if (call.arguments.get("action") == action) return write_true(out, {});
  }
  return bad_request("wrong parameter action in request");
}

}  // namespace telekv::emulator::methods
