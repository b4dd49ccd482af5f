#include "bot/setup_check.h"

#include <utility>

#include "bot/read_only_channel.h"
#include "bot/run_to_end.h"
#include "bot/texts.h"
#include "bot/user.h"
#include "kv/table.h"
#include "telegram/bot_channel.h"
#include "vault/retry.h"
#include "vault/survey.h"

namespace telekv::bot {
namespace {

using std::chrono::seconds;

// Somebody is waiting for the answer.
constexpr seconds kCallDeadline{10};
constexpr seconds kStoreDeadline{60};

Error forbidden(std::string message, std::string hint) {
  return {ErrorCode::kForbidden, std::move(message), std::move(hint)};
}

std::string id_text(telegram::ChatId chat) { return std::to_string(telegram::to_int(chat)); }

std::string describe_store(vault::MessageId root, const format::State& state) {
  return std::to_string(state.records()) + " users, sequence " + std::to_string(state.sequence()) +
         "; root in message " + std::to_string(vault::to_int(root));
}

/// Both what was looked at and what came of it.
template <class T>
Result<T> named(const char* subject, Result<T> result) {
  if (result) return result;
  return about(subject, result.error());
}

}  // namespace

Result<std::unique_ptr<SetupCheck>> SetupCheck::create(const telegram::ApiRoot& api_root,
                                                       std::optional<telegram::Proxy> proxy,
                                                       telegram::Token token) {
  std::unique_ptr<SetupCheck> check(new SetupCheck);
  Result<std::unique_ptr<telegram::HttpClient>> http = telegram::HttpClient::create(
      check->io_.get_executor(), api_root, {.proxy = std::move(proxy)});
  if (!http) return http.error();
  check->http_ = *std::move(http);
  check->api_.emplace(*check->http_, std::move(token));
  return check;
}

template <class Call>
auto SetupCheck::ask(Call call) {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kCallDeadline};
  return run_to_end(io_, vault::retry(patience, vault::OnUnknown::kRepeat, std::move(call)));
}

Result<telegram::User> SetupCheck::ask_bot() {
  return ask([this] { return api_->get_me(); });
}

Result<std::string> SetupCheck::check_chat(telegram::ChatId chat) {
  const Result<telegram::ChatInfo> info = ask([&] { return api_->get_chat(chat); });
  if (!info) return info.error();
  switch (info->chat.type) {
    case telegram::ChatType::kPrivate: {
      const Result<void> written = ask([&] { return api_->send_typing(chat); });
      if (!written) return written.error();
      return id_text(chat) + ", a private chat: the bot may write and pin";
    }
    case telegram::ChatType::kGroup:
    case telegram::ChatType::kSupergroup: {
      const Result<telegram::Membership> own = ask([&] { return api_->get_own_membership(chat); });
      if (!own) return own.error();
      if (own->administrator && own->may_pin) {
        return id_text(chat) + ", a group: the bot may write and pin";
      }
      return forbidden("the bot may not pin in the group " + id_text(chat),
                       "make it an administrator who may pin messages");
    }
    case telegram::ChatType::kChannel:
      return forbidden(id_text(chat) + " is a channel: those have no command menu",
                       "keep the data in a private chat or in a group");
    case telegram::ChatType::kOther:
      break;
  }
  return forbidden(id_text(chat) + " is a chat of an unknown kind",
                   "keep the data in a private chat or in a group");
}

Result<std::string> SetupCheck::check_store(telegram::ChatId chat,
                                            const std::optional<vault::Key>& key,
                                            vault::VaultOptions options) {
  telegram::BotChannel channel(*api_, chat, texts::operator_commands(texts::kOthers));
  ReadOnlyChannel untouched(channel);
  kv::TableOptions table{};
  table.hash_seed = random_.next_u64();
  if (key) table.digest_key = key->digest_key();
  kv::Table<User> users(table);
  vault::Vault vault(untouched, clock_, random_, users,
                     key ? vault::Sealer::with_key(*key) : vault::Sealer::plaintext(),
                     pool_.get_executor(), std::move(options));
  const Result<vault::MessageId> root =
      run_to_end(io_, vault.read_names(clock_.now() + kStoreDeadline));
  // A start would have to wait for it.
  const std::optional<Error>& history_problem = vault.history_problem();
  if (root && history_problem && vault::may_pass(*history_problem)) return *history_problem;
  if (root) return describe_store(*root, vault.manifest().state());
  if (root.error().code != ErrorCode::kNotFound) return root.error();
  return std::string("no data yet: the first start makes a new store");
}

Result<void> check_setup(const ChatSettings& settings, vault::WhenAbsent when_absent,
                         const TellFinding& tell) {
  Result<std::unique_ptr<SetupCheck>> check =
      SetupCheck::create(settings.api_root, settings.proxy, settings.token);
  if (!check) return check.error();
  const Result<telegram::User> bot = named("token", (*check)->ask_bot());
  if (!bot) return bot.error();
  tell({"token", "@" + bot->username + " (" + std::to_string(telegram::to_int(bot->id)) + ") at " +
                     settings.api_root.to_string()});

  const std::optional<telegram::ChatId> own_chat =
      settings.admin_id ? std::optional(telegram::ChatId{telegram::to_int(*settings.admin_id)})
                        : std::nullopt;
  if (!own_chat) {
    tell({"operator", "none: the start shows a one-time code, who sends it is the operator"});
  } else {
    const Result<std::string> told = named("operator", (*check)->check_chat(*own_chat));
    if (!told) return told.error();
    tell({"operator", *told});
  }
  if (!settings.vault_chat) return {};
  if (settings.vault_chat != own_chat) {
    const Result<std::string> told = named("chat", (*check)->check_chat(*settings.vault_chat));
    if (!told) return told.error();
    tell({"chat", *told});
  }
  vault::VaultOptions options{.when_absent = when_absent, .root_id = settings.root_id};
  options.on_note = [&](const vault::Note& note) {
    if (note.weight == vault::Note::Weight::kWarning) tell({"warning", note.text});
  };
  const Result<std::string> store =
      named("store", (*check)->check_store(*settings.vault_chat, settings.key, std::move(options)));
  if (!store) return store.error();
  tell({"store", *store});
  return {};
}

}  // namespace telekv::bot
