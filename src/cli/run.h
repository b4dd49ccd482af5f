// The telekv command as a function: parses, runs, prints.
#pragma once

#include "bot/exit_code.h"
#include "cli/surroundings.h"

namespace telekv::cli {

/// Results go to standard output, one line about a failure to standard error.
bot::ExitCode run(int argc, const char* const* argv, const Surroundings& surroundings);

}  // namespace telekv::cli
