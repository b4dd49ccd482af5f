// Saves that players bring forward: whoever registers or leaves does not wait for the interval. A
// flood of them costs no more saves than the interval makes by default, however many players take
// part.
//
// One thread, the executor's. Bounded: one message waits for a person, kMaxWaiting in all.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <unordered_map>

#include "telegram/outbox.h"
#include "vault/clock.h"
#include "vault/saver.h"

namespace telekv::bot {

class EarlySaves {
 public:
  static constexpr std::chrono::milliseconds kSoon{500};
  /// Between two of them. A little less than the saver's interval by default, because that runs
  /// from the save before, too: one save then does for both.
  static constexpr std::chrono::milliseconds kApart{4900};
  static constexpr std::size_t kMaxWaiting = 10'000;

  /// The references must outlive the object, and the object the executor's last run.
  EarlySaves(vault::Saver& saver, vault::Clock& clock, telegram::Outbox& outbox,
             boost::asio::any_io_executor executor)
      : saver_(&saver), clock_(&clock), outbox_(&outbox), executor_(std::move(executor)) {}

  /// What has been applied is saved soon.
  void save_soon();

  /// The same, and once it is saved, `reply` goes out: the newest to each person. One that would be
  /// too many is left out.
  void save_soon_and_tell(telegram::Reply reply);

  /// The run has ended, and everything that was applied is saved: the replies that still wait for
  /// that go out.
  void tell_the_rest();

 private:
  using Replies = std::unordered_map<telegram::UserId, telegram::Reply>;

  void begin();
  void tell(Replies& replies);
  boost::asio::awaitable<void> work();
  boost::asio::awaitable<void> wait_for_turn();
  boost::asio::awaitable<bool> save();

  vault::Saver* saver_;
  vault::Clock* clock_;
  telegram::Outbox* outbox_;
  boost::asio::any_io_executor executor_;
  vault::Clock::Time last_ = vault::Clock::Time::min();  // when the last one was to begin
  bool wanted_ = false;
  Replies waiting_;  // for their turn
  Replies saving_;   // for the save that is running
  bool working_ = false;
};

}  // namespace telekv::bot
