// The vault: keeps a table's durable copy in a chat, by the protocol of docs/architecture.md.
//
//   open()     find the newest state, load and verify it, then take the vault over (claim)
//   commit()   make everything applied so far durable, with ONE edit of the root, and check that
//   this
//              process is still the writer
//   resolve_gap(), note_witness()    what the update queue has told about the state
//   write_base(), drill()            maintenance, beside commits
//   restore()  bring a restore point back
//
// Nothing is durable until a commit that covers it has returned success. Runs on the thread that
// owns the table; one operation at a time, but write_base() and drill() may each run beside the
// others. Encoding, sealing and opening run on `pool`. Commit costs grow with what changed
// (vault/ladder.h), not with the number of records; without changes nothing is called.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kv/durable.h"
#include "telekv.pb.h"
#include "vault/applied_updates.h"
#include "vault/chain.h"
#include "vault/channel.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/history.h"
#include "vault/ladder.h"
#include "vault/objects.h"
#include "vault/random.h"
#include "vault/ring.h"
#include "vault/roots.h"
#include "vault/sealer.h"
#include "vault/survey.h"
#include "vault/vault_reports.h"

namespace telekv::vault {

/// What to do when the chat shows no root. Telegram can fail to show a pin, so absence alone is no
/// proof that the store is new.
enum class WhenAbsent : std::uint8_t {
  kStartEmptyIfProven,  ///< pin and register are both positively absent: a new store
  kStartEmpty,          ///< the operator said so (--init)
};

/// A decision the vault took, for the log: one line, without secrets.
struct Note {
  enum class Weight : std::uint8_t { kInfo, kWarning };
  Weight weight = Weight::kInfo;
  std::string text;
};

struct VaultOptions {
  WhenAbsent when_absent = WhenAbsent::kStartEmptyIfProven;
  std::optional<MessageId> root_id =
      {};  ///< a root the operator names (ROOT_ID), read besides others
  /// The operator's choice when the newest state cannot be downloaded at all: this restore point
  /// takes its place, as if the newest one did not verify.
  std::optional<std::uint64_t> start_from_point = {};
  /// For a rekeying: roots that this key opens are read as well. When the longest one is among them
  /// the opening ends with kWrongKey; otherwise they are left behind.
  std::optional<Sealer> other_key = {};
  Delivery delivery = Delivery::kPolling;
  LadderLimits ladder = {};
  /// More unsaved records than this go straight into a new base instead of a delta.
  std::uint64_t delta_bound_records = 1'000'000;
  /// Restore points kept, at least 1, and how far apart but for the newest.
  std::size_t restore_points = 7;
  std::chrono::seconds point_spacing = std::chrono::hours(24);
  /// Telegram deletes messages younger than 48 hours only, so a root is replaced before.
  std::chrono::seconds root_age = std::chrono::hours(40);
  /// An empty table like the vault's own, for drills, which go through it piece by piece; without
  /// it there are none.
  std::function<std::unique_ptr<kv::Durable>()> make_scratch = {};
  std::function<void(const Note&)> on_note = {};
  /// Somebody waits for every operation: notes tell what it waits for. Otherwise only an opening's
  /// do, and what it reads.
  bool tells_waiting = false;
};

class Vault {
 public:
  /// The references must outlive the vault.
  Vault(Channel& channel, Clock& clock, Random& random, kv::Durable& state, Sealer sealer,
        boost::asio::any_io_executor pool, VaultOptions options);

  /// Steps 1-8. Until it succeeds nothing is served and no update is confirmed. On kWrongKey,
  /// kUnsupportedVersion, kNeedsDecision and a kDamaged without a restore point that verifies,
  /// nothing has been written to the chat; but somebody else's pin may have been taken away.
  Channel::Async<OpenReport> open(Clock::Time deadline);

  /// Step 1 alone: the newest state, loaded and verified, and nothing claimed or written. For
  /// tools; afterwards points(), manifest() and the table can be read.
  Channel::Async<OpenReport> read(Clock::Time deadline);

  /// Of step 1 only what names the newest state and the restore points: the table stays empty, so
  /// it works where a state cannot be downloaded. Returns the root. For tools; afterwards points(),
  /// history() and manifest() can be read. Both go on without a history that cannot be read: see
  /// history_problem(). kNotFound for a chat that holds no store.
  Channel::Async<MessageId> read_names(Clock::Time deadline);

  /// Tells that an update has been applied to the table; the next commit records it with the state.
  void note_applied(UpdateStamp update);
  bool is_applied(UpdateStamp update) const { return applied_.contains(update); }
  const AppliedUpdates& applied() const { return applied_; }

