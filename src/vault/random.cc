#include "vault/random.h"

#include <sodium.h>

#include <exception>

namespace telekv::vault {

SystemRandom::SystemRandom() {
  if (sodium_init() < 0) std::terminate();
}

void SystemRandom::fill(void* out, std::size_t size) { randombytes_buf(out, size); }

}  // namespace telekv::vault
