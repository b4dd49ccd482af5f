// Which updates of the bot's queue have been applied. Under long polling they come in order and the
// last id says it all; under webhooks chats come in parallel, so "at most the last id" does not
// mean applied: there may be holes, updates that Telegram still holds.
//
// A value; pure, one thread. Costs are O(log holes), and a change in the middle moves the holes
// above it. Bounded by kMaxHoles: beyond it, and when it is older than Telegram keeps an update,
// the oldest hole is given up: its updates count as lost, and as duplicates should they come after
// all.
#pragma once

#include <cstdint>
#include <vector>

#include "kv/error.h"
#include "telekv.pb.h"

namespace telekv::vault {

/// An update as its queue knows it.
struct UpdateStamp {
  std::int64_t id = 0;  ///< positive; consecutive within a series
  std::int64_t date =
      0;  ///< when it happened, seconds by Telegram's clock; 0 unknown (button taps)
};

/// How updates reach the bot.
enum class Delivery : std::uint8_t {
  kPolling,  ///< getUpdates: in the order of their ids
  kWebhook,  ///< in order within a chat, chats in parallel
};

class AppliedUpdates {
 public:
  /// Bot API: a queue holds at most 100,000 updates (TDLib tddb/TQueue.cpp). An id further away
  /// than that belongs to another series, unless the dates say otherwise.
  static constexpr std::int64_t kWindow = 100'000;
  /// Each hole that still matters holds at least one update of the queue.
  static constexpr std::size_t kMaxHoles = 100'000;
  /// Bot API: ids are drawn anew after a week without updates; a day is allowed for how the dates
  /// of messages and the making of updates may differ.
  static constexpr std::int64_t kSilenceS = 6 * 86'400;
  /// Bot API: updates are kept for 24 hours; an hour is allowed, as above.
  static constexpr std::int64_t kLifetimeS = 25 * 3600;

  /// What was confirmed or expired below an update without having been applied.
  struct Gap {
    std::uint64_t missing = 0;  ///< updates that are in no state
    bool new_series = false;    ///< ids were drawn anew: how many lie between cannot be known
    explicit operator bool() const { return missing > 0 || new_series; }
  };

  /// kDamaged when `stored` is none that to_message() writes.
  static Result<AppliedUpdates> from_message(const format::AppliedUpdates& stored);
  format::AppliedUpdates to_message() const;

  /// Whether applying `update` would repeat it. Ids are drawn anew after a silent week, so an id
  /// that was applied is a repetition only when its date is not newer than the newest applied one,
  /// and without a date only within kWindow below the last.
  bool contains(UpdateStamp update) const;

  /// Adds an update that is not contained. Returns how many others are given up by it.
  std::uint64_t add(UpdateStamp update, Delivery delivery);

  /// What a queue that gives `next` first is missing: under polling everything below is confirmed.
  Gap gap_before(UpdateStamp next) const;

  /// Gives up every update below `next` that was not applied; returns how many are known to be
  /// lost.
  std::uint64_t give_up_before(UpdateStamp next);

  /// The highest id of the series; 0 when nothing was ever applied.
  std::int64_t last() const { return last_; }
  std::int64_t last_date() const { return last_date_; }
  /// Whether last_date() is of the series before: none of this one had a date yet.
  bool undated() const { return undated_; }
  std::size_t holes() const { return holes_.size(); }

 private:
  // Ids that were not applied, with an applied one above. `since`: the newest date when it came up;
  // 0 until a dated update tells. A hole that reaches down to id 1 is the open bottom of a series
  // whose first updates came in parallel: how many of its ids ever existed is not known, so they
  // never count as lost.
  struct Hole {
    std::int64_t first;
    std::int64_t last;
    std::int64_t since;
  };
  using Holes = std::vector<Hole>;

  static std::uint64_t lost_in(std::int64_t first, std::int64_t last);
  bool starts_series(UpdateStamp update) const;
  bool is_missing(std::int64_t id) const;
  Holes::const_iterator hole_at_or_above(std::int64_t id) const;
  void fill(std::int64_t id);
  std::uint64_t give_up_oldest(std::size_t count);
  std::int64_t since(UpdateStamp update) const;
  std::size_t expired();

  std::int64_t last_ = 0;
  std::int64_t last_date_ = 0;
  bool undated_ = false;
  Holes holes_;  // ascending; between two of them lies at least one applied id
};

}  // namespace telekv::vault
