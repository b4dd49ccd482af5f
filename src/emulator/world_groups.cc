// Groups and channels: who is in them, what the bot is there, and what it is told of it.
#include <algorithm>
#include <utility>

#include "emulator/render.h"
#include "emulator/text.h"
#include "emulator/world.h"

namespace telekv::emulator {
namespace {

constexpr std::int64_t kFirstGroup = 4'300'000'000;        // above 2^32, as in the wild
constexpr std::int64_t kFirstChannel = 1'002'200'000'000;  // TDLib ChannelId.h: -10^12 and below
constexpr std::int64_t kLifetime_s = 86'400;               // Client.cpp: my_chat_member
constexpr std::size_t kMaxTitle = 128;                     // Bot API: setChatTitle
constexpr std::size_t kMaxPeople = 1000;

std::string_view name_of(ChatType type) {
  switch (type) {
    case ChatType::kPrivate:
      return "private";
    case ChatType::kGroup:
      return "group";
    case ChatType::kSupergroup:
      return "supergroup";
    case ChatType::kChannel:
      return "channel";
  }
  return {};
}

Answer<void> check_status(ChatType type, BotStatus status) {
  if (type == ChatType::kChannel && status == BotStatus::kMember) {
    return bad_request("a bot is in a channel as an administrator only");
  }
  return {};
}

}  // namespace

bool has_person(const Group& group, PersonId person) {
  return std::find(group.people.begin(), group.people.end(), person) != group.people.end();
}

std::int64_t number_of_group(ChatId id) {
  return -id >= kFirstChannel ? -id - kFirstChannel : -id - kFirstGroup;
}

// As Client.cpp check_chat_access.
Answer<void> World::check_access(const Chat& chat, Access access) const {
  if (!chat.group) {
    if (access != Access::kWrite || !chat.blocked) return {};
    return forbidden("bot was blocked by the user");
  }
  const Group& group = *chat.group;
  const bool is_basic = group.type == ChatType::kGroup;
  if (is_basic && access == Access::kRead) return {};
  if (group.migrated_to != 0) {
    ApiError error = bad_request("group chat was upgraded to a supergroup chat");
    error.migrate_to_chat_id = group.migrated_to;
    return error;
  }
  const std::string place = "the " + std::string(name_of(group.type)) + " chat";
  if (group.bot == BotStatus::kKicked) return forbidden("bot was kicked from " + place);
  if (group.bot == BotStatus::kLeft) return forbidden("bot is not a member of " + place);
  return {};
}

Chat& World::add_group(Bot& bot, NewGroup group) {
  const std::int64_t first = group.type == ChatType::kGroup ? kFirstGroup : kFirstChannel;
  const ChatId id = -(first + next_group_++);
  Chat& chat = bot.chats[id];
  chat.id = id;
  chat.group = std::make_unique<Group>();
  chat.group->type = group.type;
  chat.group->bot = group.bot;
  chat.group->title = std::move(group.title);
  chat.group->people = std::move(group.people);
  record_chat(bot, chat);
  record_group(bot, chat);
  touch(bot, chat);
  return chat;
}

Answer<Chat*> World::create_group(Bot& bot, NewGroup group, TimeMs now) {
  if (!is_valid_utf8(group.title)) return bad_request("the title must be encoded in UTF-8");
  group.title = clean_text(group.title);
  if (group.title.empty() || count_code_points(group.title) > kMaxTitle) {
    return bad_request("the title must have 1..128 characters");
  }
  if (group.people.empty() || group.people.size() > kMaxPeople) {
    return bad_request("1..1000 people must be in it; the first one creates it");
  }
  for (const PersonId person : group.people) {
    if (find_person(person) == nullptr) return bad_request("no such person; create them first");
    if (std::count(group.people.begin(), group.people.end(), person) > 1) {
      return bad_request("a person is named twice");
    }
  }
  if (auto checked = check_status(group.type, group.bot); checked.has_error()) {
    return checked.error();
  }
  const BotStatus status = std::exchange(group.bot, BotStatus::kLeft);
  const Person* creator = find_person(group.people.front());
  Chat& chat = add_group(bot, std::move(group));
  change_status(bot, chat, status, creator, now);
  if (chat.group->type == ChatType::kGroup) {
    tell_group(bot, chat, MessageKind::kGroupCreated, creator, 0, now);
  } else if (chat.group->type == ChatType::kSupergroup) {
    tell_group(bot, chat, MessageKind::kJoined, creator, bot.id, now);
  }
  return &chat;
}

Answer<void> World::set_bot_status(Bot& bot, Chat& chat, BotStatus status, TimeMs now) {
  if (!chat.group) return bad_request("not a group or channel");
  if (chat.group->migrated_to != 0) return bad_request("the group became a supergroup");
  if (auto checked = check_status(chat.group->type, status); checked.has_error()) return checked;
  const BotStatus before = chat.group->bot;
  if (before == status) return {};
  const Person* creator = find_person(chat.group->people.front());
  change_status(bot, chat, status, creator, now);
  if (chat.group->type == ChatType::kChannel || is_in(before) == is_in(status)) return {};
  const MessageKind kind = is_in(status) ? MessageKind::kJoined : MessageKind::kGone;
  tell_group(bot, chat, kind, creator, bot.id, now);
  return {};
}

Answer<void> World::leave(Bot& bot, Chat& chat, TimeMs now) {
  if (!chat.group) return bad_request("can't leave private chats");
  if (!is_in(chat.group->bot)) return bad_request("USER_NOT_PARTICIPANT");
  change_status(bot, chat, BotStatus::kLeft, nullptr, now);
  if (chat.group->type != ChatType::kChannel) {
    tell_group(bot, chat, MessageKind::kGone, nullptr, bot.id, now);
  }
  return {};
}

Answer<Chat*> World::upgrade_group(Bot& bot, Chat& chat, TimeMs now) {
  if (chat.type() != ChatType::kGroup) return bad_request("not a group");
  if (chat.group->migrated_to != 0) return bad_request("the group became a supergroup");
  if (!is_in(chat.group->bot)) return bad_request("the bot is not in that chat");
  const Person* creator = find_person(chat.group->people.front());
  const ChatId before = chat.id;
  Chat& after = add_group(
      bot, {ChatType::kSupergroup, chat.group->title, chat.group->people, chat.group->bot});
  Chat& old = bot.chats.at(before);
  tell_group(bot, old, MessageKind::kMigratedTo, creator, after.id, now);
  tell_group(bot, after, MessageKind::kMigratedFrom, creator, before, now);
  old.group->migrated_to = after.id;
  record_group(bot, old);
  return &after;
}

// What became of the bot, done by `by`, or by itself.
void World::change_status(Bot& bot, Chat& chat, BotStatus status, const Person* by, TimeMs now) {
  const BotStatus before = std::exchange(chat.group->bot, status);
  record_group(bot, chat);
  touch(bot, chat);
  push_bot_status(bot, chat, by, before, status, now);
}

void World::push_bot_status(Bot& bot, const Chat& chat, const Person* by, BotStatus before,
                            BotStatus after, TimeMs now) {
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  writer.key("chat");
  writer.begin_object();
  write_chat_fields(writer, *this, chat);
  writer.end_object();
  writer.key("from");
  by != nullptr ? write_person(writer, *by) : write_bot(writer, bot);
  writer.field("date", now / 1000);
  writer.key("old_chat_member");
  write_bot_member(writer, bot, chat.type(), before);
  writer.key("new_chat_member");
  write_bot_member(writer, bot, chat.type(), after);
  writer.end_object();
  push_update(bot, UpdateKind::kMyChatMember, chat.id, now / 1000 + kLifetime_s, body);
}

// A service message by `by`, or by the bot.
void World::tell_group(Bot& bot, Chat& chat, MessageKind kind, const Person* by,
                       std::int64_t subject, TimeMs now) {
  Message message;
  message.kind = kind;
  message.from_bot = by == nullptr;
  message.date_s = now / 1000;
  message.make_rare().sender = by != nullptr ? by->id : 0;
  message.make_rare().subject = subject;
  push_message_update(bot, chat, store(bot, chat, std::move(message)));
}

}  // namespace telekv::emulator
