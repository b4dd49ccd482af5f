// Methods about who is in a chat.
#include "emulator/methods_shared.h"
#include "emulator/render.h"

namespace telekv::emulator::methods {
namespace {

std::string_view status_of(const Chat& chat, PersonId person) {
  if (!chat.group) return "member";
  if (!has_person(*chat.group, person)) return "left";
  return person == chat.group->people.front() ? "creator" : "member";
}

}  // namespace

Answer<void> get_chat_member(Call& call, std::string& out) {
  const std::int64_t id = call.arguments.get_integer("user_id", 0);
  if (id <= 0) return bad_request("invalid user_id specified");
  const bool is_bot = id == call.bot.id;
  auto chat = read_chat(call, is_bot ? Access::kRead : Access::kTakePart);
  if (chat.has_error()) return chat.error();
  JsonWriter writer(out);
  if (is_bot) {
    const BotStatus status = (*chat)->group ? (*chat)->group->bot : BotStatus::kMember;
    write_bot_member(writer, call.bot, (*chat)->type(), status);
    return {};
  }
  const Person* person = call.world.find_person(id);
  const bool is_elsewhere = !(*chat)->group && id != (*chat)->id;
  if (person == nullptr || is_elsewhere) return bad_request("member not found");
  const std::string_view status = status_of(**chat, id);
  writer.begin_object();
  writer.key("user");
  write_person(writer, *person);
  writer.field("status", status);
  if (status == "creator") writer.field("is_anonymous", false);
  writer.end_object();
  return {};
}

Answer<void> get_chat_member_count(Call& call, std::string& out) {
  auto chat = read_chat(call, Access::kTakePart);
  if (chat.has_error()) return chat.error();
  const std::size_t people = (*chat)->group ? (*chat)->group->people.size() : 1;
  JsonWriter(out).integer(static_cast<std::int64_t>(people) + 1);
  return {};
}

Answer<void> leave_chat(Call& call, std::string& out) {
  auto chat = read_chat(call);
  if (chat.has_error()) return chat.error();
  return write_true(out, call.world.leave(call.bot, **chat, call.now));
}

}  // namespace telekv::emulator::methods
