// Long polling with either durability: takes pages of updates, applies what is new, has it saved,
// and only then confirms it by asking for the next page (steps 9 to 14 of docs/architecture.md).
//
//   strict    a page is confirmed after the commit that holds it and a CHECK
//   interval  a page is confirmed at once; the saver saves in its own time
//
// Limits, all Telegram's: a page holds at most 100 updates and the next one cannot be seen before
// it is confirmed, so `strict` takes at most 100 updates a commit; an update waits 24 hours at
// most, a tap on an inline button 150 seconds. What has gone before it was polled shows as a gap.
//
// One thread: the vault's. Nothing is applied twice, whatever the queue repeats.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vault/applied_updates.h"
#include "vault/channel.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/poll_offset.h"
#include "vault/random.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::vault {

/// What the queue gave.
struct UpdatePage {
  std::vector<UpdateStamp> updates;          ///< in the order received
  std::size_t unreadable = 0;                ///< elements without a usable id
  std::shared_ptr<const void> content = {};  ///< the updates themselves, known to queue and sink
};

class UpdateQueue {
 public:
  virtual ~UpdateQueue() = default;

  /// Confirms every update below `offset` and returns what is there from it on, or, without one,
  /// from the earliest unconfirmed update. An empty page when none came for a while. kConflict:
  /// some other process asks too.
  virtual Channel::Async<UpdatePage> poll(std::optional<std::int64_t> offset) = 0;
};

class UpdateSink {
 public:
  virtual ~UpdateSink() = default;

  /// Applies the update at `index` to the table. What cannot be used is skipped and still counts as
  /// applied, or it would come back for ever.
  virtual void apply(const UpdatePage& page, std::size_t index) = 0;

  /// Returns when more updates may be applied; bounds what the replies wait in.
  virtual boost::asio::awaitable<void> room() = 0;
};

class PollingLoop {
 public:
  struct Options {
    Durability durability = Durability::kInterval;
    /// For a gap: reading every root again, and perhaps loading another chain.
    Clock::Duration gap_deadline = std::chrono::seconds(300);
  };

  /// The references must outlive the object. `vault` is open.
  PollingLoop(Vault& vault, Saver& saver, UpdateQueue& queue, UpdateSink& sink, Clock& clock,
              Random& random, Event& stopping, Options options);

  /// Runs until `stopping` is set (success) or until a failure that ends the run.
  Channel::Async<void> run();

 private:
  enum class Next : std::uint8_t { kApply, kPollAgain };

  Channel::Async<void> take(std::shared_ptr<const UpdatePage> page);
  Channel::Async<Next> settle_gap(const UpdatePage& page);
  bool has_gap(const UpdatePage& page) const;
  void apply(const UpdatePage& page);
  Channel::Async<void> make_durable();
  Channel::Async<void> after_failure(Error error);
  boost::asio::awaitable<void> pause(Clock::Duration duration);

  Vault* vault_;
  Saver* saver_;
  UpdateQueue* queue_;
  UpdateSink* sink_;
  Clock* clock_;
  Event* stopping_;
  Options options_;
  Backoff backoff_;
  PollOffset offset_;
};

}  // namespace telekv::vault
