// One history from its seed: a bot and its vault through overlapping processes, crashes and a chat
// that fails, and the judgement on it. Whenever everybody dies, the next opener must restore what
// was promised. Single thread; a few milliseconds of computing for hours of virtual time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulation_faults.h"
#include "simulation_plan.h"

namespace telekv::vault {

enum class Tracing : std::uint8_t { kOff, kOn };

/// The first promise that was broken; nothing when all were kept. A trace goes to standard output.
std::optional<std::string> run_history(const Plan& plan, Tally& tally, Tracing tracing);

/// Leaves out of a failing plan what its failure does not need.
Without shrink(std::uint64_t seed);

}  // namespace telekv::vault
