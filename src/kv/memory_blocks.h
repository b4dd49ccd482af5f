// Memory in blocks: for structures that begin with a cache line, and for what is written from one
// end to the other.
//
// A page of 4 KiB that is touched for the first time costs 0.2 us on bare metal, 1.2 us under a
// hypervisor and up to 14 us under a busy one, where one of many asked for in one call costs 4.5 us
// and each 4 KiB of a huge page 0.3 us. A huge page as a whole costs 0.1 to 0.2 ms, seldom some
// milliseconds: so work that is long anyway takes huge pages, and work in short steps asks for some
// small ones before it fills them.
//
// Any thread. Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace telekv::kv {

inline constexpr std::size_t kCacheLineBytes = 64;
/// Of x86-64; where it is another, memory is taken in other steps.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

struct FreeBlock {
  void operator()(std::byte* block) const {
    ::operator delete (block, std::align_val_t{kCacheLineBytes});
  }
};

using Block = std::unique_ptr<std::byte[], FreeBlock>;

/// Not initialised.
inline Block allocate_block(std::size_t bytes) {
  return Block(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kCacheLineBytes})));
}

/// Asks for the pages of memory that is about to be filled. A hint: what the system does not grant
/// comes with the first touch.
void make_resident(void* begin, std::size_t bytes);

/// Memory straight from the system, zeros, given back as soon as it is freed, at a cost that does
/// not depend on what else the heap holds.
class PageBlock {
 public:
  PageBlock() = default;
  ~PageBlock();
  PageBlock(PageBlock&& other) noexcept;
  PageBlock& operator=(PageBlock&& other) noexcept;

  /// Resident as it is touched, in huge pages where the system has them.
  explicit PageBlock(std::size_t bytes);

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Takes memory piece by piece from the heap and frees it as a whole. From the heap, because what
/// was freed there before is resident still: a fifth of what a row costs a walk otherwise.
class PageArena {
 public:
  /// `bytes` of it, which begin with a cache line. Not initialised.
  std::byte* take(std::size_t bytes);
  /// Takes the next `bytes` from huge pages: for who is about to need them at once.
  void expect(std::size_t bytes);
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  std::vector<Block> blocks_;
  std::vector<PageBlock> huge_blocks_;
  std::size_t next_block_ = 0;
  std::byte* at_ = nullptr;
  std::size_t left_ = 0;
  bool huge_ = false;  // only what is taken is there
  std::size_t memory_bytes_ = 0;
};

/// Memory for one piece of work that is long anyway, freed as a whole.
class Scratch {
 public:
  /// Not initialised.
  template <class Value>
  std::span<Value> take(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<Value> && alignof(Value) <= kCacheLineBytes);
    return {reinterpret_cast<Value*>(take_bytes(count * sizeof(Value))), count};
  }

  /// Takes back what is behind the first `count` of what was taken last.
  template <class Value>
  std::span<Value> shorten(std::span<Value> last, std::size_t count) {
    give_back(reinterpret_cast<std::byte*>(last.data()), count * sizeof(Value));
    return last.first(count);
  }

  /// Takes everything back; the memory is used again.
  void rewind();

 private:
  std::byte* take_bytes(std::size_t bytes);
  void give_back(std::byte* last, std::size_t kept_bytes);

  std::vector<Block> small_;
  std::vector<PageBlock> large_;
  std::byte* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace telekv::kv
