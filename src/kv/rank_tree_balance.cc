// Splitting and merging of leaves: what keeps every operation O(leaf + log n).
#include <algorithm>
#include <array>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::GroupKind;
using ranking::Kind;
using ranking::Leaf;

namespace {

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

}  // namespace

/// One step towards room; to be repeated until there is some.
void RankTree::Impl::make_room(const Place& place, Level level, OrderedKey key) {
  leaves_.reserve(1);
  groups_.reserve();
  runs_.reserve();
  ++version_;
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
  const Group added = group_of(leaves_.create(Kind::kMixed, level, level));
  const Level run = place.group.low();
  if (level > run) {
    groups_.split(place.group, run + 1, 0, added);
    return;
  }
  const Group after = place.group.group();
  place.group.set_group(added);
  groups_.lower(place.group, level);
  groups_.split(place.group, run, place.group.size(), after);
}

void RankTree::Impl::split_run(const Place& place, OrderedKey key) {
  Leaf& left = *place.leaf;
  const OrderedKey middle = leaves_.middle(left, key);
  Leaf& right = leaves_.create_run(left.first);
  leaves_.move_from(left, middle, right);
  place.group.set_group(group_of_runs(runs_.split(left, middle, right)));
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
  std::uint32_t run_end = 0;
  for (std::uint32_t from = 0, to = 0; from < kSize && run_end == 0; from = to) {
    while (to < kSize && sorted[to].level == sorted[from].level) ++to;
    if (to - from >= kRunFrom) {
      cut = from;
      run_end = to;
    } else if (off_middle(to) < off_middle(cut)) {
      cut = to;
    }
  }
  const auto move_to = [&](std::uint32_t begin, std::uint32_t end, Leaf& target) {
    for (std::uint32_t i = begin; i < end; ++i) {
      const auto [level, cell] = sorted[i];
      leaves_.remove(leaf, cell);
      leaves_.put(target, level, leaf.mixed.slots[cell]);
    }
  };
  const Level last = std::max(leaf.last, sorted[kSize - 1].level);
  if (cut > 0) {
    Leaf& right = leaves_.create(Kind::kMixed, sorted[cut].level, last);
    move_to(cut, kSize, right);
    leaf.first = std::min(leaf.first, sorted[0].level);
    leaf.last = sorted[cut].level - 1;
    groups_.split(place.group, sorted[cut].level, right.size, group_of(right));
    return;
  }
  // The run first, what is left after it.
  Leaf& run = leaves_.create_run(sorted[0].level);
  move_to(0, run_end, run);
  place.group.set_group(group_of(run));
  place.group.set_low(run.first);
  if (run_end == kSize) {
    leaves_.destroy(leaf);
    return;
  }
  leaf.first = sorted[run_end].level;
  leaf.last = last;
  groups_.split(place.group, leaf.first, leaf.size, group_of(leaf));
}

/// Merges a leaf with a neighbour if that is small, too; takes it away when it is empty.
void RankTree::Impl::shrink(Leaf& leaf, Level level) {
  Place place;
  groups_.find(level, place.group);
  place.leaf = &leaf;
  if (leaf.above != nullptr) {
    shrink_run(place);
  } else {
    shrink_group(place);
  }
}

/// A leaf in a tree of runs.
void RankTree::Impl::shrink_run(const Place& place) {
  Leaf& leaf = *place.leaf;
  Leaf* emptied = &leaf;
  if (leaf.size > 0) {
    Leaf* const next = runs_.next(leaf);
    Leaf* const previous = runs_.previous(leaf);
    if (merge_runs(&leaf, next)) {
      emptied = next;
    } else if (!merge_runs(previous, &leaf)) {
      return;
    }
  }
  ++version_;
  const std::uint32_t number = runs_.erase(*emptied);
  leaves_.destroy(*emptied);
  ranking::RunNode& root = runs_[number];
  if (root.height == 0 && root.count == 1) {
    place.group.set_group({GroupKind::kRun, root.children[0]});
    runs_.dissolve(root);
  } else {
    place.group.set_group(group_of_runs(number));
  }
}

/// Moves all members of the right leaf into the left one if they are few enough.
bool RankTree::Impl::merge_runs(Leaf* left, Leaf* right) {
  if (left == nullptr || right == nullptr) return false;
  if (left->size + right->size > kMergedRunAtMost) return false;
  leaves_.move_all(*right, *left);
  return true;
}

/// A group that is one leaf.
void RankTree::Impl::shrink_group(const Place& place) {
  Leaf& leaf = *place.leaf;
  ++version_;
  if (leaf.size > 0) {
    groups_.merge(place.group, [&](Group left, Group right) { return merged(left, right); });
  } else if (groups_.erase(place.group)) {
    leaves_.destroy(leaf);
  } else {
    leaf.start(Kind::kMixed, place.group.low(), place.group.low());
    place.group.set_group(group_of(leaf));
  }
}

/// One leaf with the members of both groups if they are few enough.
std::optional<RankTree::Impl::Group> RankTree::Impl::merged(Group left, Group right) {
  if (left.kind() == GroupKind::kRuns || right.kind() == GroupKind::kRuns) return std::nullopt;
  const auto loose = [](const Leaf& leaf) {
    return leaf.is_mixed() || leaf.size < Leaf::kRunUntil;
  };
  Leaf* to = &leaves_.leaf(left.number());
  Leaf* from = &leaves_.leaf(right.number());
  if (!loose(*to) || !loose(*from) || to->size + from->size > kMergedMixedAtMost) {
    return std::nullopt;
  }
  const Level first = to->first;
  const Level last = from->last;
  if (!to->is_mixed()) std::swap(to, from);
  if (!to->is_mixed()) leaves_.make_mixed(*to);
  leaves_.move_all(*from, *to);
  leaves_.destroy(*from);
  to->first = first;
  to->last = last;
  return group_of(*to);
}

}  // namespace telekv::kv
