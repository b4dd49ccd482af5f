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
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;
// Work that takes more than some small blocks goes on in huge pages. Their block is address space
// before it is touched.
constexpr std::size_t kSmallBlock = std::size_t{32} << 10U;
constexpr std::size_t kSmallBlocks = 8;
constexpr std::size_t kLargeBlock = std::size_t{64} << 20U;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::byte* map(std::size_t bytes, int flags) {
  void* const pages =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(pages);
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

PageBlock PageBlock::resident(std::size_t bytes) {
  const std::size_t size = round_up(bytes, kPageBytes);
  return {map(size, MAP_POPULATE), size};
}

PageBlock PageBlock::huge(std::size_t bytes) {
  const std::size_t size = round_up(bytes, kHugePageBytes);
  // A huge page begins at a multiple of its size: what is mapped before and behind is given back.
  std::byte* const mapped = map(size + kHugePageBytes, MAP_NORESERVE);
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t before = round_up(address, kHugePageBytes) - address;
  if (before != 0) munmap(mapped, before);
  if (before != kHugePageBytes) munmap(mapped + before + size, kHugePageBytes - before);
#ifdef MADV_HUGEPAGE
  madvise(mapped + before, size, MADV_HUGEPAGE);
#endif
  return {mapped + before, size};
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
    blocks_.push_back(PageBlock::resident(std::max(next, wanted)));
    memory_bytes_ += blocks_.back().size();
    used_ = 0;
    huge_ = false;
  }
  if (huge_) memory_bytes_ += wanted;
  return blocks_.back().data() + std::exchange(used_, used_ + wanted);
}

void PageArena::expect(std::size_t bytes) {
  if (bytes < kHugePageBytes) return;
  blocks_.push_back(PageBlock::huge(bytes));
  used_ = 0;
  huge_ = true;
}

std::byte* Scratch::take_bytes(std::size_t bytes) {
  const std::size_t wanted = round_up(bytes, kCacheLineBytes);
  if (left_ < wanted) {
    if (wanted <= kSmallBlock && small_.size() < kSmallBlocks) {
      small_.push_back(allocate_block(kSmallBlock));
      at_ = small_.back().get();
      left_ = kSmallBlock;
    } else {
      large_.push_back(PageBlock::huge(std::max(wanted, kLargeBlock)));
      at_ = large_.back().data();
      left_ = large_.back().size();
    }
  }
  left_ -= wanted;
  return std::exchange(at_, at_ + wanted);
}

void Scratch::rewind() {
  if (!large_.empty()) {
    large_.erase(large_.begin(), large_.end() - 1);
    at_ = large_.back().data();
    left_ = large_.back().size();
  } else if (!small_.empty()) {
    small_.resize(1);
    at_ = small_.back().get();
    left_ = kSmallBlock;
  }
}

}  // namespace telekv::kv
