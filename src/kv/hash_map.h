// From a 64-bit key to the slot of its row.
//
// Why not a ready-made map: growing to 10M entries, boost::unordered_flat_map stops for 199 ms once
// and std::unordered_map for 1.2 s; this one never moves more than one segment (kv/slot_index.h).
// It keeps
// some 8 bytes an entry, because the keys lie in the rows anyway. The price: a find out of cache
// misses it twice, for the place and for the row, and takes 2.6 times as long as in flat_map.
//
// One thread. Every operation O(1) expected; the hash is seeded, so keys cannot be chosen to
// collide by who does not know the seed. Every 64-bit value is a valid key.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kv/row_store.h"
#include "kv/slot_index.h"

namespace telekv::kv {

/// Mixes a key with a secret seed: two multiplications to 128 bits, each folded (after wyhash).
class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed)
      : addend_(seed ^ 0x9e3779b97f4a7c15U),
        factor_(fold(seed ^ 0xa0761d6478bd642fU, kPrime) | 1U) {}

  std::uint64_t operator()(Key key) const {
    return fold(fold(static_cast<std::uint64_t>(key) ^ addend_, factor_) ^ addend_, kPrime);
  }

 private:
  static constexpr std::uint64_t kPrime = 0xe7037ed1a0b428dbU;

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }

  std::uint64_t addend_;
  std::uint64_t factor_;
};

class HashMap {
  auto hash_of_slot() const {
    return [this](Slot slot) { return hash_(rows_.key(slot)); };
  }

 public:
  /// `rows` holds the keys and outlives the map.
  HashMap(const RowStore& rows, std::uint64_t seed) : rows_(rows), hash_(seed) {}

  /// The slot of `key`, if it is in the map.
  std::optional<Slot> find(Key key) const {
    return index_.find(hash_(key), [&](Slot slot) { return rows_.key(slot) == key; });
  }

  /// Adds a row. Its key must be set already and must not be in the map.
  void insert(Slot slot) { index_.insert(hash_(rows_.key(slot)), slot, hash_of_slot()); }

  /// Adds many, as insert() does each; the places are fetched ahead.
  void insert_all(std::span<const Slot> slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (i + kFetchAhead < slots.size()) {
        index_.prefetch(hash_(rows_.key(slots[i + kFetchAhead])));
      }
      insert(slots[i]);
    }
  }

  /// Begins to bring the row of `key` into the cache; two steps, some operations apart, because the
  /// row's place must have come before the row can be asked for.
  [[gnu::always_inline]] void prefetch_place(Key key) const { index_.prefetch(hash_(key)); }
  [[gnu::always_inline]] void prefetch_row(Key key) const {
    if (const std::optional<Slot> slot = index_.first_candidate(hash_(key))) {
      __builtin_prefetch(rows_.row(*slot));
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
  static constexpr std::size_t kFetchAhead = 16;

  const RowStore& rows_;
  KeyHash hash_;
  SlotIndex index_;
};

}  // namespace telekv::kv