  /// Step 12: the update queue has shown that this state holds everything confirmed. From now on
  /// slots of the ring are edited and the roots of predecessors go.
  void note_witness() { witnessed_ = true; }
  bool witnessed() const { return witnessed_; }

  /// Whether no page can be the witness: this state continues others, but holds no update whose
  /// successor the queue could show. Then the first page counts as a gap.
  bool is_witness_blind() const {
    return !witnessed_ && applied_.last() == 0 && !roots_continued().empty();
  }

  /// Steps 13 and 14, when the queue begins beyond applied().last() + 1. kSuperseded when a writer
  /// that was witnessed before finds a longer history above its own root: stop.
  Channel::Async<GapOutcome> resolve_gap(Clock::Time deadline);

  /// What the queue has confirmed below `next` and this state does not hold is nowhere: counts and
  /// records it. Returns how many updates are known to be lost.
  std::uint64_t accept_gap(UpdateStamp next);

  /// Whether commit() would write anything.
  bool has_uncommitted() const;

  /// Changes that would be lost now; a record that changed again after a failed commit counts
  /// twice.
  std::uint64_t unsaved_records() const { return state_->unsaved() + taken_records_; }

  /// Steps 9 to 11. On an error the changes stay in memory and the next commit carries them.
  /// kSuperseded: another process is the writer now; stop, and confirm nothing more. Inside a
  /// penalty that an earlier call met nothing is called: it is waited out, or kRateLimited at once
  /// when it ends after the deadline.
  Channel::Async<CommitReport> commit(Clock::Time deadline);

  /// CHECK alone: success means that the own root is the chat's pin. Penalties as in commit().
  Channel::Async<void> check(Clock::Time deadline);

  /// Whether the next base is due: write_base() then, beside the commits that go on. The next
  /// commit puts it into the chain and makes a restore point.
  bool base_due() const;
  Channel::Async<void> write_base(Clock::Time deadline);

  /// Downloads the newest committed state, loads it into a scratch table and compares digests;
  /// restore points are thinned out only after that. kDamaged: the next base is due at once,
  /// because the memory is right and the chat is not.
  bool drill_due() const;
  Channel::Async<void> drill(Clock::Time deadline);

  /// A stop is near: write_base() and drill() end with kCancelled as soon as their running call
  /// has, restore() at once while it downloads, and commits leave for the next start what can wait.
  void hurry();

  /// Oldest first.
  std::vector<PointInfo> points() const;

  /// Commits, and keeps that state as a restore point.
  Channel::Async<CommitReport> make_point(Clock::Time deadline);

  /// Makes the table what it was at a restore point, as the newest state: the current one becomes a
  /// restore point before, the sequence goes on, erased keys stay erased, and updates applied since
  /// count as applied. kNotFound when there is no such point; kDamaged when it cannot be restored:
  /// the state is as before. (Without make_scratch that may show too late: then every later commit
  /// fails with kDamaged, and the next start restores the state before.)
  Channel::Async<RestoreReport> restore(std::uint64_t number, Clock::Time deadline);

  /// Seals everything with another key: looks for a longer history as resolve_gap() does, writes a
  /// base and a root under `sealer`, makes that the newest root, and writes over every other
  /// message that is known, so that the old key opens nothing in them. The restore points go.
  /// `copy` returns the same content under the new key's digest, which takes the table's place and
  /// outlives the vault. For tools: no update is taken meanwhile, and after an error only the
  /// vault's end makes sense. One that does not say that the new key may be in force leaves the old
  /// one in force; at every moment one of the two is.
  using CopyTable = std::function<Result<kv::Durable*>()>;
  Channel::Async<RekeyReport> rekey(Sealer sealer, CopyTable copy, Clock::Time deadline);

  /// Of that only the overwriting, where an earlier process has put this vault's key in force.
  Channel::Async<RekeyReport> finish_rekey(Clock::Time deadline);

  MessageId root() const { return root_; }
  const format::Manifest& manifest() const { return manifest_; }
  const format::History& history() const { return history_; }
  /// Why the restore points of the state that was read last are not known, though it has some.
  const std::optional<Error>& history_problem() const { return history_problem_; }
  VaultStats stats() const;

 private:
  /// The own root: to be kept, or to be left for a fresh one because a foreign pin is above it,
  /// because the register has been turned back to a lower root, or because it is gone.
  enum class Standing : std::uint8_t { kOwn, kHiddenByForeign, kTurnedBack, kDeleted };
  /// What a claim does where somebody else's history is longer.
  enum class OnLonger : std::uint8_t { kAbsorb, kStepBack };
  /// The message of a claim that has not come through.
  struct Candidate {
    MessageId id{};
    MessageIds predecessors;
    Clock::Time posted{};
  };

