// Looks at the running program every few seconds: how many clicks a minute there are, and whether
// saving has been failing for too long, or no base comes through, of which the operator is told.
// Remembers the last save.
//
// One thread; O(1) a look. Numbers over time are samples, so that a click costs nothing more.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "bot/alerts.h"
#include "bot/clicker.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::bot {

class Watch {
 public:
  static constexpr std::chrono::seconds kEvery{5};
  static constexpr std::chrono::seconds kWindow{60};  ///< over which clicks are counted
  /// So many intervals without a save are too long.
  static constexpr int kMaxIntervals = 10;
  /// A base is due when half as much as it takes has been saved since. Overdue it is when as much
  /// has, and this.
  static constexpr std::uint64_t kOverdueBytes = std::uint64_t{4} << 20U;

  /// The references must outlive the object. `interval` is the one between saves.
  Watch(const vault::Vault& vault, const Clicker& clicker, Alerts& alerts, vault::Clock& clock,
        vault::Clock::Duration interval);

  /// Looks until `stopping` is set.
  boost::asio::awaitable<void> run(vault::Event& stopping);

  /// What the saver is to tell: with this watch the log and, through it and the alerts, the
  /// operator hear of it. `saved` is told of every save, too. The object must outlive the saver.
  vault::SaverEvents events(std::function<void(const vault::CommitReport& report)> saved);

  /// Clicks in the last minute; scaled up to one while the program is younger.
  std::uint64_t clicks_a_minute() const;

  /// Of this run.
  const std::optional<vault::CommitReport>& last_save() const { return last_save_; }

 private:
  struct Sample {
    vault::Clock::Time at{};
    std::uint64_t clicks = 0;
  };

  void look();
  void note_saved(const vault::CommitReport& report);
  void note_failed_save(const Error& error);
  void note_failed_drill(const Error& error);

  const vault::Vault* vault_;
  const Clicker* clicker_;
  Alerts* alerts_;
  vault::Clock* clock_;
  vault::Clock::Duration interval_;
  std::deque<Sample> samples_;  // oldest first; never empty
  std::optional<vault::CommitReport> last_save_;
  std::string last_failure_;  // since the last save
};

}  // namespace telekv::bot
