#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Child;
using ranking::Leaf;
using ranking::Level;

template <class Check>
std::string RankTree::Impl::validate_tree(const CountedTree& tree, Span span, std::uint64_t size,
                                          const Check& check_child) {
  const CountedTree::Node& node = *tree.root();
  if (node.count == 0 || node.count > CountedTree::Node::kCapacity) return "a node's count is wrong";
  if (node.size() != size) return "a size is wrong";
  for (std::uint32_t i = node.count; i < CountedTree::Node::kCapacity; ++i) {
    if (node.lows[i] != CountedTree::Node::kNoBound) return "a bound of no child";
  }
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Span part{node.lows[i], i + 1 < node.count ? node.lows[i + 1] - 1 : span.last};
    if (part.first < span.first || part.last > span.last || part.first > part.last) {
      return "bounds out of order";
    }
    std::string defect =
        tree.height() == 0
            ? check_child(node.children[i], part, node.sizes[i])
            : validate_tree(CountedTree(reinterpret_cast<CountedTree::Node*>(node.children[i]),
                                        tree.height() - 1),
                            part, node.sizes[i], check_child);
    if (!defect.empty()) return defect;
  }
  return {};
}

std::string RankTree::Impl::validate_group(Group group, Span levels, std::uint32_t size) const {
  const Span all{0, ~std::uint64_t{0}};
  if (!group.is_tree()) {
    const Leaf& leaf = group.leaf();
    if (leaf.size != size || (size == 0 && size_ != 0)) return "a leaf's size is wrong";
    if (leaf.is_mixed() != group.is_mixed()) return "a leaf's kind is wrong";
    if (!leaf.is_mixed() && leaf.first != levels.first) return "a run's bound is not its level";
    return validate_leaf(leaf, levels, all);
  }
  const CountedTree runs = group.runs();
  if (runs.height() == 0 && runs.root()->count < 2) return "a tree of one run";
  return validate_tree(runs, all, size, [&](Child child, Span keys, std::uint32_t run_size) {
    const Leaf& leaf = *reinterpret_cast<const Leaf*>(child);
    if (leaf.is_mixed() || leaf.first != levels.first) return std::string("not a run of the tree");
    if (leaf.size != run_size || leaf.size == 0) return std::string("a run's size is wrong");
    return validate_leaf(leaf, levels, keys);
  });
}

std::string RankTree::Impl::validate_leaf(const Leaf& leaf, Span levels, Span keys) const {
  if (leaf.first < levels.first || leaf.last > levels.last || leaf.first > leaf.last) {
    return "a leaf claims others' levels";
  }
  std::string defect;
  std::uint32_t size = 0;
  std::pair<Level, ranking::OrderedKey> before{};
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
  const Span all{0, ~Level{0}};
  return validate_tree(groups_, all, size_, [&](Child child, Span levels, std::uint32_t size) {
    return validate_group(Group(child), levels, size);
  });
}

}  // namespace telekv::kv
