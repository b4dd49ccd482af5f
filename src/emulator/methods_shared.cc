#include "emulator/methods_shared.h"

#include <simdjson.h>

#include <limits>

#include "emulator/json_value.h"
#include "emulator/render.h"
#include "emulator/text.h"

namespace telekv::emulator::methods {
namespace {

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

Answer<void> check_parse_mode(std::string_view mode) {
  const std::string name = to_lower_ascii(mode);
  const bool is_known = name.empty() || name == "none" || name == "html" || name == "markdown" ||
                        name == "markdownv2";
  if (!is_known) return bad_request("unsupported parse_mode");
  return {};
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

Answer<Chat*> read_chat(Call& call, std::string_view name) {
  const auto id = call.arguments.get(name);
  if (id.empty()) return bad_request("chat_id is empty");
  return call.world.find_chat(call.bot, to_integer(id));
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
  return read_text(call.arguments.get(text_name), call.arguments.get(entities_name),
                   call.arguments.get("parse_mode"));
}

Answer<TextContent> read_text(std::string_view text, std::string_view entities,
                              std::string_view parse_mode) {
  if (!text.empty()) {
    if (auto known = check_parse_mode(parse_mode); known.has_error()) return known.error();
  }
  auto normal = read_entities(entities);
  if (normal.has_error()) return normal.error();
  return TextContent{std::string(text), std::move(*normal)};
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
