// The hash of keys: one multiplication by a secret to 128 bits, folded (as in wyhash), and one more
// by a constant.
//
// Any thread. Who does not know the seed cannot choose keys that collide. The second multiplication
// is for regular keys: without it, one arithmetic progression in eighty made searches a hundred
// lines long. Its low bits, which only tags take, are the weaker ones.
#pragma once

#include <cstdint>

#include "kv/schema.h"

namespace telekv::kv {

class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed)
      : addend_(seed ^ 0x9e3779b97f4a7c15U),
        factor_(fold(seed ^ 0xa0761d6478bd642fU, 0xe7037ed1a0b428dbU) | 1U) {}

  std::uint64_t operator()(Key key) const {
    constexpr std::uint64_t kSpread = 0xff51afd7ed558ccdU;  // of MurmurHash3's finalizer
    return fold(static_cast<std::uint64_t>(key) ^ addend_, factor_) * kSpread;
  }

 private:
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }

  std::uint64_t addend_;
  std::uint64_t factor_;
};

}  // namespace telekv::kv
