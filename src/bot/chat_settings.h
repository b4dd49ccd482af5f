// The settings by which a program reaches the vault's chat and reads what is in it: shared by the
// clicker and the telekv command. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kv/error.h"
#include "telegram/api.h"
#include "telegram/api_root.h"
#include "telegram/proxy.h"
#include "telegram/types.h"
#include "vault/key.h"

namespace telekv::bot {

/// As the shell or the environment gave them, not yet checked.
struct RawChatSettings {
  std::string bot_token;
  std::string telekv_key;
  std::string api_root = "https://api.telegram.org";
  std::string https_proxy;
  std::optional<std::int64_t> admin_id;
  std::optional<std::int64_t> vault_chat;
  std::optional<std::int64_t> root_id;
  bool plaintext = false;
};

struct ChatSettings {
  ChatSettings(telegram::Token bot_token, telegram::ApiRoot root)
      : token(std::move(bot_token)), api_root(std::move(root)) {}

  telegram::Token token;
  telegram::ApiRoot api_root;
  std::optional<telegram::Proxy> proxy;  ///< on the way to it
  std::optional<telegram::UserId> admin_id;
  std::optional<telegram::ChatId> vault_chat;  ///< absent: the operator's private chat
  std::optional<vault::Key> key;               ///< absent only with --plaintext
  std::optional<vault::MessageId> root_id;     ///< a root to read besides the pinned one
};

/// kInvalidArgument names the setting and what it should be; never a secret's value.
Result<ChatSettings> check_chat_settings(const RawChatSettings& raw);

/// The key that setting `name` holds as `text`; nullopt only with --plaintext. A passphrase needs
/// `bot`, whose id is a part of the key; otherwise it may be absent.
Result<std::optional<vault::Key>> check_key(const char* name, const std::string& text,
                                            bool plaintext, const telegram::Token* bot);

/// The same error, naming the setting it came from.
Error about(const char* setting, const Error& error);

/// A setting that cannot be used.
Error wrong(std::string message, std::string hint = {});

}  // namespace telekv::bot