  // vault.cc: commits
  Channel::Async<CommitReport> commit_now(Patience patience);
  Channel::Async<void> keep_quiet(Clock::Time deadline);
  void note_outcome(const Result<void>& outcome);
  void note_penalty(const Error& error);
  std::shared_ptr<const kv::Encodable> take_changes();
  Channel::Async<std::uint64_t> append_changes(Patience patience);
  Channel::Async<std::uint64_t> write_required_base(Patience patience);
  void put_base(format::Base base);
  Channel::Async<std::uint64_t> seal_tail(Patience patience);
  Channel::Async<std::uint64_t> write_history(Patience patience);
  Channel::Async<std::uint64_t> write_root(Patience patience);
  boost::asio::awaitable<void> recycle_absorbed();
  void note_writing();
  void note_committed();
  void describe_state();
  bool point_due() const;
  void keep_point();
  ObjectIdentity identity(ObjectKind kind, std::uint32_t number) const;

  // vault_open.cc: opening, and states taken from the chat
  Channel::Async<Readings> survey(Patience patience);
  Result<void> judge(const Readings& readings) const;
  void note_passed_over(const Readings& readings) const;
  void note_unpinned(const Readings& readings) const;
  Channel::Async<std::uint64_t> adopt_survey(const Readings& readings, Patience patience);
  void start_empty();
  Channel::Async<std::uint64_t> adopt(const format::Manifest& manifest, Patience patience);
  Channel::Async<std::uint64_t> adopt_parts(const format::Manifest& manifest, Chain::Parts parts,
                                            Patience patience);
  Result<Chain::Loaded> fill_table(Chain::Parts parts);
  Channel::Async<Chain::Parts> download_again(const format::State& state, Patience patience);
  Channel::Async<std::uint64_t> adopt_or_fall_back(const format::Manifest& manifest,
                                                   Patience patience);
  Channel::Async<std::uint64_t> adopt_chosen_point(const format::Manifest& manifest,
                                                   Patience patience);
  Channel::Async<std::uint64_t> adopt_point(const format::Manifest& manifest,
                                            const format::RestorePoint& point, Patience patience);
  static Error no_such_point(std::uint64_t number);
  Channel::Async<std::uint64_t> adopt_newest_point(const format::Manifest& manifest, Error why,
                                                   Patience patience);
  Channel::Async<Bytes> fetch_history(format::Object object, Patience patience);
  Channel::Async<void> load_history(const format::Manifest& manifest, Patience patience);
  Result<std::uint64_t> continue_from(format::State state, Chain::Loaded loaded,
                                      const std::vector<std::int64_t>& erased);
  format::Delta& add_delta_after(std::uint64_t follows);
  OpenReport describe_opening(const Readings& readings, std::uint64_t downloaded,
                              Clock::Time started) const;

  // vault_reign.cc: taking over, checking
  Channel::Async<std::uint64_t> claim(MessageIds known, OnLonger on_longer, Patience patience);
  Channel::Async<Candidate> candidate_over(const MessageIds& known, Patience patience);
  Channel::Async<std::uint64_t> withdraw(MessageId candidate, Error why, Patience patience);
  void name_predecessors(const MessageIds& continued);
  Channel::Async<void> look_under(MessageId candidate, MessageIds& known, OnLonger on_longer,
                                  Patience patience);
  Channel::Async<std::uint64_t> rotate(std::string_view why, Patience patience);
  static std::string_view why_left(Standing standing);
  boost::asio::awaitable<void> discard(MessageId candidate);
  Channel::Async<MessageIds> reread(MessageIds& known, MessageId candidate, OnLonger on_longer,
                                    Patience patience);
  Channel::Async<MessageIds> step_back(MessageId candidate, MessageId successor, Patience patience);
  void succeed_ring(const Root& latest);
  MessageId successor_in(const Readings& readings) const;
  Channel::Async<void> check_now(Patience patience);
  Channel::Async<Standing> standing(Patience patience);
  Channel::Async<void> unpin(MessageId id, Patience patience);
  boost::asio::awaitable<void> unpin_absorbed(MessageIds known);

  // vault_gap.cc
  Channel::Async<GapOutcome> resolve_gap_now(Patience patience);
  MessageIds roots_continued() const;
  Channel::Async<bool> absorb_named(Patience patience);
  Channel::Async<bool> absorb_from(MessageIds roots, MessageId registered, Patience patience);
  Channel::Async<bool> absorb_from_below(Patience patience);
  Channel::Async<bool> absorb_longer(Readings readings, Patience patience);
  Channel::Async<MessageId> pinned_root(Patience patience);

