// The kinds of records in the journal and the layout of those that are read and written alike; for
// world_records.cc, which writes them, and world_replay.cc, which reads them.
#pragma once

#include "emulator/world.h"

namespace telekv::emulator {

enum class Record : std::uint8_t {
  kPerson = 1,
  kBot = 2,
  kChat = 3,
  kMessage = 4,
  kMessageGone = 5,
  kFile = 6,
  kUpdate = 7,
  kCommands = 8,
  kTap = 9,
  kClock = 10,
  kBotName = 11,
  kConfirmed = 12,
  kWebhook = 13,
  kProfile = 14,
  kGroup = 15,
};

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.language_code;
}
{
  archive(value.id);
  archive(value.first_name);
  archive(value.last_name);
  archive(value.username);
  archive(value.language_code);
}

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.mime_type;
}
{
  archive(value.number);
  archive(value.owner);
  archive(value.size);
  archive(value.name);
  archive(value.mime_type);
}

template <class Archive>
void describe(Archive& archive, auto& value) requires requires {
  value.forward_sender;
}
{
  archive(value.entities);
  archive(value.reply_markup);
  archive(value.file);
  archive(value.reply_to);
  archive(value.pinned_message);
  archive(value.forward_sender);
  archive(value.forward_sender_is_bot);
  archive(value.forward_date_s);
  archive(value.forward_message);
  archive(value.sender);
  archive(value.subject);
}

template <class Archive>
void describe_plain_message(Archive& archive, auto& message) {
  archive(message.id);
  archive(message.from_bot);
  archive(message.pinned);
  archive(message.has_reply_keyboard);
  archive(message.date_s);
  archive(message.edit_date_s);
  archive(message.text);
}

}  // namespace telekv::emulator
