// A Telegram chat in memory and the channels of the processes that share it, with every fault the
// vault has to survive. Single thread, deterministic. A call travels, takes effect at one moment,
// and its answer travels back: by default one turn of the io_context or more (drawn from the chat's
// seed) and none back; with a Travel, as long on a clock as that says.
#pragma once

#include <algorithm>
#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "seeded_random.h"
#include "vault/channel.h"
#include "vault/clock.h"

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
    kStale,         ///< getChat, a look-up: what was shown before the last change
    kHidden,        ///< getChat: no pin, although there is one
    kLosePin,       ///< the pin that the chat shows is lost just before the call
    kTruncated,     ///< a download ends early
    kFlipped,       ///< a bit of a download is wrong
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
    Clock::Time sent = {};
    std::string replaced = {};  ///< the file before the last edit; empty: none
  };
  /// Bot API: a bot deletes messages younger than this.
  static constexpr std::chrono::hours kDeletable{48};

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
  /// The file a message carries now cannot be downloaded any more (kUnavailable, as
  /// telegram/api_error.cc has it).
  void lose_file(MessageId id) { stored(id) = nullptr; }

  using Messages = boost::container::flat_map<MessageId, Message>;
  const Messages& messages() const { return messages_; }
  const boost::container::flat_set<MessageId>& pins() const { return pins_; }
  const std::vector<Entry>& log() const { return log_; }

  struct File {
    SharedBytes bytes;  ///< nullptr: gone
    int process = 0;    ///< who has uploaded it
  };
  const std::vector<File>& files() const { return files_; }
  std::size_t mutating_calls() const { return log_.size(); }
  std::uint64_t calls() const { return calls_; }

  /// Lets every late effect land now, or those that a process was to blame for.
  void release_late();
  void release_late_of(const std::function<bool(int process)>& picked);
  std::size_t late() const { return late_.size(); }

  SeededRandom random;            ///< for the turns a call waits
  std::uint64_t extra_turns = 0;  ///< at most so many turns beyond the first
  bool keeps_log = true;
  int holds_pointer_for = 0;  ///< a process: no late effect changes the register
  /// Whether an object's file goes with the edit that replaces it. (Telegram promises neither.)
  bool drops_replaced = false;
  Clock::Time now{};  ///< of the last call that travelled on a clock

 private:
  friend class SimChannel;
  struct Late {
    std::uint64_t due;  // the count of calls at which it lands; 0: only on release
    Call call;
    std::function<void(SimChat&)> effect;
  };
  template <class Picked>
  void release(Picked picked);
  void begin_call();
  void land(const Late& late);
  void note_shown_pin(std::optional<MessageId> before);
  void note(const Call& call, bool applied);
  std::string add_file(SharedBytes bytes);
  SharedBytes& stored(MessageId id);

  Messages messages_;
  boost::container::flat_set<MessageId> pins_;
  std::optional<MessageId> pin_before_;
  std::optional<MessageId> pointer_;
  std::vector<File> files_;  // "file-N" is the N-th
  int uploader_ = 0;         // the process whose call takes effect
  std::vector<Entry> log_;
  std::vector<Late> late_;
  std::int64_t last_id_ = (std::int64_t{1} << 33);  // ids are larger than 32 bits
  std::uint64_t calls_ = 0;
};

bool is_root(const SimChat::Message& message);

/// How long a call is on its way to the chat, and its answer back, on the caller's clock.
struct Travel {
  Clock* clock;
  std::function<Clock::Duration(const Call&)> request;
  std::function<Clock::Duration(const Call&, const Fault&)> answer;
};

/// One process's way to the chat.
class SimChannel final : public Channel {
 public:
  using Hook = std::function<Fault(const Call&)>;

  SimChannel(SimChat& chat, int process, std::optional<Travel> travel = {})
      : chat_(&chat), process_(process), travel_(std::move(travel)) {}

  /// Asked at every call, at the moment it would take effect.
  Hook on_call;

  /// Every call from now on returns kCancelled; with a Travel, none returns any more.
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
  using Effect = std::function<void(SimChat&)>;

  template <class T, class Act>
  Async<T> perform(Call call, Act act);
  boost::asio::awaitable<void> turn(const Call& call);
  boost::asio::awaitable<void> answer(const Call& call, const Fault& fault);
  Fault begin(const Call& call);
  Result<void> mutate(const Call& call, const Fault& fault, Effect effect);
  Result<void> read(const Fault& fault);
  std::optional<Pinned> pinned_now(const Fault& fault) const;
  Result<FileRef> document_of(MessageId id, const Fault& fault) const;
  Result<Bytes> download(const FileRef& file, std::size_t max_bytes, const Fault& fault) const;

  SimChat* chat_;
  int process_;
  std::optional<Travel> travel_;
  bool crashed_ = false;
  std::uint64_t calls_ = 0;
};

}  // namespace telekv::vault
