// Lets coroutines on one thread use something one at a time, in any order. A coroutine that holds
// the turn must not ask for it again. Waiting is cancellable (by the exception that the next
// co_await of a cancelled coroutine throws).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <utility>

#include "vault/event.h"

namespace telekv::vault {

class Turn {
 public:
  explicit Turn(const boost::asio::any_io_executor& executor) : free_(executor) { free_.set(); }

  /// Gives the turn back when it goes out of scope; the Turn must outlive it.
  class Held {
   public:
    explicit Held(Turn& turn) : turn_(&turn) {}
    Held(Held&& other) noexcept : turn_(std::exchange(other.turn_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (turn_) turn_->free_.set();
    }

   private:
    Turn* turn_;
  };

  boost::asio::awaitable<Held> take() {
    while (!free_.is_set()) co_await free_.wait();
    free_.clear();
    co_return Held(*this);
  }

 private:
  Event free_;
};

}  // namespace telekv::vault
