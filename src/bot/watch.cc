#include "bot/watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cmath>
#include <utility>

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

vault::SaverEvents Watch::events(std::function<void(const vault::CommitReport& report)> saved) {
  vault::SaverEvents events;
  events.saved = [this, also = std::move(saved)](const vault::CommitReport& report) {
    note_saved(report);
    also(report);
  };
  events.failed = [this](const Error& error) { note_failed_save(error); };
  events.drill_failed = [this](const Error& error) { note_failed_drill(error); };
  return events;
}

void Watch::note_saved(const vault::CommitReport& report) {
  spdlog::debug("saved {} users, sequence {}, {} bytes in {} ms", report.records, report.sequence,
                report.root_bytes + report.object_bytes,
                std::chrono::duration_cast<std::chrono::milliseconds>(report.duration).count());
  last_save_ = report;
  last_failure_.clear();
}

void Watch::note_failed_save(const Error& error) {
  last_failure_ = describe(error);
  spdlog::warn("saving failed, will be tried again: {}", last_failure_);
}

void Watch::note_failed_drill(const Error& error) {
  spdlog::warn("a trial restore has failed, will be tried again: {}", describe(error));
  alerts_->tell_of_failed_drill(error);
}

void Watch::look() {
  const vault::Clock::Time now = clock_->now();
  samples_.push_back({now, clicker_->clicks()});
  // The one just before the window's beginning stays.
  while (samples_.size() > 1 && samples_[1].at <= now - kWindow) samples_.pop_front();

  const vault::VaultStats stats = vault_->stats();
  if (stats.delta_bytes > stats.base_bytes + kOverdueBytes) {
    alerts_->tell_of_overdue_base(stats.delta_bytes);
  }
  const std::optional<vault::Clock::Time> since = stats.unsaved_since;
  if (!since || now - *since <= std::max<vault::Clock::Duration>(interval_ * kMaxIntervals,
                                                                 std::chrono::minutes(1))) {
    return;
  }
  alerts_->tell_of_failing_saves(std::chrono::duration_cast<std::chrono::seconds>(now - *since),
                                 last_failure_);
}

std::uint64_t Watch::clicks_a_minute() const {
  const double seconds = vault::in_seconds(clock_->now() - samples_.front().at);
  const auto clicks = static_cast<double>(clicker_->clicks() - samples_.front().clicks);
  const double minute = vault::in_seconds(kWindow);
  return static_cast<std::uint64_t>(std::llround(clicks * minute / std::max(seconds, 1.0)));
}

}  // namespace telekv::bot
