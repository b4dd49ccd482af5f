// How often a bot may write, and what it hears when it writes more: 429 with a retry_after.
// Telegram's own limits are not published and move; the kinds here are what docs/emulator.md says.
//
// Single-threaded; O(1) a call. Memory for the chats written to lately.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "emulator/model.h"

namespace telekv::emulator {

enum class FloodKind {
  kOff,
  kGentle,  ///< ten times as much as real, and what is sent inside a penalty makes it no longer
  kReal,    ///< a message a second into a chat after 20 at once, 20 a minute into a group, 30 a
            ///< second in all; a call inside a penalty doubles what is left of it
};

/// The kind of that name on the command line; nothing for an unknown one.
std::optional<FloodKind> parse_flood_kind(std::string_view name);

class FloodControl {
 public:
  explicit FloodControl(FloodKind kind) : kind_(kind) {}

  /// Seconds that `bot` has to wait before it may write into `chat`; 0: it may now, and has.
  std::uint32_t charge(BotId bot, ChatId chat, TimeMs now);

  /// Whether a method writes into a chat. Name as the documentation spells it.
  static bool is_charged(std::string_view method);

 private:
  // A budget that fills up again: `burst` at once, one more every `interval`.
  struct Rate {
    std::int64_t burst;
    TimeMs interval;
  };
  struct Account {
    TimeMs paid_until = 0;
    TimeMs penalty_until = 0;
  };

  Rate scaled(Rate rate) const;
  static bool spend(TimeMs& paid_until, Rate rate, TimeMs now);
  void forget_old(TimeMs now);

  FloodKind kind_;
  std::map<std::pair<BotId, ChatId>, Account> chats_;
  std::map<BotId, TimeMs> bots_;  // paid until
  std::size_t forget_at_ = 10'000;
};

}  // namespace telekv::emulator
