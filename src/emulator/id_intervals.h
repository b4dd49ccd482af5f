// A set of ids as disjoint intervals, for ids that come almost in order. Adding is O(log n) in the
// number of intervals, which is bounded: above kMaxIntervals the lowest are forgotten.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace telekv::emulator {

class IdIntervals {
 public:
  static constexpr std::size_t kMaxIntervals = 10'000;

  /// Adds first..last, both included.
  void add(std::int64_t first, std::int64_t last) {
    auto next = intervals_.upper_bound(first);
    if (next != intervals_.begin() && std::prev(next)->second >= first - 1) {
      --next;
      first = next->first;
    }
    while (next != intervals_.end() && next->first <= last + 1) {
      last = std::max(last, next->second);
      next = intervals_.erase(next);
    }
    intervals_.emplace_hint(next, first, last);
    if (intervals_.size() > kMaxIntervals) intervals_.erase(intervals_.begin());
  }

  /// first -> last, ascending; neither overlapping nor touching.
  const std::map<std::int64_t, std::int64_t>& list() const { return intervals_; }

  /// 0 when there is none.
  std::int64_t highest() const { return intervals_.empty() ? 0 : intervals_.rbegin()->second; }

 private:
  std::map<std::int64_t, std::int64_t> intervals_;
};

}  // namespace telekv::emulator
