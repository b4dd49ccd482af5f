// Groups, channels and what a bot is in them, as the official server writes them (Client.cpp:
// JsonChat, JsonChatMember, json_store_administrator_rights, json_store_permissions).
#include "emulator/render.h"

namespace telekv::emulator {
namespace {

// What everyone may in a new chat: all but what changes it.
void write_permissions(JsonWriter& writer, bool may_change) {
  writer.key("permissions");
  writer.begin_object();
  for (const char* name :
       {"can_send_messages", "can_send_media_messages", "can_send_audios", "can_send_documents",
        "can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_voice_notes",
        "can_send_polls", "can_send_other_messages", "can_add_web_page_previews",
        "can_react_to_messages", "can_edit_tag"}) {
    writer.field(name, true);
  }
  writer.field("can_change_info", may_change);
  writer.field("can_invite_users", true);
  writer.field("can_pin_messages", may_change);
  writer.field("can_manage_topics", may_change);
  writer.end_object();
}

void write_rights(JsonWriter& writer, ChatType type, bool has_rights) {
  const bool is_channel = type == ChatType::kChannel;
  writer.field("can_be_edited", false);
  writer.field("can_manage_chat", true);
  writer.field("can_change_info", has_rights);
  if (is_channel) {
    writer.field("can_post_messages", has_rights);
    writer.field("can_edit_messages", has_rights);
  }
  writer.field("can_delete_messages", has_rights);
  writer.field("can_invite_users", has_rights);
  writer.field("can_restrict_members", has_rights);
  if (!is_channel) writer.field("can_pin_messages", has_rights);
  if (type == ChatType::kSupergroup) writer.field("can_manage_topics", has_rights);
  writer.field("can_promote_members", false);
  writer.field("can_manage_video_chats", has_rights);
  writer.field("can_post_stories", has_rights);
  writer.field("can_edit_stories", has_rights);
  writer.field("can_delete_stories", has_rights);
  if (is_channel) writer.field("can_manage_direct_messages", has_rights);
  if (!is_channel) writer.field("can_manage_tags", has_rights);
  writer.field("can_send_welcome_messages", has_rights);
  writer.field("is_anonymous", false);
  writer.field("can_manage_voice_chats", has_rights);
}

std::string_view name_of(BotStatus status) {
  switch (status) {
    case BotStatus::kMember:
      return "member";
    case BotStatus::kAdministrator:
    case BotStatus::kBareAdministrator:
      return "administrator";
    case BotStatus::kLeft:
      return "left";
    case BotStatus::kKicked:
      return "kicked";
  }
  return {};
}

}  // namespace

void write_accepted_gift_types(JsonWriter& writer) {
  writer.key("accepted_gift_types");
  writer.raw(R"({"unlimited_gifts":false,"limited_gifts":false,"unique_gifts":false,)"
             R"("premium_subscription":false,"gifts_from_channels":false})");
}

void write_group_fields(JsonWriter& writer, const Chat& chat, ChatFields fields) {
  const bool is_full = fields == ChatFields::kFull;
  writer.field("title", chat.group->title);
  switch (chat.group->type) {
    case ChatType::kPrivate:
      break;
    case ChatType::kGroup:
      writer.field("type", "group");
      if (is_full) write_permissions(writer, true);
      writer.field("all_members_are_administrators", true);
      write_accepted_gift_types(writer);
      break;
    case ChatType::kSupergroup:
      writer.field("type", "supergroup");
      if (is_full) write_permissions(writer, false);
      break;
    case ChatType::kChannel:
      writer.field("type", "channel");
      break;
  }
  if (is_full && chat.group->type != ChatType::kGroup) write_accepted_gift_types(writer);
}

void write_bot_member(JsonWriter& writer, const Bot& bot, ChatType type, BotStatus status) {
  writer.begin_object();
  writer.key("user");
  write_bot(writer, bot);
  writer.field("status", name_of(status));
  if (status == BotStatus::kAdministrator) write_rights(writer, type, true);
  if (status == BotStatus::kBareAdministrator) write_rights(writer, type, false);
  if (status == BotStatus::kKicked) writer.field("until_date", 0);
  writer.end_object();
}

}  // namespace telekv::emulator
