// What a walk notes of rows and texts, besides the chunk that it is copying.
//
// Internal to the table, on its thread. O(1) each. Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kv/memory_blocks.h"
#include "kv/row_store.h"
#include "kv/text_pool.h"

namespace telekv::kv {

/// A number for each of the pool's texts, by pages, so that a few cost little.
class TextPlaces {
 public:
  /// 0 as long as nothing was assigned to it.
  std::uint32_t& operator[](TextId id) {
    const std::size_t page = id / kPage;
    if (page >= pages_.size() || pages_[page] == nullptr) add_page(page);
    return pages_[page][id % kPage];
  }
  std::size_t memory_bytes() const { return arena_.memory_bytes(); }

 private:
  static constexpr TextId kPage = 1024;

  void add_page(std::size_t page);

  std::vector<std::uint32_t*> pages_;
  PageArena arena_;
};

/// A byte for each row.
class RowNotes {
 public:
  /// To be set by ascending row at first.
  std::uint8_t& operator[](Slot slot) {
    if (slot / kPiece == pieces_.size()) [[unlikely]]
      add_piece();
    return reinterpret_cast<std::uint8_t*>(pieces_[slot / kPiece].get())[slot % kPiece];
  }
  /// The first rows from `from` on with this note, before `until`; how many. `from` moves behind
  /// what has been looked at.
  std::size_t find(std::uint8_t note, Slot& from, Slot until, std::span<Slot> found) const;
  std::size_t memory_bytes() const { return pieces_.size() * kPiece; }

 private:
  static constexpr Slot kPiece = 1U << 15U;

  void add_piece();

  std::vector<Block> pieces_;
};

}  // namespace telekv::kv
