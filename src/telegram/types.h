// The part of the Bot API's objects that the project reads and writes, as plain values. Field names
// and meanings are the Bot API's (core.telegram.org/bots/api); ids are 64-bit everywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "vault/channel.h"

namespace telekv::telegram {

enum class ChatId : std::int64_t {};
enum class UserId : std::int64_t {};
enum class UpdateId : std::int64_t {};
using vault::MessageId;

constexpr std::int64_t to_int(ChatId id) { return static_cast<std::int64_t>(id); }
constexpr std::int64_t to_int(UserId id) { return static_cast<std::int64_t>(id); }
constexpr std::int64_t to_int(UpdateId id) { return static_cast<std::int64_t>(id); }
using vault::to_int;

struct User {
  UserId id{};
  bool is_bot = false;
  std::string first_name = {};  ///< valid UTF-8, as sent; may be empty (deleted accounts)
  std::string last_name = {};
  std::string username = {};
  std::string language_code = {};  ///< IETF tag; empty when absent
};

enum class ChatType : std::uint8_t { kPrivate, kGroup, kSupergroup, kChannel, kOther };

struct Chat {
  ChatId id{};
  ChatType type = ChatType::kOther;
};

struct DocumentInfo {
  std::string file_id;
  std::string file_name;
  std::uint64_t file_size = 0;  ///< bytes; 0 when absent
};

struct Message {
  MessageId id{};
  Chat chat;
  std::optional<User> from;           ///< absent in channels
  std::optional<ChatId> sender_chat;  ///< who posted on behalf of a chat; the channel in channels
  std::string text;                   ///< empty when the message is not a text
  std::optional<DocumentInfo> document;
  bool tells_of_pin = false;    ///< the service message about a pin, one's own included
  std::chrono::seconds date{};  ///< when it was sent, Unix time; 0 when not told
};

/// Where a message is.
struct MessagePlace {
  Chat chat;
  MessageId id{};
};

/// Somebody has tapped an inline button. `data` is whatever their client sent; the message is as
/// Telegram knows it.
struct CallbackQuery {
  std::string id;
  User from;
  std::string data;
  std::optional<MessagePlace> message = {};  ///< with the button; absent when Telegram does not say
  bool is_on_message = false;  ///< whether the message is known to carry a button with this data
};

/// An update of a kind that the project does not use (edited messages, membership, pins by others).
struct OtherUpdate {};

/// An update that could not be read: wrong types, missing fields, invalid UTF-8, too deep. It is
/// counted and confirmed like any other, or it would come back for ever.
struct MalformedUpdate {
  std::string reason;
};

struct Update {
  UpdateId id{};
  std::variant<OtherUpdate, MalformedUpdate, Message, CallbackQuery> content;
};

/// One key of a reply keyboard is its text; rows of keys.
using ReplyKeyboard = std::vector<std::vector<std::string>>;

/// A button below a message; a tap on it is a CallbackQuery.
struct InlineButton {
  std::string text;
  std::string data;  ///< 1-64 bytes

  friend bool operator==(const InlineButton&, const InlineButton&) = default;
};
using InlineKeyboard = std::vector<std::vector<InlineButton>>;  ///< rows of buttons

/// What a message may carry. One with a reply keyboard cannot be edited.
using Keyboard = std::variant<ReplyKeyboard, InlineKeyboard>;

struct BotCommand {
  std::string command;      ///< [a-z0-9_]{1,32}, without the slash
  std::string description;  ///< 1-256 characters
};

/// Whose command list. Telegram shows the one that fits best: the chat's before that of its kind,
/// and of each the one in the reader's language before the one in none.
struct CommandScope {
  enum class Kind : std::uint8_t { kDefault, kAllGroupChats, kChat };
  Kind kind = Kind::kDefault;
  ChatId chat{};              ///< of kChat
  std::string language = {};  ///< two letters; empty: for whoever has no list of their own

  static CommandScope of_chat(ChatId id, std::string language = {}) {
    return {.kind = Kind::kChat, .chat = id, .language = std::move(language)};
  }
};

}  // namespace telekv::telegram
