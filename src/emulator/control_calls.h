// The two halves of the control API behind control_api.h: what changes the emulated world, and what
// shows it. Single-threaded. An error is the 4xx status and the text of {"error": ...}.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "emulator/control_api.h"
#include "emulator/json_writer.h"

namespace telekv::emulator {

/// The JSON object of a POST.
using ControlBody = simdjson::dom::object;
using ControlAction = Answer<std::string> (*)(ControlCall& call, const ControlBody& body);
using ControlView = Answer<std::string> (*)(ControlCall& call);

/// What POST /emulator/`name` does, null when there is no such call.
ControlAction find_control_action(std::string_view name);

/// What GET /emulator/`name` shows, null when there is no such call.
ControlView find_control_view(std::string_view name);

/// A chat as the page shows it.
Answer<std::string> show_chat(ControlCall& call, ChatId chat);

/// The file that a message of the chat carries. Error: there is none.
Answer<HttpReply> show_document(ControlCall& call, ChatId chat, std::int64_t message);

/// DELETE faults: all rules, or the one of ?id=.
Answer<std::string> delete_faults(ControlCall& call);

/// How the crowd fares.
Answer<std::string> get_crowd(ControlCall& call);

/// DELETE crowd: it writes no more.
Answer<std::string> delete_crowd(ControlCall& call);

/// {"faults": N}
std::string show_faults(const Faults& faults);

/// A bot as POST and GET bots show it.
void write_listed_bot(JsonWriter& writer, const Bot& bot);

}  // namespace telekv::emulator
