// The program's log: one line an event on standard error, as text or as JSON. Only the programs
// log; libraries return errors. Nothing secret and no player's name is ever logged.
#pragma once

#include <string>

#include "bot/config.h"

namespace telekv::bot {

/// Sets up spdlog's default logger. `level` is one that parse_config() accepts.
void set_up_log(const std::string& level, LogFormat format);

}  // namespace telekv::bot
