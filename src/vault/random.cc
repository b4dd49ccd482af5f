#include "vault/random.h"

#include <sodium.h>

namespace telekv::vault {

void SystemRandom::fill(void* out, std::size_t size) { randombytes_buf(out, size); }

}  // namespace telekv::vault
