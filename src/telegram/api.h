// The Bot API's methods that the project uses, as typed calls over Http.
//
// One thread. Nothing is retried here. Errors are mapped in one place (api_error.h): kRateLimited
// carries the server's retry_after exactly; kUnavailable and kRejected mean "not done", and
// kOutcomeUnknown "perhaps done" and only methods with an effect return it. The token appears in no
// error. Coroutine parameters are values, so a call may outlive the caller's variables.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/api_error.h"
#include "telegram/flood_budget.h"
#include "telegram/http.h"
#include "telegram/types.h"
#include "telegram/update_parser.h"
#include "telegram/webhook_secret.h"

namespace telekv::telegram {

/// What BotFather hands out: "<bot id>:<secret>". Checked, because it becomes part of every URL.
class Token {
 public:
  /// kInvalidArgument when the text has not the shape of a token; the error does not show it.
  static Result<Token> parse(std::string_view text);

  /// The bot's own user id, the part before the colon.
  UserId bot_id() const { return bot_id_; }

  /// The secret itself. For building a request's target only.
  const std::string& reveal() const { return text_; }

  /// `text` with every occurrence of the secret replaced by "***".
  std::string redact(std::string text) const;

 private:
  Token(std::string text, UserId bot_id) : text_(std::move(text)), bot_id_(bot_id) {}
  std::string text_;
  UserId bot_id_;
};

struct GetUpdates {
  /// The first update wanted; everything below it is deleted at Telegram for good. Not sent when
  /// absent: from the earliest unconfirmed one.
  std::optional<UpdateId> offset = {};
  int limit = 100;                   ///< 1..100
  std::chrono::seconds timeout{25};  ///< 0..50; the exchange's deadline is 10 s longer
};

/// Where Telegram is to deliver updates (webhook_endpoint.h receives them).
struct Webhook {
  std::string url;           ///< https, port 443, 80, 88 or 8443; a local server also takes http
  WebhookSecret secret;      ///< repeated by every delivery
  int max_connections = 40;  ///< 1..100 deliveries at once; each chat has one at a time
  bool drop_pending_updates = false;  ///< true loses what is waiting
  SharedBytes certificate = nullptr;  ///< PEM of a self-signed certificate, at most 3 MiB; or null
};

struct WebhookInfo {
  std::string url;  ///< empty: none is set, and get_updates works
  std::uint64_t pending_updates = 0;
  std::uint64_t max_connections = 0;
  std::chrono::seconds last_error_at{0};  ///< Unix time; 0: no delivery has failed
  std::string last_error;                 ///< why, as Telegram puts it
};

/// A document to upload. `bytes` is streamed from where it is.
struct Upload {
  std::string name;     ///< [A-Za-z0-9._-]{1,64}: the characters that survive a round trip
  std::string caption;  ///< 0-1024 characters
  SharedBytes bytes;    ///< not empty; at most 50 MB, but only 20 MiB can be downloaded again
};

struct ChatInfo {
  Chat chat;
  /// Of all pinned messages the one sent last. Absence does not prove that there is none.
  std::optional<Message> pinned_message;
};

/// What a bot is in a group.
struct Membership {
  bool administrator = false;
  bool may_pin = false;  ///< false too where Telegram does not say
};

struct RemoteFile {
  std::string path;        ///< below /file/bot<token>/; valid for an hour at least
  std::uint64_t size = 0;  ///< bytes; 0 when not told
};

/// The same call as Api::send_message(), for the answer to a webhook's delivery: Telegram carries
/// it out and tells nobody whether it succeeded. JSON.
std::string send_message_call(ChatId chat, const std::string& text,
                              const std::optional<Keyboard>& keyboard);

class Api {
 public:
  /// Bot API: getFile serves at most 20 MiB.
  static constexpr std::size_t kMaxDownloadBytes = std::size_t{20} << 20;

  /// Both must outlive the object. With a `budget`, what is written into a chat is charged to it,
  /// its penalties are noted there, and a call for a chat under a penalty is not made: it ends at
  /// once as Telegram's own refusal would, kRateLimited with the time that is left.
  Api(Http& http, Token token, FloodBudget* budget = nullptr);

  UserId bot_id() const { return token_.bot_id(); }

  Async<User> get_me();

  /// Sets allowed_updates to message and callback_query at every call (an omitted list would keep
  /// whatever another program set before).
  Async<UpdatePage> get_updates(GetUpdates query);

  /// Replaces a webhook that is set. Sets allowed_updates as get_updates does. Ends a waiting
  /// get_updates with kConflict. More than one call a second is kRateLimited.
  Async<void> set_webhook(Webhook webhook);

  Async<WebhookInfo> get_webhook_info();

  /// Removes a webhook, which would make get_updates fail with kConflict. Pending updates stay.
  Async<void> delete_webhook();

  Async<MessageId> send_message(ChatId chat, std::string text,
                                std::optional<Keyboard> keyboard = std::nullopt);

  /// Replaces the text of an own message, and its buttons: none unless given. Succeeds when it is
  /// the same already.
  Async<void> edit_message_text(ChatId chat, MessageId id, std::string text,
                                std::optional<InlineKeyboard> buttons = std::nullopt);

  /// Ends the spinner on an inline button. `text`: 0-200 characters.
  Async<void> answer_callback_query(std::string query_id, std::string text);

  /// Silent, and without content type detection (or Telegram might turn it into another kind).
  Async<Message> send_document(ChatId chat, Upload upload);

  /// Replaces a message's document. nullopt when Telegram answers "message is not modified", which
  /// is a success.
  Async<std::optional<Message>> edit_message_document(ChatId chat, MessageId id, Upload upload);

  Async<ChatInfo> get_chat(ChatId chat);
  Async<Membership> get_own_membership(ChatId chat);
  /// Shows "typing" for some seconds: the only call that tells whether messages would be taken, and
  /// sends none. Fails in channels.
  Async<void> send_typing(ChatId chat);
  Async<void> pin_chat_message(ChatId chat, MessageId id);    ///< silent
  Async<void> unpin_chat_message(ChatId chat, MessageId id);  ///< succeeds when it is not pinned
  Async<Message> forward_message(ChatId to, ChatId from, MessageId id);  ///< silent
  Async<void> delete_message(ChatId chat, MessageId id);

  Async<RemoteFile> get_file(std::string file_id);

  /// getFile and the download, streamed to `sink`; returns the length, which is checked against
  /// what getFile told; a server started with `--local` tells a path on its own disk, which is read
  /// instead. kTooLarge above `max_bytes`. The sink may have seen a part before an error.
  Async<std::uint64_t> download(std::string file_id, std::size_t max_bytes, DownloadSink sink);

  Async<void> set_my_commands(std::vector<BotCommand> commands, CommandScope scope);
  Async<std::vector<BotCommand>> get_my_commands(CommandScope scope);

 private:
  Async<HttpResponse> send(Method method, HttpRequest request);

  template <class T>
  Async<T> call(Method method, HttpRequest request);

  template <class T>
  Result<T> read(const Method& method, const HttpResponse& response) const;

  Async<void> fetch(RemoteFile file, std::size_t max_bytes, DownloadSink sink);
  Error redacted(Error error) const;
  Result<void> charge(const Method& method);
  void note_answer(const Method& method, const HttpResponse& response);

  Http* http_;
  Token token_;
  FloodBudget* budget_;
};

}  // namespace telekv::telegram
