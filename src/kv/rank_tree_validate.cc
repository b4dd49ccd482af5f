// Whether the ranking's structure is what it should be.
#include <utility>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::GroupKind;
using ranking::kNoBound;
using ranking::Leaf;
using ranking::Level;
using ranking::RunNode;

std::string RankTree::Impl::validate_groups(const GroupTree::Node& node, unsigned height,
                                            Span levels, std::uint64_t size) const {
  if (node.count == 0 || node.count > GroupTree::Node::kCapacity) return "a node's count is wrong";
  if (node.size() != size) return "a size is wrong";
  for (std::uint32_t i = node.count; i < GroupTree::Node::kCapacity; ++i) {
    if (node.lows[i] != kNoBound) return "a bound of no group";
  }
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Span part{node.lows[i], i + 1 < node.count ? node.lows[i + 1] - 1 : levels.last};
    if (part.first < levels.first || part.last > levels.last || part.first > part.last) {
      return "levels out of order";
    }
    std::string defect =
        height > 0
            ? validate_groups(groups_.node(node.children[i]), height - 1, part, node.sizes[i])
            : validate_group(Group::of(node.children[i]), part, node.sizes[i]);
    if (!defect.empty()) return defect;
  }
  return {};
}

std::string RankTree::Impl::validate_group(Group group, Span levels, std::uint32_t size) const {
  if (group.kind() == GroupKind::kRuns) {
    const RunNode& root = runs_[group.number()];
    if (root.above != nullptr || root.count < 2) return "a root of runs is wrong";
    if (root.size != size) return "a tree of runs has another size";
    return validate_runs(root, levels.first, {0, kNoBound});
  }
  const Leaf& leaf = leaves_.leaf(group.number());
  if (leaf.above != nullptr) return "a group's leaf is in a tree";
  if (leaf.size != size || (size == 0 && size_ != 0)) return "a leaf's size is wrong";
  if (leaf.is_mixed() != (group.kind() == GroupKind::kMixed)) return "a leaf's kind is wrong";
  if (!leaf.is_mixed() && leaf.first != levels.first) return "a run's bound is not its level";
  return validate_leaf(leaf, levels, {0, kNoBound});
}

std::string RankTree::Impl::validate_runs(const RunNode& node, Level level, Span keys) const {
  if (node.count == 0 || node.count > RunNode::kCapacity) return "a node of runs is wrong";
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < RunNode::kCapacity; ++i) {
    if (i >= node.count) {
      if (node.lows[i] != kNoBound) return "a bound of no run";
      continue;
    }
    const Span part{i == 0 ? keys.first : node.lows[i],
                    i + 1U < node.count ? node.lows[i + 1] - 1 : keys.last};
    if (part.first < keys.first || part.last > keys.last || part.first > part.last) {
      return "keys out of order";
    }
    size += runs_.child_size(node, i);
    if (node.height > 0) {
      const RunNode& child = runs_[node.children[i]];
      if (child.above != &node || child.height + 1 != node.height) return "a node is lost";
      if (std::string defect = validate_runs(child, level, part); !defect.empty()) return defect;
      continue;
    }
    const Leaf& leaf = leaves_.leaf(node.children[i]);
    if (leaf.above != &node || leaf.is_mixed() || leaf.size == 0) return "a run is lost";
    if (std::string defect = validate_leaf(leaf, {level, level}, part); !defect.empty()) {
      return defect;
    }
  }
  return size == node.size ? "" : "a node of runs has another size";
}

std::string RankTree::Impl::validate_leaf(const Leaf& leaf, Span levels, Span keys) const {
  if (leaf.first < levels.first || leaf.last > levels.last || leaf.first > leaf.last) {
    return "a leaf claims others' levels";
  }
  std::string defect;
  std::uint32_t size = 0;
  std::pair<Level, OrderedKey> before{};
  leaf.for_each([&](std::uint32_t cell) {
    const Slot slot = leaf.slots()[cell];
    const std::pair at{leaf.level_at(cell), leaves_.key(slot)};
    const ranking::Seat seat = leaves_.seat(slot);
    if (&leaves_.leaf(seat) != &leaf || seat.cell() != cell) defect = "a member's seat is wrong";
    if (at.first < levels.first || at.first > levels.last || at.second < keys.first ||
        at.second > keys.last) {
      defect = "a member outside its leaf's bounds";
    }
    if (leaf.sorted() && (cell != size || (size > 0 && at <= before))) {
      defect = "a sorted leaf is not sorted";
    }
    before = at;
    ++size;
  });
  for (std::uint32_t cell = 0; leaf.is_mixed() && cell < leaf.capacity(); ++cell) {
    if (!leaf.is_live(cell) && leaf.mixed.levels[cell] != Leaf::kNoMember) {
      defect = "a free cell with a level";
    }
  }
  return size != leaf.size ? "a leaf's size is wrong" : defect;
}

std::string RankTree::Impl::validate() const {
  return validate_groups(groups_.root(), groups_.height(), {0, kNoBound}, size_);
}

}  // namespace telekv::kv
