// Splitting and merging of leaves and nodes: what keeps every operation O(leaf + log n).
#include <algorithm>
#include <utility>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::Leaves;
using ranking::level_of;
using ranking::Order;

/// One step towards room for `order`; to be repeated until there is some.
void RankTree::Impl::make_room(const Path& path, Order order) {
  constexpr std::uint32_t kMostNewLeaves = 2;
  ++version_;
  if (path.bottom->count + kMostNewLeaves > Bottom::kCapacity) {
    split_nodes(path);
  } else if (!path.leaf().takes(level_of(order))) {
    add_beside_run(path, level_of(order));
  } else {
    split_leaf(path, order);
  }
}

/// A mixed leaf for a level that the bounds of a run include, though the run does not.
void RankTree::Impl::add_beside_run(const Path& path, Level level) {
  Bottom& bottom = *path.bottom;
  const Level run = path.leaf().level();
  const LeafRef added = leaves_.create(Kind::kMixed);
  if (level > run) {
    bottom.insert(path.place + 1, ranking::start_of(run + 1), 0, added);
    return;
  }
  const Order low = bottom.lows[path.place];
  bottom.lows[path.place] = ranking::start_of(run);
  bottom.insert(path.place, low, 0, added);
}

void RankTree::Impl::split_leaf(const Path& path, Order order) {
  Bottom& bottom = *path.bottom;
  const Leaves::Parts split = leaves_.split(path.leaf(), path.leaf_size(), order);
  path.leaf() = split.parts[0].leaf;
  path.leaf_size() = split.parts[0].size;
  for (std::uint32_t i = 1; i < split.count; ++i) {
    const Leaves::Part& part = split.parts[i];
    bottom.insert(path.place + i, part.low, part.size, part.leaf);
  }
}

/// Splits the highest full node of the path's end, below a new root if need be.
void RankTree::Impl::split_nodes(const Path& path) {
  unsigned level = 0;
  while (level < height_ && path.steps[level].node->full()) ++level;
  const auto [parent, place] = level < height_ ? path.steps[level] : Path::Step{add_root(), 0};
  if (level == 0) {
    split_node(*path.bottom, *parent, place);
    ++bottoms_;
  } else {
    split_node(*path.steps[level - 1].node, *parent, place);
    ++inners_;
  }
}

RankTree::Impl::Inner* RankTree::Impl::add_root() {
  auto* const root = new Inner;
  root->insert(0, 0, static_cast<std::uint32_t>(size_), root_);
  root_ = root;
  ++height_;
  ++inners_;
  return root;
}

template <class Each>
void RankTree::Impl::split_node(Each& node, Inner& parent, std::uint32_t place) {
  auto* const right = new Each;
  right->take(node, node.count / 2);
  parent.sizes[place] = node.size();
  parent.insert(place + 1, right->lows[0], right->size(), right);
}

/// To be called when a member was taken out of the path's leaf.
void RankTree::Impl::shrink_if_low(const Path& path) {
  if (path.leaf_size() >= Leaves::low_water(path.leaf())) return;
  Bottom& bottom = *path.bottom;
  const std::uint32_t place = path.place;
  if (path.leaf_size() == 0) {
    if (!drop_leaf(path)) return;
  } else {
    const bool merged = (place + 1 < bottom.count && merge_leaves(bottom, place)) ||
                        (place > 0 && merge_leaves(bottom, place - 1));
    if (!merged) return;
  }
  ++version_;
  mend_nodes(path);
}

/// Takes an empty leaf out. False for the last one, which stays.
bool RankTree::Impl::drop_leaf(const Path& path) {
  Bottom& bottom = *path.bottom;
  const std::uint32_t place = path.place;
  const LeafRef leaf = path.leaf();
  if (size_ == 0) {
    path.leaf() = LeafRef(&path.leaf().leaf(), Kind::kMixed, 0);
    return false;
  }
  leaves_.destroy(leaf);
  // What belongs between the leaf and its neighbours falls to the left one, unless it is a part of
  // the same run as the right one.
  if (place + 1 < bottom.count && ranking::are_one_run(leaf, bottom.children[place + 1])) {
    bottom.lows[place + 1] = bottom.lows[place];
  }
  bottom.erase(place);
  return true;
}

/// Merges the leaf with its right neighbour if they are small enough.
bool RankTree::Impl::merge_leaves(Bottom& bottom, std::uint32_t left) {
  std::uint32_t& left_size = bottom.sizes[left];
  const std::uint32_t right_size = bottom.sizes[left + 1];
  LeafRef& left_leaf = bottom.children[left];
  const LeafRef& right_leaf = bottom.children[left + 1];
  if (!Leaves::mergeable(left_leaf, left_size, right_leaf, right_size)) return false;
  leaves_.merge(left_leaf, left_size, right_leaf, right_size);
  left_size += right_size;
  bottom.erase(left + 1);
  return true;
}

/// Merges small nodes of the path with neighbours, takes empty ones out.
void RankTree::Impl::mend_nodes(const Path& path) {
  bool mended = true;
  for (unsigned level = 0; level < height_ && mended; ++level) {
    const auto [parent, place] = path.steps[level];
    mended = level == 0 ? mend_node<Bottom>(*parent, place, bottoms_)
                        : mend_node<Inner>(*parent, place, inners_);
  }
  while (height_ > 0 && static_cast<Inner*>(root_)->count == 1) {
    auto* const root = static_cast<Inner*>(root_);
    root_ = root->children[0];
    delete root;
    --height_;
    --inners_;
  }
}

template <class Each>
bool RankTree::Impl::mend_node(Inner& parent, std::uint32_t place, std::size_t& nodes) {
  const auto child = [&](std::uint32_t at) { return static_cast<Each*>(parent.children[at]); };
  if (child(place)->count >= Each::kCapacity / 4) return false;
  if (child(place)->count == 0) {
    delete child(place);
    --nodes;
    parent.erase(place);
    return true;
  }
  const auto fit = [&](std::uint32_t left) {
    return child(left)->count + child(left + 1)->count <= Each::kCapacity / 4 * 3;
  };
  std::uint32_t left = place;
  if (place + 1 == parent.count || !fit(place)) {
    if (place == 0 || !fit(place - 1)) return false;
    left = place - 1;
  }
  Each* const right = child(left + 1);
  right->lows[0] = parent.lows[left + 1];
  child(left)->take(*right, 0);
  delete right;
  --nodes;
  parent.sizes[left] += parent.sizes[left + 1];
  parent.erase(left + 1);
  return true;
}

}  // namespace telekv::kv
