#include "bot/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace telekv::bot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "17179869195:AAthis_is_a_secret_of_the_tests_000";
constexpr const char* kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

class Settings : public ::testing::Test {
 protected:
  ~Settings() override {
    for (const auto& [name, value] : environment_) unsetenv(name.c_str());
  }
  void set(const std::string& name, const std::string& value) {
    environment_[name] = value;
    setenv(name.c_str(), value.c_str(), 1);
  }
  void set_what_is_needed() {
    set("BOT_TOKEN", kToken);
    set("ADMIN_ID", "4503599627370495");
    set("TELEKV_KEY", kKey);
  }
  template <class... Flags>
  Result<Task> parse(Flags... flags) {
    const char* const arguments[] = {"clicker", flags...};
    return parse_config(1 + sizeof...(flags), arguments, random_);
  }
  template <class... Flags>
  std::string refusal(Flags... flags) {
    const auto parsed = parse(flags...);
    if (parsed) return "(accepted)";
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    return describe(parsed.error());
  }

 private:
  std::map<std::string, std::string> environment_;
  vault::SystemRandom random_;
};

TEST_F(Settings, ComeFromTheEnvironment) {
  set_what_is_needed();
  set("API_ROOT", "http://127.0.0.1:8081");
  set("BACKUP_INTERVAL", "0.5");
  const auto parsed = parse();
  ASSERT_TRUE(parsed) << describe(parsed.error());
  const auto& config = std::get<Config>(*parsed);
  EXPECT_EQ(config.admin_id, telegram::UserId{4503599627370495});
  EXPECT_EQ(config.vault_chat, telegram::ChatId{4503599627370495});
  EXPECT_EQ(config.backup_interval, std::chrono::milliseconds(500));
  EXPECT_EQ(config.api_root.port, 8081);
  EXPECT_EQ(config.vault.when_absent, vault::WhenAbsent::kStartEmptyIfProven);
  ASSERT_TRUE(config.key);
  EXPECT_EQ(config.key->to_hex(), kKey);
}

TEST_F(Settings, OfAFlagWinOverTheEnvironment) {
  set_what_is_needed();
  const auto parsed = parse("--admin-id", "5", "--vault-chat", "-1001234567890", "--init");
  ASSERT_TRUE(parsed);
  const auto& config = std::get<Config>(*parsed);
  EXPECT_EQ(config.admin_id, telegram::UserId{5});
  EXPECT_EQ(config.vault_chat, telegram::ChatId{-1001234567890});
  EXPECT_EQ(config.vault.when_absent, vault::WhenAbsent::kStartEmpty);
}

TEST_F(Settings, MayLeaveTheOperatorToBeClaimed) {
  set("BOT_TOKEN", kToken);
  set("TELEKV_KEY", kKey);
  const auto parsed = parse();
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(std::get<Config>(*parsed).admin_id);
  EXPECT_FALSE(std::get<Config>(*parsed).vault_chat);
}

TEST_F(Settings, ThatAreMissingAreNamed) {
  EXPECT_THAT(refusal(), HasSubstr("BOT_TOKEN is missing"));
  set("BOT_TOKEN", kToken);
  EXPECT_THAT(refusal(), HasSubstr("TELEKV_KEY is missing"));
}

TEST_F(Settings, ThatCannotBeUsedAreRefused) {
  set_what_is_needed();
  EXPECT_THAT(refusal("--durability", "always"), HasSubstr("'interval' or 'strict'"));
  EXPECT_THAT(refusal("--flood-budget", "high"), HasSubstr("on or off"));
  EXPECT_THAT(refusal("--port", "0"), HasSubstr("PORT"));
  EXPECT_THAT(refusal("--port", "65536"), HasSubstr("PORT"));
  EXPECT_THAT(refusal("--listen", "0.0.0.0"), HasSubstr("'all' or 'loopback'"));
  EXPECT_THAT(refusal("--status-token", "0123456789abcde"), HasSubstr("STATUS_TOKEN needs 16"));
  EXPECT_THAT(refusal("--status-token", "0123456789 abcdef"), Not(HasSubstr("0123456789")));
  EXPECT_THAT(refusal("--api-root", "http://example.org"), HasSubstr("http"));
  EXPECT_THAT(refusal("--backup-interval", "0"), HasSubstr("BACKUP_INTERVAL"));
  EXPECT_THAT(refusal("--backup-interval", "nan"), HasSubstr("BACKUP_INTERVAL"));
  EXPECT_THAT(refusal("--admin-id", "-5"), HasSubstr("ADMIN_ID"));
  EXPECT_THAT(refusal("--admin-id", "me"), HasSubstr("--admin-id"));
  EXPECT_THAT(refusal("--vault-chat", "0"), HasSubstr("VAULT_CHAT"));
  EXPECT_THAT(refusal("--root-id", "0"), HasSubstr("ROOT_ID"));
  EXPECT_THAT(refusal("--log-level", "loud"), HasSubstr("LOG_LEVEL"));
  EXPECT_THAT(refusal("--log-format", "xml"), HasSubstr("LOG_FORMAT"));
  EXPECT_THAT(refusal("--no-such-flag"), HasSubstr("no settings"));
}

