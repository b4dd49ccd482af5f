// The clicker's settings, from flags and from environment variables of the same names (a flag
// wins). Everything is checked here, so that a wrong value stops the start with one line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "bot/chat_settings.h"
#include "kv/error.h"
#include "vault/vault.h"

namespace telekv::bot {

enum class LogFormat : std::uint8_t { kText, kJson };

/// Without an admin_id the role is claimed by a one-time code.
struct Config : ChatSettings {
  explicit Config(ChatSettings chat) : ChatSettings(std::move(chat)) {}

  vault::VaultOptions vault;
  std::chrono::milliseconds backup_interval{std::chrono::seconds(5)};
  std::string log_level = "info";
  LogFormat log_format = LogFormat::kText;
};

/// --help and --version print this text and exit with success.
struct PrintAndExit {
  std::string text;
};

/// kInvalidArgument names the setting and what it should be; never a secret's value.
Result<std::variant<Config, PrintAndExit>> parse_config(int argc, const char* const* argv);

}  // namespace telekv::bot
