// Randomness that repeats itself from its seed (SplitMix64, public domain, Sebastiano Vigna).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "vault/random.h"

namespace telekv::vault {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  void fill(void* out, std::size_t size) override {
    auto* bytes = static_cast<unsigned char*>(out);
    while (size > 0) {
      const std::uint64_t value = next();
      const std::size_t part = std::min(size, sizeof value);
      std::memcpy(bytes, &value, part);
      bytes += part;
      size -= part;
    }
  }

  /// A number from 0 to `bound` - 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace telekv::vault
