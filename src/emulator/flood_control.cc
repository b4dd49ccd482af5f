#include "emulator/flood_control.h"

#include <algorithm>
#include <array>

namespace telekv::emulator {
namespace {

constexpr TimeMs kSecond = 1000;
constexpr TimeMs kLongestPenalty = 3600 * kSecond;
constexpr TimeMs kChatPenalty = 5 * kSecond;
constexpr TimeMs kGroupPenalty = 30 * kSecond;

std::uint32_t seconds_of(TimeMs span) {
  return static_cast<std::uint32_t>((span + kSecond - 1) / kSecond);
}

}  // namespace

std::optional<FloodKind> parse_flood_kind(std::string_view name) {
  if (name == "off") return FloodKind::kOff;
  if (name == "gentle") return FloodKind::kGentle;
  if (name == "real") return FloodKind::kReal;
  return std::nullopt;
}

bool FloodControl::is_charged(std::string_view method) {
  constexpr std::array<std::string_view, 6> kPrefixes{"send", "edit",   "forward",
                                                      "copy", "delete", "pinChatMessage"};
  const bool writes = std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
    return method.starts_with(prefix);
  });
  return writes && method != "deleteWebhook" && method != "deleteMyCommands";
}

FloodControl::Rate FloodControl::scaled(Rate rate) const {
  constexpr std::int64_t kGentler = 10;
  if (kind_ == FloodKind::kReal) return rate;
  return {rate.burst * kGentler, rate.interval / kGentler};
}

bool FloodControl::spend(TimeMs& paid_until, Rate rate, TimeMs now) {
  if (paid_until - rate.interval * (rate.burst - 1) > now) return false;
  paid_until = std::max(paid_until, now) + rate.interval;
  return true;
}

std::uint32_t FloodControl::charge(BotId bot, ChatId chat, TimeMs now) {
  if (kind_ == FloodKind::kOff) return 0;
  constexpr Rate kChat{20, kSecond};
  constexpr Rate kGroup{20, 3 * kSecond};
  constexpr Rate kBot{30, kSecond / 30};
  forget_old(now);
  const bool group = chat < 0;
  Account& account = chats_[{bot, chat}];
  if (account.penalty_until > now) {
    const TimeMs left = account.penalty_until - now;
    if (kind_ == FloodKind::kReal) {
      account.penalty_until = now + std::min(2 * left, kLongestPenalty);
    }
    return seconds_of(account.penalty_until - now);
  }
  if (spend(account.paid_until, scaled(group ? kGroup : kChat), now) &&
      spend(bots_[bot], scaled(kBot), now)) {
    return 0;
  }
  account.penalty_until = now + (group ? kGroupPenalty : kChatPenalty);
  return seconds_of(account.penalty_until - now);
}

// Doubling the size at which it looks keeps the cost of a call constant.
void FloodControl::forget_old(TimeMs now) {
  if (chats_.size() < forget_at_) return;
  std::erase_if(chats_, [now](const auto& entry) {
    return entry.second.paid_until <= now && entry.second.penalty_until <= now;
  });
  forget_at_ = std::max<std::size_t>(10'000, 2 * chats_.size());
}

}  // namespace telekv::emulator
