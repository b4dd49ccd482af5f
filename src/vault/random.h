// Randomness as a seam: nonces, jitter and one-time codes come from here, so that a test can repeat
// a run from its seed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace telekv::vault {

class Random {
 public:
  virtual ~Random() = default;

  /// Fills `size` bytes at `out`; unpredictable in the real implementation.
  virtual void fill(void* out, std::size_t size) = 0;

  std::uint64_t next_u64() {
    std::uint64_t value;
    fill(&value, sizeof value);
    return value;
  }
};

/// The operating system's generator (libsodium).
class SystemRandom final : public Random {
 public:
  /// Prepares libsodium for the whole process; terminates when the machine has no randomness.
  SystemRandom();
  void fill(void* out, std::size_t size) override;
};

}  // namespace telekv::vault
