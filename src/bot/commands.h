// What a text asks for: commands ("/top", "/top@my_bot", "/restore 7 yes") and the keys of the
// players' keyboards, in every language. Pure; linear. Any text is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace telekv::bot {

enum class Command : std::uint8_t {
  kUnknown,
  kStart,
  kClick,
  kRating,
  kMe,
  kHelp,
  kPrivacy,
  kForget,
  // The operator's.
  kStatus,
  kSnapshot,
  kPoints,
  kRestore,
  kExport,
};

/// Whether only the operator may ask for it.
constexpr bool is_operators(Command command) { return command >= Command::kStatus; }

/// A message's text, taken apart. The views are of the text.
struct Request {
  Command command = Command::kUnknown;
  bool is_command = false;          ///< begins with a slash; otherwise a key, or anything
  std::string_view addressee = {};  ///< the bot's name behind "@"; empty: any bot
};
Request parse_request(std::string_view text);

/// The words after the first.
std::vector<std::string_view> arguments_of(std::string_view text);

/// A whole word as a number.
std::optional<std::uint64_t> number_of(std::string_view word);

/// Telegram's user names do not tell A from a.
bool is_same_user_name(std::string_view a, std::string_view b);

}  // namespace telekv::bot
