// Telegram's side of a bot's updates: what has arrived, what is kept for how long, and what was
// confirmed. Rules: Bot API getUpdates; TDLib tddb/TQueue.cpp. A value, so that a test can go on
// with a copy. Single thread; costs are linear in the updates of a history.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vault/applied_updates.h"
#include "vault/clock.h"

namespace telekv::vault {

class SimUpdates {
 public:
  enum class Kind : std::uint8_t {
    kMessage,  ///< adds one click; kept for 24 hours
    kTap,      ///< adds one click; kept for 150 seconds, and has no date
    kForget,   ///< a message: the user's record is erased
  };
  enum class Fate : std::uint8_t { kComing, kQueued, kConfirmed, kExpired };

  struct Update {
    Clock::Time arrives{};
    int user = 0;
    Kind kind = Kind::kMessage;
    std::int64_t id_step = 1;  ///< to the id before; another one after a week of silence
    std::int64_t id = 0;
    std::int64_t date = 0;  ///< by Telegram's clock
    Fate fate = Fate::kComing;
    Clock::Time settled{};  ///< when it was confirmed
  };

  /// `planned` in the order of arrival.
  SimUpdates(std::int64_t first_id, std::vector<Update> planned);

  int size() const { return static_cast<int>(updates_.size()); }
  const Update& operator[](int index) const { return updates_[static_cast<std::size_t>(index)]; }
  UpdateStamp stamp(int index) const;
  bool confirmed(int index) const { return (*this)[index].fate == Fate::kConfirmed; }

  /// Lets time pass: updates arrive and expire. The unix time is Telegram's. Returns how many have
  /// expired.
  int advance(Clock::Time now, std::chrono::seconds unix_time);
  std::optional<Clock::Time> next_arrival() const;

  /// What has not arrived yet never will.
  void forget_coming();
  void add(Update update) { updates_.push_back(update); }

  struct Page {
    std::vector<int> updates;
    std::vector<int> confirmed;
  };
  /// getUpdates: confirms everything below `offset`, unless that is far from the queue, and returns
  /// the first `limit` updates that are left.
  Page poll(std::optional<std::int64_t> offset, std::size_t limit);

  /// A webhook has answered 2xx.
  void confirm(int index) { settle(index, Fate::kConfirmed); }
  bool is_queued(int index) const { return (*this)[index].fate == Fate::kQueued; }

 private:
  void settle(int index, Fate fate);
  bool is_ignored(std::int64_t offset) const;

  std::vector<Update> updates_;
  std::int64_t last_id_;  // of the last that has arrived
  Clock::Time now_{};
};

}  // namespace telekv::vault
