#include "bot/hints.h"

namespace telekv::bot {

bool Hints::may_tell(telegram::UserId who) {
  if (pause_ == pause_.zero()) return true;
  const vault::Clock::Time now = clock_->now();
  while (!told_.empty() && told_.front().at + pause_ <= now) {
    lately_.erase(told_.front().who);
    told_.pop_front();
  }
  if (told_.size() >= kMaxRemembered || !lately_.insert(who).second) return false;
  told_.push_back({now, who});
  return true;
}

}  // namespace telekv::bot
