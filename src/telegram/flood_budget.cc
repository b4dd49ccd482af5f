#include "telegram/flood_budget.h"

#include <algorithm>

namespace telekv::telegram {
namespace {

using vault::Clock;

/// When the next message may go that finds `paid_until`.
Clock::Time next_at(Clock::Time paid_until, const FloodRate& rate) {
  return paid_until - rate.interval * (static_cast<Clock::Duration::rep>(rate.burst) - 1);
}

// Who does not wait for the budget may owe no more than a burst, or its chat would be silent for as
// long as it has overdrawn.
Clock::Time pay(Clock::Time paid_until, const FloodRate& rate, Clock::Time now) {
  const Clock::Duration most = rate.interval * static_cast<Clock::Duration::rep>(rate.burst);
  return std::min(std::max(paid_until, now) + rate.interval, now + most);
}

}  // namespace

// Groups, supergroups and channels have negative ids, people positive ones.
const FloodRate& FloodBudget::rate_of(ChatId chat) const {
  return to_int(chat) < 0 ? limits_.group : limits_.chat;
}

FloodBudget::Time FloodBudget::reply_at(ChatId chat) const {
  const auto found = chats_.find(chat);
  if (found == chats_.end()) return {};
  return std::max(next_at(found->second.paid_until, rate_of(chat)), found->second.penalty_until);
}

FloodBudget::Time FloodBudget::reply_at() const {
  return std::max(next_at(replies_paid_until_, limits_.replies), all_until_);
}

void FloodBudget::spend(ChatId chat) {
  const Time now = clock_->now();
  replies_paid_until_ = pay(replies_paid_until_, limits_.replies, now);
  const FloodRate& rate = rate_of(chat);
  if (rate.interval == Clock::Duration::zero()) return;
  forget_old(now);
  Account& account = chats_[chat];
  account.paid_until = pay(account.paid_until, rate, now);
}

Clock::Duration FloodBudget::penalty_left(ChatId chat) const {
  const auto found = chats_.find(chat);
  if (found == chats_.end()) return Clock::Duration::zero();
  return std::max(found->second.penalty_until - clock_->now(), Clock::Duration::zero());
}

void FloodBudget::penalize(ChatId chat, Clock::Duration duration) {
  const Time now = clock_->now();
  const Time until = now + duration;
  forget_old(now);
  Account& account = chats_[chat];
  account.penalty_until = std::max(account.penalty_until, until);

  const auto end = refused_.begin() + static_cast<std::ptrdiff_t>(refused_count_);
  const auto same = std::find_if(refused_.begin(), end,
                                 [&](const Refused& refused) { return refused.chat == chat; });
  if (same != end) {
    same->until = until;
    return;
  }
  *end = {.chat = chat, .until = until};
  if (++refused_count_ < kChatsThatMeanAll) return;
  refused_count_ = 0;
  const auto first = std::min_element(
      refused_.begin(), refused_.end(),
      [](const Refused& left, const Refused& right) { return left.until < right.until; });
  all_until_ = std::max(all_until_, first->until);
}

// Doubling the size at which it looks keeps the cost of a message constant.
void FloodBudget::forget_old(Time now) {
  if (chats_.size() < forget_at_) return;
  std::erase_if(chats_, [&](const auto& entry) {
    return entry.second.paid_until <= now && entry.second.penalty_until <= now;
  });
  forget_at_ = std::max<std::size_t>(1024, 2 * chats_.size());
}

}  // namespace telekv::telegram
