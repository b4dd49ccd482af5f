// A user as a line of JSON: what exports are made of, here and in the telekv command.
#pragma once

#include <string>

#include "bot/user.h"
#include "kv/table.h"

namespace telekv::bot {

/// Appends {"chat_id":1,"name":"Аня","clicks":57,"state":0} and a line feed. `user.name` is valid
/// UTF-8.
void append_json_line(std::string& out, kv::Key chat_id, const User& user);

/// Bytes of that user in the JSON dump of the bot before telekv: [1, "\u0410\u043d\u044f", 57, 0]
/// with what separates it from the next. Python writes everything but ASCII as escapes. Any name.
std::size_t old_dump_bytes(kv::Key chat_id, const User& user);

/// The string as JSON, quotes included.
void append_json_text(std::string& out, std::string_view text);

}  // namespace telekv::bot
