// The things of the emulated Telegram as plain values: people, files, messages, chats, bots. They
// hold no rules (world.h has them). Ids are int64 everywhere; message ids are int32 as the server
// parses them. Times are Unix seconds in what is stored, milliseconds where a rule is finer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/update_queue.h"

namespace telekv::emulator {

using PersonId = std::int64_t;
using BotId = std::int64_t;
using ChatId = std::int64_t;  ///< of a private chat: the person's id; of others: negative
using MessageId = std::int32_t;
using FileNumber = std::uint64_t;  ///< 0: no file
using TimeMs = std::int64_t;       ///< milliseconds since the Unix epoch

struct Person {
  PersonId id = 0;
  std::string first_name;
  std::string last_name;
  std::string username;
  std::string language_code;
};

/// What the world knows of a file; its bytes are in the FileStore under the same number.
struct File {
  FileNumber number = 0;
  BotId owner = 0;
  std::uint64_t size = 0;
  std::string name;
  std::string mime_type;
};

/// From kPin on they are service messages, which tell what happened in a chat.
enum class MessageKind : std::uint8_t {
  kText,
  kDocument,
  kPin,
  kGroupCreated,
  kJoined,
  kGone,
  kMigratedTo,
  kMigratedFrom,
};

inline bool is_service(MessageKind kind) { return kind >= MessageKind::kPin; }

/// The parts that few messages have.
struct MessageDetails {
  std::string entities;      ///< JSON array, or empty
  std::string reply_markup;  ///< inline keyboard as JSON, or empty
  FileNumber file = 0;
  MessageId reply_to = 0;
  MessageId pinned_message = 0;     ///< kPin: what was pinned
  std::int64_t forward_sender = 0;  ///< person, bot or channel of the original; 0: not a forward
  bool forward_sender_is_bot = false;
  std::int64_t forward_date_s = 0;
  MessageId forward_message = 0;  ///< its id in the channel
  PersonId sender = 0;            ///< of a person's message in a group
  std::int64_t subject = 0;       ///< kJoined, kGone: who; kMigrated...: the other chat
};

struct Message {
  MessageId id = 0;
  MessageKind kind = MessageKind::kText;
  bool from_bot = false;
  bool pinned = false;
  bool has_reply_keyboard = false;  ///< sent with a non-inline markup, therefore not editable
  std::int64_t date_s = 0;
  std::int64_t edit_date_s = 0;  ///< 0: never edited
  std::string text;              ///< text, or caption of a document
  std::unique_ptr<MessageDetails> details;

  /// Reading works on every message; what it has not is empty.
  const MessageDetails& rare() const;
  MessageDetails& make_rare();
};

struct CallbackAnswer {
  std::string query_id;
  std::string text;
  bool show_alert = false;
};

enum class ChatType : std::uint8_t { kPrivate, kGroup, kSupergroup, kChannel };

/// What the bot is in a group or channel; a bare administrator has none of the rights.
enum class BotStatus : std::uint8_t { kMember, kAdministrator, kBareAdministrator, kLeft, kKicked };

inline bool is_in(BotStatus status) { return status < BotStatus::kLeft; }

/// What a chat of several people has; it belongs to one bot.
struct Group {
  ChatType type = ChatType::kGroup;
  BotStatus bot = BotStatus::kMember;
  std::string title;
  std::vector<PersonId> people;   ///< the first one created it
  MessageId next_message_id = 1;  ///< supergroups and channels count their own messages
  ChatId migrated_to = 0;         ///< the supergroup that this group became
};

struct Chat {
  ChatId id = 0;
  bool blocked = false;           ///< the person blocked the bot
  std::string reply_keyboard;     ///< JSON of the keyboard shown to the person, or empty
  std::uint64_t version = 0;      ///< changes with everything visible in the chat
  std::vector<Message> messages;  ///< ascending ids
  std::vector<MessageId> pinned;  ///< ascending ids
  CallbackAnswer callback_answer;
  std::unique_ptr<Group> group;  ///< null: a private chat

  ChatType type() const { return group ? group->type : ChatType::kPrivate; }
};

/// An inline button was tapped and the bot has not answered yet.
struct PendingTap {
  ChatId chat = 0;
  std::int64_t date_s = 0;
};

/// What getUpdates remembers of the call before, for its rules about repeated calls.
struct PollHistory {
  std::int64_t offset = 0;
  TimeMs started = 0;  ///< 0: no call yet
};

/// Where a bot's updates are delivered.
struct Webhook {
  std::string url;  ///< empty: nowhere, they wait for getUpdates
  std::string secret_token;
  std::int64_t max_connections = 0;
  std::string certificate;  ///< PEM of what deliveries trust; empty: the system's authorities
  std::int64_t last_error_date_s = 0;  ///< 0: no delivery has failed
  std::string last_error;
  TimeMs gone_since = 0;  ///< since when every answer was 410; 0: the last was not
};

struct Bot {
  BotId id = 0;
  std::string secret;      ///< empty until a token claims the id
  std::string first_name;  ///< "Bot <id>" until it is renamed
  MessageId next_message_id = 1;
  std::uint64_t next_callback_id = 1;
  std::uint32_t allowed_updates = 0;  ///< bit set over update_types()
  UpdateQueue queue;
  PollHistory last_poll;
  Webhook webhook;
  std::uint64_t webhook_version = 0;  ///< changes when it is set or removed
  TimeMs next_set_webhook = 0;        ///< setWebhook is refused before
  std::unordered_map<ChatId, Chat> chats;
  std::map<std::string, std::string> commands;  ///< scope and language -> JSON array
  std::map<std::string, std::string> profile;   ///< which text and language -> the text
  std::map<std::uint64_t, PendingTap> taps;
  TimeMs launched = 0;          ///< when calls began to come; 0: not yet, or closed
  TimeMs logged_out_until = 0;  ///< every call is refused before

  std::string username() const { return "emulated_" + std::to_string(id) + "_bot"; }
};

}  // namespace telekv::emulator
