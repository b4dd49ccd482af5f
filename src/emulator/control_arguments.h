// What the actions of the control API read from their JSON bodies in the same way. An error is 400
// and says which argument is wrong.
#pragma once

#include "emulator/control_calls.h"

namespace telekv::emulator {

inline constexpr std::size_t kMaxNameBytes = 4096;

ApiError wrong(std::string text);

Answer<std::int64_t> required_integer(const ControlBody& body, std::string_view name);
Answer<std::string> required_string(const ControlBody& body, std::string_view name);

/// The value, or `otherwise` when it is absent; an error when it is of another type.
Answer<std::int64_t> optional_integer(const ControlBody& body, std::string_view name,
                                      std::int64_t otherwise);
Answer<std::string> optional_name(const ControlBody& body, std::string_view name);

/// The bot of "bot_id", which exists from then on.
Answer<Bot*> required_bot(ControlCall& call, const ControlBody& body);

/// A list; an error when it is of another type or longer than `most`.
Answer<simdjson::dom::array> required_array(const ControlBody& body, std::string_view name,
                                            std::size_t most);
Answer<double> optional_number(const ControlBody& body, std::string_view name, double otherwise);

/// POST crowd: simulated people begin to write, instead of those who may be writing.
Answer<std::string> post_crowd(ControlCall& call, const ControlBody& body);

/// What POST /emulator/`name` does to groups and channels, null when there is no such call.
ControlAction find_group_action(std::string_view name);

}  // namespace telekv::emulator
