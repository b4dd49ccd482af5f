#include "kv/rank_leaf.h"

#include <algorithm>

namespace telekv::kv::ranking {
namespace {

struct Member {
  std::uint64_t key;  // ordered()
  Slot slot;
};

struct MixedMember {
  Level level;
  Slot slot;
};

// A run with fewer members may go into a mixed leaf.
constexpr std::uint32_t kRunUntil = Leaves::kRunFrom / 2;

bool before(const Member& a, const Member& b) { return a.key < b.key; }

}  // namespace

LeafRef Leaves::create(Kind kind, Level level) {
  const LeafRef leaf{new Leaf, level, kind, false};
  ++count_;
  return leaf;
}

void Leaves::destroy(const LeafRef& leaf) {
  delete leaf.leaf;
  --count_;
}

void Leaves::sort(LeafRef& leaf, std::uint32_t size) {
  if (leaf.sorted) return;
  struct Entry {
    Order order;
    Slot slot;
  };
  std::array<Entry, kRunMembers> entries;
  Slot* const slots = leaf.slots();
  for (std::uint32_t i = 0; i < size; ++i) entries[i] = {order_at(leaf, i), slots[i]};
  std::sort(entries.begin(), entries.begin() + size,
            [](const Entry& a, const Entry& b) { return a.order < b.order; });
  for (std::uint32_t i = 0; i < size; ++i) {
    append(leaf, i, level_of(entries[i].order), entries[i].slot);
  }
  leaf.sorted = true;
}

std::uint32_t Leaves::count_before(LeafRef& leaf, std::uint32_t size, Order order) {
  if (!leaf.takes(level_of(order))) return count_above(leaf, size, level_of(order));
  sort(leaf, size);
  std::uint32_t first = 0;
  for (std::uint32_t left = size; left > 0;) {
    const std::uint32_t half = left / 2;
    const bool is_before = order_at(leaf, first + half) < order;
    first = is_before ? first + half + 1 : first;
    left = is_before ? left - half - 1 : half;
  }
  return first;
}

std::uint32_t Leaves::count_above(const LeafRef& leaf, std::uint32_t size, Level level) {
  if (leaf.kind == Kind::kRun) return leaf.level < level ? size : 0;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < size; ++i) count += leaf.leaf->mixed.levels[i] < level ? 1 : 0;
  return count;
}

Leaves::Parts Leaves::split(const LeafRef& leaf, std::uint32_t size, Order order) {
  return leaf.kind == Kind::kRun ? split_run(leaf, size, order) : split_mixed(leaf, size);
}

Leaves::Parts Leaves::split_run(const LeafRef& leaf, std::uint32_t size, Order order) {
  std::array<Member, kRunMembers> members{};
  for (std::uint32_t i = 0; i < size; ++i) {
    members[i] = {ordered(rows_.key(leaf.leaf->run[i])), leaf.leaf->run[i]};
  }
  const auto end = members.begin() + size;
  // Keys that come in order leave leaves behind that are nearly full.
  const bool at_end =
      static_cast<std::uint64_t>(order) > std::max_element(members.begin(), end, before)->key;
  const std::uint32_t kept = at_end ? size / 8 * 7 : size / 2;
  std::nth_element(members.begin(), members.begin() + kept, end, before);

  Parts parts{{}, 2};
  parts.parts[0] = {leaf, kept, 0};
  parts.parts[1] = {create(Kind::kRun, leaf.level), size - kept,
                    start_of(leaf.level) | members[kept].key};
  for (std::uint32_t i = 0; i < size; ++i) {
    Part& part = parts.parts[i < kept ? 0 : 1];
    append(part.leaf, i < kept ? i : i - kept, leaf.level, members[i].slot);
  }
  return parts;
}

Leaves::Parts Leaves::split_mixed(const LeafRef& leaf, std::uint32_t size) {
  std::array<MixedMember, kMixedMembers> members{};
  for (std::uint32_t i = 0; i < size; ++i) {
    members[i] = {leaf.leaf->mixed.levels[i], leaf.leaf->mixed.slots[i]};
  }
  std::sort(members.begin(), members.begin() + size,
            [](const MixedMember& a, const MixedMember& b) { return a.level < b.level; });

  // Always cut between two scores: round a score with half of the members, else near the middle.
  std::array<std::uint32_t, 4> cuts{0, 0, size, size};
  std::uint32_t middle = 0;
  const auto off_middle = [size](std::uint32_t cut) {
    return cut < size / 2 ? size / 2 - cut : cut - size / 2;
  };
  for (std::uint32_t from = 0, to = 0; from < size; from = to) {
    while (to < size && members[to].level == members[from].level) ++to;
    if (to - from >= kRunFrom) cuts = {0, from, to, size};
    if (off_middle(to) < off_middle(middle)) middle = to;
  }
  const bool has_run =
      cuts[1] != 0 || cuts[2] != size || members[0].level == members[size - 1].level;
  if (!has_run) cuts = {0, middle, middle, size};

  Parts parts{{}, 0};
  for (std::uint32_t part = 0; part < 3; ++part) {
    const std::uint32_t from = cuts[part];
    const std::uint32_t to = cuts[part + 1];
    if (from == to) continue;
    const Level level = members[from].level;
    const Kind kind = has_run && part == 1 ? Kind::kRun : Kind::kMixed;
    LeafRef target =
        parts.count == 0 ? LeafRef{leaf.leaf, level, kind, false} : create(kind, level);
    for (std::uint32_t i = from; i < to; ++i) {
      append(target, i - from, members[i].level, members[i].slot);
    }
    parts.parts[parts.count++] = {target, to - from, start_of(level)};
  }
  return parts;
}

bool Leaves::mergeable(const LeafRef& left, std::uint32_t left_size, const LeafRef& right,
                       std::uint32_t right_size) {
  const std::uint32_t size = left_size + right_size;
  const auto is_run = [](const LeafRef& leaf) { return leaf.kind == Kind::kRun; };
  if (is_run(left) && is_run(right) && left.level == right.level) {
    return size <= kRunMembers / 4 * 3;
  }
  const bool loose =
      (!is_run(left) || left_size < kRunUntil) && (!is_run(right) || right_size < kRunUntil);
  return loose && size <= kMixedMembers / 4 * 3;
}

void Leaves::make_mixed(LeafRef& leaf, std::uint32_t size) {
  if (leaf.kind == Kind::kMixed) return;
  std::array<Slot, kMixedMembers> slots;
  std::copy_n(leaf.leaf->run.begin(), size, slots.begin());
  leaf.kind = Kind::kMixed;
  for (std::uint32_t i = 0; i < size; ++i) append(leaf, i, leaf.level, slots[i]);
}

void Leaves::merge(LeafRef& left, std::uint32_t left_size, const LeafRef& right,
                   std::uint32_t right_size) {
  const bool run = left.kind == Kind::kRun && right.kind == Kind::kRun && left.level == right.level;
  if (!run) make_mixed(left, left_size);
  for (std::uint32_t i = 0; i < right_size; ++i) {
    append(left, left_size + i, right.level_at(i), right.slots()[i]);
  }
  destroy(right);
}

}  // namespace telekv::kv::ranking
