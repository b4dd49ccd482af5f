// Who has been helped lately: somebody who goes on sending what the bot does not understand gets
// one line in a while and then silence.
//
// O(1). Bounded: when kMaxRemembered people have been told within the pause, nobody else is.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <unordered_set>

#include "telegram/types.h"
#include "vault/clock.h"

namespace telekv::bot {

class Hints {
 public:
  static constexpr std::size_t kMaxRemembered = 10'000;
  static constexpr std::chrono::minutes kPause{1};

  /// `clock` must outlive the object. A pause of zero: everybody may always be told.
  Hints(const vault::Clock& clock, vault::Clock::Duration pause) : clock_(&clock), pause_(pause) {}

  /// Whether `who` may be told now; then they count as told.
  bool may_tell(telegram::UserId who);

  std::size_t size() const { return told_.size(); }

 private:
  struct Told {
    vault::Clock::Time at{};
    telegram::UserId who{};
  };

  const vault::Clock* clock_;
  vault::Clock::Duration pause_;
  std::deque<Told> told_;  // oldest first
  std::unordered_set<telegram::UserId> lately_;
};

}  // namespace telekv::bot
