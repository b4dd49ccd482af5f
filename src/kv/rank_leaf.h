// The leaves of the ranking: up to 192 members without order.
//
//  1. A run holds members of one score: slots and nothing else. A mixed leaf, for scores with few
//     members, holds levels beside its slots.
//  2. A member's seat, its leaf and its cell there, stands in its row beside its key, in the cache
//     line that whoever changes a score has at hand. So nothing is searched to take a member out.
//  3. Taking it out clears a bit: its cell is not even touched, and no other member moves.
//  4. Free cells are taken line by line: of three members that enter a leaf, one at most waits for
//     a line that is not in the cache.
//  5. Order inside a leaf is made where it is read and lasts until the leaf changes.
//
// Each O(cells of the leaf) at most; put() and remove() O(1). Nothing fails.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kv/rank_order.h"
#include "kv/rank_pool.h"
#include "kv/row_store.h"

namespace telekv::kv::ranking {

enum class Kind : std::uint8_t { kRun, kMixed };

struct RunNode;

// 13 cache lines: an odd number, so that the first lines of leaves share out all sets of a cache.
struct alignas(64) Leaf {
  static constexpr std::uint32_t kRunCells = 192;
  static constexpr std::uint32_t kMixedCells = 64;
  static constexpr Level kNoMember = std::numeric_limits<Level>::max();

  struct Mixed {
    std::array<Level, kMixedCells> levels;  // kNoMember where there is none: counts as below all
    std::array<Slot, kMixedCells> slots;
  };

  std::array<std::uint64_t, kRunCells / 64> live;  // a bit for each cell
  // A run's level, both. Of a mixed leaf's, all between the two belong into it; others may too.
  Level first;
  Level last;
  union {
    RunNode* above;  // in a tree of runs; nullptr in none
    Leaf* next_free;
  };
  std::uint32_t number;
  std::uint16_t size;
  Kind kind;
  std::uint8_t cursor;   // the next free cell from here on is taken
  std::uint8_t changes;  // since the members were in order, in the first cells; stops at the most
  union {
    std::array<Slot, kRunCells> run;
    Mixed mixed;
  };

  void start(Kind its_kind, Level its_first, Level its_last);

  bool is_mixed() const { return kind == Kind::kMixed; }
  std::uint32_t capacity() const { return is_mixed() ? kMixedCells : kRunCells; }
  bool full() const { return size == capacity(); }
  Slot* slots() { return is_mixed() ? mixed.slots.data() : run.data(); }
  const Slot* slots() const { return is_mixed() ? mixed.slots.data() : run.data(); }
  Level level_at(std::uint32_t cell) const { return is_mixed() ? mixed.levels[cell] : first; }
  bool is_live(std::uint32_t cell) const { return (live[cell / 64] >> (cell % 64) & 1U) != 0; }

  /// Calls fn(cell) for each member, in order of cells.
  template <class Function>
  void for_each(Function&& fn) const {
    for (std::uint32_t word = 0; word < capacity() / 64; ++word) {
      for (std::uint64_t left = live[word]; left != 0; left &= left - 1) {
        fn(word * 64 + static_cast<std::uint32_t>(std::countr_zero(left)));
      }
    }
  }

  /// Whether it is so small that it should look for a neighbour to merge with. To be asked when a
  /// member has left, says so now and then: neighbours are mostly out of the cache, and too large.
  bool is_low() const {
    if (size % kLookEach != 0) return false;
    if (above != nullptr) return size < kRunCells / 2;
    return size < (is_mixed() ? kMixedCells / 4 : kRunUntil);
  }
  // A run with fewer members may be merged into a mixed leaf.
  static constexpr std::uint32_t kRunUntil = kMixedCells / 4;
  static constexpr std::uint32_t kLookEach = 8;

  bool sorted() const { return changes == 0; }
  void change() {
    changes = static_cast<std::uint8_t>(changes + (changes != kMostChanges ? 1 : 0));
  }

  static constexpr std::uint8_t kMostChanges = std::numeric_limits<std::uint8_t>::max();
};

/// Where a member stands, 4 bytes: the leaf's number and the cell.
struct Seat {
  static constexpr std::uint32_t kCellBits = 8;
  static constexpr std::uint32_t kMostLeaves = 1U << (32 - kCellBits);

  std::uint32_t value;

  std::uint32_t leaf() const { return value >> kCellBits; }
  std::uint32_t cell() const { return value & ((1U << kCellBits) - 1); }
};
static_assert(Leaf::kRunCells <= 1U << Seat::kCellBits);

class Leaves {
 public:
  explicit Leaves(RowStore& rows) : rows_(rows) {}

