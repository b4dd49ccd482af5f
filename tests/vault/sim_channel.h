// A Telegram chat in memory and the channels of the processes that share it, with every fault the
// vault has to survive. Single thread, deterministic: each call waits for a turn or more of the
// io_context (drawn from the chat's seed), then takes effect at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "seeded_random.h"
#include "vault/channel.h"

namespace telekv::vault {

enum class CallKind : std::uint8_t {
  kPost,
  kReplace,
  kPin,
  kUnpin,
  kPinned,
  kLookUp,
  kFetch,
  kPointer,
  kSetPointer,
  kRecycle,
};

bool is_mutating(CallKind kind);

struct Call {
  int process = 0;
  CallKind kind{};
  MessageId message{};       ///< 0 where there is none, or none yet
  std::string document;      ///< name of the uploaded document
  std::uint64_t number = 0;  ///< calls this process made before
};

/// What goes wrong with one call.
struct Fault {
  enum class Kind : std::uint8_t {
    kNone,
    kRefuse,       ///< no effect; `error` is returned
    kUnknownDone,  ///< takes effect, but the answer is lost
    kUnknownLate,  ///< the answer is lost and the effect comes `late_after` calls of anybody later;
                   ///< with 0 when the test says so
    kUnknownNever,  ///< the answer is lost, and the request too
    kCrashBefore,   ///< the process dies; no effect
    kCrashAfter,    ///< the process dies; the effect stays
    kStale,         ///< getChat: what it showed before its last change
    kHidden,        ///< getChat: no pin, although there is one
    kLosePin,       ///< the pin that the chat shows is lost just before the call
  };
  Kind kind = Kind::kNone;
  Error error = {};
  std::uint64_t late_after = 0;
};

/// What the chat's provider keeps; copyable, so that a test can ask "what if everybody died now".
class SimChat {
 public:
  struct Message {
    std::string name;     ///< of the document; empty: a text message
    std::string file_id;  ///< empty: a text message
    bool own = true;      ///< sent by the bot
  };
  /// A mutating call that was made, in order.
  struct Entry {
    Call call;
    bool applied = false;  ///< took effect at that moment
  };

  explicit SimChat(std::uint64_t seed = 1) : random(seed) {}

  // As the Bot API would do it.
  MessageId send(std::string name, SharedBytes bytes, bool own = true);
  MessageId send_text(bool own = false);
  bool edit(MessageId id, std::string name, SharedBytes bytes);
  void pin(MessageId id);
  void unpin(MessageId id);
  void remove(MessageId id);
  void set_pointer(std::optional<MessageId> id) { pointer_ = id; }

  std::optional<MessageId> shown_pin() const;
  std::optional<MessageId> pin_before() const { return pin_before_; }
  std::optional<MessageId> pointer() const { return pointer_; }
  const Message* find(MessageId id) const;
  SharedBytes file(const std::string& file_id) const;

  /// The document a message carries now; the message must carry one.
  const Bytes& document(MessageId id) const;
  /// Puts other bytes in the place of an uploaded file, as a broken disk would.
  void overwrite(MessageId id, Bytes bytes);

  const std::map<MessageId, Message>& messages() const { return messages_; }
  const std::vector<Entry>& log() const { return log_; }
  std::size_t mutating_calls() const { return log_.size(); }
  std::uint64_t calls() const { return calls_; }

  /// Lets every late effect land now.
  void release_late();
  std::size_t late() const { return late_.size(); }

  SeededRandom random;            ///< for the turns a call waits
  std::uint64_t extra_turns = 0;  ///< at most so many turns beyond the first

 private:
  friend class SimChannel;
  struct Late {
    std::uint64_t due;  // the count of calls at which it lands; 0: only on release
    Call call;
    std::function<void(SimChat&)> effect;
  };
  void begin_call();
  void land(const Late& late);
  void note_shown_pin(std::optional<MessageId> before);

  std::map<MessageId, Message> messages_;
  std::set<MessageId> pins_;
  std::optional<MessageId> pin_before_;
  std::optional<MessageId> pointer_;
  std::map<std::string, SharedBytes> files_;
  std::vector<Entry> log_;
  std::vector<Late> late_;
  std::int64_t last_id_ = (std::int64_t{1} << 33);  // ids are larger than 32 bits
  std::uint64_t last_file_ = 0;
  std::uint64_t calls_ = 0;
};

/// One process's way to the chat.
class SimChannel final : public Channel {
 public:
  using Hook = std::function<Fault(const Call&)>;

  SimChannel(SimChat& chat, int process) : chat_(&chat), process_(process) {}

  /// Asked at every call, at the moment it would take effect.
  Hook on_call;

  /// Every call from now on returns kCancelled.
  void crash() { crashed_ = true; }
  bool crashed() const { return crashed_; }
  std::uint64_t calls() const { return calls_; }

  Async<Posted> post(Document document) override;
  Async<Posted> replace(MessageId id, Document document) override;
  Async<void> pin(MessageId id) override;
  Async<void> unpin(MessageId id) override;
  Async<std::optional<Pinned>> pinned() override;
  Async<FileRef> look_up(MessageId id) override;
  Async<Bytes> fetch(FileRef file, std::size_t max_bytes) override;
  Async<std::optional<MessageId>> pointer() override;
  Async<void> set_pointer(MessageId id) override;
  Async<void> recycle(MessageId id) override;

 private:
  boost::asio::awaitable<void> turn();
  Fault begin(Call& call);
  Result<void> mutate(const Call& call, const Fault& fault, std::function<void(SimChat&)> effect);
  Result<void> read(const Call& call, const Fault& fault);

  SimChat* chat_;
  int process_;
  bool crashed_ = false;
  std::uint64_t calls_ = 0;
};

}  // namespace telekv::vault
