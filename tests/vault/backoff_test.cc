// The one retry policy: waits grow to a cap, are spread, and obey the server to the second.
#include "vault/backoff.h"

#include <gtest/gtest.h>

#include <cstring>

namespace telekv::vault {
namespace {

using std::chrono::milliseconds;

/// Gives the same 64-bit number for ever.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint64_t value) : value_(value) {}
  void fill(void* out, std::size_t size) override {
    ASSERT_EQ(size, sizeof value_);
    std::memcpy(out, &value_, size);
  }

 private:
  std::uint64_t value_;
};

const Error kFailure{.code = ErrorCode::kUnavailable, .message = "down"};

TEST(Backoff, DoublesUpToTheCapAndStaysThere) {
  FixedRandom lowest(0);
  Backoff backoff(lowest, {.first = milliseconds(100), .cap = milliseconds(1000)});
  EXPECT_EQ(backoff.next(kFailure), milliseconds(50));
  EXPECT_EQ(backoff.next(kFailure), milliseconds(100));
  EXPECT_EQ(backoff.next(kFailure), milliseconds(200));
  EXPECT_EQ(backoff.next(kFailure), milliseconds(400));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(backoff.next(kFailure), milliseconds(500));
}

TEST(Backoff, NeverWaitsLongerThanTheCeilingOrShorterThanHalfOfIt) {
  SystemRandom random;
  Backoff backoff(random, {.first = milliseconds(1001), .cap = milliseconds(1001)});
  bool spread = false;
  const auto first = backoff.next(kFailure);
  for (int i = 0; i < 2000; ++i) {
    const auto wait = backoff.next(kFailure);
    ASSERT_GE(wait, milliseconds(500));
    ASSERT_LE(wait, milliseconds(1001));
    spread = spread || wait != first;
  }
  EXPECT_TRUE(spread) << "without jitter all waiters come back together";
}

TEST(Backoff, ObeysRetryAfterExactlyEvenAboveTheCap) {
  SystemRandom random;
  Backoff backoff(random, {.first = milliseconds(100), .cap = milliseconds(1000)});
  const Error limited{.code = ErrorCode::kRateLimited, .message = "flood", .retry_after_s = 7728};
  EXPECT_EQ(backoff.next(limited), std::chrono::seconds(7728));
  EXPECT_EQ(backoff.failures(), 0u) << "a penalty is no sign of an outage";
}

TEST(Backoff, WithoutANumberARateLimitIsAFailureLikeAnyOther) {
  FixedRandom lowest(0);
  Backoff backoff(lowest, {.first = milliseconds(100), .cap = milliseconds(1000)});
  EXPECT_EQ(backoff.next({.code = ErrorCode::kRateLimited, .message = "flood"}), milliseconds(50));
}

TEST(Backoff, StartsAgainAfterASuccess) {
  FixedRandom lowest(0);
  Backoff backoff(lowest, {.first = milliseconds(100), .cap = milliseconds(1000)});
  for (int i = 0; i < 5; ++i) backoff.next(kFailure);
  backoff.reset();
  EXPECT_EQ(backoff.next(kFailure), milliseconds(50));
}

}  // namespace
}  // namespace telekv::vault
