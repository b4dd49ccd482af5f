// Ends the spinners on tapped inline buttons. A flood of taps costs little: few answers are on
// their way at once, of a person's taps only the newest waits, and an answer that has waited too
// long is left out, because Telegram takes none for an old tap and nobody looks at that spinner any
// more.
//
// One thread, the executor's. Bounded: above kMaxWaiting the oldest is dropped. O(kMaxWaiting) a
// tap.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>

#include "telegram/api.h"
#include "vault/clock.h"

namespace telekv::bot {

class TapAnswers {
 public:
  static constexpr std::size_t kWorkers = 2;  ///< answers on their way at once
  static constexpr std::size_t kMaxWaiting = 200;
  static constexpr std::chrono::seconds kWorthlessAfter{10};

  /// The references must outlive the object, and the object the executor's last run.
  TapAnswers(telegram::Api& api, const vault::Clock& clock, boost::asio::any_io_executor executor)
      : api_(&api), clock_(&clock), executor_(std::move(executor)) {}

  /// Answers `tap` with `text`, which may be empty.
  void push(const telegram::CallbackQuery& tap, std::string text);

 private:
  struct Waiting {
    telegram::UserId who{};
    std::string query_id;
    std::string text;
    vault::Clock::Time since{};
  };

  boost::asio::awaitable<void> work();

  telegram::Api* api_;
  const vault::Clock* clock_;
  boost::asio::any_io_executor executor_;
  std::deque<Waiting> waiting_;  // oldest first
  std::size_t workers_ = 0;
};

}  // namespace telekv::bot
