// The clicker's settings, from flags and from environment variables of the same names (a flag
// wins). Everything is checked here, so that a wrong value stops the start with one line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "bot/chat_settings.h"
#include "bot/hints.h"
#include "bot/init.h"
#include "bot/status_page.h"
#include "kv/error.h"
#include "telegram/flood_budget.h"
#include "telegram/webhook_secret.h"
#include "vault/random.h"
#include "vault/saver.h"
#include "vault/vault.h"
#include "vault/webhook_gate.h"

namespace telekv::bot {

enum class LogFormat : std::uint8_t { kText, kJson };

/// How Telegram delivers updates here.
struct WebhookSettings {
  std::string url;                 ///< what Telegram is told
  std::string host;                ///< of that URL: what a certificate must be for
  std::string path;                ///< of that URL: where requests arrive on the port
  telegram::WebhookSecret secret;  ///< what proves that a request comes from Telegram
  std::string certificate_file;    ///< PEM; empty: something in front of the port ends TLS
  std::string key_file;            ///< PEM
  /// Strict durability only: see vault::WebhookGate.
  std::chrono::seconds settle = vault::WebhookGate::kSettle;
};

/// Without an admin_id the role is claimed by a one-time code.
struct Config : ChatSettings {
  explicit Config(ChatSettings chat) : ChatSettings(std::move(chat)) {}

  vault::VaultOptions vault;
  vault::Durability durability = vault::Durability::kInterval;
  std::chrono::milliseconds backup_interval{std::chrono::seconds(5)};
  std::optional<WebhookSettings> webhook;             ///< absent: updates are polled
  std::optional<std::uint16_t> port;                  ///< absent: nothing is served
  StatusAccess status;                                ///< also where the port is reached from
  telegram::FloodLimits flood_limits;                 ///< of what is sent to players
  vault::Clock::Duration hint_pause = Hints::kPause;  ///< between two hints to one player
  std::string log_level = "info";
  LogFormat log_format = LogFormat::kText;
  bool only_check = false;  ///< --check
};

/// --help and --version print this text and exit with success.
struct PrintAndExit {
  std::string text;
};

/// What the command line asks for.
using Task = std::variant<Config, InitOptions, PrintAndExit>;

/// kInvalidArgument names the setting and what it should be; never a secret's value. `random` makes
/// the webhook's secret when none is given.
Result<Task> parse_config(int argc, const char* const* argv, vault::Random& random);

}  // namespace telekv::bot
