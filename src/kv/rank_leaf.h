// The leaves of the ranking: members without order, 4 to 12 bytes each.
//
//  1. A run holds members of one score: slots and nothing else. A mixed leaf, for scores with few
//     members, holds levels beside its slots.
//  2. Where in its leaf a member stands is kept by slot, one byte each. So a member is taken out by
//     putting the last one into its place: nothing is searched and no row is read.
//  3. Order inside a leaf is made where it is read and lasts until the leaf changes.
//
// Each O(members of the leaf) at most; append() and remove() O(1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kv/rank_node.h"
#include "kv/row_store.h"

namespace telekv::kv::ranking {

inline constexpr std::uint32_t kLeafBytes = 1024;
inline constexpr std::uint32_t kRunMembers = kLeafBytes / sizeof(Slot);
inline constexpr std::uint32_t kMixedMembers = kLeafBytes / (sizeof(Level) + sizeof(Slot));

/// Members by slot, each with its place in its leaf.
class Places {
 public:
  std::uint8_t& operator[](Slot slot) { return segments_[slot / kSegment][slot % kSegment]; }
  void prefetch(Slot slot) const {
    __builtin_prefetch(&segments_[slot / kSegment][slot % kSegment], 1);
  }

  /// To be called before the place of a new member is set.
  void make_room(Slot slot) {
    const std::size_t segment = slot / kSegment;
    if (segment >= segments_.size()) segments_.resize(segment + 1);
    if (!segments_[segment]) {
      segments_[segment] = std::make_unique_for_overwrite<std::uint8_t[]>(kSegment);
      ++used_;
    }
  }

  std::size_t memory_bytes() const {
    return used_ * kSegment + segments_.size() * sizeof segments_[0];
  }

 private:
  static constexpr std::size_t kSegment = 1U << 16U;
  static_assert(kRunMembers <= 256);

  std::vector<std::unique_ptr<std::uint8_t[]>> segments_;
  std::size_t used_ = 0;
};

/// Memory of a leaf. What is in it stands in its node.
struct alignas(64) Leaf {
  struct Mixed {
    std::array<Level, kMixedMembers> levels;
    std::array<Slot, kMixedMembers> slots;
  };
  union {
    std::array<Slot, kRunMembers> run;
    Mixed mixed;
    Leaf* next_free;
  };
};

enum class Kind : std::uint8_t { kRun, kMixed };

/// A leaf as its node has it, which has its number of members too. 16 bytes.
class LeafRef {
 public:
  LeafRef() = default;
  LeafRef(Leaf* leaf, Kind kind, Level level)
      : leaf_((reinterpret_cast<std::uintptr_t>(leaf) / alignof(Leaf)) & kAddressMask),
        mixed_(kind == Kind::kMixed ? 1 : 0),
        sorted_(0),
        level_(level) {}

  Leaf& leaf() const { return *reinterpret_cast<Leaf*>(leaf_ * alignof(Leaf)); }
  bool is_mixed() const { return mixed_ != 0; }
  /// Whether members are in order.
  bool sorted() const { return sorted_ != 0; }
  void set_sorted(bool sorted) { sorted_ = sorted ? 1 : 0; }
  /// Of a run's members.
  Level level() const { return level_; }

  Slot* slots() const { return is_mixed() ? leaf().mixed.slots.data() : leaf().run.data(); }
  std::uint32_t capacity() const { return is_mixed() ? kMixedMembers : kRunMembers; }
  /// Whether members of this score may be in the leaf.
  bool takes(Level level) const { return is_mixed() || level_ == level; }
  Level level_at(std::uint32_t place) const {
    return is_mixed() ? leaf().mixed.levels[place] : level_;
  }

 private:
  static constexpr std::uint64_t kAddressMask = (std::uint64_t{1} << 58U) - 1;

  std::uint64_t leaf_ : 58;  // its address in units of its alignment
  std::uint64_t mixed_ : 1;
  std::uint64_t sorted_ : 1;
  Level level_;
};

/// Whether both are runs of the same score.
inline bool are_one_run(const LeafRef& left, const LeafRef& right) {
  return !left.is_mixed() && !right.is_mixed() && left.level() == right.level();
}

/// Memory of leaves, in blocks; what is freed is used again.
class LeafPool {
 public:
  Leaf* take();
  void free(Leaf* leaf);
  std::size_t memory_bytes() const {
    return blocks_.size() * (kBlock * sizeof(Leaf) + sizeof blocks_[0]);
  }

 private:
  static constexpr std::size_t kBlock = 16;

