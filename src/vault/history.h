// Restore points and tombstones: the part of a vault's memory that changes only when a point comes
// or goes. Pure functions over format::History; the vault stores it as a document of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "telekv.pb.h"

namespace telekv::vault {

using TombstoneList = google::protobuf::RepeatedPtrField<format::Tombstones>;

/// A restore point as people read it.
struct PointInfo {
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;
  std::int64_t committed_at = 0;  ///< seconds since the Unix epoch
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of its base, its segments and the deltas beside them
};

PointInfo describe_point(const format::RestorePoint& point);

/// Adds `state` as the newest point. Its sequence is above every other point's.
void add_point(format::History& history, format::State state);

/// Whether `span` has passed since the wall clock showed `then`, in seconds since the Unix epoch;
/// true too when it has been set back behind that, or nothing would happen until it is there again.
inline bool has_passed(std::chrono::seconds span, std::int64_t then, std::int64_t now) {
  return now < then || now - then >= span.count();
}

/// Drops points: of those beside the newest, one for each `spacing` stays, and at most `keep` in
/// all. Returns whether any was dropped.
bool prune(format::History& history, std::size_t keep, std::chrono::seconds spacing);

/// Drops the oldest points beyond `most`. Returns whether any was dropped.
bool prune_to(format::History& history, std::size_t most);

inline constexpr std::uint64_t kNoRestore = std::numeric_limits<std::uint64_t>::max();

/// Drops what no point needs, nor a restore of `restored` that is under way: keys erased before,
/// and of a key erased several times all but the newest.
void drop_unneeded_tombstones(format::History& history, std::uint64_t restored = kNoRestore);

const format::RestorePoint* find_point(const format::History& history, std::uint64_t number);

/// A list of keys, ascending, as tombstones of `sequence`.
format::Tombstones make_tombstones(std::uint64_t sequence,
                                   const std::vector<std::int64_t>& ascending_keys);

/// Every key erased after `sequence`, by the history or by `newer`; ascending, each once.
std::vector<std::int64_t> erased_after(const format::History& history, const TombstoneList& newer,
                                       std::uint64_t sequence);

}  // namespace telekv::vault
