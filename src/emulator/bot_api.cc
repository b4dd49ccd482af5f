#include "emulator/bot_api.h"

#include <simdjson.h>

#include <unordered_map>

#include "emulator/json_writer.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr MethodEntry kMethods[] = {
    {"getMe", methods::get_me},
    {"getUpdates", nullptr},
    {"sendMessage", methods::send_message},
    {"sendDocument", methods::send_document},
    {"editMessageText", methods::edit_message_text},
    {"editMessageCaption", methods::edit_message_caption},
    {"editMessageReplyMarkup", methods::edit_message_reply_markup},
    {"editMessageMedia", methods::edit_message_media},
    {"forwardMessage", methods::forward_message},
    {"copyMessage", methods::copy_message},
    {"deleteMessage", methods::delete_message},
    {"pinChatMessage", methods::pin_chat_message},
    {"unpinChatMessage", methods::unpin_chat_message},
    {"unpinAllChatMessages", methods::unpin_all_chat_messages},
    {"getChat", methods::get_chat},
    {"sendChatAction", methods::send_chat_action},
    {"getFile", methods::get_file},
    {"answerCallbackQuery", methods::answer_callback_query},
    {"setMyCommands", methods::set_my_commands},
    {"getMyCommands", methods::get_my_commands},
    {"deleteMyCommands", methods::delete_my_commands},
    {"setMyName", methods::set_my_name},
    {"getMyName", methods::get_my_name},
    {"setMyDescription", methods::set_my_description},
    {"getMyDescription", methods::get_my_description},
    {"setMyShortDescription", methods::set_my_short_description},
    {"getMyShortDescription", methods::get_my_short_description},
    {"getChatMember", methods::get_chat_member},
    {"getChatMemberCount", methods::get_chat_member_count},
    {"leaveChat", methods::leave_chat},
    {"close", methods::close},
    {"logOut", methods::log_out},
    {"setWebhook", methods::set_webhook},
    {"deleteWebhook", methods::delete_webhook},
    {"getWebhookInfo", methods::get_webhook_info},
};

}  // namespace

// As Client.cpp get_allowed_update_types.
std::optional<std::uint32_t> read_allowed_updates(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array names;
  simdjson::dom::element root;
  if (json.empty() || parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root.get(names) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::uint32_t bits = 0;
  for (const auto name : names) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) return std::nullopt;
    for (std::size_t i = 0; i < update_types().size(); ++i) {
      if (update_types()[i] == text) bits |= 1u << i;
    }
  }
  return bits == 0 ? kDefaultUpdates : bits;
}

bool may_be_a_reply(std::string_view method) {  // WebhookActor.cpp handle
  const std::string name = to_lower_ascii(method);
  return !name.empty() && !name.starts_with("get") && name != "setwebhook" &&
         name != "deletewebhook" && name != "close" && name != "logout";
}

const MethodEntry* find_method(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string, const MethodEntry*> result;
    for (const MethodEntry& entry : kMethods) result.emplace(to_lower_ascii(entry.name), &entry);
    return result;
  }();
  const auto place = by_name.find(to_lower_ascii(name));
  return place == by_name.end() ? nullptr : place->second;
}

std::span<const MethodEntry> all_methods() { return kMethods; }

PollRequest read_poll_request(const Arguments& arguments) {
  PollRequest request;
  request.offset = arguments.get_integer("offset", 0);
  request.limit = arguments.get_integer("limit", request.limit);
  request.timeout_s = arguments.get_integer("timeout", 0);
  request.allowed_updates = read_allowed_updates(arguments.get("allowed_updates"));
  return request;
}

std::string wrap_result(std::string_view result_json, std::string_view description) {
  constexpr std::string_view kBegin = "{\"ok\":true,\"result\":";
  std::string out;
  out.reserve(kBegin.size() + result_json.size() + 1);
  out += kBegin;
  out += result_json;
  if (!description.empty()) {
    JsonWriter writer(out);
    writer.field("description", description);
  }
  out += '}';
  return out;
}

std::string wrap_error(const ApiError& error) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("ok", false);
  writer.field("error_code", error.code);
  writer.field("description", error.description);
  if (error.retry_after_s != 0 || error.migrate_to_chat_id != 0) {
    writer.key("parameters");
    writer.begin_object();
    if (error.retry_after_s != 0) writer.field("retry_after", error.retry_after_s);
    if (error.migrate_to_chat_id != 0) {
      writer.field("migrate_to_chat_id", error.migrate_to_chat_id);
    }
    writer.end_object();
  }
  writer.end_object();
  return out;
}

}  // namespace telekv::emulator
