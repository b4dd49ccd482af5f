// Sends replies: in order within a chat, several chats at a time, chats in turn, and begun no
// faster than the flood budget has it (what did not reach Telegram is tried again beside it). A
// chat under a penalty waits alone.
//
// Replies to one chat coalesce: of those about the same thing only the newest waits, so ten quick
// taps make two answers, the first and the last. Nothing else is dropped but what Telegram refuses.
// A chat that refuses the bot (blocked, deactivated, kicked) loses what waits for it and is written
// to again when it has written.
//
// One thread, the executor's. Bounded: when kMaxWaiting replies wait, room() holds the caller back;
// a chat's own queue drops its oldest reply above kMaxPerChat. A reply whose delivery is uncertain
// is not sent again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "telegram/api.h"
#include "telegram/flood_budget.h"
#include "telegram/reply.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/random.h"

namespace telekv::telegram {

class Outbox {
 public:
  static constexpr std::size_t kWorkers = 6;  ///< replies on their way at once
  static constexpr std::size_t kMaxWaiting = 20'000;
  static constexpr std::size_t kMaxPerChat = 30;

  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t coalesced = 0;  ///< a newer one took their place
    std::uint64_t dropped = 0;    ///< refused, uncertain, given up, or over the chat's bound
    std::uint64_t rate_limited = 0;
  };

  /// Is told why a reply was dropped; once for all that wait for a chat that takes none any more.
  using OnDropped = std::function<void(const Error& error)>;

  /// The references must outlive the object, and the object must outlive the executor's last run:
  /// its coroutines refer to it. `api` charges `budget`. `on_dropped` may be empty.
  Outbox(Api& api, FloodBudget& budget, vault::Clock& clock, vault::Random& random,
         boost::asio::any_io_executor executor, OnDropped on_dropped = {});

  void push(Reply reply);

  /// Whether `reply` may go at once by another way, of which nothing will be heard: its chat has
  /// nothing waiting and the budget has room, and it is a message of its own. Then it counts as
  /// sent, and is charged.
  bool hand_over(const Reply& reply);

  /// Whether few enough replies wait.
  bool has_room() const { return has_room_.is_set(); }

  /// Returns when few enough replies wait.
  boost::asio::awaitable<void> room();

  /// Returns when nothing waits and nothing is on its way.
  boost::asio::awaitable<void> drained();

  const Counters& counters() const { return counters_; }

 private:
  using Time = vault::Clock::Time;

  struct Chat {
    std::deque<Reply> replies;  // without the one on its way
    bool scheduled = false;     // in due_, or one is on its way
  };

  // A chat whose first reply may go at that time; of two at the same time the one scheduled first.
  struct Due {
    Time at{};
    std::uint64_t order = 0;
    ChatId chat{};
    bool operator>(const Due& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };

  void schedule(ChatId id);
  void pump();
  void wake_at(Time at);
  boost::asio::awaitable<void> wait_for_wake();
  boost::asio::awaitable<void> send(Reply reply);
  boost::asio::awaitable<Result<void>> deliver(const Reply& reply);
  Async<void> hand_to_telegram(const Reply& reply);
  void put_back(Reply reply);
  void drop_all(Chat& chat);
  void note_dropped(const Error& error);
  void update_waiters();

  Api* api_;
  FloodBudget* budget_;
  vault::Clock* clock_;
  vault::Random* random_;
  boost::asio::any_io_executor executor_;
  OnDropped on_dropped_;
  std::unordered_map<ChatId, Chat> chats_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t scheduled_ = 0;
  std::size_t waiting_ = 0;  // with those on their way
  std::size_t on_their_way_ = 0;
  Time wakes_at_ = Time::max();  // max: nobody waits to wake
  vault::Event earlier_;
  vault::Event has_room_;
  vault::Event empty_;
  Counters counters_;
};

}  // namespace telekv::telegram
