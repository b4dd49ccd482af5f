// Splitting and merging of leaves: what keeps every operation O(leaf + log n).
#include <algorithm>
#include <array>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Child;
using ranking::Kind;
using ranking::Leaf;

namespace {

// A score with half of a full mixed leaf gets a run; one whose run falls below a quarter may lose it.
constexpr std::uint32_t kRunFrom = Leaf::kMixedCells / 2;
constexpr std::uint32_t kRunUntil = Leaf::kMixedCells / 4;
constexpr std::uint32_t kLowMixed = Leaf::kMixedCells / 4;
constexpr std::uint32_t kLowRun = Leaf::kRunCells / 2;
constexpr std::uint32_t kMergedMixedAtMost = Leaf::kMixedCells / 4 * 3;
constexpr std::uint32_t kMergedRunAtMost = Leaf::kRunCells / 4 * 3;

struct MixedMember {
  ranking::Level level;
  std::uint32_t cell;
};
struct MixedMembers {
  std::array<MixedMember, Leaf::kMixedCells> members;

  explicit MixedMembers(const Leaf& full) {
    for (std::uint32_t i = 0; i < Leaf::kMixedCells; ++i) members[i] = {full.mixed.levels[i], i};
    std::sort(members.begin(), members.end(),
              [](const MixedMember& a, const MixedMember& b) { return a.level < b.level; });
  }
};

Child child_of(const Leaf* leaf) { return reinterpret_cast<Child>(leaf); }

}  // namespace

/// One step towards room; to be repeated until there is some.
void RankTree::Impl::make_room(const Place& place, Level level, OrderedKey key) {
  constexpr std::size_t kMostNewLeaves = 1;
  constexpr std::size_t kMostNewNodes = 2 * CountedTree::kMostNodes;
  leaves_.reserve(kMostNewLeaves);
  nodes_.reserve(kMostNewNodes);
  if (place.leaf->is_mixed()) {
    split_mixed(place);
  } else if (place.leaf->first != level) {
    add_beside_run(place, level);
  } else {
    split_run(place, key);
  }
}

/// A mixed leaf for a level that nobody has.
void RankTree::Impl::add_beside_run(const Place& place, Level level) {
  const Child added = Group(leaves_.create(Kind::kMixed, level, level)).child();
  const Level run = place.group.low();
  if (level > run) {
    groups_.split_child(nodes_, place.group, run + 1, 0, added);
    return;
  }
  const Child below = place.group.child();
  place.group.child() = added;
  groups_.lower(place.group, level);
  groups_.split_child(nodes_, place.group, run, place.group.size(), below);
}

void RankTree::Impl::split_run(const Place& place, OrderedKey key) {
  const OrderedKey middle = leaves_.middle(*place.leaf, key);
  Leaf* const right = leaves_.create_run(place.leaf->first);
  leaves_.move_from(*place.leaf, middle, *right);
  CountedTree runs = place.found().runs();
  if (place.found().is_tree()) {
    runs.split_child(nodes_, place.run, middle, right->size, child_of(right));
  } else {
    runs = CountedTree(nodes_.take(), 0);
    runs.root()->start();
    runs.root()->insert(0, 0, place.leaf->size, child_of(place.leaf));
    runs.root()->insert(1, middle, right->size, child_of(right));
  }
  place.group.child() = Group(runs).child();
}

