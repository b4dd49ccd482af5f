// From a key to the slot of its row: the table's index.
//
// Not a HashMap of rows, because a row's slot must stay: the ranking, a snapshot's walk and the
// list of changed rows refer to it, and rows in the order of their insertion make loading fast. It
// keeps some 8 bytes an entry; the keys lie in the rows. The price: a find out of cache misses it
// twice, for the place and for the row. Who knows the next keys hides both (TableCore::expect).
//
// One thread. Every operation O(1) expected; the hash is seeded, so keys cannot be chosen to
// collide by who does not know the seed. Every 64-bit value is a valid key. Lack of memory throws
// std::bad_alloc, and the map is as it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "kv/key_hash.h"
#include "kv/memory_blocks.h"
#include "kv/row_store.h"
#include "kv/slot_index.h"

namespace telekv::kv {

class RowMap {
  auto hash_of_slot() const {
    return [this](Slot slot) { return hash_(rows_.key(slot)); };
  }

 public:
  /// `rows` holds the keys and outlives the map.
  RowMap(const RowStore& rows, std::uint64_t seed) : rows_(rows), hash_(seed) {}

  /// The slot of `key`, if it is in the map.
  std::optional<Slot> find(Key key) const {
    return index_.find(hash_(key), [this, key](Slot slot) { return rows_.key(slot) == key; });
  }

  /// Adds a row. Its key must be set already and must not be in the map.
  void insert(Slot slot) { index_.insert(hash_(rows_.key(slot)), slot, hash_of_slot()); }

  using Hash = KeyHash;
  const Hash& hash() const { return hash_; }

  /// Adds the rows from `first` on, whose keys have these hashes, as insert() does each; in order
  /// of hash, so that memory is gone through from one end to the other. If it throws, some are in.
  void insert_all(Slot first, std::span<const std::uint64_t> hashes, Scratch& scratch) {
    using Hashed = SlotIndex::Hashed;
    // So few that the cache holds the place where each is written to.
    constexpr unsigned kPartBits = 11;
    const auto part_of = [](std::uint64_t hash) { return hash >> (64 - kPartBits); };
    std::array<Slot, (std::size_t{1} << kPartBits)> begins{};
    for (const std::uint64_t each : hashes) ++begins[part_of(each)];
    Slot begin = 0;
    for (Slot& part : begins) begin += std::exchange(part, begin);
    const std::span<Hashed> sorted = scratch.take<Hashed>(hashes.size());
    for (const std::uint64_t each : hashes) {
      Hashed* const place = &sorted[begins[part_of(each)]++];
      *place = {.hash = each, .entry = first++};
      __builtin_prefetch(place + kCacheLineBytes / sizeof(Hashed), 1);
    }
    index_.insert_all(std::span<const Hashed>(sorted), hash_of_slot());
  }

  /// Begins to bring the row of `key` into the cache; two steps, some operations apart, because the
  /// row's place must have come before the row can be asked for.
  [[gnu::always_inline]] void prefetch_place(Key key) const { index_.prefetch(hash_(key)); }
  [[gnu::always_inline]] void prefetch_row(Key key) const {
    if (const std::optional<Slot> slot = index_.first_candidate(hash_(key))) {
      rows_.prefetch(*slot);
    }
  }

  /// Makes room for `rows` in an empty map at once; otherwise does nothing.
  void reserve(std::uint64_t rows) { index_.reserve(rows); }

  /// Takes a row out, which must be in the map; its key must still be set.
  void erase(Slot slot) { index_.erase(hash_(rows_.key(slot)), slot); }

  std::uint64_t size() const { return index_.size(); }
  std::size_t memory_bytes() const { return index_.memory_bytes(); }
  void clear() { index_.clear(); }

  /// What is wrong with the structure; empty when nothing is. O(n).
  std::string validate() const { return index_.validate(hash_of_slot()); }

  /// Cache lines looked at to find the key that takes longest. O(n).
  std::size_t longest_search() const { return index_.longest_search(hash_of_slot()); }

 private:
  const RowStore& rows_;
  KeyHash hash_;
  SlotIndex index_;
};

}  // namespace telekv::kv
