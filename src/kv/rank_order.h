// The order of the ranking in terms that sort: the best is the lowest.
//
// Any thread.
#pragma once

#include <cstdint>

#include "kv/schema.h"

namespace telekv::kv {

/// Higher is better.
using Score = std::int64_t;

namespace ranking {

/// A score as the ranking has it: the highest score is level 0.
using Level = std::uint64_t;

inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

inline Level level_of(Score score) { return ~(static_cast<std::uint64_t>(score) ^ kSignBit); }
inline Score score_of(Level level) { return static_cast<Score>(~level ^ kSignBit); }

/// A key as a number without sign, in the same order.
using OrderedKey = std::uint64_t;

inline OrderedKey ordered(Key key) { return static_cast<std::uint64_t>(key) ^ kSignBit; }

}  // namespace ranking
}  // namespace telekv::kv
