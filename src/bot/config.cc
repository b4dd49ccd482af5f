#include "bot/config.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "kv/version.h"

namespace telekv::bot {
namespace {

constexpr const char* kDescription =
    "The clicker: a Telegram bot that counts taps and keeps its state, sealed, in a chat.\n"
    "Every setting can be an environment variable of the name shown.";

constexpr const char* kExamples =
    "Example:\n"
    "  BOT_TOKEN=123:abc ADMIN_ID=42 TELEKV_KEY=$(telekv keygen) clicker\n"
    "Exit codes: 0 stopped and saved, 2 configuration, 3 token refused, 4 unreachable, 5 wrong "
    "key,\n"
    "  6 damaged data, 7 newer format, 8 another writer took over, 9 operator must decide,\n"
    "  10 final save failed, 1 anything else.";

// What the shell or the environment gave, not yet checked.
struct Raw : RawChatSettings {
  std::string durability = "interval";
  std::string webhook_url;
  double backup_interval_s = 5;
  std::string log_level = "info";
  std::string log_format = "text";
  bool init = false;
};

void declare(CLI::App& app, Raw& raw) {
  app.set_version_flag("--version", std::string(kVersionLine));
  app.footer(kExamples);
  app.add_option("--bot-token", raw.bot_token, "the token from @BotFather")->envname("BOT_TOKEN");
  app.add_option("--admin-id", raw.admin_id,
                 "your Telegram user id; without it a one-time code in the log claims the role")
      ->envname("ADMIN_ID");
  app.add_option("--vault-chat", raw.vault_chat, "the chat that keeps the data (default: ADMIN_ID)")
      ->envname("VAULT_CHAT");
  app.add_option("--telekv-key", raw.telekv_key, "the key that seals the data (telekv keygen)")
      ->envname("TELEKV_KEY");
  app.add_option("--api-root", raw.api_root, "where the Bot API is")
      ->envname("API_ROOT")
      ->capture_default_str();
  app.add_option("--durability", raw.durability,
                 "interval: answers at once, saves every BACKUP_INTERVAL")
      ->envname("DURABILITY")
      ->capture_default_str();
  app.add_option("--backup-interval", raw.backup_interval_s, "seconds between saves, 0.1 to 3600")
      ->envname("BACKUP_INTERVAL")
      ->capture_default_str();
  app.add_option("--root-id", raw.root_id, "a root message to read besides the pinned one")
      ->envname("ROOT_ID");
  app.add_option("--webhook-url", raw.webhook_url, "not in this version: updates are polled")
      ->envname("WEBHOOK_URL");
  app.add_option("--log-level", raw.log_level, "debug, info, warning or error")
      ->envname("LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--log-format", raw.log_format, "text or json")
      ->envname("LOG_FORMAT")
      ->capture_default_str();
  app.add_flag("--init", raw.init, "start empty although the chat does not prove that it is new");
  app.add_flag("--plaintext", raw.plaintext,
               "store unsealed, without TELEKV_KEY: only for data nobody would miss");
}

Result<void> check_plain_values(const Raw& raw) {
  if (raw.durability != "interval") {
    return wrong("DURABILITY must be 'interval' in this version, not '" + raw.durability + "'");
  }
  if (!raw.webhook_url.empty()) {
    return wrong("WEBHOOK_URL is set, but this version only polls", "unset WEBHOOK_URL");
  }
  if (!(raw.backup_interval_s >= 0.1 && raw.backup_interval_s <= 3600)) {
    return wrong("BACKUP_INTERVAL must be between 0.1 and 3600 seconds");
  }
  if (raw.log_level != "debug" && raw.log_level != "info" && raw.log_level != "warning" &&
      raw.log_level != "error") {
    return wrong("LOG_LEVEL must be debug, info, warning or error, not '" + raw.log_level + "'");
  }
  if (raw.log_format != "text" && raw.log_format != "json") {
    return wrong("LOG_FORMAT must be text or json, not '" + raw.log_format + "'");
  }
  return {};
}

Result<Config> check(const Raw& raw) {
  Result<ChatSettings> chat = check_chat_settings(raw);
  if (!chat) return chat.error();
  if (const Result<void> plain = check_plain_values(raw); !plain) return plain.error();

  Config config(*std::move(chat));
  config.vault.root_id = config.root_id;
  if (raw.init) config.vault.when_absent = vault::WhenAbsent::kStartEmpty;
  config.backup_interval =
      std::chrono::milliseconds(static_cast<std::int64_t>(raw.backup_interval_s * 1000));
  config.log_level = raw.log_level;
  config.log_format = raw.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  return config;
}

}  // namespace

Result<std::variant<Config, PrintAndExit>> parse_config(int argc, const char* const* argv) {
  CLI::App app(kDescription, "clicker");
  Raw raw;
  declare(app, raw);
  // CLI11 reports by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::variant<Config, PrintAndExit>(PrintAndExit{app.help()});
  } catch (const CLI::CallForVersion&) {
    return std::variant<Config, PrintAndExit>(PrintAndExit{std::string(kVersionLine) + "\n"});
  } catch (const CLI::ExtrasError&) {
    // Not repeated: a secret may have slipped in without its flag.
    return wrong("there are arguments that are no settings", "see clicker --help");
  } catch (const CLI::ParseError& error) {
    return wrong(error.what(), "see clicker --help");
  }
  Result<Config> config = check(raw);
  if (!config) return config.error();
  return std::variant<Config, PrintAndExit>(std::move(*config));
}

}  // namespace telekv::bot
