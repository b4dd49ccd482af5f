// The course of a history before it begins, drawn from its seed: how the bot is run, which updates
// come when, what happens to whom, and which troubles may strike on the way.
#pragma once

#include <cstdint>
#include <vector>

#include "simulation_faults.h"
#include "simulation_updates.h"
#include "simulation_world.h"

namespace telekv::vault {

/// Something that happens at a time of its own.
struct Happening {
  enum class Kind : std::uint8_t {
    kStart,
    kStop,
    kKill,
    kFreeze,
    kClockJump,
    kForeignPin,
    kForeignUnpin,
    kDeleteMessage,
    kLoseFile,
    kStoredFlip,
    kSwap,
    kSnapshot,
    kRestore,
    kCheck,  ///< everybody dies, in a copy of the world
  };
  Kind kind{};
  Clock::Duration at{};
  std::uint64_t pick = 0;  ///< whom, or how much
};

struct Plan {
  std::uint64_t seed = 0;
  BotSettings settings;
  TroublePlan troubles;
  std::int64_t first_update_id = 1;
  std::vector<SimUpdates::Update> updates;
  std::vector<Happening> happenings;  ///< by time
  bool drops_replaced = false;
  int most_starts = 8;
  Clock::Duration end{};
};

/// What may be left out of a plan, to find what a failure needs.
struct Without {
  std::array<bool, kTroubles> troubles{};
  std::size_t happenings = 0;  ///< so many of the last are left out
  std::size_t updates = 0;
};

Plan draw_plan(std::uint64_t seed, const Without& without = {});

}  // namespace telekv::vault
