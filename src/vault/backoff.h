// How long to wait before the next attempt after a failure: one policy for everyone who retries.
//
// Exponential with jitter, so that many waiters do not come back together; what the server asked
// for
// (`retry_after_s`) is obeyed exactly, because calling inside a penalty makes it longer. A value:
// one per activity, used from one thread. It never sleeps itself (Clock::sleep_for does).
#pragma once

#include <chrono>
#include <cstdint>

#include "kv/error.h"
#include "vault/random.h"

namespace telekv::vault {

class Backoff {
 public:
  struct Limits {
    std::chrono::milliseconds first{500};   ///< the longest first wait, above 0
    std::chrono::milliseconds cap{30'000};  ///< no wait of ours is longer; at least `first`
  };

  /// `random` must outlive the object.
  Backoff(Random& random, Limits limits);

  /// The wait before the next attempt. kRateLimited with a retry_after_s: exactly that, whatever
  /// the cap, and the exponential does not grow. Otherwise between half and the whole of min(cap,
  /// first * 2^failures), evenly spread.
  std::chrono::milliseconds next(const Error& error);

  /// After a success: the next failure starts from `first` again.
  void reset() { failures_ = 0; }

  /// Failures since the last success, those with a retry_after_s not counted.
  std::uint32_t failures() const { return failures_; }

 private:
  Random* random_;
  Limits limits_;
  std::uint32_t failures_ = 0;
};

}  // namespace telekv::vault
