// What Telegram lets a bot send, as data, and the account of what was spent: when the next message
// may go into a chat, and how long a penalty (429, retry_after) runs. Keeps time, never sleeps.
//
// Limits: core.telegram.org/bots/faq "My bot is hitting limits": one message a second into a chat,
// short bursts let through, 20 a minute into a group, about 30 a second in all. Telegram's own are
// not published and move, so a penalty counts for more than any of these numbers.
//
// One thread. O(1) a call; memory for the chats that were written to lately or are under a penalty.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "telegram/types.h"
#include "vault/clock.h"

namespace telekv::telegram {

/// At most `burst` messages at once, and one more every `interval` after that: within any time t at
/// most burst + t / interval. An interval of zero sets no limit.
struct FloodRate {
  std::uint32_t burst = 1;
  vault::Clock::Duration interval{};
};

struct FloodLimits {
  FloodRate chat{.burst = 3, .interval = std::chrono::seconds(1)};
  FloodRate group{.burst = 5, .interval = std::chrono::seconds(4)};  ///< 20 in any minute
  /// Replies to everybody together, 25 in any second: the rest of the 30 is the vault's, whose
  /// messages never wait for this and are counted in it.
  FloodRate replies{.burst = 5, .interval = std::chrono::milliseconds(50)};

  /// Where nobody counts: a Bot API server of one's own, a benchmark. Penalties are obeyed still.
  static FloodLimits none() { return {.chat = {}, .group = {}, .replies = {}}; }
};

class FloodBudget {
 public:
  using Time = vault::Clock::Time;

  /// `clock` must outlive the object.
  FloodBudget(const vault::Clock& clock, FloodLimits limits) : clock_(&clock), limits_(limits) {}

  /// When a reply may go into `chat`, as far as that chat is concerned; not after now: at once.
  Time reply_at(ChatId chat) const;

  /// When a reply may go anywhere.
  Time reply_at() const;

  /// A message is being sent into `chat`, or edited there (Telegram counts both).
  void spend(ChatId chat);

  /// How long Telegram wants no call for `chat`; zero: no penalty.
  vault::Clock::Duration penalty_left(ChatId chat) const;

  /// Telegram refused a call for `chat` and wants none for `duration`. When it refuses
  /// kChatsThatMeanAll different chats with no success in between, the penalty is taken to be the
  /// bot's and not a chat's: everybody waits until the first of them ends.
  void penalize(ChatId chat, vault::Clock::Duration duration);
  static constexpr std::size_t kChatsThatMeanAll = 3;

  /// A message arrived.
  void succeed() { refused_count_ = 0; }

  /// Chats remembered.
  std::size_t size() const { return chats_.size(); }

 private:
  struct Account {
    Time paid_until{};  ///< a message takes one interval; `burst` of them may be owed
    Time penalty_until{};
  };
  struct Refused {
    ChatId chat{};
    Time until{};
  };

  const FloodRate& rate_of(ChatId chat) const;
  void forget_old(Time now);

  const vault::Clock* clock_;
  FloodLimits limits_;
  std::unordered_map<ChatId, Account> chats_;
  std::size_t forget_at_ = 1024;  ///< chats remembered at which old ones are looked for
  Time replies_paid_until_{};
  Time all_until_{};
  std::array<Refused, kChatsThatMeanAll> refused_{};
  std::size_t refused_count_ = 0;
};

}  // namespace telekv::telegram