  std::vector<std::unique_ptr<Leaf[]>> blocks_;
  Leaf* free_ = nullptr;
};

class Leaves {
 public:
  explicit Leaves(const RowStore& rows) : rows_(rows) {}

  const RowStore& rows() const { return rows_; }
  Places& places() { return places_; }

  LeafRef create(Kind kind, Level level = 0) { return {pool_.take(), kind, level}; }
  void destroy(const LeafRef& leaf) { pool_.free(&leaf.leaf()); }
  std::size_t memory_bytes() const { return pool_.memory_bytes() + places_.memory_bytes(); }

  /// Adds a member to a leaf with `size` members, which has room and takes the level.
  void append(LeafRef& leaf, std::uint32_t size, Level level, Slot slot) {
    if (leaf.is_mixed()) leaf.leaf().mixed.levels[size] = level;
    leaf.slots()[size] = slot;
    places_[slot] = static_cast<std::uint8_t>(size);
    leaf.set_sorted(false);
  }

  /// Takes a member out of its leaf with `size` members.
  void remove(LeafRef& leaf, std::uint32_t size, Slot slot) {
    Slot* const slots = leaf.slots();
    const std::uint32_t last = size - 1;
    const Slot moved = slots[last];
    const std::uint8_t place = places_[slot];
    slots[place] = moved;
    places_[moved] = place;
    if (leaf.is_mixed()) {
      leaf.leaf().mixed.levels[place] = leaf.leaf().mixed.levels[last];
    }
    if (place != last) leaf.set_sorted(false);
  }

  /// Fetches what append() or remove() need at this place; nothing for one beyond the leaf, as that
  /// of a member is in another leaf while an earlier move of it is under way.
  static void prefetch(const LeafRef& leaf, std::uint32_t place) {
    if (place >= leaf.capacity()) return;
    __builtin_prefetch(leaf.slots() + place, 1);
    if (leaf.is_mixed()) __builtin_prefetch(&leaf.leaf().mixed.levels[place], 1);
  }

  /// Fetches what count_above() needs.
  static void prefetch_levels(const LeafRef& leaf, std::uint32_t size) {
    if (!leaf.is_mixed()) return;
    constexpr std::uint32_t kLevelsInLine = 64 / sizeof(Level);
    for (std::uint32_t i = 0; i < size; i += kLevelsInLine) {
      __builtin_prefetch(&leaf.leaf().mixed.levels[i]);
    }
  }

  /// Gives a member of a mixed leaf another score.
  void set_level(LeafRef& leaf, Slot slot, Level level) {
    leaf.leaf().mixed.levels[places_[slot]] = level;
    leaf.set_sorted(false);
  }

  void sort(LeafRef& leaf, std::uint32_t size);

  /// Members before `order`.
  std::uint32_t count_before(LeafRef& leaf, std::uint32_t size, Order order);
  /// Members with a higher score.
  static std::uint32_t count_above(const LeafRef& leaf, std::uint32_t size, Level level);

  /// A part of a leaf that was split.
  struct Part {
    LeafRef leaf;
    std::uint32_t size;
    Order low;  ///< the first part's means nothing
  };
  struct Parts {
    std::array<Part, 3> parts;
    std::uint32_t count;
  };
  /// Splits a full leaf so that there is room for `order`, in order. The first part is the leaf.
  Parts split(const LeafRef& leaf, std::uint32_t size, Order order);

  /// Whether one leaf may hold both, neighbours, with room left over.
  static bool mergeable(const LeafRef& left, std::uint32_t left_size, const LeafRef& right,
                        std::uint32_t right_size);
  /// Moves the members of `right` into `left` and destroys `right`.
  void merge(LeafRef& left, std::uint32_t left_size, const LeafRef& right,
             std::uint32_t right_size);

  /// Below this size a leaf looks for a neighbour to merge with.
  static std::uint32_t low_water(const LeafRef& leaf) {
    return leaf.is_mixed() ? kMixedMembers / 4 : kRunMembers / 2;
  }

  // A score with that many members has a run when leaves are made; see mergeable() for its end.
  static constexpr std::uint32_t kRunFrom = kMixedMembers / 2;

 private:
  Order order_at(const LeafRef& leaf, std::uint32_t place) const {
    return start_of(leaf.level_at(place)) | ordered(rows_.key(leaf.slots()[place]));
  }
  Parts split_run(const LeafRef& leaf, std::uint32_t size, Order order);
  Parts split_mixed(const LeafRef& leaf, std::uint32_t size);
  void make_mixed(LeafRef& leaf, std::uint32_t size);

  const RowStore& rows_;
  Places places_;
  LeafPool pool_;
};

}  // namespace telekv::kv::ranking
