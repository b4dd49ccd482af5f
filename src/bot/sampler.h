// What the running program was like over the last day: a sample a minute, kept in memory alone.
//
// One thread; O(1) a look, every few seconds, because the worst of a minute counts where an average
// would hide it. Bounded: kKept samples, about 100 KiB.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "bot/metrics.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/vault.h"

namespace telekv::bot {

/// The time between the sample before and this one.
struct Sample {
  std::chrono::seconds unix_time{0};                          ///< its end
  std::uint64_t clicks = 0;                                   ///< within
  std::uint64_t users = 0;                                    ///< at its end, as what follows
  std::uint64_t stored_bytes = 0;                             ///< snapshot and changes, in the chat
  std::uint64_t resident_bytes = 0;                           ///< of the process; 0: not known
  vault::Clock::Duration unsaved_age{};                       ///< the highest that was seen
  std::optional<vault::Clock::Duration> longest_save = {};    ///< absent: nothing was saved
  std::optional<vault::Clock::Duration> mean_chat_call = {};  ///< absent: there was none
};

class Sampler {
 public:
  static constexpr std::chrono::seconds kEvery{60};
  static constexpr std::chrono::seconds kLook{5};
  static constexpr std::size_t kKept = 24 * 60;

  /// `facts` is asked at every look. `clock` must outlive the object.
  Sampler(std::function<StoreFacts()> facts, vault::Clock& clock);

  /// Looks until `stopping` is set.
  boost::asio::awaitable<void> run(vault::Event& stopping);

  void note_saved(const vault::CommitReport& report);

  /// Oldest first.
  const std::deque<Sample>& samples() const { return samples_; }

  /// Since the newest sample.
  Sample so_far() const;

 private:
  void look();
  Sample sample(const StoreFacts& facts) const;
  void begin(const StoreFacts& facts);

  std::function<StoreFacts()> facts_;
  vault::Clock* clock_;
  std::deque<Sample> samples_;

  // Of the minute that runs.
  vault::Clock::Time ends_{};
  std::uint64_t clicks_before_ = 0;
  vault::ChannelCounters channel_before_ = {};
  vault::Clock::Duration unsaved_age_{};
  std::optional<vault::Clock::Duration> longest_save_;
};

}  // namespace telekv::bot
