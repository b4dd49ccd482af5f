// The clicker's settings, from flags and from environment variables of the same names (a flag
// wins). Everything is checked here, so that a wrong value stops the start with one line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "kv/error.h"
#include "telegram/api.h"
#include "telegram/api_root.h"
#include "telegram/types.h"
#include "vault/key.h"
#include "vault/vault.h"

namespace telekv::bot {

enum class LogFormat : std::uint8_t { kText, kJson };

struct Config {
  Config(telegram::Token bot_token, telegram::ApiRoot root)
      : token(std::move(bot_token)), api_root(std::move(root)) {}

  telegram::Token token;
  telegram::ApiRoot api_root;
  std::optional<telegram::UserId> admin_id;    ///< absent: claimed by a one-time code
  std::optional<telegram::ChatId> vault_chat;  ///< absent: the operator's private chat
  std::optional<vault::Key> key;               ///< absent only with --plaintext
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
