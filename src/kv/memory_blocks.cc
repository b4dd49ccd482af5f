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
constexpr std::size_t kWorthAsking = std::size_t{16} << 10U;
// An arena's blocks double from one size to the other, so that a small one stays small and no
// single operation waits for more than 8 pages.
constexpr std::size_t kFirstBlock = std::size_t{8} << 10U;
constexpr std::size_t kLargestBlock = std::size_t{32} << 10U;
// Work that takes more than some small blocks goes on in huge pages. Their block is address space
// before it is touched.
constexpr std::size_t kSmallBlock = std::size_t{32} << 10U;
constexpr std::size_t kSmallBlocks = 8;
constexpr std::size_t kLargeBlock = std::size_t{64} << 20U;

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

PageBlock::PageBlock(std::size_t bytes) : size_(round_up(bytes, kHugePageBytes)) {
  // A huge page begins at a multiple of its size: what is mapped before and behind is given back.
  void* const mapped = mmap(nullptr, size_ + kHugePageBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = round_up(address, kHugePageBytes) - address;
  if (before != 0) munmap(begin, before);
  if (before != kHugePageBytes) munmap(begin + before + size_, kHugePageBytes - before);
  data_ = begin + before;
#ifdef MADV_HUGEPAGE
  madvise(data_, size_, MADV_HUGEPAGE);
#endif
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
  if (left_ < wanted) {
    const std::size_t size = std::max(std::clamp(next_block_, kFirstBlock, kLargestBlock), wanted);
    blocks_.push_back(allocate_block(size));
    make_resident(blocks_.back().get(), size);
    memory_bytes_ += size;
    next_block_ = size * 2;
    at_ = blocks_.back().get();
    left_ = size;
    huge_ = false;
  }
  if (huge_) memory_bytes_ += wanted;
  left_ -= wanted;
  return std::exchange(at_, at_ + wanted);
}

void PageArena::expect(std::size_t bytes) {
  if (bytes < kHugePageBytes) return;
  huge_blocks_.emplace_back(bytes);
  at_ = huge_blocks_.back().data();
  left_ = huge_blocks_.back().size();
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
      large_.emplace_back(std::max(wanted, kLargeBlock));
      at_ = large_.back().data();
      left_ = large_.back().size();
    }
  }
  left_ -= wanted;
  return std::exchange(at_, at_ + wanted);
}

void Scratch::give_back(std::byte* last, std::size_t kept_bytes) {
  std::byte* const end = last + round_up(kept_bytes, kCacheLineBytes);
  left_ += static_cast<std::size_t>(at_ - end);
  at_ = end;
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
