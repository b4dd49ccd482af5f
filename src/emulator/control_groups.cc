// POST under /emulator/ that concerns groups and channels.
#include <optional>
#include <utility>

#include "emulator/control_arguments.h"
#include "emulator/render.h"

namespace telekv::emulator {
namespace {

template <class Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

template <class Value>
std::optional<Value> value_of(std::string_view name, Names<Value> names) {
  for (const auto& [known, value] : names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

Answer<BotStatus> read_status(const ControlBody& body, std::string_view name) {
  const auto given = required_string(body, name);
  if (given.has_error()) return given.error();
  const auto status =
      value_of<BotStatus>(*given, {{"member", BotStatus::kMember},
                                   {"administrator", BotStatus::kAdministrator},
                                   {"bare_administrator", BotStatus::kBareAdministrator},
                                   {"kicked", BotStatus::kKicked}});
  if (status) return *status;
  return wrong("\"" + std::string(name) +
               "\" must be member, administrator, bare_administrator or kicked");
}

Answer<std::vector<PersonId>> read_people(const ControlBody& body) {
  simdjson::dom::array given;
  if (body["people"].get(given) != simdjson::SUCCESS) {
    return wrong("\"people\" must be an array of ids");
  }
  std::vector<PersonId> people;
  for (const auto person : given) {
    std::int64_t id = 0;
    if (person.get(id) != simdjson::SUCCESS) return wrong("\"people\" must be an array of ids");
    people.push_back(id);
  }
  return people;
}

struct Place {
  Bot* bot = nullptr;
  Chat* chat = nullptr;
};

Answer<Place> read_place(ControlCall& call, const ControlBody& body) {
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  const auto id = required_integer(body, "chat_id");
  if (id.has_error()) return id.error();
  const auto chat = call.world.find_chat(**bot, *id);
  if (chat.has_error()) return chat.error();
  return Place{*bot, *chat};
}

std::string show_group(ControlCall& call, const Chat& chat) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  write_chat_fields(writer, call.world, chat);
  writer.end_object();
  return out;
}

Answer<std::string> post_groups(ControlCall& call, const ControlBody& body) {
  const auto bot = required_bot(call, body);
  if (bot.has_error()) return bot.error();
  const auto type_name = required_string(body, "type");
  if (type_name.has_error()) return type_name.error();
  const auto type = value_of<ChatType>(*type_name, {{"group", ChatType::kGroup},
                                                    {"supergroup", ChatType::kSupergroup},
                                                    {"channel", ChatType::kChannel}});
  if (!type) return wrong("\"type\" must be group, supergroup or channel");
  auto title = required_string(body, "title");
  if (title.has_error()) return title.error();
  auto people = read_people(body);
  if (people.has_error()) return people.error();
  const auto status = read_status(body, "bot");
  if (status.has_error()) return status.error();
  if (!is_in(*status)) return wrong("\"bot\" must be in the chat to begin with");
  const auto chat = call.world.create_group(
      **bot, {*type, std::move(*title), std::move(*people), *status}, call.now);
  if (chat.has_error()) return chat.error();
  return show_group(call, **chat);
}

Answer<std::string> post_group_status(ControlCall& call, const ControlBody& body) {
  const auto place = read_place(call, body);
  if (place.has_error()) return place.error();
  const auto status = read_status(body, "bot");
  if (status.has_error()) return status.error();
  const auto done = call.world.set_bot_status(*place->bot, *place->chat, *status, call.now);
  if (done.has_error()) return done.error();
  return std::string("{}");
}

Answer<std::string> post_group_upgrade(ControlCall& call, const ControlBody& body) {
  const auto place = read_place(call, body);
  if (place.has_error()) return place.error();
  const auto chat = call.world.upgrade_group(*place->bot, *place->chat, call.now);
  if (chat.has_error()) return chat.error();
  return show_group(call, **chat);
}

constexpr std::pair<std::string_view, ControlAction> kGroupPosts[] = {
    {"groups", post_groups},
    {"group_status", post_group_status},
    {"group_upgrade", post_group_upgrade},
};

}  // namespace

ControlAction find_group_action(std::string_view name) {
  for (const auto& [known, action] : kGroupPosts) {
    if (known == name) return action;
  }
  return nullptr;
}

}  // namespace telekv::emulator
