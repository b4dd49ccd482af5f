// The ladder's arithmetic: which segments a tail is merged with, and when the next base is due.
#include "vault/ladder.h"

#include <gtest/gtest.h>

#include <vector>

namespace telekv::vault {
namespace {

constexpr LadderLimits kLimits{.tail_bytes = 100,
                               .fan_out = 4,
                               .base_share_percent = 50,
                               .least_bytes = 1000,
                               .largest_segment_bytes = 10'000};

std::size_t merged(const std::vector<std::uint64_t>& sizes, std::uint64_t tail) {
  return segments_to_merge(sizes, tail, kLimits);
}

TEST(Ladder, MergesWhenTheFanOutIsReached) {
  EXPECT_EQ(merged({}, 120), 0u);
  EXPECT_EQ(merged({120, 120}, 120), 0u);
  EXPECT_EQ(merged({120, 120, 120}, 120), 3u);
}

TEST(Ladder, AMergeMayCallForTheNext) {
  EXPECT_EQ(merged({480, 480, 480, 120, 120, 120}, 120), 6u);
  EXPECT_EQ(merged({480, 480, 120, 120, 120}, 120), 3u);
}

TEST(Ladder, ALargeTailTakesSmallerSegmentsAlong) { EXPECT_EQ(merged({120, 120, 500}, 700), 3u); }

TEST(Ladder, NoSegmentGrowsBeyondADocument) { EXPECT_EQ(merged({4000, 4000, 4000}, 4000), 0u); }

TEST(Ladder, HoldsFewSegmentsAndUploadsEachByteAFewTimes) {
  std::vector<std::uint64_t> sizes;
  std::uint64_t uploaded = 0;
  std::uint64_t total = 0;
  for (int i = 0; i < 60; ++i) {
    const std::size_t taken = merged(sizes, 120);
    std::uint64_t size = 120;
    for (std::size_t k = 0; k < taken; ++k) {
      size += sizes.back();
      sizes.pop_back();
    }
    sizes.push_back(size);
    uploaded += size;
    total += 120;
    EXPECT_LE(sizes.size(), 3u * 4u);
  }
  EXPECT_LT(uploaded, 4 * total);
}

TEST(Ladder, TheNextBaseIsDueAtAShareOfTheBaseAndNeverForLittle) {
  EXPECT_FALSE(is_base_due(0, 1000, kLimits));
  EXPECT_TRUE(is_base_due(0, 1001, kLimits));
  EXPECT_FALSE(is_base_due(100'000, 50'000, kLimits));
  EXPECT_TRUE(is_base_due(100'000, 50'001, kLimits));
}

}  // namespace
}  // namespace telekv::vault
