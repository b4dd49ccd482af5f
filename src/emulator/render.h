// The objects of the Bot API as JSON, fields in the order in which the official server emits them
// (Client.cpp: JsonUser, JsonChat, JsonMessage, JsonDocument). Pure functions, linear in the
// output.
#pragma once

#include "emulator/json_writer.h"
#include "emulator/world.h"

namespace telekv::emulator {

enum class ReplyField { kShown, kHidden };  ///< edited messages come without reply_to_message

void write_person(JsonWriter& writer, const Person& person);
void write_bot(JsonWriter& writer, const Bot& bot);

/// The fields of a Chat, without the braces, so that ChatFullInfo can add its own.
enum class ChatFields { kShort, kFull };
void write_chat_fields(JsonWriter& writer, const World& world, const Chat& chat,
                       ChatFields fields = ChatFields::kShort);

/// What a bot is in a chat, as a ChatMember (render_groups.cc).
void write_bot_member(JsonWriter& writer, const Bot& bot, ChatType type, BotStatus status);

/// write_chat_fields for a group or channel (render_groups.cc).
void write_group_fields(JsonWriter& writer, const Chat& chat, ChatFields fields);

void write_accepted_gift_types(JsonWriter& writer);

void write_message(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                   const Message& message, ReplyField reply = ReplyField::kShown);

/// The same, for callers that add fields of their own: without the braces.
void write_message_fields(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                          const Message& message, ReplyField reply);

}  // namespace telekv::emulator
