// The ladder of a vault's deltas: the root's own tail, segments of growing size, the next base.
// Pure arithmetic over sizes: what a commit uploads is in proportion to what has changed.
//
// Sizes are bytes of encoded deltas. With a tail of T bytes and a fan-out of F every delta is
// uploaded in roots until it is in a segment, then once for each power of F between T and the share
// of the base at which the next base is due; at most F - 1 segments stand in each of these classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace telekv::vault {

struct LadderLimits {
  /// A tail over this becomes a segment. Each commit uploads the tail again, half of this on
  /// average; a segment costs a call and some 90 bytes in every root after it. docs/reliability.md
  /// has what that is at 30 clicks a second.
  std::size_t tail_bytes = 2u << 10;
  std::size_t fan_out = 8;
  /// The next base is due when segments and tail exceed this share of the base ...
  std::size_t base_share_percent = 50;
  /// ... and this much, so that a small store is not written anew all the time.
  std::size_t least_bytes = 64u << 10;
  /// More bytes never go into one segment: a document has a bound.
  std::size_t largest_segment_bytes = 16u << 20;
};

/// How many of the newest segments (`sizes`, oldest first) a tail of `tail_bytes` is merged with
/// when it becomes a segment.
std::size_t segments_to_merge(std::span<const std::uint64_t> sizes, std::uint64_t tail_bytes,
                              const LadderLimits& limits);

/// Whether deltas of `delta_bytes` over a base of `base_bytes` call for the next base.
bool is_base_due(std::uint64_t base_bytes, std::uint64_t delta_bytes, const LadderLimits& limits);

}  // namespace telekv::vault