  RowStore& rows() const { return rows_; }
  OrderedKey key(Slot slot) const { return ordered(rows_.key(slot)); }

  static OrderedKey key(const std::byte* row) {
    Key key;
    std::memcpy(&key, row, sizeof key);
    return ordered(key);
  }

  Seat seat(Slot slot) const { return seat(rows_.row(slot)); }
  static Seat seat(const std::byte* row) {
    Seat seat;
    std::memcpy(&seat, row + sizeof(Key), sizeof seat);
    return seat;
  }
  Leaf& leaf(Seat seat) const { return pool_[seat.leaf()]; }
  Leaf& leaf(std::uint32_t number) const { return pool_[number]; }

  void reserve(std::size_t count) { pool_.reserve(count); }
  void expect(std::size_t count) { pool_.expect(count); }
  Leaf& create(Kind kind, Level first, Level last) {
    Leaf& leaf = pool_.take();
    leaf.start(kind, first, last);
    return leaf;
  }
  Leaf& create_run(Level level) { return create(Kind::kRun, level, level); }
  void destroy(Leaf& leaf) { pool_.free(leaf); }
  std::size_t memory_bytes() const { return pool_.memory_bytes(); }
  void clear() noexcept { pool_.clear(); }

  /// Adds a member to a leaf that has room and may hold its level.
  void put(Leaf& leaf, Level level, Slot slot) {
    const std::uint32_t cell = free_cell(leaf);
    leaf.live[cell / 64] |= std::uint64_t{1} << (cell % 64);
    ++leaf.size;
    leaf.change();
    set(leaf, cell, level, slot);
  }

  /// Puts a member into a cell of an empty leaf; when all are in, filled() makes them count.
  void place(Leaf& leaf, std::uint32_t cell, Level level, Slot slot) {
    set(leaf, cell, level, slot);
  }
  static void filled(Leaf& leaf, std::uint32_t size);

  /// put() for a run, of a member whose row is at hand.
  static void put_in_run(Leaf& run, Slot slot, std::byte* row) {
    const std::uint32_t cell = free_cell(run);
    run.live[cell / 64] |= std::uint64_t{1} << (cell % 64);
    ++run.size;
    run.change();
    run.run[cell] = slot;
    const Seat seat{run.number << Seat::kCellBits | cell};
    std::memcpy(row + sizeof(Key), &seat, sizeof seat);
  }

  /// Takes a member out of its leaf.
  void remove(Leaf& leaf, std::uint32_t cell) {
    leaf.live[cell / 64] &= ~(std::uint64_t{1} << (cell % 64));
    --leaf.size;
    leaf.change();
    if (leaf.is_mixed()) leaf.mixed.levels[cell] = Leaf::kNoMember;
  }

  /// Puts members in order, in the first cells.
  void sort(Leaf& leaf);

  /// Members before a place in the order.
  std::uint32_t count_before(Leaf& leaf, Level level, OrderedKey key);
  /// Members with a higher score.
  static std::uint32_t count_above(const Leaf& leaf, Level level);

  /// Makes a mixed leaf of a run that has no more members than that holds.
  void make_mixed(Leaf& run);
  /// Moves all members to another leaf, which has room.
  void move_all(Leaf& from, Leaf& to);
  /// Moves the members from a key on to another run.
  void move_from(Leaf& run, OrderedKey key, Leaf& to);
  /// The key of a full run from which on members are to move, so that `entering` finds room.
  OrderedKey middle(const Leaf& run, OrderedKey entering) const;

 private:
  static std::uint32_t free_cell(Leaf& leaf) {
    for (;;) {
      const std::uint64_t free = ~leaf.live[leaf.cursor / 64] >> (leaf.cursor % 64);
      if (free != 0) [[likely]] {
        leaf.cursor = static_cast<std::uint8_t>(leaf.cursor + std::countr_zero(free));
        return leaf.cursor;
      }
      const std::uint32_t next_word = (leaf.cursor / 64U + 1) * 64;
      leaf.cursor = static_cast<std::uint8_t>(next_word < leaf.capacity() ? next_word : 0);
    }
  }

  void set(Leaf& leaf, std::uint32_t cell, Level level, Slot slot) {
    leaf.slots()[cell] = slot;
    if (leaf.is_mixed()) leaf.mixed.levels[cell] = level;
    const Seat seat{leaf.number << Seat::kCellBits | cell};
    std::memcpy(rows_.row(slot) + sizeof(Key), &seat, sizeof seat);
  }

  RowStore& rows_;
  Pool<Leaf, Seat::kMostLeaves> pool_;
};

}  // namespace telekv::kv::ranking
