// What the next opener finds when everybody has died: on copies of chat and queue a process starts,
// meets no trouble, and takes what is left in the queue. It must restore what was promised, apply
// every update once, and tell what is lost.
#pragma once

#include <optional>
#include <string>

#include "simulation_world.h"

namespace telekv::vault {

/// Late effects either land while the opener works, or before.
enum class LateEffects : std::uint8_t { kMeanwhile, kBefore };

/// The promise that is broken, if one is.
std::optional<std::string> everybody_dies(const SimWorld& world, LateEffects late);

}  // namespace telekv::vault
