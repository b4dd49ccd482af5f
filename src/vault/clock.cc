#include "vault/clock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace telekv::vault {

namespace asio = boost::asio;

Clock::Time SystemClock::now() const { return std::chrono::steady_clock::now(); }

std::chrono::seconds SystemClock::unix_time() const {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

asio::awaitable<void> SystemClock::sleep_for(Duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace telekv::vault
