// GET under /emulator/: people, bots, chats and their messages, queues, faults, counts.
#include <algorithm>
#include <utility>

#include "emulator/bot_api.h"
#include "emulator/control_calls.h"
#include "emulator/render.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

std::size_t read_limit(const Arguments& query, std::int64_t otherwise, std::int64_t max) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(query.get_integer("limit", otherwise), 0, max));
}

Answer<std::string> get_people(ControlCall& call) {
  const auto& order = call.world.people_in_order();
  const auto offset = static_cast<std::size_t>(std::clamp<std::int64_t>(
      call.query.get_integer("offset", 0), 0, static_cast<std::int64_t>(order.size())));
  const std::size_t end = std::min(order.size(), offset + read_limit(call.query, 100, 10'000));
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("total", order.size());
  writer.key("people");
  writer.begin_array();
  for (std::size_t i = offset; i < end; ++i)
    write_person(writer, *call.world.find_person(order[i]));
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<std::string> get_bots(ControlCall& call) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("bots");
  writer.begin_array();
  for (const auto& [id, bot] : call.world.bots()) write_listed_bot(writer, bot);
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<Bot*> bot_of_query(ControlCall& call) {
  Bot* bot = call.world.find_bot(call.query.get_integer("bot_id", 0));
  if (bot == nullptr) return ApiError{404, "no such bot; give ?bot_id="};
  return bot;
}

Answer<std::string> get_chats(ControlCall& call) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  std::vector<const Chat*> chats;
  chats.reserve((*bot)->chats.size());
  for (const auto& [id, chat] : (*bot)->chats) chats.push_back(&chat);
  const std::size_t limit = std::min(chats.size(), read_limit(call.query, 100, 1000));
  std::partial_sort(chats.begin(), chats.begin() + static_cast<std::ptrdiff_t>(limit), chats.end(),
                    [](const Chat* a, const Chat* b) { return a->version > b->version; });
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("total", chats.size());
  writer.key("chats");
  writer.begin_array();
  for (std::size_t i = 0; i < limit; ++i) {
    const Chat& chat = *chats[i];
    writer.begin_object();
    write_chat_fields(writer, call.world, chat);
    writer.field("last_message_id", chat.messages.empty() ? 0 : chat.messages.back().id);
    writer.field("date", chat.messages.empty() ? 0 : chat.messages.back().date_s);
    writer.field("blocked", chat.blocked);
    writer.field("version", chat.version);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

void write_page_message(JsonWriter& writer, const ControlCall& call, const Bot& bot,
                        const Chat& chat, const Message& message) {
  writer.begin_object();
  write_message_fields(writer, call.world, bot, chat, message, ReplyField::kShown);
  writer.field("pinned", message.pinned);
  writer.end_object();
}

void write_callback_answer(JsonWriter& writer, const CallbackAnswer& answer) {
  if (answer.query_id.empty()) return writer.null();
  writer.begin_object();
  writer.field("callback_query_id", answer.query_id);
  writer.field("text", answer.text);
  writer.field("show_alert", answer.show_alert);
  writer.end_object();
}

Answer<std::string> get_queue(ControlCall& call) {
  constexpr std::size_t kMaxShown = 1000;
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  const UpdateQueue& queue = (*bot)->queue;
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("pending", queue.size());
  writer.key("queued");
  writer.begin_array();
  for (std::size_t i = 0; i < std::min(queue.size(), kMaxShown); ++i) {
    writer.integer(queue.updates()[i].id);
  }
  writer.end_array();
  writer.field("highest_confirmed", queue.highest_confirmed());
  writer.key("confirmed");
  writer.begin_array();
  for (const auto& [first, last] : queue.confirmed().list()) {
    writer.begin_array();
    writer.integer(first);
    writer.integer(last);
    writer.end_array();
  }
  writer.end_array();
  writer.field("next_update_id", queue.next_id());
  writer.end_object();
  return out;
}

Answer<std::string> get_stats(ControlCall& call) {
  const auto uptime = std::chrono::steady_clock::now() - call.statistics.started;
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("uptime_s", std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  writer.field("now", call.now / 1000);
  writer.field("bots", call.world.bots().size());
  writer.field("people", call.world.people_count());
  writer.field("messages", call.world.message_count());
  writer.field("files", call.world.file_count());
  writer.field("bytes_in", call.statistics.bytes_in);
  writer.field("bytes_out", call.statistics.bytes_out);
  writer.key("calls");
  writer.begin_object();
  for (const auto& [method, count] : call.statistics.calls) {
    writer.key(method);
    writer.begin_object();
    writer.field("ok", count.ok);
    writer.field("failed", count.failed);
    writer.field("bytes", count.bytes);
    writer.end_object();
  }
  writer.end_object();
  writer.end_object();
  return out;
}

void write_fault_rule(JsonWriter& writer, const FaultRule& rule) {
  writer.begin_object();
  writer.field("id", rule.id);
  writer.field("method", rule.method);
  writer.field("kind", name_of(rule.fault.kind));
  writer.field("count", rule.remaining);
  if (rule.bot_id != 0) writer.field("bot_id", rule.bot_id);
  switch (rule.fault.kind) {
    case FaultKind::kTooManyRequests:
      writer.field("retry_after", rule.fault.retry_after_s);
      break;
    case FaultKind::kDelay:
    case FaultKind::kNoAnswer:
      writer.field("delay_ms", rule.fault.delay.count());
      break;
    case FaultKind::kCutAnswer:
      writer.field("bytes", rule.fault.bytes);
      break;
    default:
      break;
  }
  writer.end_object();
}

Answer<std::string> get_faults(ControlCall& call) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("faults", call.faults.size());
  writer.key("rules");
  writer.begin_array();
  for (const FaultRule& rule : call.faults.rules()) write_fault_rule(writer, rule);
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<std::string> get_clock(ControlCall& call) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("now", call.now / 1000);
  writer.field("advance_s", call.world.clock_advance() / 1000);
  writer.end_object();
  return out;
}

Answer<std::string> get_methods(ControlCall&) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("methods");
  writer.begin_array();
  for (const MethodEntry& method : all_methods()) writer.string(method.name);
  writer.end_array();
  writer.end_object();
  return out;
}

constexpr std::pair<std::string_view, ControlView> kGets[] = {
    {"crowd", get_crowd}, {"people", get_people}, {"bots", get_bots},
    {"chats", get_chats}, {"updates", get_queue}, {"faults", get_faults},
    {"stats", get_stats}, {"clock", get_clock},   {"methods", get_methods},
};

}  // namespace

void write_listed_bot(JsonWriter& writer, const Bot& bot) {
  writer.begin_object();
  writer.field("id", bot.id);
  writer.field("is_bot", true);
  writer.field("first_name", bot.first_name);
  writer.field("username", bot.username());
  writer.field("chats", bot.chats.size());
  writer.end_object();
}

std::string show_faults(const Faults& faults) {
  return "{\"faults\":" + std::to_string(faults.size()) + "}";
}

Answer<std::string> show_chat(ControlCall& call, ChatId chat_id) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  static const Chat kClosed;
  const auto place = (*bot)->chats.find(chat_id);
  const bool is_open = place != (*bot)->chats.end();
  const Chat& chat = is_open ? place->second : kClosed;
  const std::size_t limit = read_limit(call.query, 200, 1000);
  const std::size_t begin = chat.messages.size() - std::min(limit, chat.messages.size());
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("version", chat.version);
  writer.key("chat");
  if (is_open) {
    writer.begin_object();
    write_chat_fields(writer, call.world, chat);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("reply_keyboard");
  writer.raw(chat.reply_keyboard.empty() ? std::string_view("null") : chat.reply_keyboard);
  writer.key("pinned_message");
  if (const Message* pinned = call.world.newest_pinned(chat)) {
    write_page_message(writer, call, **bot, chat, *pinned);
  } else {
    writer.null();
  }
  writer.key("callback_answer");
  write_callback_answer(writer, chat.callback_answer);
  writer.key("messages");
  writer.begin_array();
  for (std::size_t i = begin; i < chat.messages.size(); ++i) {
    write_page_message(writer, call, **bot, chat, chat.messages[i]);
  }
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<HttpReply> show_document(ControlCall& call, ChatId chat_id, std::int64_t message_id) {
  const auto bot = bot_of_query(call);
  if (bot.has_error()) return bot.error();
  const auto chat = call.world.find_chat(**bot, chat_id);
  if (chat.has_error()) return ApiError{404, "no such chat"};
  const Message* message = std::in_range<MessageId>(message_id)
                               ? call.world.find_message(**chat, static_cast<MessageId>(message_id))
                               : nullptr;
  const File* file = message != nullptr ? call.world.find_file(message->rare().file) : nullptr;
  HttpReply reply;
  if (file != nullptr) reply.file = call.files.get(file->number);
  if (!reply.file) return ApiError{404, "no such document"};
  reply.content_type = "application/octet-stream";
  reply.extra_headers = "Content-Disposition: attachment; filename*=UTF-8''" +
                        percent_encode(file->name) + "\r\nX-Content-Type-Options: nosniff\r\n";
  return reply;
}

ControlView find_control_view(std::string_view name) {
  for (const auto& [known, view] : kGets) {
    if (known == name) return view;
  }
  return nullptr;
}

}  // namespace telekv::emulator
