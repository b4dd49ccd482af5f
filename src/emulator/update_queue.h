// The queue of unconfirmed updates of one bot, with the rules of Telegram's own (TDLib
// tddb/TQueue.cpp): ids count up, an offset confirms all below it, an offset out of range is
// ignored, a webhook confirms one by one, updates expire. Single-threaded; push and confirm are
// O(1) amortised, reading is linear in what is returned; taking one out of the middle is linear in
// its distance from the nearer end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "emulator/id_intervals.h"

namespace telekv::emulator {

struct QueuedUpdate {
  std::int64_t id = 0;
  std::int64_t expires_at_s = 0;
  std::int64_t lane = 0;  ///< a webhook gets the updates of a lane one by one; 0: a lane of its own
  std::string json;       ///< the whole object, "update_id" included
};

class UpdateQueue {
 public:
  static constexpr std::size_t kMaxUpdates = 100'000;          // TQueue.cpp
  static constexpr std::size_t kMaxBytes = 128u << 20;         // TQueue.cpp
  static constexpr std::size_t kMaxUpdateBytes = 512u << 10;   // TQueue.cpp
  static constexpr std::int64_t kFutureTolerance = 10;         // TQueue.cpp get()
  static constexpr std::int64_t kPastTolerance = kMaxUpdates;  // TQueue.cpp get()
  static constexpr std::size_t kMaxAnswerBytes = 1u << 22;     // Client.cpp, cut of an answer
  static constexpr std::int64_t kFirstId = 100'000'001;

  /// The id that the next update gets.
  std::int64_t next_id() const { return next_id_; }
  std::int64_t head_id() const { return updates_.empty() ? next_id_ : updates_.front().id; }
  std::int64_t highest_confirmed() const { return confirmed_.highest(); }
  const IdIntervals& confirmed() const { return confirmed_; }
  std::size_t size() const { return updates_.size(); }
  const std::deque<QueuedUpdate>& updates() const { return updates_; }

  /// Adds an update under next_id(). False, and nothing happens, when the queue or the update is
  /// over its bound.
  bool push(std::int64_t expires_at_s, std::int64_t lane, std::string json);

  /// The first unconfirmed update that `offset` means, after confirming what it confirms: 0 from
  /// the head, negative only the last -offset, otherwise from that id. Out of range is the head,
  /// nothing confirmed. Returns what was confirmed, as first and last of each run of ids.
  std::vector<std::pair<std::int64_t, std::int64_t>> confirm(std::int64_t offset);

  /// Confirms one update; also one that has expired while it was being delivered.
  void confirm_one(std::int64_t id);

  /// Takes an update out without confirming it.
  void forget(std::int64_t id);

  /// The update of that id, or the first one behind; updates().end() when there is none.
  std::deque<QueuedUpdate>::const_iterator from(std::int64_t id) const;

  /// Null when it is not queued.
  const QueuedUpdate* find(std::int64_t id) const;

  /// Forgets expired updates.
  void expire(std::int64_t now_s);

  /// From the head, at most `limit` updates and about kMaxAnswerBytes; valid until the next change.
  std::vector<const QueuedUpdate*> read(std::size_t limit) const;

  /// Restores a stored update or position.
  void restore(QueuedUpdate update);
  void restore_position(std::int64_t next_id);
  void restore_confirmed(std::int64_t first, std::int64_t last);

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  void pop_front();

  std::deque<QueuedUpdate> updates_;
  std::size_t bytes_ = 0;
  std::int64_t earliest_expiry_s_ = kNever;  // no queued update expires before
  std::int64_t next_id_ = kFirstId;
  IdIntervals confirmed_;
};

}  // namespace telekv::emulator
