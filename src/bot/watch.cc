#include "bot/watch.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cmath>

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

Watch::Watch(const vault::Vault& vault, const Clicker& clicker, Alerts& alerts, vault::Clock& clock,
             vault::Clock::Duration interval)
    : vault_(&vault),
      clicker_(&clicker),
      alerts_(&alerts),
      clock_(&clock),
      interval_(interval),
      samples_{{clock.now(), clicker.clicks()}} {}

asio::awaitable<void> Watch::run(vault::Event& stopping) {
  while (!stopping.is_set()) {
    look();
    co_await (clock_->sleep_for(kEvery) || stopping.wait());
  }
}

void Watch::note_saved(const vault::CommitReport& report) {
  last_save_ = report;
  last_failure_.clear();
}

void Watch::look() {
  const vault::Clock::Time now = clock_->now();
  samples_.push_back({now, clicker_->clicks()});
  // The one just before the window's beginning stays.
  while (samples_.size() > 1 && samples_[1].at <= now - kWindow) samples_.pop_front();

  const std::optional<vault::Clock::Time> since = vault_->stats().unsaved_since;
  if (!since || now - *since <= std::max<vault::Clock::Duration>(interval_ * kMaxIntervals,
                                                                 std::chrono::minutes(1))) {
    return;
  }
  alerts_->tell_of_failing_saves(std::chrono::duration_cast<std::chrono::seconds>(now - *since),
                                 last_failure_);
}

std::uint64_t Watch::clicks_a_minute() const {
  const double seconds = std::chrono::duration<double>(clock_->now() - samples_.front().at).count();
  const auto clicks = static_cast<double>(clicker_->clicks() - samples_.front().clicks);
  const double minute = std::chrono::duration<double>(kWindow).count();
  return static_cast<std::uint64_t>(std::llround(clicks * minute / std::max(seconds, 1.0)));
}

}  // namespace telekv::bot
