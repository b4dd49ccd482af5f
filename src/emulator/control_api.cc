#include "emulator/control_api.h"

#include <algorithm>
#include <utility>

#include "emulator/control_calls.h"
#include "emulator/text.h"
#include "emulator/webhook_url.h"

namespace telekv::emulator {
namespace {

HttpReply json_reply(std::string body) {
  HttpReply reply;
  reply.body = std::move(body);
  return reply;
}

HttpReply answer_reply(Answer<std::string> answer) {
  if (answer.has_error()) return control_error(answer.error().code, answer.error().description);
  return json_reply(std::move(*answer));
}

// chats/ID/messages and chats/ID/messages/ID/document
struct ChatPath {
  ChatId chat = 0;
  std::optional<std::int64_t> document_of;
};

std::optional<ChatPath> parse_chat_path(std::string_view path) {
  constexpr std::string_view kChats = "chats/";
  constexpr std::string_view kMessages = "/messages";
  constexpr std::string_view kDocument = "/document";
  if (!path.starts_with(kChats)) return std::nullopt;
  path.remove_prefix(kChats.size());
  const std::size_t id_end = path.find('/');
  if (id_end == std::string_view::npos || !path.substr(id_end).starts_with(kMessages)) {
    return std::nullopt;
  }
  ChatPath result{to_integer(path.substr(0, id_end)), std::nullopt};
  path.remove_prefix(id_end + kMessages.size());
  if (path.empty()) return result;
  if (!path.starts_with('/') || !path.ends_with(kDocument)) return std::nullopt;
  result.document_of = to_integer(path.substr(1));
  return result;
}

HttpReply run_post(ControlCall& call, ControlAction action, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ControlBody fields;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root.get(fields) != simdjson::SUCCESS) {
    return control_error(400, "the body must be a JSON object");
  }
  return answer_reply(action(call, fields));
}

HttpReply run_get(ControlCall& call, std::string_view path) {
  if (const ControlView view = find_control_view(path)) return answer_reply(view(call));
  const auto chat = parse_chat_path(path);
  if (!chat) return control_error(404, "no such call");
  if (!chat->document_of) return answer_reply(show_chat(call, chat->chat));
  auto document = show_document(call, chat->chat, *chat->document_of);
  if (document.has_value()) return std::move(*document);
  return control_error(document.error().code, document.error().description);
}

// Whether "http://localhost:8081" or "127.0.0.1:8081" names this machine's loopback.
bool is_loopback_authority(std::string_view authority) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (authority.starts_with(scheme)) authority.remove_prefix(scheme.size());
  }
  if (!authority.starts_with('['))
    return is_loopback_host(authority.substr(0, authority.find(':')));
  const std::size_t end = authority.find(']');
  return end != std::string_view::npos && is_loopback_host(authority.substr(1, end - 1));
}

}  // namespace

HttpReply control_error(int status, std::string_view text) {
  HttpReply reply;
  reply.status = status;
  JsonWriter writer(reply.body);
  writer.begin_object();
  writer.field("error", text);
  writer.end_object();
  return reply;
}

bool is_from_loopback_page(const HttpRequest& request) {
  return is_loopback_authority(request.host) &&
         (request.origin.empty() || is_loopback_authority(request.origin));
}

bool is_from_own_page(const HttpRequest& request) {
  return is_loopback_authority(request.host) && request.origin == "http://" + request.host;
}

HttpReply run_control_call(ControlCall& call, std::string_view http_method, std::string_view path,
                           std::string_view body) {
  if (http_method == "GET") return run_get(call, path);
  if (http_method == "DELETE" && path == "faults") return answer_reply(delete_faults(call));
  if (http_method == "DELETE" && path == "crowd") return answer_reply(delete_crowd(call));
  if (http_method != "POST") return control_error(405, "use GET or POST");
  if (const ControlAction action = find_control_action(path)) return run_post(call, action, body);
  return control_error(404, "no such call");
}

std::optional<ChatWait> parse_chat_wait(std::string_view http_method, std::string_view path,
                                        const Arguments& query) {
  constexpr std::int64_t kMaxWait_s = 60;
  const auto chat = parse_chat_path(path);
  const auto after = query.find("after");
  const std::int64_t wait_s =
      std::clamp<std::int64_t>(query.get_integer("wait_s", 0), 0, kMaxWait_s);
  if (http_method != "GET" || !chat || chat->document_of || !after || wait_s == 0) {
    return std::nullopt;
  }
  return ChatWait{query.get_integer("bot_id", 0), chat->chat,
                  static_cast<std::uint64_t>(to_integer(*after)), wait_s};
}

std::uint64_t chat_version(World& world, BotId bot_id, ChatId chat_id) {
  Bot* bot = world.find_bot(bot_id);
  if (bot == nullptr) return 0;
  const auto chat = bot->chats.find(chat_id);
  return chat == bot->chats.end() ? 0 : chat->second.version;
}

}  // namespace telekv::emulator
