#include "kv/rank_counts.h"

namespace telekv::kv::ranking {
namespace {

constexpr std::uint32_t kHalf = CountedNode::kCapacity / 2;
constexpr std::uint32_t kLow = CountedNode::kCapacity / 4;
constexpr std::uint32_t kMergedAtMost = CountedNode::kCapacity / 4 * 3;

template <class Array>
void open_gap(Array& array, std::uint32_t place, std::uint32_t count) {
  std::move_backward(array.begin() + place, array.begin() + count, array.begin() + count + 1);
}
template <class Array>
void close_gap(Array& array, std::uint32_t place, std::uint32_t count) {
  std::move(array.begin() + place + 1, array.begin() + count, array.begin() + place);
}

CountedNode& node_of(Child child) { return *reinterpret_cast<CountedNode*>(child); }
Child child_of(CountedNode* node) { return reinterpret_cast<Child>(node); }

}  // namespace

void CountedNode::insert(std::uint32_t place, Bound low, std::uint32_t size, Child child) {
  open_gap(lows, place, count);
  open_gap(sizes, place, count);
  open_gap(children, place, count);
  lows[place] = low;
  sizes[place] = size;
  children[place] = child;
  ++count;
}

void CountedNode::erase(std::uint32_t place) {
  close_gap(lows, place, count);
  close_gap(sizes, place, count);
  close_gap(children, place, count);
  lows[--count] = kNoBound;
}

void CountedNode::take(CountedNode& source, std::uint32_t place) {
  const std::uint32_t taken = source.count - place;
  std::copy_n(source.lows.begin() + place, taken, lows.begin() + count);
  std::copy_n(source.sizes.begin() + place, taken, sizes.begin() + count);
  std::copy_n(source.children.begin() + place, taken, children.begin() + count);
  std::fill_n(source.lows.begin() + place, taken, kNoBound);
  count += taken;
  source.count = place;
}

void CountedTree::split_child(NodePool& nodes, const Path& path, Bound low, std::uint32_t size,
                              Child child) {
  for (unsigned level = 0;; ++level) {
    auto [node, place] = path.steps[level];
    node->sizes[place] -= size;
    ++place;
    if (!node->full()) {
      node->insert(place, low, size, child);
      return;
    }
    Node* const right = nodes.take();
    right->start();
    right->take(*node, kHalf);
    if (place > kHalf) {
      right->insert(place - kHalf, low, size, child);
    } else {
      node->insert(place, low, size, child);
    }
    low = right->lows[0];
    size = right->size();
    child = child_of(right);
    if (level == height_) {
      Node* const root = nodes.take();
      root->start();
      root->insert(0, node->lows[0], node->size(), child_of(node));
      root->insert(1, low, size, child);
      root_ = root;
      ++height_;
      return;
    }
  }
}

bool CountedTree::erase(NodePool& nodes, const Path& path) {
  if (height_ == 0 && root_->count == 1) return false;
  path.steps[0].node->erase(path.steps[0].place);
  for (unsigned level = 1; level <= height_ && mend(nodes, path.steps[level]); ++level) {
  }
  for (; height_ > 0 && root_->count == 1; --height_) {
    Node* const root = root_;
    root_ = &node_of(root->children[0]);
    nodes.free(root);
  }
  return true;
}

/// Takes the step's node out of the one above when it is empty, or merges it with a neighbour when
/// they are small. False when nothing has changed above.
bool CountedTree::mend(NodePool& nodes, const Path::Step& above) {
  Node& parent = *above.node;
  const auto child = [&](std::uint32_t place) -> Node& { return node_of(parent.children[place]); };
  if (child(above.place).count >= kLow) return false;
  if (child(above.place).count == 0) {
    nodes.free(&child(above.place));
    parent.erase(above.place);
    return true;
  }
  const auto fit = [&](std::uint32_t left) {
    return child(left).count + child(left + 1).count <= kMergedAtMost;
  };
  std::uint32_t left = above.place;
  if (left + 1 == parent.count || !fit(left)) {
    if (left == 0 || !fit(left - 1)) return false;
    --left;
  }
  child(left).take(child(left + 1), 0);
  nodes.free(&child(left + 1));
  parent.sizes[left] += parent.sizes[left + 1];
  parent.erase(left + 1);
  return true;
}

}  // namespace telekv::kv::ranking
