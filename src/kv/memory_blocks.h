// Blocks of memory that begin with a cache line.
//
// Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace telekv::kv {

inline constexpr std::size_t kCacheLineBytes = 64;

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

}  // namespace telekv::kv
