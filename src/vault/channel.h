// All that the vault knows of Telegram: a chat whose messages can carry documents, be edited
// atomically and be pinned, plus one small register. telegram::BotChannel is the real one; the
// tests have a simulated one with faults.
//
// Every call has a deadline inside the implementation. It runs on the vault's thread, one mutating
// call at a time. Errors say what is certain: kUnavailable, kRateLimited and kRejected mean "not
// done"; kOutcomeUnknown means "perhaps done, perhaps later". The implementation does not retry.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kv/bytes.h"
#include "kv/error.h"

namespace telekv::vault {

/// A message's id in the vault's chat; grows with the sending date. Never 0.
enum class MessageId : std::int64_t {};

constexpr std::int64_t to_int(MessageId id) { return static_cast<std::int64_t>(id); }

/// What downloads a document again. Survives edits and deletion of the message as far as Telegram
/// promises ("file_ids can be treated as persistent", Bots FAQ).
struct FileRef {
  std::string file_id;
  std::uint64_t size = 0;  ///< bytes
};

/// Immutable bytes shared with the upload that streams them.
using SharedBytes = std::shared_ptr<const Bytes>;

struct Document {
  std::string name;     ///< [A-Za-z0-9._-]{1,64}: the characters that survive a round trip
  std::string caption;  ///< plain ASCII, at most 1024 characters
  SharedBytes bytes;    ///< at most Channel::kMaxDocumentBytes
};

struct Posted {
  MessageId id{};
  FileRef file;
};

/// The chat's pin as getChat shows it: of all pinned messages the one SENT last.
struct Pinned {
  MessageId id{};
  /// The document, when this bot sent the message and it carries one; otherwise the pin is foreign.
  std::optional<FileRef> document = {};
  std::string document_name = {};
};

class Channel {
 public:
  /// Bot API: getFile serves at most 20 MiB; a margin is kept.
  static constexpr std::size_t kMaxDocumentBytes = 19u << 20;

  template <class T>
  using Async = boost::asio::awaitable<Result<T>>;

  virtual ~Channel() = default;

  /// Sends a new message. After kOutcomeUnknown an orphan may stay in the chat.
  virtual Async<Posted> post(Document document) = 0;

  /// Replaces the document of an own message, atomically. After kOutcomeUnknown the edit may still
  /// land at any later time.
  virtual Async<Posted> replace(MessageId id, Document document) = 0;

  virtual Async<void> pin(MessageId id) = 0;

  /// Unpinning what is not pinned succeeds.
  virtual Async<void> unpin(MessageId id) = 0;

  /// nullopt when the chat shows no pin, which does not prove that there is none (Telegram drops
  /// the field when it fails to load the message).
  virtual Async<std::optional<Pinned>> pinned() = 0;

  /// The document a message carries now; kNotFound when the message is gone or carries none.
  virtual Async<FileRef> look_up(MessageId id) = 0;

  /// Downloads a document; kTooLarge above `max_bytes`.
  virtual Async<Bytes> fetch(FileRef file, std::size_t max_bytes) = 0;

  /// The register: the root it names, or nullopt when it names none.
  virtual Async<std::optional<MessageId>> pointer() = 0;
  virtual Async<void> set_pointer(MessageId id) = 0;

  /// Deletes a message that nothing names any more. Best effort: Telegram deletes only messages
  /// younger than 48 hours.
  virtual Async<void> recycle(MessageId id) = 0;
};

}  // namespace telekv::vault
