#include "kv/memory_blocks.h"

// Memory is no I/O: the house's check lets this file, and no other of the engine, ask the system.
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace telekv::kv {
namespace {

// Where pages are larger, the system refuses the hint at an address in the middle of one.
constexpr std::size_t kPageBytes = 4096;
// Below it the call costs what it saves: a heap in use has as much at hand.
constexpr std::size_t kWorthAsking = std::size_t{64} << 10U;
// An arena's blocks double from one size to the other, so that a small one stays small and no
// single operation waits for more than 16 pages.
constexpr std::size_t kFirstBlock = std::size_t{16} << 10U;
constexpr std::size_t kLargestBlock = std::size_t{64} << 10U;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void make_resident(void* begin, std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  if (bytes < kWorthAsking) return;
  // The first and the last page may hold something else too: asking for them does no harm.
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = address / kPageBytes * kPageBytes;
  madvise(reinterpret_cast<void*>(first), round_up(address + bytes - first, kPageBytes),
          MADV_POPULATE_WRITE);
#endif
}

PageBlock::PageBlock(std::size_t bytes) : size_(round_up(bytes, kPageBytes)) {
  void* const pages = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(pages);
}

PageBlock::~PageBlock() {
  if (data_ != nullptr) munmap(data_, size_);
}

PageBlock::PageBlock(PageBlock&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

PageBlock& PageBlock::operator=(PageBlock&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

std::byte* PageArena::take(std::size_t bytes) {
  const std::size_t wanted = round_up(bytes, kCacheLineBytes);
  if (blocks_.empty() || blocks_.back().size() - used_ < wanted) {
    const std::size_t next =
        blocks_.empty() ? kFirstBlock : std::min(blocks_.back().size() * 2, kLargestBlock);
    blocks_.emplace_back(std::max(next, wanted));
    memory_bytes_ += blocks_.back().size();
    used_ = 0;
  }
  return blocks_.back().data() + std::exchange(used_, used_ + wanted);
}

}  // namespace telekv::kv