TEST_F(Settings, OfStrictDurabilityNameTheOperator) {
  set("BOT_TOKEN", kToken);
  set("TELEKV_KEY", kKey);
  EXPECT_THAT(refusal("--durability", "strict"), HasSubstr("strict needs ADMIN_ID"));
  set("ADMIN_ID", "42");
  EXPECT_TRUE(parse("--durability", "strict"));
}

TEST_F(Settings, PollWithIntervalsUnlessToldOtherwise) {
  set_what_is_needed();
  const auto parsed = parse();
  ASSERT_TRUE(parsed);
  const auto& config = std::get<Config>(*parsed);
  EXPECT_EQ(config.durability, vault::Durability::kInterval);
  EXPECT_FALSE(config.webhook);
  EXPECT_EQ(config.vault.delivery, vault::Delivery::kPolling);
  EXPECT_FALSE(config.port);
}

TEST_F(Settings, OfAWebhookSayWhereUpdatesArrive) {
  set_what_is_needed();
  set("DURABILITY", "strict");
  set("WEBHOOK_URL", "https://bot.example.org:8443/hooks/clicker/");
  set("WEBHOOK_SECRET", "only_Telegram-knows");
  set("WEBHOOK_SETTLE", "5");
  set("PORT", "8080");
  const auto parsed = parse();
  ASSERT_TRUE(parsed) << describe(parsed.error());
  const auto& config = std::get<Config>(*parsed);
  EXPECT_EQ(config.durability, vault::Durability::kStrict);
  EXPECT_EQ(config.vault.delivery, vault::Delivery::kWebhook);
  EXPECT_EQ(config.port, 8080);
  ASSERT_TRUE(config.webhook);
  EXPECT_EQ(config.webhook->url, "https://bot.example.org:8443/hooks/clicker");
  EXPECT_EQ(config.webhook->path, "/hooks/clicker");
  EXPECT_EQ(config.webhook->secret.reveal(), "only_Telegram-knows");
  EXPECT_EQ(config.webhook->settle, std::chrono::seconds(5));
}

TEST_F(Settings, OfAWebhookBringASecretAndTheTimeToSettle) {
  set_what_is_needed();
  set("WEBHOOK_URL", "https://bot.example.org");
  set("PORT", "8080");
  const auto first = parse();
  const auto second = parse();
  ASSERT_TRUE(first && second);
  const auto& webhook = std::get<Config>(*first).webhook;
  EXPECT_EQ(webhook->path, "/");
  EXPECT_EQ(webhook->settle, vault::WebhookGate::kSettle);
  EXPECT_EQ(webhook->secret.reveal().size(), 32u);
  EXPECT_NE(webhook->secret.reveal(), std::get<Config>(*second).webhook->secret.reveal());
}

TEST_F(Settings, OfAWebhookThatCannotWorkAreRefused) {
  set_what_is_needed();
  EXPECT_THAT(refusal("--webhook-secret", "x"), HasSubstr("without WEBHOOK_URL"));
  EXPECT_THAT(refusal("--webhook-cert", "x"), HasSubstr("without WEBHOOK_URL"));
  EXPECT_THAT(refusal("--webhook-settle", "9"), HasSubstr("without WEBHOOK_URL"));
  set("WEBHOOK_URL", "https://bot.example.org/hook");
  EXPECT_THAT(refusal(), HasSubstr("WEBHOOK_URL needs PORT"));
  set("PORT", "8080");
  ASSERT_EQ(refusal(), "(accepted)");
  EXPECT_THAT(refusal("--webhook-secret", "no spaces"), HasSubstr("WEBHOOK_SECRET"));
  EXPECT_THAT(refusal("--webhook-cert", "a.pem"), HasSubstr("belong together"));
  EXPECT_THAT(refusal("--webhook-key", "a.pem"), HasSubstr("belong together"));
  EXPECT_THAT(refusal("--webhook-secret", "no spaces"), Not(HasSubstr("no spaces")));
  EXPECT_THAT(refusal("--webhook-settle", "5"), HasSubstr("DURABILITY=interval"));
  EXPECT_THAT(refusal("--durability", "strict", "--webhook-settle", "601"), HasSubstr("0 and 600"));
  EXPECT_THAT(refusal("--webhook-url", "ftp://x.org/hook"), HasSubstr("https://bot.example.org"));
  EXPECT_THAT(refusal("--webhook-url", "https://x.org/metrics"), HasSubstr("another path"));
  EXPECT_THAT(refusal("--webhook-url", "https://x.org/healthz"), HasSubstr("another path"));
  // Telegram's own servers deliver over TLS, to four ports, and never to this machine's loopback.
  EXPECT_THAT(refusal("--webhook-url", "http://127.0.0.1:8080/hook"), HasSubstr("https address"));
  EXPECT_THAT(refusal("--webhook-url", "https://localhost/hook"), HasSubstr("https address"));
  EXPECT_THAT(refusal("--webhook-url", "https://x.org:8081/hook"), HasSubstr("8443"));
  set("API_ROOT", "http://127.0.0.1:8081");
  EXPECT_EQ(refusal("--webhook-url", "http://127.0.0.1:8080/hook"), "(accepted)");
}

