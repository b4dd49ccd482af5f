// Sends replies: in order within a chat, several chats at a time, never into a chat that Telegram
// has asked to leave alone. Penalties hold one chat back and nobody else.
//
// One thread. Bounded: when kMaxWaiting replies wait, room() holds the caller back; a chat's own
// queue drops its oldest reply above kMaxPerChat. A reply whose delivery is uncertain is not sent
// again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "bot/clicker.h"
#include "telegram/api.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/random.h"

namespace telekv::bot {

class Outbox {
 public:
  static constexpr std::size_t kWorkers = 6;  ///< replies on their way at once
  static constexpr std::size_t kMaxWaiting = 20'000;
  static constexpr std::size_t kMaxPerChat = 30;

  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  ///< refused, uncertain, given up, or over the chat's bound
    std::uint64_t rate_limited = 0;
  };

  /// The references must outlive the object, and the object must outlive the executor's last run:
  /// its coroutines refer to it.
  Outbox(telegram::Api& api, vault::Clock& clock, vault::Random& random,
         boost::asio::any_io_executor executor);

  void push(Reply reply);

  /// Whether few enough replies wait.
  bool has_room() const { return has_room_.is_set(); }

  /// Returns when few enough replies wait.
  boost::asio::awaitable<void> room();

  /// Returns when nothing waits and nothing is on its way.
  boost::asio::awaitable<void> drained();

  const Counters& counters() const { return counters_; }

 private:
  struct Chat {
    std::deque<Reply> replies;
    bool busy = false;  // a worker has its first reply, or a penalty is running
  };

  boost::asio::awaitable<void> work();
  boost::asio::awaitable<void> hold(telegram::ChatId id, vault::Clock::Duration duration);
  boost::asio::awaitable<bool> deliver(telegram::ChatId id);
  void finish_first(telegram::ChatId id);
  void make_ready(telegram::ChatId id);

  telegram::Api* api_;
  vault::Clock* clock_;
  vault::Random* random_;
  boost::asio::any_io_executor executor_;
  std::unordered_map<telegram::ChatId, Chat> chats_;
  std::deque<telegram::ChatId> ready_;
  std::size_t waiting_ = 0;
  std::size_t workers_ = 0;
  vault::Event has_room_;
  vault::Event empty_;
  Counters counters_;
};

}  // namespace telekv::bot
