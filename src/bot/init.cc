#include "bot/init.h"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bot/dialogue.h"
#include "bot/operator_claim.h"
#include "bot/operator_texts.h"
#include "bot/output.h"
#include "bot/run_to_end.h"
#include "bot/setup_check.h"
#include "bot/setup_lines.h"
#include "bot/texts.h"

namespace telekv::bot {
namespace {

constexpr int kTypedAttempts = 5;
// Its owner has pressed Start, and tried a word or two.
constexpr std::uint64_t kUpdatesOfANewBot = 5;
constexpr std::chrono::minutes kClaimDeadline{10};
// A program that has just ended may have left a poll behind; one that runs polls again and again.
constexpr int kMostConflicts = 3;

class Init {
 public:
  Init(const InitOptions& options, const InitStreams& streams)
      : options_(options), streams_(streams), dialogue_(streams.input, streams.error) {
    if (dialogue_.is_typed()) attempts_ = kTypedAttempts;
  }

  Result<void> run() {
    Result<void> done = begin();
    if (done) done = take_token();
    if (done) done = take_operator();
    if (done) done = check_vault();
    if (done) done = hand_over();
    return done;
  }

 private:
  Result<void> begin();
  Result<void> take_token();
  Result<void> try_token(const std::string& text);
  Result<void> take_operator();
  Result<void> try_operator(std::int64_t id);
  Result<void> check_unused();
  Result<void> hear_operator();
  Result<void> greet(const telegram::Message& claim);
  Result<void> check_vault();
  Result<void> hand_over();
  SettingList list() const;

  template <class Take>
  Result<void> ask_for(Result<std::string> (Dialogue::*ask)(std::string_view),
                       std::string_view question, Take take);
  void say_ok(const std::string& what) { dialogue_.say("   ok: " + what); }

