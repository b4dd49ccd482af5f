// Which update a webhook gets next, and when: the rules of the official server (WebhookActor.cpp)
// as a pure model. The updates of a lane go one by one, lanes beside each other up to
// max_connections; a failed update is tried again at once, then after 2, 4, 8 ... s up to a random
// 60-120 s, or exactly after Retry-After, and holds its lane meanwhile. Only 2 * max_connections
// lanes are looked at, so many failing chats hold up the others too.
//
// Single-threaded, no clock: `now` comes with every call. O(log lanes) a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/model.h"

namespace telekv::emulator {

class WebhookPlan {
 public:
  static constexpr TimeMs kAnswerTimeout = 60'000;        // HttpOutboundConnection
  static constexpr std::int64_t kMaxRetryAfter_s = 3600;  // WebhookActor.cpp on_update_error
  static constexpr std::int64_t kLongestDelay_s = 60;     // WEBHOOK_MAX_RESEND_TIMEOUT
  static constexpr std::int64_t kFirstUniqueLane = std::int64_t{1} << 60;  // unique_queue_id_

  /// `seed`: of the longest delays.
  WebhookPlan(std::size_t max_connections, std::uint32_t seed)
      : max_sending_(max_connections), random_(seed) {}

  /// Takes note of what has come into the queue.
  void load(const UpdateQueue& queue, TimeMs now);

  /// The update to send now, which counts as being sent from here on; nothing when none is due.
  std::optional<std::int64_t> next(TimeMs now);

  /// The update needs no more: it was taken, or it is gone.
  void done(std::int64_t update);

  /// The attempt failed. `retry_after_s`: 0 when the answer did not say. False: the next attempt
  /// would come after `expires_at_s`, so the update is done.
  bool failed(std::int64_t update, std::int64_t retry_after_s, std::int64_t expires_at_s,
              TimeMs now);

  /// Updates that have been on their way for longer than kAnswerTimeout.
  std::vector<std::int64_t> overdue(TimeMs now) const;

  /// When next() or overdue() may say something new although nothing happened.
  std::optional<TimeMs> next_event() const;

  std::size_t sending() const { return sending_.size(); }

 private:
  struct Waiting {
    std::int64_t update = 0;
    TimeMs since = 0;
  };
  struct Lane {
    std::deque<Waiting> updates;  // the first is being sent or waits until it is due
    std::int64_t delay_s = 1;
    bool has_failed = false;
  };
  struct Sending {
    std::int64_t lane = 0;
    TimeMs since = 0;
  };

  std::size_t max_sending_;
  std::minstd_rand random_;
  std::int64_t next_unseen_ = 0;
  std::int64_t next_unique_lane_ = kFirstUniqueLane;
  std::unordered_map<std::int64_t, Lane> lanes_;
  std::set<std::pair<TimeMs, std::int64_t>> due_;  // when, lane
  std::unordered_map<std::int64_t, Sending> sending_;
};

}  // namespace telekv::emulator
