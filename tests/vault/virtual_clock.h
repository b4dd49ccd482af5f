// Time that moves only when nothing else can: a test's sleeps take no time and always the same.
// Single thread. run() drives an io_context until neither a handler nor a sleeper is left.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>

#include "vault/clock.h"

namespace telekv::vault {

class VirtualClock final : public Clock {
 public:
  Time now() const override { return now_; }

  std::chrono::seconds unix_time() const override {
    constexpr std::chrono::seconds kStart{1'790'000'000};
    return kStart + std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch());
  }

  boost::asio::awaitable<void> sleep_for(Duration duration) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto timer = std::make_shared<boost::asio::steady_timer>(executor, Time::max());
    sleepers_.emplace(now_ + duration, timer);
    boost::system::error_code woken;
    co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }

  /// For a test in which a call takes time.
  void advance(Duration duration) { now_ += duration; }

  /// Lets time pass for a test that drives its own event loop: wakes the sleepers that are due.
  void pass(Duration duration) {
    const Time until = now_ + duration;
    while (!sleepers_.empty() && sleepers_.begin()->first <= until) wake_next();
    now_ = until;
  }

  /// Runs everything that is ready and wakes who sleeps no longer than `duration`; the others go on
  /// sleeping.
  void run_for(boost::asio::io_context& context, Duration duration) {
    const Time until = now_ + duration;
    do {
      context.restart();
      context.poll();
      forget_cancelled();
    } while (!sleepers_.empty() && sleepers_.begin()->first <= until && wake_next());
    now_ = until;
  }

  /// Runs everything that is ready, then wakes the earliest sleeper, until there is neither.
  void run(boost::asio::io_context& context) {
    do {
      context.restart();
      context.poll();
      forget_cancelled();
    } while (wake_next());
  }

 private:
  // A sleep that was cancelled must not move time.
  void forget_cancelled() {
    std::erase_if(sleepers_, [](const auto& sleeper) { return sleeper.second.use_count() == 1; });
  }

  bool wake_next() {
    if (sleepers_.empty()) return false;
    const auto earliest = sleepers_.begin();
    if (earliest->first > now_) now_ = earliest->first;
    const std::shared_ptr<boost::asio::steady_timer> timer = earliest->second;
    sleepers_.erase(earliest);
    timer->cancel();
    return true;
  }

  Time now_{};
  std::multimap<Time, std::shared_ptr<boost::asio::steady_timer>> sleepers_;
};

}  // namespace telekv::vault
