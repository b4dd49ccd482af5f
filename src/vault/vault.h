// The vault: keeps a table's durable copy in a chat, by the protocol of docs/architecture.md.
//
//   open()    find the newest state, load and verify it, then take the vault over (claim)
//   commit()  make everything applied so far durable, with ONE edit of the root, and check that
//   this
//             process is still the writer
//
// Nothing is durable until a commit that covers it has returned success. Runs on the thread that
// owns the table; one operation at a time. Encoding, sealing and opening run on `pool`. Commit
// costs grow with what changed since the last base, not with the number of records.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kv/durable.h"
#include "telekv.pb.h"
#include "vault/chain.h"
#include "vault/channel.h"
#include "vault/clock.h"
#include "vault/random.h"
#include "vault/roots.h"
#include "vault/sealer.h"

namespace telekv::vault {

/// What to do when the chat shows no root. Telegram can fail to show a pin, so absence alone is no
/// proof that the store is new.
enum class WhenAbsent : std::uint8_t {
  kStartEmptyIfProven,  ///< pin and register are both positively absent: a new store
  kStartEmpty,          ///< the operator said so (--init)
};

struct VaultOptions {
  WhenAbsent when_absent = WhenAbsent::kStartEmptyIfProven;
  std::optional<MessageId> root_id =
      {};  ///< a root the operator names (ROOT_ID), read besides others
  /// Deltas kept inside the root; when they are larger, the next commit writes a new base first.
  std::size_t tail_bound_bytes = 64u << 10;
  /// More unsaved records than this go straight into a new base instead of a delta.
  std::uint64_t delta_bound_records = 100'000;
};

struct OpenReport {
  bool created = false;  ///< the store is new
  MessageId root{};
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t downloaded_bytes = 0;
  std::int64_t applied_update_id = 0;  ///< 0 when none
  Clock::Duration duration{};
};

struct CommitReport {
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t root_bytes = 0;  ///< uploaded as the root; 0 when there was nothing to commit
  std::uint64_t base_bytes = 0;  ///< uploaded as a new base, in all its chunks
  Clock::Duration duration{};
};

class Vault {
 public:
  /// The references must outlive the vault.
  Vault(Channel& channel, Clock& clock, Random& random, kv::Durable& state, Sealer sealer,
        boost::asio::any_io_executor pool, VaultOptions options);

  /// Steps 1-8. Until it succeeds nothing is served and no update is confirmed. On kWrongKey,
  /// kDamaged, kUnsupportedVersion and kNeedsDecision nothing has been written to the chat.
  Channel::Async<OpenReport> open(Clock::Time deadline);

  /// Tells that an update has been applied to the table; the next commit records it with the state.
  void note_applied(std::int64_t update_id);

  /// The last update applied, committed or not; 0 when none.
  std::int64_t applied_update_id() const { return applied_update_id_; }

  /// Whether commit() would write anything: changed records, or just updates that changed none.
  bool has_uncommitted() const;

  /// Changes that would be lost now; a record that changed again after a failed commit counts
  /// twice.
  std::uint64_t unsaved_records() const { return state_->unsaved() + taken_records_; }

  /// Steps 11 and 12. On an error the changes stay in memory and the next commit carries them.
  /// kSuperseded: another process is the writer now; stop, and confirm nothing more. Inside a
  /// penalty that an earlier call met nothing is called: it is waited out, or kRateLimited at once
  /// when it ends after the deadline.
  Channel::Async<CommitReport> commit(Clock::Time deadline);

  /// Step 12 alone: success means that the own root is the chat's pin. Penalties as in commit().
  Channel::Async<void> check(Clock::Time deadline);

  MessageId root() const { return root_; }

 private:
  enum class Standing : std::uint8_t { kOwn, kSuperseded, kHiddenByForeign };
  struct Readings;

  Channel::Async<CommitReport> commit_now(Patience patience);
  Channel::Async<void> check_now(Patience patience);
  Channel::Async<void> keep_quiet(Clock::Time deadline);
  void note_penalty(const Error& error);
  Channel::Async<Readings> read_named_roots(Patience patience);
  Channel::Async<void> follow(Readings& readings, std::vector<MessageId> ids, Patience patience);
  bool may_skip(MessageId id, const Error& error) const;
  Channel::Async<std::uint64_t> adopt(const Readings& readings, Patience patience);
  Channel::Async<std::uint64_t> claim(std::vector<MessageId> known, Patience patience);
  Channel::Async<void> look_under(MessageId candidate, std::vector<MessageId>& known,
                                  Patience patience);
  Channel::Async<std::uint64_t> rotate(Patience patience);
  Channel::Async<std::vector<MessageId>> reread(std::vector<MessageId>& known, MessageId candidate,
                                                Patience patience);
  Channel::Async<Standing> standing(Patience patience);
  boost::asio::awaitable<void> unpin_absorbed(std::vector<MessageId> known);
  std::shared_ptr<const kv::Encodable> take_changes();
  void note_committed();
  Channel::Async<std::uint64_t> write_new_base(Patience patience);
  boost::asio::awaitable<void> append_delta();
  Channel::Async<std::uint64_t> write_root(Patience patience);
  boost::asio::awaitable<void> release_unnamed();
  void describe_state();

  Patience until(Clock::Time deadline) { return Patience{clock_, random_, deadline}; }

  Channel* channel_;
  Clock* clock_;
  Random* random_;
  kv::Durable* state_;
  Sealer sealer_;
  boost::asio::any_io_executor pool_;
  VaultOptions options_;
  std::uint64_t writer_;
  Roots roots_;
  Chain chain_;

  bool opened_ = false;
  MessageId root_{};  // the own root; 0 before the first claim
  format::Manifest
      manifest_;  // what the next root edit writes; describes the table at its last take
  std::int64_t applied_update_id_ = 0;
  std::uint64_t applied_updates_ = 0;
  std::uint64_t committed_updates_ = 0;
  std::uint64_t taken_records_ = 0;  // taken from the table since the last successful commit
  bool base_required_ = false;  // a delta was dropped in favour of a base that is not written yet
  bool rotation_due_ = false;   // the own root must not be edited again
  Clock::Time quiet_until_{};   // the end of the last penalty
  std::uint64_t last_sequence_ = 0;  // handed out, committed or not; none is used twice
  std::vector<MessageId> unnamed_;   // messages that no root names once the next commit has passed
};

}  // namespace telekv::vault
