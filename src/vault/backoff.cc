#include "vault/backoff.h"

#include <algorithm>

namespace telekv::vault {

Backoff::Backoff(Random& random, Limits limits) : random_(&random), limits_(limits) {}

std::chrono::milliseconds Backoff::next(const Error& error) {
  if (error.code == ErrorCode::kRateLimited && error.retry_after_s > 0) {
    return std::chrono::seconds(error.retry_after_s);
  }
  // Doubling by comparison instead of shifting: no overflow however long the outage lasts.
  auto ceiling = std::min(limits_.first, limits_.cap);
  for (std::uint32_t i = 0; i < failures_ && ceiling < limits_.cap; ++i) {
    ceiling = ceiling > limits_.cap / 2 ? limits_.cap : ceiling * 2;
  }
  ++failures_;
  const auto whole = static_cast<std::uint64_t>(ceiling.count());
  const std::uint64_t half = whole / 2;
  const std::uint64_t wait = half + random_->next_u64() % (whole - half + 1);
  return std::chrono::milliseconds(static_cast<std::int64_t>(wait));
}

}  // namespace telekv::vault
