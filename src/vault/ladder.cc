#include "vault/ladder.h"

#include <algorithm>

namespace telekv::vault {
namespace {

std::size_t size_class(std::uint64_t bytes, const LadderLimits& limits) {
  std::size_t result = 0;
  const std::uint64_t unit = std::max<std::uint64_t>(limits.tail_bytes, 1);
  for (std::uint64_t rest = bytes / unit; rest >= limits.fan_out; rest /= limits.fan_out) ++result;
  return result;
}

}  // namespace

std::size_t segments_to_merge(std::span<const std::uint64_t> sizes, std::uint64_t tail_bytes,
                              const LadderLimits& limits) {
  std::uint64_t merged = tail_bytes;
  std::size_t taken = 0;
  for (;;) {
    const std::size_t merged_class = size_class(merged, limits);
    std::size_t run = 0;
    std::uint64_t run_bytes = 0;
    while (taken + run < sizes.size()) {
      const std::uint64_t size = sizes[sizes.size() - 1 - taken - run];
      if (size_class(size, limits) > merged_class) break;
      run_bytes += size;
      ++run;
    }
    if (run + 1 < limits.fan_out || merged + run_bytes > limits.largest_segment_bytes) return taken;
    taken += run;
    merged += run_bytes;
  }
}

bool is_base_due(std::uint64_t base_bytes, std::uint64_t delta_bytes, const LadderLimits& limits) {
  const std::uint64_t share = base_bytes / 100 * limits.base_share_percent;
  return delta_bytes > std::max<std::uint64_t>(share, limits.least_bytes);
}

}  // namespace telekv::vault
