#include "bot/config.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "bot/web.h"
#include "kv/version.h"

namespace telekv::bot {
namespace {

constexpr const char* kDescription =
    "The clicker: a Telegram bot that counts taps and keeps its state, sealed, in a chat.\n"
    "Every setting can be an environment variable of the name shown.";

constexpr const char* kFooter =
    "Examples:\n"
    "  clicker init                  (asks for what is needed, the first time)\n"
    "  clicker --check\n"
    "  clicker\n"
    "  clicker --durability strict\n"
    "  clicker --port 8080 --log-format json\n"
    "\n"
    "Exit codes:\n"
    "  0 stopped and saved, 2 configuration, 3 token refused, 4 unreachable, 5 wrong key,\n"
    "  6 damaged data, 7 newer format, 8 another writer took over, 9 operator must decide,\n"
    "  10 final save failed, 1 anything else.";

constexpr std::string_view kCloudHost = "api.telegram.org";
constexpr std::size_t kMadeSecretBytes = 16;
// More than anybody guesses over a network.
constexpr std::size_t kMinStatusToken = 16;

// What the shell or the environment gave, not yet checked.
struct Raw : RawChatSettings {
  std::string durability = "interval";
  std::string webhook_url;
  std::string webhook_secret;
  std::string webhook_cert;
  std::string webhook_key;
  std::optional<std::int64_t> webhook_settle_s;
  std::optional<std::int64_t> port;
  std::string listen = "all";
  std::string status_token;
  double backup_interval_s = 5;
  std::string flood_budget = "on";
  std::string log_level = "info";
  std::string log_format = "text";
  bool init = false;
  bool check = false;
  std::string output;
};

constexpr const char* kInitFooter =
    "Questions are asked on standard error; what is set already is not asked for. The settings go "
    "to\n"
    "standard output, as lines for a shell, Docker, Heroku and systemd.\n"
    "\n"
    "Examples:\n"
    "  clicker init\n"
    "  clicker init --output clicker.env";

void declare(CLI::App& app, Raw& raw) {
  app.set_version_flag("--version", version_text("clicker"));
  app.footer(kFooter);
  app.add_option("--bot-token", raw.bot_token, "the token from @BotFather")
      ->type_name("TOKEN")
      ->envname("BOT_TOKEN");
  app.add_option("--admin-id", raw.admin_id,
                 "your Telegram user id; without it a one-time code in the log claims the role")
      ->type_name("ID")
      ->envname("ADMIN_ID");
  app.add_option("--vault-chat", raw.vault_chat, "the chat that keeps the data (default: ADMIN_ID)")
      ->type_name("ID")
      ->envname("VAULT_CHAT");
  app.add_option("--telekv-key", raw.telekv_key, "the key that seals the data (telekv keygen)")
      ->type_name("KEY")
      ->envname("TELEKV_KEY");
  app.add_option("--https-proxy", raw.https_proxy,
                 "http://[user:password@]host[:port]: the way to an https API_ROOT")
      ->type_name("URL")
      ->envname("HTTPS_PROXY");
  app.add_option("--api-root", raw.api_root, "where the Bot API is")
      ->type_name("URL")
      ->envname("API_ROOT")
      ->capture_default_str();
  app.add_option("--durability", raw.durability,
                 "interval: saves every BACKUP_INTERVAL; strict: confirms an update to Telegram "
                 "only when it is saved")
      ->type_name("interval|strict")
      ->envname("DURABILITY")
      ->capture_default_str();
  app.add_option("--backup-interval", raw.backup_interval_s, "seconds between saves, 0.1 to 3600")
      ->type_name("SECONDS")
      ->envname("BACKUP_INTERVAL")
      ->capture_default_str();
  app.add_option("--root-id", raw.root_id, "a root message to read besides the pinned one")
      ->type_name("ID")
      ->envname("ROOT_ID");
  app.add_option("--webhook-url", raw.webhook_url,
                 "where Telegram delivers updates; needs PORT. Without it updates are polled")
      ->type_name("URL")
      ->envname("WEBHOOK_URL");
  app.add_option("--webhook-secret", raw.webhook_secret,
                 "what Telegram shows with every update (default: a new one at every start)")
      ->type_name("TEXT")
      ->envname("WEBHOOK_SECRET");
  app.add_option("--webhook-cert", raw.webhook_cert,
                 "PEM file: PORT speaks TLS with this certificate; one that is self-signed is told "
                 "to Telegram. Without it a proxy ends TLS")
      ->type_name("FILE")
      ->envname("WEBHOOK_CERT");
  app.add_option("--webhook-key", raw.webhook_key, "PEM file: the certificate's private key")
      ->type_name("FILE")
      ->envname("WEBHOOK_KEY");
  app.add_option("--webhook-settle", raw.webhook_settle_s,
                 "seconds from taking over to the first update that is taken, 0 to 600, with "
                 "strict durability (default: 100)")
      ->type_name("SECONDS")
      ->envname("WEBHOOK_SETTLE");
  app.add_option("--port", raw.port, "serves the webhook, /healthz, /metrics and /status")
      ->type_name("PORT")
      ->envname("PORT");
  app.add_option("--listen", raw.listen, "who reaches PORT: everybody, or this machine alone")
      ->type_name("all|loopback")
      ->envname("LISTEN")
      ->capture_default_str();
  app.add_option("--status-token", raw.status_token,
                 "the password of the page /status; without it the page is there only with "
                 "LISTEN=loopback")
      ->type_name("TEXT")
      ->envname("STATUS_TOKEN");
  app.add_option("--flood-budget", raw.flood_budget,
                 "on: replies keep below Telegram's limits; off: for a Bot API server without any")
      ->type_name("on|off")
      ->envname("FLOOD_BUDGET")
      ->capture_default_str();
  app.add_option("--log-level", raw.log_level, "what is told of")
      ->type_name("debug|info|warning|error")
      ->envname("LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--log-format", raw.log_format, "how log lines look")
      ->type_name("text|json")
      ->envname("LOG_FORMAT")
      ->capture_default_str();
  app.add_flag("--init", raw.init, "start empty although the chat does not prove that it is new");
  app.add_flag("--plaintext", raw.plaintext,
               "store unsealed, without TELEKV_KEY: only for data nobody would miss");
  app.add_flag("--check", raw.check,
               "try the settings, the token, the chats and the key, change nothing, and exit");
}

void declare_init(CLI::App& app, Raw& raw) {
  CLI::App* init = app.add_subcommand(
      "init", "Make the settings: asks for the token and the operator, makes a key, tries them.");
  init->add_option("--output", raw.output,
                   "put the settings into this new file, which only you can read; show no secret")
      ->type_name("FILE");
  init->footer(kInitFooter);
}

Result<void> check_plain_values(const Raw& raw) {
  if (raw.durability != "interval" && raw.durability != "strict") {
    return wrong("DURABILITY must be 'interval' or 'strict', not '" + raw.durability + "'");
  }
  if (raw.durability == "strict" && !raw.admin_id) {
    return wrong(
        "DURABILITY=strict needs ADMIN_ID: until the one-time code is sent, updates are "
        "confirmed that nobody counts",
        "set ADMIN_ID, or start once with DURABILITY=interval: the log tells your id");
  }
  if (raw.port && (*raw.port < 1 || *raw.port > UINT16_MAX)) {
    return wrong("PORT must be a number from 1 to 65535");
  }
  if (raw.listen != "all" && raw.listen != "loopback") {
    return wrong("LISTEN must be 'all' or 'loopback', not '" + raw.listen + "'");
  }
  if (!(raw.backup_interval_s >= 0.1 && raw.backup_interval_s <= 3600)) {
    return wrong("BACKUP_INTERVAL must be between 0.1 and 3600 seconds");
  }
  if (raw.flood_budget != "on" && raw.flood_budget != "off") {
    return wrong("FLOOD_BUDGET must be on or off, not '" + raw.flood_budget + "'");
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

/// Bot API, setWebhook: the ports that Telegram's own servers deliver to.
bool is_delivered_to(std::uint16_t port) {
  return port == 443 || port == 80 || port == 88 || port == 8443;
}

/// A local Bot API server delivers to any port and over plain HTTP; Telegram's own servers do not.
Result<void> check_reachable(const telegram::ApiRoot& url, const telegram::ApiRoot& api_root) {
  if (api_root.host != kCloudHost) return {};
  if (url.scheme != telegram::ApiRoot::Scheme::kHttps || telegram::is_loopback(url.host)) {
    return wrong("WEBHOOK_URL must be an https address that Telegram can reach",
                 "put a proxy that ends TLS in front of PORT, set WEBHOOK_CERT, or unset "
                 "WEBHOOK_URL to poll");
  }
  if (!is_delivered_to(url.port)) {
    return wrong("WEBHOOK_URL: Telegram delivers to the ports 443, 80, 88 and 8443 only");
  }
  return {};
}

Result<telegram::WebhookSecret> check_webhook_secret(const Raw& raw, vault::Random& random) {
  if (!raw.webhook_secret.empty()) {
    Result<telegram::WebhookSecret> secret = telegram::WebhookSecret::parse(raw.webhook_secret);
    if (!secret) return about("WEBHOOK_SECRET", secret.error());
    return secret;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(kMadeSecretBytes * 2, '0');
  for (char& digit : text) digit = kDigits[random.next_u64() % kDigits.size()];
  return telegram::WebhookSecret::parse(text);
}

Result<std::optional<WebhookSettings>> check_webhook(const Raw& raw,
                                                     const telegram::ApiRoot& api_root,
                                                     vault::Random& random) {
  if (raw.webhook_url.empty()) {
    const bool has_files = !raw.webhook_cert.empty() || !raw.webhook_key.empty();
    if (!raw.webhook_secret.empty() || raw.webhook_settle_s || has_files) {
      return wrong("the other WEBHOOK_ settings mean nothing without WEBHOOK_URL",
                   "set WEBHOOK_URL, or unset them to poll");
    }
    return std::optional<WebhookSettings>();
  }
  const Result<telegram::ApiRoot> url = telegram::parse_api_root(raw.webhook_url);
  if (!url) {
    return wrong("WEBHOOK_URL is no address that updates can be delivered to",
                 "it is like https://bot.example.org/webhook; plain http only on this machine");
  }
  if (Result<void> reachable = check_reachable(*url, api_root); !reachable) {
    return reachable.error();
  }
  const std::string path = url->path.empty() ? "/" : url->path;
  if (path == Web::kHealthPath || path == Web::kMetricsPath || StatusPage::owns(path)) {
    return wrong("WEBHOOK_URL: the path " + path + " serves something else", "choose another path");
  }
  if (!raw.port) {
    return wrong("WEBHOOK_URL needs PORT: where the updates arrive",
                 "set PORT to what Telegram, or the proxy in front of it, connects to");
  }
  if (!raw.admin_id) {
    return wrong("WEBHOOK_URL needs ADMIN_ID: the one-time code is only read while polling",
                 "set ADMIN_ID, or start once without WEBHOOK_URL");
  }
  if (raw.webhook_cert.empty() != raw.webhook_key.empty()) {
    return wrong("WEBHOOK_CERT and WEBHOOK_KEY belong together");
  }
  if (!raw.webhook_cert.empty() && url->scheme != telegram::ApiRoot::Scheme::kHttps) {
    return wrong("WEBHOOK_CERT needs a WEBHOOK_URL with https");
  }
  if (raw.webhook_settle_s && (*raw.webhook_settle_s < 0 || *raw.webhook_settle_s > 600)) {
    return wrong("WEBHOOK_SETTLE must be between 0 and 600 seconds");
  }
  if (raw.webhook_settle_s && raw.durability != "strict") {
    return wrong("WEBHOOK_SETTLE means nothing with DURABILITY=interval", "unset it");
  }
  Result<telegram::WebhookSecret> secret = check_webhook_secret(raw, random);
  if (!secret) return secret.error();
  WebhookSettings settings{.url = url->to_string(),
                           .host = url->host,
                           .path = path,
                           .secret = *std::move(secret),
                           .certificate_file = raw.webhook_cert,
                           .key_file = raw.webhook_key};
  if (raw.webhook_settle_s) settings.settle = std::chrono::seconds(*raw.webhook_settle_s);
  return std::optional(std::move(settings));
}

Result<StatusAccess> check_status_access(const Raw& raw) {
  StatusAccess access{.token = {}, .only_this_machine = raw.listen == "loopback"};
  if (raw.status_token.empty()) return access;
  Result<telegram::WebhookSecret> token = telegram::WebhookSecret::parse(raw.status_token);
  if (!token || raw.status_token.size() < kMinStatusToken) {
    return wrong("STATUS_TOKEN needs 16-256 characters of A-Z a-z 0-9 _ -",
                 "make one with: openssl rand -hex 32");
  }
  access.token = *std::move(token);
  return access;
}

Result<Config> check(const Raw& raw, vault::Random& random) {
  Result<ChatSettings> chat = check_chat_settings(raw);
  if (!chat) return chat.error();
  if (const Result<void> plain = check_plain_values(raw); !plain) return plain.error();
  Result<std::optional<WebhookSettings>> webhook = check_webhook(raw, chat->api_root, random);
  if (!webhook) return webhook.error();
  Result<StatusAccess> status = check_status_access(raw);
  if (!status) return status.error();

  Config config(*std::move(chat));
  config.vault.root_id = config.root_id;
  if (raw.init) config.vault.when_absent = vault::WhenAbsent::kStartEmpty;
  config.backup_interval =
      std::chrono::milliseconds(static_cast<std::int64_t>(raw.backup_interval_s * 1000));
  if (raw.durability == "strict") config.durability = vault::Durability::kStrict;
  config.webhook = *std::move(webhook);
  if (config.webhook) config.vault.delivery = vault::Delivery::kWebhook;
  if (raw.port) config.port = static_cast<std::uint16_t>(*raw.port);
  config.status = *std::move(status);
  if (raw.flood_budget == "off") {
    config.flood_limits = telegram::FloodLimits::none();
    config.hint_pause = config.hint_pause.zero();
  }
  config.only_check = raw.check;
  config.log_level = raw.log_level;
  config.log_format = raw.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  return config;
}

}  // namespace

Result<Task> parse_config(int argc, const char* const* argv, vault::Random& random) {
  CLI::App app(kDescription, "clicker");
  Raw raw;
  declare(app, raw);
  declare_init(app, raw);
  // CLI11 reports by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Task(PrintAndExit{app.help()});
  } catch (const CLI::CallForVersion&) {
    return Task(PrintAndExit{version_text("clicker")});
  } catch (const CLI::ExtrasError&) {
    // Not repeated: a secret may have slipped in without its flag.
    return wrong("there are arguments that are no settings", "see clicker --help");
  } catch (const CLI::ParseError& error) {
    return wrong(error.what(), "see clicker --help");
  }
  if (app.got_subcommand("init")) {
    return Task(
        InitOptions{.given = static_cast<const RawChatSettings&>(raw), .output = raw.output});
  }
  Result<Config> config = check(raw, random);
  if (!config) return config.error();
  return Task(*std::move(config));
}

}  // namespace telekv::bot
