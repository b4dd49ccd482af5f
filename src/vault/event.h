// A condition that coroutines on one thread wait for: set() wakes every waiter, and whoever waits
// afterwards goes on at once until clear(). Waiting is cancellable.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace telekv::vault {

class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& executor)
      : waiters_(executor, boost::asio::steady_timer::time_point::max()) {}

  void set() {
    set_ = true;
    waiters_.cancel();
  }
  void clear() { set_ = false; }
  bool is_set() const { return set_; }

  /// Returns once the event is set, or early when the waiting coroutine is cancelled.
  boost::asio::awaitable<void> wait() {
    if (!set_) co_await waiters_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  boost::asio::steady_timer waiters_;
  bool set_ = false;
};

}  // namespace telekv::vault
