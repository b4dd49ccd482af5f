#include "bot/chat_settings.h"

#include <utility>

namespace telekv::bot {

Error about(const char* setting, const Error& error) {
  Error named = error;
  named.message = std::string(setting) + ": " + error.message;
  return named;
}

Error wrong(std::string message, std::string hint) {
  return Error{ErrorCode::kInvalidArgument, std::move(message), std::move(hint)};
}

Result<std::optional<vault::Key>> check_key(const char* name, const std::string& text,
                                            bool plaintext, const telegram::Token* bot) {
  if (plaintext) {
    if (!text.empty()) {
      return wrong("--plaintext and " + std::string(name) + " exclude each other");
    }
    return std::optional<vault::Key>();
  }
  if (text.empty()) {
    return wrong(
        std::string(name) + " is missing: the data is sealed before it is stored",
        "set the key in use; for a new store make one with 'telekv keygen', and keep it outside "
        "Telegram");
  }
  if (text.starts_with(vault::Key::kPassphrasePrefix) && bot == nullptr) {
    return wrong(std::string(name) + " is a passphrase, so BOT_TOKEN is needed too",
                 "the bot's id is a part of the key");
  }
  const std::string salt = bot != nullptr ? std::to_string(to_int(bot->bot_id())) : std::string();
  Result<vault::Key> key = vault::Key::from_setting(text, salt);
  if (!key) return about(name, key.error());
  return std::optional<vault::Key>(*key);
}

Result<ChatSettings> check_chat_settings(const RawChatSettings& raw) {
  if (raw.bot_token.empty()) {
    return wrong("BOT_TOKEN is missing",
                 "'clicker init' asks for it, and makes what else is needed");
  }
  Result<telegram::Token> token = telegram::Token::parse(raw.bot_token);
  if (!token) return about("BOT_TOKEN", token.error());
  const Result<telegram::ApiRoot> api_root = telegram::parse_api_root(raw.api_root);
  if (!api_root) return about("API_ROOT", api_root.error());
  std::optional<telegram::Proxy> proxy;
  if (!raw.https_proxy.empty()) {
    Result<telegram::Proxy> parsed = telegram::parse_proxy(raw.https_proxy);
    if (!parsed) return about("HTTPS_PROXY", parsed.error());
    proxy = *std::move(parsed);
  }
  const Result<std::optional<vault::Key>> key =
      check_key("TELEKV_KEY", raw.telekv_key, raw.plaintext, &*token);
  if (!key) return key.error();
  if (raw.admin_id && *raw.admin_id <= 0) {
    return wrong("ADMIN_ID must be a user's id, a positive number");
  }
  if (raw.vault_chat && *raw.vault_chat == 0) {
    return wrong("VAULT_CHAT must be a chat's id, not 0");
  }
  if (raw.root_id && *raw.root_id <= 0) return wrong("ROOT_ID must be a message id");

  ChatSettings settings(std::move(*token), *api_root);
  settings.proxy = std::move(proxy);
  settings.key = *key;
  if (raw.admin_id) settings.admin_id = telegram::UserId{*raw.admin_id};
  // A private chat's id is the person's id.
  const std::optional<std::int64_t> chat = raw.vault_chat ? raw.vault_chat : raw.admin_id;
  if (chat) settings.vault_chat = telegram::ChatId{*chat};
  if (raw.root_id) settings.root_id = vault::MessageId{*raw.root_id};
  return settings;
}

}  // namespace telekv::bot
