#include "kv/scarce_memory.h"

#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
std::size_t granted = kAll;  // requests until one is refused
bool only_one = false;
bool has_refused = false;

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (granted == 0) {
    has_refused = true;
    if (only_one) granted = kAll;
    throw std::bad_alloc();
  }
  if (granted != kAll) --granted;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, size == 0 ? alignment : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// Not inline: GCC 12 would see free() of what it knows as operator new's.
[[gnu::noinline]] void give_back(void* memory) { std::free(memory); }

void refuse(std::size_t after, bool one) {
  granted = after;
  only_one = one;
  has_refused = false;
}

}  // namespace

namespace telekv::kv::scarce_memory {

void refuse_after(std::size_t requests) { refuse(requests, false); }

void refuse_one_after(std::size_t requests) { refuse(requests, true); }

bool grant_all() {
  granted = kAll;
  return has_refused;
}

}  // namespace telekv::kv::scarce_memory

void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
// A sanitizer's own would not go with the operator delete that is here.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return allocate(bytes, alignof(std::max_align_t));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
