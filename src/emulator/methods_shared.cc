#include "emulator/methods_shared.h"

#include <simdjson.h>

#include <limits>

#include "emulator/formatting.h"
#include "emulator/json_value.h"
#include "emulator/message_text.h"
#include "emulator/render.h"
#include "emulator/text.h"

namespace telekv::emulator::methods {
namespace {

constexpr std::size_t kMaxEntities = 100;  // the backend's; known from practice

// entities as a JSON array in normal form; "" when there are none.
Answer<std::string> read_entities(std::string_view json) {
  if (json.empty()) return std::string();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return bad_request("can't parse entities JSON object");
  }
  simdjson::dom::array entities;
  if (root.get(entities) != simdjson::SUCCESS) {
    return bad_request("expected an Array of MessageEntity");
  }
  return entities.size() == 0 ? std::string() : to_json(root);
}

Answer<FormattedText> parse_markup_of(std::string_view text, std::string_view mode) {
  if (!is_valid_utf8(text)) return bad_request("text must be encoded in UTF-8");
  if (mode == "html") return parse_html(text);
  if (mode == "markdown") return parse_markdown(text);
  if (mode == "markdownv2") return parse_markdown_v2(text);
  return bad_request("unsupported parse_mode");
}

// Mentions of people whom the bot does not know are no entities, nor is what comes after a hundred.
std::string write_entities(const Call& call, const std::vector<Entity>& entities) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array();
  std::size_t left = kMaxEntities;
  for (const Entity& entity : entities) {
    const bool is_known =
        entity.kind != EntityKind::kTextMention || call.bot.chats.contains(entity.mentioned);
    if (!is_known || left == 0) continue;
    --left;
    writer.begin_object();
    writer.field("offset", entity.offset);
    writer.field("length", entity.length);
    writer.field("type", name_of(entity.kind));
    if (entity.kind == EntityKind::kTextLink) writer.field("url", entity.argument);
    if (entity.kind == EntityKind::kCustomEmoji) writer.field("custom_emoji_id", entity.argument);
    if (entity.kind == EntityKind::kPre && !entity.argument.empty()) {
      writer.field("language", entity.argument);
    }
    if (entity.kind == EntityKind::kTextMention) {
      writer.key("user");
      write_person(writer, *call.world.find_person(entity.mentioned));
    }
    writer.end_object();
  }
  writer.end_array();
  return out == "[]" ? std::string() : out;
}

Answer<void> read_reply(Call& call, SendOptions& options) {
  std::int64_t reply_to = call.arguments.get_integer("reply_to_message_id", 0);
  options.may_lose_reply = call.arguments.get_boolean("allow_sending_without_reply");
  if (const auto json = call.arguments.get("reply_parameters"); !json.empty()) {
    simdjson::dom::parser parser;
    simdjson::dom::object fields;
    simdjson::dom::element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
        root.get(fields) != simdjson::SUCCESS) {
      return bad_request("can't parse reply parameters JSON object");
    }
    if (fields["message_id"].get(reply_to) != simdjson::SUCCESS) reply_to = 0;
    bool allowed = false;
    if (fields["allow_sending_without_reply"].get(allowed) == simdjson::SUCCESS) {
      options.may_lose_reply = allowed;
    }
  }
  const bool is_message_id = reply_to > 0 && reply_to <= std::numeric_limits<MessageId>::max();
  options.reply_to = is_message_id ? static_cast<MessageId>(reply_to) : 0;
  return {};
}

Answer<void> write(Call& call, std::string& out, const Chat& chat,
                   const Answer<const Message*>& message, ReplyField reply) {
  if (message.has_error()) return message.error();
  JsonWriter writer(out);
  write_message(writer, call.world, call.bot, chat, **message, reply);
  return {};
}

}  // namespace

Answer<Chat*> read_writable_chat(Call& call, std::string_view name) {
  const auto id = call.arguments.get(name);
  if (id.empty()) return bad_request("chat_id is empty");
  return call.world.writable_chat(call.bot, to_integer(id));
}

Answer<Chat*> read_chat(Call& call, Access access, std::string_view name) {
  const auto id = call.arguments.get(name);
  if (id.empty()) return bad_request("chat_id is empty");
  auto chat = call.world.find_chat(call.bot, to_integer(id));
  if (chat.has_error()) return chat;
  if (auto may = call.world.check_access(**chat, access); may.has_error()) return may.error();
  return chat;
}

Answer<MessageId> read_message_id(Call& call, std::string_view refusal) {
  const std::int64_t id = call.arguments.get_integer("message_id", 0);
  if (id <= 0 || id > std::numeric_limits<MessageId>::max()) return bad_request(refusal);
  return static_cast<MessageId>(id);
}

Answer<SendOptions> read_send_options(Call& call) {
  SendOptions options;
  auto markup = parse_markup(call.arguments.get("reply_markup"));
  if (markup.has_error()) return markup.error();
  options.markup = std::move(*markup);
  if (auto reply = read_reply(call, options); reply.has_error()) return reply.error();
  return options;
}

Answer<TextContent> read_text(Call& call, std::string_view text_name,
                              std::string_view entities_name) {
  return read_text(call, call.arguments.get(text_name), call.arguments.get(entities_name),
                   call.arguments.get("parse_mode"));
}

Answer<TextContent> read_text(const Call& call, std::string_view text, std::string_view entities,
                              std::string_view parse_mode) {
  if (text.size() > kMaxRawTextBytes) return bad_request("text is too long");
  const std::string mode = to_lower_ascii(parse_mode);
  if (!text.empty() && !mode.empty() && mode != "none") {
    auto formatted = parse_markup_of(text, mode);
    if (formatted.has_error()) return formatted.error();
    clean_formatted(*formatted);
    return TextContent{std::move(formatted->text), write_entities(call, formatted->entities)};
  }
  auto normal = read_entities(entities);
  if (normal.has_error()) return normal.error();
  return TextContent{std::string(text), std::move(*normal)};
}

// As TDLib's validate_bot_language_code.
Answer<std::string> read_language(const Call& call) {
  const std::string_view code = call.arguments.get("language_code");
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (!code.empty() && (code.size() != 2 || !is_letter(code[0]) || !is_letter(code[1]))) {
    return bad_request("invalid language code specified");
  }
  return std::string(code);
}

Answer<void> write_true(std::string& out, const Answer<void>& done) {
  if (done.has_error()) return done;
  out += "true";
  return {};
}

Answer<void> write_result(Call& call, std::string& out, const Chat& chat,
                          const Answer<const Message*>& message) {
  return write(call, out, chat, message, ReplyField::kShown);
}

Answer<void> write_edited(Call& call, std::string& out, const Chat& chat,
                          const Answer<const Message*>& message) {
  return write(call, out, chat, message, ReplyField::kHidden);
}

}  // namespace telekv::emulator::methods