TEST_F(Settings, OfThePortSayWhoSeesTheStatusPage) {
  set_what_is_needed();
  const auto usual = parse();
  ASSERT_TRUE(usual);
  EXPECT_FALSE(std::get<Config>(*usual).status.token);
  EXPECT_FALSE(std::get<Config>(*usual).status.only_this_machine);
  set("STATUS_TOKEN", "0123456789abcdef");
  set("LISTEN", "loopback");
  const auto parsed = parse();
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_TRUE(std::get<Config>(*parsed).status.token->matches("0123456789abcdef"));
  EXPECT_TRUE(std::get<Config>(*parsed).status.only_this_machine);
}

TEST_F(Settings, OfAWebhookNeedAKnownOperator) {
  set("BOT_TOKEN", kToken);
  set("TELEKV_KEY", kKey);
  set("WEBHOOK_URL", "https://bot.example.org/hook");
  set("PORT", "8080");
  EXPECT_THAT(refusal(), HasSubstr("WEBHOOK_URL needs ADMIN_ID"));
}

TEST_F(Settings, WithABadSecretAreRefusedWithoutShowingIt) {
  set_what_is_needed();
  set("TELEKV_KEY", "0123456789abcdef");
  EXPECT_THAT(refusal(), HasSubstr("telekv keygen"));
  EXPECT_THAT(refusal(), Not(HasSubstr("0123456789abcdef")));
  set("TELEKV_KEY", kKey);
  set("BOT_TOKEN", "12:short_secret");
  EXPECT_THAT(refusal(), Not(HasSubstr("short_secret")));
  EXPECT_THAT(refusal(kToken), Not(HasSubstr("secret_of_the_tests")));
}

TEST_F(Settings, TakeAPassphraseForTheKeyOfThisBot) {
  set_what_is_needed();
  set("TELEKV_KEY", "passphrase:four words that nobody says");
  const auto parsed = parse();
  ASSERT_TRUE(parsed) << describe(parsed.error());
  const auto same = vault::Key::from_passphrase("four words that nobody says", "17179869195");
  EXPECT_EQ(std::get<Config>(*parsed).key->id(), same->id());
  set("TELEKV_KEY", "passphrase:too short");
  EXPECT_THAT(refusal(), HasSubstr("passphrase"));
  EXPECT_THAT(refusal(), Not(HasSubstr("too short")));
}

TEST_F(Settings, ForUnsealedStorageExcludeAKey) {
  set_what_is_needed();
  EXPECT_THAT(refusal("--plaintext"), HasSubstr("--plaintext and TELEKV_KEY"));
  set("TELEKV_KEY", "");
  const auto parsed = parse("--plaintext");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(std::get<Config>(*parsed).key);
}

TEST_F(Settings, MayOnlyBeTried) {
  set_what_is_needed();
  EXPECT_FALSE(std::get<Config>(*parse()).only_check);
  EXPECT_TRUE(std::get<Config>(*parse("--check")).only_check);
}

TEST_F(Settings, ThatAreMadeNeedNotBeThere) {
  set("BOT_TOKEN", kToken);
  set("VAULT_CHAT", "-100123");
  const auto parsed = parse("init", "--output", "clicker.env");
  ASSERT_TRUE(parsed);
  const auto& init = std::get<InitOptions>(*parsed);
  EXPECT_EQ(init.output, "clicker.env");
  EXPECT_EQ(init.given.bot_token, kToken);
  EXPECT_EQ(init.given.vault_chat, -100123);
  EXPECT_FALSE(init.given.admin_id);
  EXPECT_EQ(init.given.telekv_key, "");
  EXPECT_EQ(std::get<InitOptions>(*parse("init")).output, "");
}

TEST_F(Settings, AreExplainedOnRequest) {
  const auto help = parse("--help");
  ASSERT_TRUE(help);
  for (const char* name :
       {"BOT_TOKEN",       "ADMIN_ID",     "VAULT_CHAT",     "TELEKV_KEY",  "API_ROOT",
        "BACKUP_INTERVAL", "ROOT_ID",      "DURABILITY",     "WEBHOOK_URL", "WEBHOOK_SECRET",
        "WEBHOOK_CERT",    "WEBHOOK_KEY",  "WEBHOOK_SETTLE", "PORT",        "LISTEN",
        "STATUS_TOKEN",    "FLOOD_BUDGET", "LOG_LEVEL",      "LOG_FORMAT",  "Exit codes"}) {
    EXPECT_THAT(std::get<PrintAndExit>(*help).text, HasSubstr(name));
  }
  const auto version = parse("--version");
  ASSERT_TRUE(version);
  EXPECT_THAT(std::get<PrintAndExit>(*version).text, HasSubstr("clicker (telekv) 0."));
}

}  // namespace
}  // namespace telekv::bot
