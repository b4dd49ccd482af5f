// The status page's numbers as JSON: what there is now, and the last day's samples. Pure; nothing
// in it is about a player. O(samples).
//
//   {"health": "ok", "time": 1790000000, "now": {"users": 12, ...} or null,
//    "columns": ["time", "clicks", ...], "samples": [[1789999960, 3, ...], ...],
//    "so_far": [1790000000, 1, ...] or null}
//
// Times are seconds, a sample's since 1970; sizes are bytes; null is what is not known.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

#include "bot/metrics.h"
#include "bot/sampler.h"
#include "vault/clock.h"

namespace telekv::bot {

struct StatusReport {
  std::string_view health;  ///< one word
  std::chrono::seconds unix_now{0};
  vault::Clock::Time now{};           ///< of the clock that the facts are of
  vault::Clock::Duration running{};   ///< since updates are taken
  const StoreFacts* facts = nullptr;  ///< null while the store is being loaded
  const Sampler* sampler = nullptr;   ///< as `facts`
  std::chrono::seconds after{0};      ///< only samples newer than that
};

std::string status_json(const StatusReport& report);

}  // namespace telekv::bot
