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
void write_chat_fields(JsonWriter& writer, const World& world, const Chat& chat);

void write_message(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                   const Message& message, ReplyField reply = ReplyField::kShown);

/// The same, for callers that add fields of their own: without the braces.
void write_message_fields(JsonWriter& writer, const World& world, const Bot& bot, const Chat& chat,
                          const Message& message, ReplyField reply);

}  // namespace telekv::emulator
