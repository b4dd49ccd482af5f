// Decides when the vault writes: the one caller of Vault::commit() while the bot runs.
//
//   interval  whatever was applied is saved every `interval`, sooner when save_within() says so
//   strict    whoever has to confirm an update asks save() first; many share one commit
//
// Idle costs nothing. Commits begin at least `spacing` apart and never inside a penalty. A new base
// and the drill run beside the commits as soon as the vault wants them. When `stopping` is set, the
// last commit has `stop_deadline`, also when a base is being uploaded or a penalty is running. One
// thread: the vault's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "vault/backoff.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/random.h"
#include "vault/turn.h"
#include "vault/vault.h"

namespace telekv::vault {

/// When an update is confirmed to Telegram, which then forgets it.
enum class Durability : std::uint8_t {
  kInterval,  ///< at once: a vanished host costs what came after the last save, at most `interval`
  kStrict,    ///< after the commit that holds it: nothing confirmed is ever lost
};

/// Whether the run has to end: nothing the program can do would make the next call succeed.
bool ends_the_run(const Error& error);

struct SaverOptions {
  /// Telegram takes about one message a second in a chat, and edits count (Bots FAQ;
  /// tdlib/td#3034).
  static constexpr std::chrono::seconds kSpacing{1};
  /// Hosts kill a process about 30 s after asking it to stop.
  static constexpr std::chrono::seconds kStopDeadline{20};

  Durability durability = Durability::kInterval;
  Clock::Duration interval = std::chrono::seconds(5);
  Clock::Duration spacing = kSpacing;  ///< between the beginnings of two commits
  Clock::Duration commit_deadline = std::chrono::seconds(60);
  Clock::Duration base_deadline = std::chrono::hours(1);
  Clock::Duration drill_deadline = std::chrono::minutes(10);
  Clock::Duration stop_deadline = kStopDeadline;
};

/// What happens to the saves, for whoever keeps a log. May be empty.
struct SaverEvents {
  std::function<void(const CommitReport&)> saved = {};
  /// A save, or a base, failed and will be tried again.
  std::function<void(const Error&)> failed = {};
  /// So did a drill: what is in the chat was not proven.
  std::function<void(const Error&)> drill_failed = {};
};

class Saver {
 public:
  /// The references must outlive the object, and the object the executor's last run.
  Saver(Vault& vault, Clock& clock, Random& random, boost::asio::any_io_executor executor,
        Event& stopping, SaverOptions options, SaverEvents events = {});

  /// Saves until `stopping` is set, and then once more; or until a failure that ends the run, which
  /// sets `stopping` itself. Returns that failure, or why the last save failed; what is lost then
  /// is Vault::unsaved_records().
  Channel::Async<void> run();

  /// The next save begins no later than after `delay`, unless spacing or a penalty is in the way.
  void save_within(Clock::Duration delay);

  /// Returns when everything applied before the call is in a commit, and a CHECK has passed since:
  /// what a confirmation needs. Many callers share one commit. An error that does not end the run
  /// has happened to this commit only; the changes stay for the next one. kCancelled: the saver has
  /// ended.
  Channel::Async<CommitReport> save();

  /// Whoever else changes the vault holds this meanwhile: gaps, restore points, restores.
  Turn& turn() { return turn_; }

 private:
  // Those who wait for one commit.
  struct Group;

  Channel::Async<void> work();
  boost::asio::awaitable<void> wait_for_work();
  std::optional<Clock::Time> next_begin() const;
  Channel::Async<void> save_when_needed();
  Channel::Async<void> save_finally();
  Channel::Async<CommitReport> save_now(Clock::Duration patience);
  /// The turn is held.
  Channel::Async<CommitReport> save_in_turn(Clock::Duration patience);
  static void answer(std::shared_ptr<Group>& group, const Result<CommitReport>& outcome);
  boost::asio::awaitable<void> stop_deadline_passed();
  void start_maintenance();
  Channel::Async<void> maintain();
  boost::asio::awaitable<void> end_maintenance();

  Vault* vault_;
  Clock* clock_;
  boost::asio::any_io_executor executor_;
  Event* stopping_;
  SaverOptions options_;
  SaverEvents events_;
  Turn turn_;
  Event due_;  // next_save_ or waiting_ has changed
  std::optional<Clock::Time> next_save_;
  Clock::Time not_before_{};  // spacing, or the pause after a failure
  Backoff backoff_;
  std::shared_ptr<Group> waiting_;  // for the next commit
  std::shared_ptr<Group> saving_;   // for the one that is running
  bool ended_ = false;

  Event maintenance_ended_;  // not set while a base is being written, or a drill runs
  Clock::Time no_maintenance_before_{};
  Backoff maintenance_backoff_;
  boost::asio::cancellation_signal maintenance_given_up_;
};

}  // namespace telekv::vault