/// Always cut between two scores: round a score with half of the members, else near the middle.
void RankTree::Impl::split_mixed(const Place& place) {
  Leaf& leaf = *place.leaf;
  const auto sorted = MixedMembers(leaf).members;
  constexpr auto kSize = static_cast<std::uint32_t>(sorted.size());
  const auto off_middle = [](std::uint32_t cut) {
    return cut < kSize / 2 ? kSize / 2 - cut : cut - kSize / 2;
  };
  std::uint32_t cut = 0;
  bool has_run = false;
  for (std::uint32_t from = 0, to = 0; from < kSize && !has_run; from = to) {
    while (to < kSize && sorted[to].level == sorted[from].level) ++to;
    has_run = to - from >= kRunFrom;
    if (has_run) cut = from;
    if (!has_run && off_middle(to) < off_middle(cut)) cut = to;
  }
  const auto move_to = [&](std::uint32_t begin, std::uint32_t end, Leaf* target) {
    for (std::uint32_t i = begin; i < end; ++i) {
      const auto [level, cell] = sorted[i];
      leaves_.remove(leaf, cell);
      leaves_.put(*target, level, leaf.mixed.slots[cell]);
    }
  };
  if (cut > 0) {
    Leaf* const right = leaves_.create(Kind::kMixed, sorted[cut].level, std::max(leaf.last, sorted[kSize-1].level));
    move_to(cut, kSize, right);
    leaf.first = std::min(leaf.first, sorted[0].level);
    leaf.last = sorted[cut].level - 1;
    groups_.split_child(nodes_, place.group, sorted[cut].level, right->size,
                        Group(right).child());
    return;
  }
  // The run first, what is left after it.
  const Level level = sorted[0].level;
  Leaf* const run = leaves_.create_run(level);
  move_to(0, static_cast<std::uint32_t>(std::count_if(sorted.begin(), sorted.end(), [&](const auto& m) { return m.level == level; })), run);
  place.group.child() = Group(run).child();
  place.group.low() = level;
  if (leaf.size == 0) {
    leaves_.destroy(&leaf);
    return;
  }
  const Level next = sorted[run->size].level;
  leaf.first = next;
  leaf.last = std::max(leaf.last, sorted[kSize - 1].level);
  groups_.split_child(nodes_, place.group, next, leaf.size, Group(&leaf).child());
}

/// To be called when a member has left the place.
void RankTree::Impl::shrink(const Place& place) {
  if (place.found().is_tree()) {
    if (place.leaf->size < kLowRun) shrink_run(place);
  } else if (place.leaf->size < (place.leaf->is_mixed() ? kLowMixed : kRunUntil)) {
    shrink_group(place);
  }
}

/// A leaf in a tree of runs.
void RankTree::Impl::shrink_run(const Place& place) {
  CountedTree runs = place.found().runs();
  if (place.leaf->size == 0) {
    runs.erase(nodes_, place.run);
    leaves_.destroy(place.leaf);
  } else if (!merge_runs(runs, place.run)) {
    return;
  }
  if (runs.height() == 0 && runs.root()->count == 1) {
    place.group.child() = runs.root()->children[0];
    nodes_.free(runs.root());
  } else {
    place.group.child() = Group(runs).child();
  }
}

/// Merges the path's leaf with a neighbour if they are small enough.
bool RankTree::Impl::merge_runs(CountedTree& runs, const CountedTree::Path& path) {
  return runs.merge(nodes_, path, [&](Child left_child, Child right_child) -> std::optional<Child> {
    Leaf& left = *reinterpret_cast<Leaf*>(left_child);
    Leaf& right = *reinterpret_cast<Leaf*>(right_child);
    if (left.size + right.size > kMergedRunAtMost) return std::nullopt;
    leaves_.move_all(right, left);
    leaves_.destroy(&right);
    return left_child;
  });
}

/// A group that is one leaf.
void RankTree::Impl::shrink_group(const Place& place) {
  Leaf& leaf = *place.leaf;
  if (leaf.size > 0) {
    groups_.merge(nodes_, place.group, [&](Child left, Child right) {
      return merged(Group(left), Group(right));
    });
  } else if (groups_.erase(nodes_, place.group)) {
    leaves_.destroy(&leaf);
  } else {
    leaf.start(Kind::kMixed, place.group.low(), place.group.low());
    place.group.child() = Group(&leaf).child();
  }
}

/// One leaf with the members of both groups if they are small enough.
std::optional<Child> RankTree::Impl::merged(Group left, Group right) {
  if (left.is_tree() || right.is_tree()) return std::nullopt;
  const auto loose = [](const Leaf& leaf) { return leaf.is_mixed() || leaf.size < kRunUntil; };
  Leaf* to = &left.leaf();
  Leaf* from = &right.leaf();
  if (!loose(*to) || !loose(*from) || to->size + from->size > kMergedMixedAtMost) return std::nullopt;
  const Level first = to->first;
  const Level last = from->last;
  if (!to->is_mixed()) std::swap(to, from);
  if (!to->is_mixed()) leaves_.make_mixed(*to);
  leaves_.move_all(*from, *to);
  leaves_.destroy(from);
  to->first = first;
  to->last = last;
  return Group(to).child();
}

}  // namespace telekv::kv
