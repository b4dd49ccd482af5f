// Memory of one kind of part, in blocks; what is freed is used again, and given back with the pool.
// Parts are numbered: 4 bytes name one, where an address takes 8.
//
// One thread. Every operation O(1). Only reserve() fails: take() finds what was reserved.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "kv/memory_blocks.h"

namespace telekv::kv::ranking {

/// `Part` has members `number` and `next_free`, which are the pool's.
template <class Part, std::uint32_t most>
class Pool {
 public:
  Part& operator[](std::uint32_t number) const { return blocks_[number / kBlock][number % kBlock]; }

  /// Sees to it that `count` parts can be taken. Throws std::bad_alloc, also beyond `most` parts.
  void reserve(std::size_t count) {
    while (free_count_ < count) add_block();
  }

  /// The memory of the next `count` parts comes from huge pages, as it is needed: for who is about
  /// to need many at once.
  void expect(std::size_t count) {
    const std::size_t bytes = count * sizeof(Part);
    if (bytes < kHugePageBytes) return;
    huge_blocks_.emplace_back(bytes);
    expected_ = {reinterpret_cast<Part*>(huge_blocks_.back().data()), count};
  }

  Part& take() {
    assert(free_count_ > 0);
    --free_count_;
    return *std::exchange(free_, free_->next_free);
  }

  void free(Part& part) {
    part.next_free = std::exchange(free_, &part);
    ++free_count_;
  }

  /// Makes all parts free and gives back all memory but the first block's. Needs none.
  void clear() noexcept {
    free_ = nullptr;
    free_count_ = 0;
    expected_ = {};
    huge_blocks_.clear();
    if (blocks_.empty()) return;
    // The first block was made before anybody could expect more.
    assert(blocks_.front() == small_blocks_.front().get());
    small_blocks_.resize(1);
    blocks_.resize(1);
    free_block(0);
  }

  std::size_t memory_bytes() const {
    return blocks_.size() * (kBlock * sizeof(Part) + sizeof blocks_[0]);
  }

 private:
  static constexpr std::uint32_t kBlock = 16;

  void add_block() {
    if (blocks_.size() >= most / kBlock) throw std::bad_alloc();
    if (blocks_.size() == blocks_.capacity()) blocks_.reserve(2 * blocks_.size() + 1);
    blocks_.push_back(take_block());
    free_block(static_cast<std::uint32_t>(blocks_.size() - 1));
  }

  void free_block(std::uint32_t number) {
    for (std::uint32_t i = kBlock; i-- > 0;) {
      Part& part = blocks_[number][i];
      part.number = number * kBlock + i;
      free(part);
    }
  }

  Part* take_block() {
    if (expected_.size() < kBlock) {
      small_blocks_.push_back(std::make_unique_for_overwrite<Part[]>(kBlock));
      return small_blocks_.back().get();
    }
    Part* const block = expected_.data();
    std::uninitialized_default_construct_n(block, kBlock);
    expected_ = expected_.subspan(kBlock);
    return block;
  }

  std::vector<Part*> blocks_;
  std::vector<std::unique_ptr<Part[]>> small_blocks_;
  std::vector<PageBlock> huge_blocks_;
  std::span<Part> expected_;  // of the last huge block, what is left
  Part* free_ = nullptr;
  std::size_t free_count_ = 0;
};

}  // namespace telekv::kv::ranking
