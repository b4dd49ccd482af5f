#include "cli/settings.h"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

namespace telekv::cli {
namespace {

constexpr const char* kKeyName = "TELEKV_KEY";
constexpr const char* kNewKeyName = "TELEKV_NEW_KEY";

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

Result<std::optional<vault::Key>> read_key_named(const Environment& environment, const char* name,
                                                 bool plaintext) {
  const Result<telegram::Token> bot = telegram::Token::parse(text_of(environment, "BOT_TOKEN"));
  return bot::check_key(name, text_of(environment, name), plaintext, bot ? &*bot : nullptr);
}

}  // namespace

Result<bot::ChatSettings> read_chat_settings(const Environment& environment, bool plaintext) {
  bot::RawChatSettings raw;
  raw.bot_token = text_of(environment, "BOT_TOKEN");
  raw.telekv_key = text_of(environment, kKeyName);
  if (std::string root = text_of(environment, "API_ROOT"); !root.empty()) raw.api_root = root;
  raw.https_proxy = text_of(environment, "HTTPS_PROXY");
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
  return read_key_named(environment, kKeyName, plaintext);
}

Result<std::optional<vault::Key>> read_key_if_any(const Environment& environment, bool plaintext) {
  if (text_of(environment, kKeyName).empty()) return std::optional<vault::Key>();
  return read_key(environment, plaintext);
}

Result<vault::Key> read_new_key(const Environment& environment, bool plaintext) {
  const Result<std::optional<vault::Key>> key = read_key(environment, plaintext);
  if (!key) return key.error();
  const Result<std::optional<vault::Key>> next = read_key_named(environment, kNewKeyName, false);
  if (!next) return next.error();
  if (*key && (*key)->id() == (*next)->id()) {
    return bot::wrong("TELEKV_NEW_KEY is the key in use already",
                      "make another one with 'telekv keygen'");
  }
  return **next;
}

Environment with_new_key(Environment environment) {
  return [given = std::move(environment)](const char* name) {
    return given(std::string_view(name) == kKeyName ? kNewKeyName : name);
  };
}

}  // namespace telekv::cli
