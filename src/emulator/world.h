// The emulated Telegram: bots, people, chats, messages, pins, files, update queues,
// commands, and the rules that join them. A pure model: no I/O, no clock (`now` comes with every
// call), no thread; one thread at a time. Calls are O(1) or logarithmic in the chat unless they say
// otherwise. A refusal is an ApiError with Telegram's text and changes nothing.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/answer.h"
#include "emulator/archive.h"
#include "emulator/markup.h"
#include "emulator/model.h"

namespace telekv::emulator {

/// Names of the update kinds; the position is the bit in Bot::allowed_updates.
std::span<const std::string_view> update_types();

/// What a bot gets that never asked: all but message_reaction, message_reaction_count, chat_member.
inline constexpr std::uint32_t kDefaultUpdates = ~(7u << 15);

/// What a bot sends along with the content of a message.
struct SendOptions {
  Markup markup;
  MessageId reply_to = 0;
  bool may_lose_reply = false;  ///< allow_sending_without_reply
};

struct TextContent {
  std::string text;
  std::string entities;  ///< JSON array, or empty
};

struct DocumentContent {
  FileNumber file = 0;
  std::string caption;
  std::string entities;
};

/// A file that is about to enter the world; its bytes are kept by the caller.
struct NewFile {
  std::uint64_t size = 0;
  std::string name;  ///< as sent; the world cleans it
};

struct PollRequest {
  std::int64_t offset = 0;
  std::int64_t limit = 100;
  std::int64_t timeout_s = 0;
  std::optional<std::uint32_t> allowed_updates = {};  ///< bits over update_types()
};

/// A getUpdates call after the server's rules about ranges and repetition.
struct PollPlan {
  std::int64_t offset = 0;
  std::size_t limit = 100;
  std::int64_t timeout_s = 0;
};

/// A setWebhook or deleteWebhook call.
struct WebhookRequest {
  Webhook webhook;  ///< without a URL: remove it
  std::optional<std::uint32_t> allowed_updates = {};
  bool drop_pending_updates = false;
};

struct NewGroup {
  ChatType type = ChatType::kGroup;
  std::string title;
  std::vector<PersonId> people;  ///< the first one creates it
  BotStatus bot = BotStatus::kMember;
};

/// What a call needs of a chat.
enum class Access {
  kRead,
  kTakePart,  ///< see members, delete
  kWrite,
};

struct Sent {
  std::int64_t update_id = 0;  ///< 0: the bot's allowed_updates or a full queue kept it out
  MessageId message_id = 0;
};

struct Tapped {
  std::int64_t update_id = 0;
  std::string callback_query_id;
};

class World {
 public:
  /// Whom to tell; called in the middle of a change, so it must only take note.
  struct Observer {
    std::function<void(BotId)> update_queued = [](BotId) {};
    std::function<void(BotId, ChatId)> chat_changed = [](BotId, ChatId) {};
    std::function<void(BotId, ChatId)> bot_wrote = [](BotId, ChatId) {};
    std::function<void(BotId)> webhook_changed = [](BotId) {};
    std::function<void()> clock_advanced = [] {};
  };

  /// `now`: where the versions of chats begin, so that a restarted emulator never repeats one.
  explicit World(TimeMs now) : started_(now), next_version_(static_cast<std::uint64_t>(now)) {}

  void set_observer(Observer observer) { observer_ = std::move(observer); }

  // People and chats, as the control API drives them (world_people.cc).
  Answer<const Person*> put_person(Person person);
  const Person* find_person(PersonId id) const;
  const std::vector<PersonId>& people_in_order() const { return people_order_; }
  Bot& ensure_bot(BotId id);
  void rename_bot(Bot& bot, std::string first_name);
  void open_chat(Bot& bot, PersonId person);
  Answer<Sent> person_sends(Bot& bot, PersonId from, std::string_view text, TimeMs now);
  Answer<Sent> person_writes(Bot& bot, ChatId chat, PersonId from, std::string_view text,
                             TimeMs now);
  Answer<Tapped> person_taps(Bot& bot, PersonId from, MessageId message, std::string_view data,
                             TimeMs now) {
    return person_taps(bot, from, from, message, data, now);
  }
  Answer<Tapped> person_taps(Bot& bot, ChatId chat, PersonId from, MessageId message,
                             std::string_view data, TimeMs now);
  Answer<void> set_blocked(Bot& bot, PersonId from, bool blocked, TimeMs now);
  /// Queues `{"update_id":N,` followed by `body` as it is; the id, or 0 when the queue is full.
  std::int64_t queue_raw_update(Bot& bot, std::string_view body, TimeMs now);

  // Bots.
  /// The bot of a well-formed token, created at first sight; 401 otherwise.
  Answer<Bot*> authorize(std::string_view token);
  Bot* find_bot(BotId id);
  const std::unordered_map<BotId, Bot>& bots() const { return bots_; }
  PollPlan plan_poll(Bot& bot, const PollRequest& request, TimeMs now);
  /// Confirms what the plan's offset confirms and reads on; pointers live until the next change.
  std::vector<const QueuedUpdate*> poll(Bot& bot, const PollPlan& plan, TimeMs now);
  void drop_pending_updates(Bot& bot);
  void put_commands(Bot& bot, const std::string& key, std::string json);
  Answer<void> answer_callback(Bot& bot, std::string_view query_id, CallbackAnswer answer,
                               TimeMs now);

