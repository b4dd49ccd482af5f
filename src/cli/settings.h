// The command's settings. They come from the environment alone, under the clicker's names: whatever
// stands on a command line is shown to every user of the machine by `ps`, and kept in histories.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "bot/chat_settings.h"
#include "kv/error.h"
#include "vault/key.h"

namespace telekv::cli {

/// What getenv() answers: nullptr when there is no such variable.
using Environment = std::function<const char*(const char* name)>;

/// What is needed for a live chat. kInvalidArgument names the variable.
Result<bot::ChatSettings> read_chat_settings(const Environment& environment, bool plaintext);

/// TELEKV_KEY alone, for what has been downloaded; nullopt only with `plaintext`. A passphrase
/// needs BOT_TOKEN too, because the bot's id is a part of the key.
Result<std::optional<vault::Key>> read_key(const Environment& environment, bool plaintext);

/// The same, but no key is no error: it limits what can be told.
Result<std::optional<vault::Key>> read_key_if_any(const Environment& environment, bool plaintext);

/// TELEKV_NEW_KEY, which differs from the key in use.
Result<vault::Key> read_new_key(const Environment& environment, bool plaintext);

/// As if TELEKV_NEW_KEY were the key in use.
Environment with_new_key(Environment environment);

}  // namespace telekv::cli
