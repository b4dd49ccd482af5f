// Time, as the layers above the engine see it: a seam, so that tests run on virtual time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

namespace telekv::vault {

class Clock {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;

  /// Monotonic; for deadlines and durations.
  virtual Time now() const = 0;

  /// Wall clock, seconds since the Unix epoch; for what people read.
  virtual std::chrono::seconds unix_time() const = 0;

  /// Completes after `duration`, on the awaiting coroutine's executor. Honours cancellation by
  /// returning early.
  virtual boost::asio::awaitable<void> sleep_for(Duration duration) = 0;
};

inline double in_seconds(Clock::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// The machine's clocks. `sleep_for` works in any coroutine.
class SystemClock final : public Clock {
 public:
  Time now() const override;
  std::chrono::seconds unix_time() const override;
  boost::asio::awaitable<void> sleep_for(Duration duration) override;
};

}  // namespace telekv::vault