  // Groups and channels, of one bot each (world_groups.cc).
  Answer<Chat*> create_group(Bot& bot, NewGroup group, TimeMs now);
  /// The creator lets the bot in, promotes, demotes or removes it.
  Answer<void> set_bot_status(Bot& bot, Chat& chat, BotStatus status, TimeMs now);
  /// A group becomes a supergroup, with another id.
  Answer<Chat*> upgrade_group(Bot& bot, Chat& chat, TimeMs now);
  Answer<void> leave(Bot& bot, Chat& chat, TimeMs now);
  Answer<void> check_access(const Chat& chat, Access access) const;

  // What a bot says of itself, and its coming and going (world_profile.cc).
  void put_profile(Bot& bot, const std::string& key, std::string text);
  /// Whether a call is taken at all; the first one launches the bot.
  Answer<void> admit(Bot& bot, std::string_view method, TimeMs now);
  /// What calls hear that wait while the bot is closed or logged out.
  ApiError closing_error(const Bot& bot, TimeMs now) const;
  Answer<void> close(Bot& bot, TimeMs now);
  /// Its webhook and its updates are gone, and for ten minutes it cannot come back.
  void log_out(Bot& bot, TimeMs now);

  // Webhooks (world_webhooks.cc).
  /// Sets, replaces or removes the webhook; the description of the answer. A refusal for what is
  /// wrong with the new one still removes the old one, as on the official server.
  Answer<std::string> set_webhook(Bot& bot, WebhookRequest request, TimeMs now);
  /// The webhook took an update.
  void confirm_delivery(Bot& bot, std::int64_t update);
  /// A delivery failed with `error`; `status` is the answer's, 0 without one. Removes the webhook
  /// after 23 hours of 410.
  void note_failed_delivery(Bot& bot, int status, std::string error, TimeMs now);

  // Messages of bots (world_messages.cc).
  Answer<Chat*> find_chat(Bot& bot, ChatId id);
  Answer<Chat*> writable_chat(Bot& bot, ChatId id);
  Message* find_message(Chat& chat, MessageId id);
  const Message* find_message(const Chat& chat, MessageId id) const;
  const Message* newest_pinned(const Chat& chat) const;
  Answer<const Message*> send_text(Bot& bot, Chat& chat, TextContent content, SendOptions options,
                                   TimeMs now);
  Answer<const Message*> send_document(Bot& bot, Chat& chat, DocumentContent content,
                                       SendOptions options, TimeMs now);
  Answer<const Message*> edit_text(Bot& bot, Chat& chat, MessageId id, TextContent content,
                                   Markup markup, TimeMs now);
  Answer<const Message*> edit_document(Bot& bot, Chat& chat, MessageId id, DocumentContent content,
                                       Markup markup, TimeMs now);
  Answer<const Message*> edit_caption(Bot& bot, Chat& chat, MessageId id, TextContent caption,
                                      Markup markup, TimeMs now);
  Answer<const Message*> edit_markup(Bot& bot, Chat& chat, MessageId id, Markup markup, TimeMs now);
  /// Whether editMessageMedia would be accepted at all, before a file is taken in.
  Answer<void> check_editable(Chat& chat, MessageId id);
  Answer<const Message*> forward(Bot& bot, Chat& to, const Chat& from, MessageId id, TimeMs now);
  Answer<const Message*> copy(Bot& bot, Chat& to, const Chat& from, MessageId id,
                              std::optional<TextContent> caption, SendOptions options, TimeMs now);
  Answer<void> remove(Bot& bot, Chat& chat, MessageId id, TimeMs now);
  Answer<void> pin(Bot& bot, Chat& chat, MessageId id, TimeMs now);
  Answer<void> unpin(Bot& bot, Chat& chat, std::optional<MessageId> id);
  Answer<void> unpin_all(Bot& bot, Chat& chat);

  // Files.
  /// Takes a file in; 400 when it is empty.
  Answer<FileNumber> add_file(const Bot& bot, NewFile file);
  const File* find_file(FileNumber number) const;
  /// The file behind a file_id of this bot, null when it is none.
  const File* find_file(const Bot& bot, std::string_view file_id) const;
  std::size_t file_count() const { return files_.size(); }
  std::uint64_t message_count() const { return message_count_; }
  std::size_t people_count() const { return people_.size(); }

  /// How far the emulator's clock is ahead of the machine's.
  TimeMs clock_advance() const { return clock_advance_; }
  void advance_clock(TimeMs by);

  /// Beyond so many messages a chat that gets another one keeps its newest ones alone, besides
  /// those that are pinned or have a file.
  void set_most_messages(std::uint64_t count) { most_messages_ = count; }

