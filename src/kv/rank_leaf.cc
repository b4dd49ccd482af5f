#include "kv/rank_leaf.h"

#include <algorithm>

namespace telekv::kv::ranking {
namespace {

struct Member {
  std::uint64_t by;  // level in a mixed leaf, key in a run
  Slot slot;
};
using Members = std::array<Member, Leaf::kRunCells>;

/// With few changes members are nearly in order: each has few to pass.
constexpr std::uint8_t kFewChanges = 8;

template <class Before>
void insertion_sort(Member* begin, Member* end, Before before) {
  for (Member* next = begin; next != end; ++next) {
    const Member member = *next;
    Member* place = next;
    for (; place != begin && before(member, place[-1]); --place) *place = place[-1];
    *place = member;
  }
}

}  // namespace

void Leaf::start(Kind its_kind, Level its_first, Level its_last) {
  live.fill(0);
  first = its_first;
  last = its_last;
  above = nullptr;
  size = 0;
  kind = its_kind;
  cursor = 0;
  changes = 0;
  if (is_mixed()) mixed.levels.fill(kNoMember);
}

void Leaves::sort(Leaf& leaf) {
  if (leaf.sorted()) return;
  Members members;
  Member* end = members.data();
  leaf.for_each([&](std::uint32_t cell) {
    const Slot slot = leaf.slots()[cell];
    *end++ = {leaf.is_mixed() ? leaf.mixed.levels[cell] : key(slot), slot};
  });
  const auto before = [&](const Member& a, const Member& b) {
    return a.by < b.by || (a.by == b.by && leaf.is_mixed() && key(a.slot) < key(b.slot));
  };
  if (leaf.changes <= kFewChanges) {
    insertion_sort(members.data(), end, before);
  } else {
    std::sort(members.data(), end, before);
  }
  const std::uint32_t size = leaf.size;
  for (std::uint32_t cell = 0; cell < size; ++cell) {
    const Member& member = members[cell];
    if (!leaf.is_live(cell) || leaf.slots()[cell] != member.slot) {
      set(leaf, cell, leaf.is_mixed() ? member.by : leaf.first, member.slot);
    }
  }
  for (std::uint32_t cell = size; leaf.is_mixed() && cell < Leaf::kMixedCells; ++cell) {
    leaf.mixed.levels[cell] = Leaf::kNoMember;
  }
  filled(leaf, size);
}

void Leaves::filled(Leaf& leaf, std::uint32_t size) {
  leaf.size = static_cast<std::uint16_t>(size);
  for (std::uint32_t word = 0; word < leaf.live.size(); ++word) {
    const std::uint32_t before_word = word * 64;
    const std::uint32_t bits = size > before_word ? std::min(size - before_word, 64U) : 0;
    leaf.live[word] = bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
  }
  leaf.changes = 0;
}

std::uint32_t Leaves::count_before(Leaf& leaf, Level level, OrderedKey before) {
  if (!leaf.is_mixed() && leaf.first != level) return count_above(leaf, level);
  sort(leaf);
  const Slot* const slots = leaf.slots();
  std::uint32_t first = 0;
  for (std::uint32_t left = leaf.size; left > 0;) {
    const std::uint32_t half = left / 2;
    const Level its_level = leaf.level_at(first + half);
    const bool is_before =
        its_level < level || (its_level == level && key(slots[first + half]) < before);
    first = is_before ? first + half + 1 : first;
    left = is_before ? left - half - 1 : half;
  }
  return first;
}

std::uint32_t Leaves::count_above(const Leaf& leaf, Level level) {
  if (!leaf.is_mixed()) return leaf.first < level ? leaf.size : 0;
  std::uint32_t count = 0;
  for (const Level each : leaf.mixed.levels) count += each < level ? 1 : 0;
  return count;
}

void Leaves::make_mixed(Leaf& run) {
  std::array<Slot, Leaf::kMixedCells> slots;
  std::uint32_t size = 0;
  run.for_each([&](std::uint32_t cell) { slots[size++] = run.run[cell]; });
  const Level level = run.first;
  run.start(Kind::kMixed, level, level);
  for (std::uint32_t i = 0; i < size; ++i) put(run, level, slots[i]);
}

void Leaves::move_all(Leaf& from, Leaf& to) {
  from.for_each([&](std::uint32_t cell) {
    const Level level = from.level_at(cell);
    remove(from, cell);
    put(to, level, from.slots()[cell]);
  });
}

void Leaves::move_from(Leaf& run, OrderedKey from_key, Leaf& to) {
  run.for_each([&](std::uint32_t cell) {
    const Slot slot = run.run[cell];
    if (key(slot) < from_key) return;
    remove(run, cell);
    put(to, run.first, slot);
  });
}

OrderedKey Leaves::middle(const Leaf& run, OrderedKey entering) const {
  std::array<OrderedKey, Leaf::kRunCells> keys;
  for (std::uint32_t i = 0; i < Leaf::kRunCells; ++i) keys[i] = key(run.run[i]);
  // Keys that come in order leave leaves behind that are nearly full.
  const bool at_end = entering > *std::max_element(keys.begin(), keys.end());
  const auto place = keys.begin() + (at_end ? Leaf::kRunCells / 8 * 7 : Leaf::kRunCells / 2);
  std::nth_element(keys.begin(), place, keys.end());
  return *place;
}

}  // namespace telekv::kv::ranking
