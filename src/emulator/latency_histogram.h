// How long things took, in buckets of at most 1/64 of their size: what is read back is never less
// than what was recorded, and at most 1.6% more. O(1) a record, 30 KB whatever is recorded.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace telekv::emulator {

class LatencyHistogram {
 public:
  void record(std::uint64_t ns) {
    ++buckets_[bucket_of(ns)];
    ++count_;
    max_ = std::max(max_, ns);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  /// What `share` (0..1) of the records were no longer than; 0 when there are none.
  std::uint64_t at(double share) const {
    const auto wanted =
        static_cast<std::uint64_t>(std::llround(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(highest_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned kBits = 6;  // buckets for each power of two, as a power of two
  static constexpr std::uint64_t kSteps = 1u << kBits;

  // Below 2 * kSteps a bucket a value; above, the topmost kBits + 1 bits tell the bucket.
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 2 * kSteps) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return (shift << kBits) + (value >> shift);
  }

  static std::uint64_t highest_of(std::size_t bucket) {
    if (bucket < 2 * kSteps) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    const std::uint64_t lowest = (bucket - (shift << kBits)) << shift;
    return lowest + ((std::uint64_t{1} << shift) - 1);
  }

  std::array<std::uint64_t, (64 - kBits + 1) * kSteps> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace telekv::emulator
