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
#include <utility>
#include <vector>

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

  Part& take() {
    assert(free_count_ > 0);
    --free_count_;
    return *std::exchange(free_, free_->next_free);
  }

  void free(Part& part) {
    part.next_free = std::exchange(free_, &part);
    ++free_count_;
  }

  std::size_t memory_bytes() const {
    return blocks_.size() * (kBlock * sizeof(Part) + sizeof blocks_[0]);
  }

 private:
  static constexpr std::uint32_t kBlock = 16;

  void add_block() {
    if (blocks_.size() >= most / kBlock) throw std::bad_alloc();
    blocks_.push_back(std::make_unique_for_overwrite<Part[]>(kBlock));
    for (std::uint32_t i = kBlock; i-- > 0;) {
      Part& part = blocks_.back()[i];
      part.number = static_cast<std::uint32_t>(blocks_.size() - 1) * kBlock + i;
      free(part);
    }
  }

  std::vector<std::unique_ptr<Part[]>> blocks_;
  Part* free_ = nullptr;
  std::size_t free_count_ = 0;
};

}  // namespace telekv::kv::ranking
