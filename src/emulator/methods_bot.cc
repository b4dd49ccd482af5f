// Methods about the bot itself: getMe, commands, callback answers.
#include <simdjson.h>

#include <algorithm>

#include "emulator/json_writer.h"
#include "emulator/methods_shared.h"
#include "emulator/text.h"

namespace telekv::emulator::methods {
namespace {

constexpr std::size_t kMaxCommands = 100;               // Bot API: setMyCommands
constexpr std::size_t kMaxCommandLength = 32;           // Bot API: BotCommand
constexpr std::size_t kMaxDescriptionCodePoints = 256;  // Bot API: BotCommand
constexpr std::size_t kMaxCallbackText = 200;           // Bot API: answerCallbackQuery

bool is_command_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCommandLength &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// The key under which commands are kept: scope, then language.
Answer<std::string> read_scope(Call& call) {
  std::string_view type = "default";
  std::int64_t chat_id = 0;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::object fields;
  if (const auto json = call.arguments.get("scope"); !json.empty()) {
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
      return bad_request("can't parse BotCommandScope JSON object");
    }
    if (root.get(fields) != simdjson::SUCCESS || fields["type"].get(type) != simdjson::SUCCESS) {
      return bad_request("can't parse BotCommandScope: field \"type\" must be of type String");
    }
  }
  static constexpr std::string_view kPlain[] = {"default", "all_private_chats", "all_group_chats",
                                                "all_chat_administrators"};
  std::string key(type);
  if (type == "chat" || type == "chat_administrators" || type == "chat_member") {
    std::string_view text;
    simdjson::dom::element given;
    if (fields["chat_id"].get(given) != simdjson::SUCCESS) return bad_request("chat_id is empty");
    if (given.get(chat_id) != simdjson::SUCCESS && given.get(text) == simdjson::SUCCESS) {
      chat_id = to_integer(text);
    }
    auto chat = call.world.find_chat(call.bot, chat_id);
    if (chat.has_error()) return chat.error();
    key += ":" + std::to_string(chat_id);
    if (type == "chat_member") {
      std::int64_t user_id = 0;
      if (fields["user_id"].get(user_id) != simdjson::SUCCESS || user_id <= 0) {
        return bad_request("invalid user_id specified");
      }
      key += ":" + std::to_string(user_id);
    }
  } else if (std::find(std::begin(kPlain), std::end(kPlain), type) == std::end(kPlain)) {
    return bad_request("can't parse BotCommandScope: unsupported type specified");
  }
  const auto language = read_language(call);
  if (language.has_error()) return language.error();
  return key + "/" + *language;
}

Answer<std::string> read_commands(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array commands;
  if (json.empty()) return std::string();
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return bad_request("can't parse commands JSON object");
  }
  if (root.get(commands) != simdjson::SUCCESS)
    return bad_request("expected an Array of BotCommand");
  if (commands.size() > kMaxCommands) return bad_request("BOT_COMMANDS_TOO_MUCH");
  std::string result;
  JsonWriter writer(result);
  writer.begin_array();
  for (const auto command : commands) {
    std::string_view name;
    std::string_view description;
    if (command["command"].get(name) != simdjson::SUCCESS ||
        command["description"].get(description) != simdjson::SUCCESS) {
      return bad_request("can't parse BotCommand: expected fields \"command\" and \"description\"");
    }
    if (name.starts_with('/')) name.remove_prefix(1);
    if (!is_command_name(name)) return bad_request("BOT_COMMAND_INVALID");
    const std::string text = clean_text(description);
    if (text.empty()) return bad_request("command description must be non-empty");
    if (count_code_points(text) > kMaxDescriptionCodePoints) {
      return bad_request("command description length must not exceed 256");
    }
    writer.begin_object();
    writer.field("command", name);
    writer.field("description", text);
    writer.end_object();
  }
  writer.end_array();
  return commands.size() == 0 ? std::string() : result;
}

}  // namespace

Answer<void> get_me(Call& call, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("id", call.bot.id);
  writer.field("is_bot", true);
  writer.field("first_name", call.bot.first_name);
  writer.field("username", call.bot.username());
  writer.field("can_join_groups", true);
  for (const char* ability :
       {"can_read_all_group_messages", "supports_inline_queries", "supports_guest_queries",
        "can_connect_to_business", "has_main_web_app", "has_topics_enabled",
        "allows_users_to_create_topics", "can_manage_bots", "supports_join_request_queries"}) {
    writer.field(ability, false);
  }
  writer.end_object();
  return {};
}

Answer<void> answer_callback_query(Call& call, std::string& out) {
  CallbackAnswer answer;
  answer.query_id = call.arguments.get("callback_query_id");
  answer.text = call.arguments.get("text");
  answer.show_alert = call.arguments.get_boolean("show_alert");
  if (!is_valid_utf8(answer.text)) return bad_request("text must be encoded in UTF-8");
  if (count_code_points(answer.text) > kMaxCallbackText) return bad_request("MESSAGE_TOO_LONG");
  const std::string id = answer.query_id;
  auto done = call.world.answer_callback(call.bot, id, std::move(answer), call.now);
  if (done.has_error()) return done;
  out += "true";
  return {};
}

Answer<void> set_my_commands(Call& call, std::string& out) {
  auto scope = read_scope(call);
  if (scope.has_error()) return scope.error();
  auto commands = read_commands(call.arguments.get("commands"));
  if (commands.has_error()) return commands.error();
  call.world.put_commands(call.bot, *scope, std::move(*commands));
  out += "true";
  return {};
}

Answer<void> get_my_commands(Call& call, std::string& out) {
  auto scope = read_scope(call);
  if (scope.has_error()) return scope.error();
  const auto place = call.bot.commands.find(*scope);
  out += place == call.bot.commands.end() ? "[]" : place->second;
  return {};
}

Answer<void> delete_my_commands(Call& call, std::string& out) {
  auto scope = read_scope(call);
  if (scope.has_error()) return scope.error();
  call.world.put_commands(call.bot, *scope, {});
  out += "true";
  return {};
}

}  // namespace telekv::emulator::methods
