// The time of a simulated world, and the clock of each process in it. Nothing happens between two
// moments at which somebody wakes up, so hours cost nothing and every run is the same.
//
// Processes die as real ones do: whatever a dead one waits for never comes, and none of its code
// runs again. Single thread. A wait costs O(waits under way), of which there are a dozen.
#pragma once

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "vault/clock.h"

namespace telekv::vault {

class Timeline {
 public:
  using Time = Clock::Time;
  using Duration = Clock::Duration;
  /// Owns what happens by itself.
  static constexpr int kNobody = 0;

  explicit Timeline(Time start = {}) : now_(start) {}

  Time now() const { return now_; }

  /// Completes at `at`, for the process `owner`; earlier when the waiting coroutine is cancelled.
  boost::asio::awaitable<void> wait_until(int owner, Time at) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this, owner, at](auto handler) { add(owner, at, std::move(handler)); },
        boost::asio::use_awaitable);
  }

  /// Calls `happening` at `at`.
  template <class Happening>
  void call_at(Time at, Happening happening) {
    add(kNobody, at, std::move(happening));
  }

  /// `owner` does not wake up before `until`.
  void freeze(int owner, Time until) {
    for (Waiter& waiter : waiters_) {
      if (waiter.owner == owner) waiter.at = std::max(waiter.at, until);
    }
  }

  /// `owner` never wakes up again.
  void forget(int owner) {
    const auto dead = std::stable_partition(waiters_.begin(), waiters_.end(),
                                            [&](const Waiter& w) { return w.owner != owner; });
    std::vector<Waiter> forgotten(std::make_move_iterator(dead),
                                  std::make_move_iterator(waiters_.end()));
    waiters_.erase(dead, waiters_.end());
  }

  /// What somebody has waited for.
  struct Wake {
    virtual ~Wake() = default;
    virtual void call() = 0;
  };
  struct Next {
    int owner;
    std::unique_ptr<Wake> wake;
  };

  /// Time goes on to whoever waits for the earliest moment; nothing when that is after `end`.
  std::optional<Next> next(Time end) {
    const auto first = std::min_element(waiters_.begin(), waiters_.end());
    if (first == waiters_.end() || first->at > end) return std::nullopt;
    now_ = std::max(now_, first->at);
    Next found{first->owner, std::move(first->wake)};
    waiters_.erase(first);
    return found;
  }

 private:
  template <class Handler>
  struct WakeHandler final : Wake {
    explicit WakeHandler(Handler waiting) : handler(std::move(waiting)) {}
    void call() override {
      boost::asio::get_associated_cancellation_slot(handler).clear();
      std::move(handler)();
    }
    Handler handler;
  };
  struct Waiter {
    Time at;
    std::uint64_t order;  // of two that wake at the same time the first to wait is the first
    int owner;
    std::unique_ptr<Wake> wake;
    friend bool operator<(const Waiter& a, const Waiter& b) {
      return a.at != b.at ? a.at < b.at : a.order < b.order;
    }
  };

  template <class Handler>
  void add(int owner, Time at, Handler handler) {
    const std::uint64_t order = ++last_order_;
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([this, order](boost::asio::cancellation_type /*type*/) { hurry(order); });
    }
    waiters_.push_back(
        {at, order, owner, std::make_unique<WakeHandler<Handler>>(std::move(handler))});
  }

  void hurry(std::uint64_t order) {
    for (Waiter& waiter : waiters_) {
      if (waiter.order == order) waiter.at = now_;
    }
  }

  Time now_{};
  std::uint64_t last_order_ = 0;
  std::vector<Waiter> waiters_;
};

/// The clocks of one process.
class ProcessClock final : public Clock {
 public:
  ProcessClock(Timeline& timeline, int owner) : timeline_(&timeline), owner_(owner) {}

  Time now() const override { return timeline_->now(); }
  std::chrono::seconds unix_time() const override { return true_unix_time(*timeline_) + wrong_by_; }
  boost::asio::awaitable<void> sleep_for(Duration duration) override {
    return timeline_->wait_until(owner_, timeline_->now() + duration);
  }

  /// The wall clock is set; the monotonic one never jumps.
  void set_wrong_by(std::chrono::seconds by) { wrong_by_ = by; }

  /// The wall clock of Telegram.
  static std::chrono::seconds true_unix_time(const Timeline& timeline) {
    constexpr std::chrono::seconds kStart{1'790'000'000};
    return kStart +
           std::chrono::duration_cast<std::chrono::seconds>(timeline.now().time_since_epoch());
  }

 private:
  Timeline* timeline_;
  int owner_;
  std::chrono::seconds wrong_by_{};
};

/// The executor of one process. After stop_for_good() nothing that was under way exists any more,
/// but objects that hold timers of this context may still be destroyed.
class ProcessContext : public boost::asio::io_context {
 public:
  ProcessContext() : boost::asio::io_context(1) {}

  /// Runs what is ready, after `first`. Handlers run here, because a running context keeps the
  /// memory of coroutines at hand.
  void settle(std::unique_ptr<Timeline::Wake> first) {
    restart();
    if (first) boost::asio::post(*this, [wake = std::move(first)] { wake->call(); });
    poll();
  }

  void stop_for_good() {
    shutdown();
    shutdown();  // what the first one has unwound was posted again
  }
};

}  // namespace telekv::vault
