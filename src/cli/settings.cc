#include "cli/settings.h"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace telekv::cli {
namespace {

constexpr const char* kKeyName = "TELEKV_KEY";

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value != nullptr ? value : "";
}

/// An empty variable counts as none, as for the clicker.
Result<void> read_id(const Environment& environment, const char* name,
                     std::optional<std::int64_t>& id) {
  const std::string text = text_of(environment, name);
  if (text.empty()) return {};
  std::int64_t value = 0;
  const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return bot::wrong(std::string(name) + " must be a whole number");
  }
  id = value;
  return {};
}

}  // namespace

Result<bot::ChatSettings> read_chat_settings(const Environment& environment, bool plaintext) {
  bot::RawChatSettings raw;
  raw.bot_token = text_of(environment, "BOT_TOKEN");
  raw.telekv_key = text_of(environment, kKeyName);
  if (std::string root = text_of(environment, "API_ROOT"); !root.empty()) raw.api_root = root;
  raw.plaintext = plaintext;
  for (const auto& [name, id] :
       {std::pair("ADMIN_ID", &raw.admin_id), std::pair("VAULT_CHAT", &raw.vault_chat),
        std::pair("ROOT_ID", &raw.root_id)}) {
    if (Result<void> read = read_id(environment, name, *id); !read) return read.error();
  }
  Result<bot::ChatSettings> settings = bot::check_chat_settings(raw);
  if (settings && !settings->vault_chat) {
    return bot::wrong("neither VAULT_CHAT nor ADMIN_ID is set: which chat keeps the data?",
                      "set ADMIN_ID to the operator's user id");
  }
  return settings;
}

Result<std::optional<vault::Key>> read_key(const Environment& environment, bool plaintext) {
  return bot::check_key(kKeyName, text_of(environment, kKeyName), plaintext);
}

Result<std::optional<vault::Key>> read_key_if_any(const Environment& environment, bool plaintext) {
  const std::string text = text_of(environment, kKeyName);
  if (text.empty()) return std::optional<vault::Key>();
  return bot::check_key(kKeyName, text, plaintext);
}

}  // namespace telekv::cli
