// clicker init: makes the settings of a new clicker with whoever sits at the terminal. Asks for the
// token and the operator, makes a key, tries everything, and prints what to do with it.
//
// Blocking. Questions go to standard error. What is set in the environment is not asked for. The
// chat stays as it is, the disk too, unless a file is asked for.
#pragma once

#include <string>

#include "bot/chat_settings.h"

namespace telekv::bot {

struct InitOptions {
  RawChatSettings given;  ///< what the environment has
  std::string output;     ///< a new file for the settings; empty: standard output
};

/// The descriptors of the process, or a test's.
struct InitStreams {
  int input = 0;
  int output = 1;
  int error = 2;
};

/// An error is the program's: one line and its exit code. Typed answers that do not fit are asked
/// for again before that.
Result<void> run_init(const InitOptions& options, const InitStreams& streams);

}  // namespace telekv::bot
