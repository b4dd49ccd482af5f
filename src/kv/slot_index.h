// From hashes to slots: the index under RowMap and TextPool, some 8 bytes an entry.
//
// One thread. Costs and failures as of SegmentIndex. The slot of an entry leads to its key.
#pragma once

#include <cstdint>
#include <optional>

#include "kv/index_line.h"
#include "kv/segment_index.h"

namespace telekv::kv {

class SlotIndex : private SegmentIndex<SlotLine> {
 public:
  /// The slot with this hash for which `equals(slot)`.
  template <class Equals>
  std::optional<Slot> find(std::uint64_t hash, Equals equals) const {
    const Slot* const found = SegmentIndex::find(hash, equals);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }

  /// The slot that a search for this hash looks at first; it need not be the right one.
  std::optional<Slot> first_candidate(std::uint64_t hash) const {
    const Slot* const first = SegmentIndex::first_candidate(hash);
    return first == nullptr ? std::nullopt : std::optional(*first);
  }

  /// Takes out the slot, which must be there.
  void erase(std::uint64_t hash, Slot slot) {
    SegmentIndex::erase(hash, [slot](Slot other) { return other == slot; });
  }

  using SegmentIndex::clear;
  using SegmentIndex::Hashed;
  using SegmentIndex::insert;
  using SegmentIndex::insert_all;
  using SegmentIndex::longest_search;
  using SegmentIndex::memory_bytes;
  using SegmentIndex::prefetch;
  using SegmentIndex::reserve;
  using SegmentIndex::size;
  using SegmentIndex::validate;
};

}  // namespace telekv::kv
