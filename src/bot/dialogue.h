// Questions to whoever runs a program: asked on standard error, so that standard output is left for
// results; answered in lines of standard input, typed or piped.
//
// Blocking; one thread. While a secret is typed the terminal shows nothing of it; whatever signal
// ends or stops the program meanwhile, the terminal is as before.
#pragma once

#include <string>
#include <string_view>

#include "kv/error.h"

namespace telekv::bot {

class Dialogue {
 public:
  static constexpr std::size_t kMaxAnswerBytes = 4096;

  /// Descriptors that outlive the object.
  Dialogue(int input, int error);

  /// Whether somebody types: then a wrong answer may be asked for again.
  bool is_typed() const { return typed_; }

  /// A line, without the spaces around it. kInvalidArgument at the end of the input, or for a line
  /// that is too long.
  Result<std::string> ask(std::string_view question);
  Result<std::string> ask_secret(std::string_view question);

  /// A line of text; texts of others are made safe.
  void say(std::string_view line);

 private:
  void write(std::string_view text);
  Result<std::string> read_line();

  int input_;
  int error_;
  bool typed_;
};

}  // namespace telekv::bot