  const InitOptions& options_;
  InitStreams streams_;
  Dialogue dialogue_;
  int attempts_ = 1;
  RawChatSettings raw_;
  std::optional<ChatSettings> settings_;
  std::unique_ptr<SetupCheck> check_;
};

/// Whether another answer may help.
bool is_answer_wrong(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kUnauthorized ||
         error.code == ErrorCode::kForbidden;
}

Result<void> Init::begin() {
  if (!options_.output.empty()) {
    if (Result<void> tried = try_private_file(options_.output); !tried) return tried;
  }
  raw_ = options_.given;
  raw_.plaintext = false;
  if (raw_.telekv_key.empty()) {
    vault::SystemRandom random;
    raw_.telekv_key = vault::Key::generate(random).to_hex();
  }
  dialogue_.say(options_.output.empty()
                    ? "This makes the settings of a clicker and shows them, secrets too; nothing "
                      "goes to the disk."
                    : "This makes the settings of a clicker, and puts them into " +
                          options_.output + ".");
  return {};
}

template <class Take>
Result<void> Init::ask_for(Result<std::string> (Dialogue::*ask)(std::string_view),
                           std::string_view question, Take take) {
  for (int tried = 1;; ++tried) {
    const Result<std::string> answer = (dialogue_.*ask)(question);
    if (!answer) return answer.error();
    Result<void> taken = take(*answer);
    if (taken || tried >= attempts_ || !is_answer_wrong(taken.error())) return taken;
    dialogue_.say("   " + describe(taken.error()));
  }
}

Result<void> Init::take_token() {
  dialogue_.say("");
  if (!raw_.bot_token.empty()) {
    dialogue_.say("1. The bot: BOT_TOKEN is set.");
    return try_token(raw_.bot_token);
  }
  dialogue_.say("1. The bot. Write /newbot to @BotFather in Telegram, choose a name, and copy the");
  dialogue_.say("   token that it answers with.");
  return ask_for(&Dialogue::ask_secret, "   Token (not shown as you type): ",
                 [this](const std::string& answer) { return try_token(answer); });
}

Result<void> Init::try_token(const std::string& text) {
  if (const Result<telegram::Token> token = telegram::Token::parse(text); !token) {
    return about("BOT_TOKEN", token.error());
  }
  raw_.bot_token = text;
  Result<ChatSettings> settings = check_chat_settings(raw_);
  if (!settings) {
    // One of those in the environment: no token mends it.
    attempts_ = 1;
    return settings.error();
  }
  Result<std::unique_ptr<SetupCheck>> check =
      SetupCheck::create(settings->api_root, settings->proxy, settings->token);
  if (!check) return check.error();
  const Result<telegram::User> bot = (*check)->ask_bot();
  if (!bot) return bot.error();
  settings_ = *std::move(settings);
  check_ = *std::move(check);
  say_ok("@" + bot->username);
  dialogue_.say("");
  dialogue_.say("2. The operator: you. Open https://t.me/" + bot->username + " and press Start.");
  return {};
}

Result<void> Init::take_operator() {
  if (raw_.admin_id) {
    dialogue_.say("   ADMIN_ID is set.");
    return try_operator(*raw_.admin_id);
  }
  return ask_for(&Dialogue::ask, "   Your Telegram user id (if you do not know it, press Enter): ",
                 [this](const std::string& answer) -> Result<void> {
                   if (answer.empty()) return hear_operator();
                   std::int64_t id = 0;
                   const char* end = answer.data() + answer.size();
                   const std::from_chars_result read = std::from_chars(answer.data(), end, id);
                   if (read.ec != std::errc() || read.ptr != end || id <= 0) {
                     return wrong("a user's id is a positive number",
                                  "not a name; press Enter to learn it");
                   }
                   return try_operator(id);
                 });
}

Result<void> Init::try_operator(std::int64_t id) {
  const Result<std::string> told = check_->check_chat(telegram::ChatId{id});
  if (!told) return told.error();
  settings_->admin_id = telegram::UserId{id};
  if (!settings_->vault_chat) settings_->vault_chat = telegram::ChatId{id};
  say_ok(*told);
  return {};
}

// Listening takes the bot's updates away: not from a bot that others may be using.
Result<void> Init::check_unused() {
  const Result<telegram::WebhookInfo> delivery =
      run_to_end(check_->io(), check_->api().get_webhook_info());
  if (!delivery) return delivery.error();
  if (!delivery->url.empty()) {
    return wrong("the bot has a webhook: it is in use, and nothing can be heard from it here",
                 "set ADMIN_ID");
  }
  if (delivery->pending_updates > kUpdatesOfANewBot) {
    return wrong(std::to_string(delivery->pending_updates) +
                     " updates wait for the bot: it is in use, and listening would take them away",
                 "set ADMIN_ID");
  }
  return {};
}

Result<void> Init::hear_operator() {
  if (Result<void> unused = check_unused(); !unused) return unused;
  int conflicts = 0;
  const auto failed = [&](const Error& error) {
    if (error.code == ErrorCode::kConflict) ++conflicts;
    if (conflicts < kMostConflicts) dialogue_.say("   trying again: " + describe(error));
  };
  OperatorClaim claim(check_->api(), check_->clock(), check_->random(), failed);
  dialogue_.say("   Send this to the bot, it is waiting: " + claim.code());
  const vault::Clock::Time deadline = check_->clock().now() + kClaimDeadline;
  while (check_->clock().now() < deadline) {
    const Result<std::vector<OperatorClaim::Heard>> heard =
        run_to_end(check_->io(), claim.listen());
    if (!heard) return heard.error();
    if (conflicts == kMostConflicts) {
      return wrong("another program uses the token, and gets what is sent to the bot",
                   "end it, or set ADMIN_ID");
    }
    for (const OperatorClaim::Heard& each : *heard) {
      if (!each.claims) continue;
      // Unconfirmed, it would come again, and be an unknown word to the clicker: no harm.
      (void)run_to_end(check_->io(), claim.confirm());
      return greet(each.message);
    }
  }
  return wrong("nobody has sent the code", "run this again, or set ADMIN_ID");
}

Result<void> Init::greet(const telegram::Message& claim) {
  const texts::Language language = texts::language_of(claim.from->language_code);
  const Result<telegram::MessageId> greeted = run_to_end(
      check_->io(),
      check_->api().send_message(claim.chat.id, texts::operator_claimed(claim.from->id, language)));
  if (!greeted) return greeted.error();
  return try_operator(telegram::to_int(claim.from->id));
}

Result<void> Init::check_vault() {
  const bool made = options_.given.telekv_key.empty();
  dialogue_.say("");
  dialogue_.say(made ? "3. The key that seals your users' data: made."
                     : "3. The key that seals your users' data: TELEKV_KEY is set.");
  const telegram::ChatId chat = *settings_->vault_chat;
  if (telegram::to_int(chat) != telegram::to_int(*settings_->admin_id)) {
    const Result<std::string> told = check_->check_chat(chat);
    if (!told) return about("VAULT_CHAT", told.error());
    say_ok(*told);
  }
  const Result<std::string> store =
      check_->check_store(chat, settings_->key, {.root_id = settings_->root_id});
  if (!store && made && store.error().code == ErrorCode::kWrongKey) {
    return Error{ErrorCode::kWrongKey, "the chat holds data already, sealed with another key",
                 "set TELEKV_KEY to that key, and run this again"};
  }
  if (!store) return store.error();
  say_ok(*store);
  return {};
}

SettingList Init::list() const {
  SettingList list = {{"BOT_TOKEN", raw_.bot_token},
                      {"TELEKV_KEY", raw_.telekv_key},
                      {"ADMIN_ID", std::to_string(telegram::to_int(*settings_->admin_id))}};
  const RawChatSettings usual;
  if (raw_.vault_chat) list.emplace_back("VAULT_CHAT", std::to_string(*raw_.vault_chat));
  if (raw_.root_id) list.emplace_back("ROOT_ID", std::to_string(*raw_.root_id));
  if (raw_.api_root != usual.api_root) list.emplace_back("API_ROOT", raw_.api_root);
  if (!raw_.https_proxy.empty()) list.emplace_back("HTTPS_PROXY", raw_.https_proxy);
  return list;
}

Result<void> Init::hand_over() {
  const SettingList settings = list();
  std::string lines = as_shell_lines(settings);
  if (!options_.output.empty()) {
    const Result<std::string> content = as_environment_file(settings);
    if (!content) return content.error();
    if (Result<void> written = write_private_file(options_.output, *content); !written) {
      return written;
    }
    lines = as_lines_for_file(options_.output);
  }
  dialogue_.say("");
  dialogue_.say(
      "All is well. Keep a copy of TELEKV_KEY somewhere else than in Telegram: who loses it");
  dialogue_.say("loses the data. BOT_TOKEN is a secret too.");
  dialogue_.say("");
  return write_all(streams_.output, lines, "standard output");
}

}  // namespace

Result<void> run_init(const InitOptions& options, const InitStreams& streams) {
  return Init(options, streams).run();
}

}  // namespace telekv::bot
