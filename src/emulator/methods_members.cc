// Methods about who is in a chat.
#include "emulator/methods_shared.h"
#include "emulator/render.h"

namespace telekv::emulator::methods {

Answer<void> get_chat_member(Call& call, std::string& out) {
  const std::int64_t id = call.arguments.get_integer("user_id", 0);
  if (id <= 0) return bad_request("invalid user_id specified");
  auto chat = read_chat(call);
  if (chat.has_error()) return chat.error();
  if (id != call.bot.id && id != (*chat)->id) return bad_request("member not found");
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("user");
  if (id == call.bot.id) {
    write_bot(writer, call.bot);
  } else {
    write_person(writer, *call.world.find_person(id));
  }
  writer.field("status", "member");
  writer.end_object();
  return {};
}

Answer<void> get_chat_member_count(Call& call, std::string& out) {
  auto chat = read_chat(call);
  if (chat.has_error()) return chat.error();
  JsonWriter(out).integer(2);
  return {};
}

}  // namespace telekv::emulator::methods