  // vault_rekey.cc
  Channel::Async<void> settle(Clock::Time deadline);
  void take_key(Sealer sealer, kv::Durable& table);
  Channel::Async<MessageId> write_fresh_root(Patience patience);
  Channel::Async<void> put_in_force(MessageId fresh, Patience patience);
  Channel::Async<RekeyReport> overwrite_rest(Patience patience);
  Channel::Async<void> delete_absorbed(Patience patience);
  Channel::Async<bool> wipe(MessageId id, Patience patience);

  // vault_maintenance.cc
  Channel::Async<format::Base> run_base(Patience patience);
  void end_base();
  Channel::Async<void> drill_now(std::shared_ptr<const bool> given_up, Patience patience);
  Channel::Async<void> prove_history(format::Object history, Patience patience);
  Channel::Async<void> rehearse(std::shared_ptr<const Chain::Parts> parts);
  Channel::Async<Chain::Parts> download_unless_stopped(format::State state, Patience patience);
  void add_late_changes_to_point(std::uint64_t restored);
  Channel::Async<RestoreReport> restore_held(const format::RestorePoint& point,
                                             Clock::Time deadline);

  Channel::Async<MessagesToKeep> messages_to_keep(Patience patience);
  std::set<MessageId> named_messages() const;
  void note(Note::Weight weight, std::string text) const;
  Patience until(Clock::Time deadline);

  Channel* channel_;
  Clock* clock_;
  Random* random_;
  kv::Durable* state_;
  Sealer sealer_;
  boost::asio::any_io_executor pool_;
  VaultOptions options_;
  std::function<void(const Error&)> note_waiting_;
  std::uint64_t writer_;
  Roots roots_;
  Survey survey_;
  Ring ring_;
  Objects objects_;
  Chain chain_;

  bool opened_ = false;
  bool only_reads_ = false;
  bool witnessed_ = false;
  std::optional<PointInfo> fallback_ = {};
  std::optional<Error> history_problem_ = {};
  std::optional<format::Manifest> passed_over_ =
      {};                        // a point's state is in its place, unsaved yet
  std::optional<Error> broken_;  // table and manifest no longer agree: nothing may be committed
  MessageId root_{};             // the own root; 0 before the first claim
  bool absorbing_ = false;       // a claim of what a gap has led to is not through yet
  MessageIds candidates_;        // posted by claims since the own root
  std::optional<Candidate> reusable_ =
      {};  // of them, the last one, while no edit of it is in doubt
  Clock::Time root_posted_{};
  // What the next root edit writes; its state describes the table at its last take.
  format::Manifest manifest_;
  Chain::Segments segments_;  // the content of manifest_'s segments
  format::History history_;   // what the next root edit names
  bool history_changed_ = false;
  bool prune_due_ = false;  // a drill has passed: the next commit thins the points out
  std::uint64_t restored_sequence_ = kNoRestore;  // of the point that a restore is bringing back
  AppliedUpdates applied_;
  std::uint64_t applied_updates_ = 0;
  std::uint64_t lost_updates_ = 0;
  std::uint64_t committed_updates_ = 0;
  std::uint64_t taken_records_ = 0;  // taken from the table since the last successful commit
  std::uint64_t last_sequence_ = 0;  // handed out, committed or not; none is used twice
  std::optional<Clock::Time> applied_since_;  // the oldest update after the last take
  std::optional<Clock::Time> taken_since_;    // the oldest update taken, but not committed
  bool base_required_ = false;  // a delta was dropped in favour of a base that is not written yet
  bool rotation_due_ = false;   // the own root must not be edited again
  bool unpinned_own_ = false;   // by a gap, and not noticed by a CHECK yet
  bool point_wanted_ = false;
  std::int64_t began_at_ = 0;  // seconds since the Unix epoch, of a store created in this run
  Clock::Time quiet_until_{};  // the end of the last penalty
  std::optional<Clock::Time> failing_since_ = {};  // the first of attempts that have failed
  MessageIds absorbed_;  // roots whose history this one continues, still in the chat

  format::Manifest committed_;  // as of the last successful commit
  // What it names, and every root written since: the next opener may find any of them.
  std::set<MessageId> written_messages_;

  std::optional<format::Base> base_ready_;  // written, waiting for a commit
  std::shared_ptr<BaseRun> base_run_;       // while one is being written
  std::shared_ptr<bool> drill_given_up_;    // while one is running
  bool base_wanted_ = false;                // a drill has failed
  bool hurried_ = false;                    // a stop is near
  Event* hurry_restore_ = nullptr;          // of a restore that downloads
  std::uint64_t verified_sequence_ = 0;
  std::int64_t verified_at_ = 0;
};

}  // namespace telekv::vault