  /// How long the new file of an edited message takes; not kept.
  TimeMs upload_time() const { return upload_time_; }
  void set_upload_time(TimeMs time) { upload_time_ = time; }

  // Persistence (world_records.cc). Every change appends its records to the journal, when there is
  // one.
  void set_journal(std::string* records) { journal_ = records; }
  /// Applies records in the order they were written; false when they make no sense.
  bool apply(std::string_view records);
  /// Everything there is as records, handed over in pieces.
  void write_all(const std::function<void(std::string_view records)>& sink) const;

 private:
  enum class UpdateKind : std::uint8_t {
    kMessage = 0,
    kChannelPost = 2,
    kCallbackQuery = 4,
    kMyChatMember = 10,
  };

  /// The complete new content of an edited message.
  struct Edit {
    MessageKind kind = MessageKind::kText;
    FileNumber file = 0;
    std::string text;
    std::string entities;
    Markup markup;
  };

  std::int64_t push_update(Bot& bot, UpdateKind kind, ChatId from, std::int64_t expires_at_s,
                           std::string_view body);
  std::int64_t push_message_update(Bot& bot, const Chat& chat, const Message& message);
  std::int64_t queue_update(Bot& bot, std::int64_t expires_at_s, std::int64_t lane,
                            std::string json);
  void set_allowed_updates(Bot& bot, std::optional<std::uint32_t> allowed);
  void confirm_updates(Bot& bot, std::int64_t offset);
  void replace_webhook(Bot& bot, Webhook webhook);
  void put_tap(Bot& bot, std::uint64_t number, PendingTap tap);
  Answer<Chat*> chat_of_person(Bot& bot, ChatId chat, PersonId person);
  Answer<const Message*> append(Bot& bot, Chat& chat, Message message, SendOptions options);
  Message& store(Bot& bot, Chat& chat, Message message);
  void drop_old_messages(const Bot& bot, Chat& chat);
  Answer<Message*> editable(Chat& chat, MessageId id);
  Answer<const Message*> finish_edit(Bot& bot, Chat& chat, Message& message, Edit edit, TimeMs now);
  void set_pinned(Bot& bot, Chat& chat, Message& message, bool pinned);
  void touch(const Bot& bot, Chat& chat);
  void change_status(Bot& bot, Chat& chat, BotStatus status, const Person* by, TimeMs now);
  /// my_chat_member: `by`, or the bot itself, has changed what the bot is in `chat`.
  void push_bot_status(Bot& bot, const Chat& chat, const Person* by, BotStatus before,
                       BotStatus after, TimeMs now);
  void tell_group(Bot& bot, Chat& chat, MessageKind kind, const Person* by, std::int64_t subject,
                  TimeMs now);
  Chat& add_group(Bot& bot, NewGroup group);

  void record_person(const Person& person);
  void record_bot(const Bot& bot);
  void record_bot_name(const Bot& bot);
  void record_chat(const Bot& bot, const Chat& chat);
  void record_group(const Bot& bot, const Chat& chat);
  void record_message(const Bot& bot, const Chat& chat, const Message& message);
  void record_message_gone(const Bot& bot, const Chat& chat, MessageId id);
  void record_file(const File& file);
  void record_update(const Bot& bot, const QueuedUpdate& update);
  void record_confirmed(const Bot& bot, std::int64_t first, std::int64_t last);
  void record_webhook(const Bot& bot);
  void record_profile(const Bot& bot, const std::string& key, const std::string& text);
  void record_commands(const Bot& bot, const std::string& key, const std::string& json);
  void record_tap(const Bot& bot, std::uint64_t number, PendingTap tap);
  bool apply_one(Decoder& in);
  bool apply_to_bot(std::uint8_t kind, Bot& bot, Decoder& in);
  bool apply_to_chat(std::uint8_t kind, Bot& bot, Chat& chat, Decoder& in);
  void put_message(Chat& chat, Message message);

  Observer observer_;
  std::string* journal_ = nullptr;
  TimeMs started_;  // by the emulator's clock
  std::uint64_t next_version_;
  std::unordered_map<PersonId, Person> people_;
  std::vector<PersonId> people_order_;
  PersonId next_person_id_ = 5'000'000'001;  // above 2^32, as in the wild
  std::unordered_map<BotId, Bot> bots_;
  std::unordered_map<FileNumber, File> files_;
  FileNumber next_file_ = 1;
  std::int64_t next_group_ = 1;
  std::uint64_t message_count_ = 0;
  std::uint64_t most_messages_ = 4'000'000;
  TimeMs clock_advance_ = 0;
  TimeMs upload_time_ = 0;
};

/// Whether a person is in a group or channel.
bool has_person(const Group& group, PersonId person);

/// The running number of a group or channel in its id.
std::int64_t number_of_group(ChatId id);

/// The file_id by which `bot` knows a file, and the id that is the same for every bot.
std::string file_id_of(const File& file);
std::string file_unique_id_of(const File& file);

}  // namespace telekv::emulator
