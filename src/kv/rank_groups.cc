#include "kv/rank_groups.h"

namespace telekv::kv::ranking {
namespace {

constexpr std::uint32_t kHalf = GroupNode::kCapacity / 2;
constexpr std::uint32_t kLow = GroupNode::kCapacity / 4;
constexpr std::uint32_t kMergedAtMost = GroupNode::kCapacity / 4 * 3;

}  // namespace

void GroupNode::insert(std::uint32_t place, Level low, std::uint32_t size, std::uint32_t child) {
  insert_at(lows, place, count, low);
  insert_at(sizes, place, count, size);
  insert_at(children, place, count, child);
  ++count;
}

void GroupNode::erase(std::uint32_t place) {
  erase_at(lows, place, count);
  erase_at(sizes, place, count);
  erase_at(children, place, count);
  lows[--count] = kNoBound;
}

void GroupNode::take(GroupNode& source, std::uint32_t place) {
  const std::uint32_t taken = source.count - place;
  std::copy_n(source.lows.begin() + place, taken, lows.begin() + count);
  std::copy_n(source.sizes.begin() + place, taken, sizes.begin() + count);
  std::copy_n(source.children.begin() + place, taken, children.begin() + count);
  std::fill_n(source.lows.begin() + place, taken, kNoBound);
  count += taken;
  source.count = place;
}

GroupTree::GroupTree(Group first) {
  nodes_.reserve(1);
  clear(first);
}

void GroupTree::clear(Group first) noexcept {
  nodes_.clear();
  root_ = &nodes_.take();
  root_->start();
  root_->insert(0, 0, 0, first.value());
  height_ = 0;
}

void GroupTree::split(const Path& path, Level low, std::uint32_t size, Group group) {
  std::uint32_t child = group.value();
  for (unsigned height = 0;; ++height) {
    auto [node, place] = path.steps[height];
    node->sizes[place] -= size;
    ++place;
    if (node->count < Node::kCapacity) {
      node->insert(place, low, size, child);
      return;
    }
    Node& right = nodes_.take();
    right.start();
    right.take(*node, kHalf);
    if (place > kHalf) {
      right.insert(place - kHalf, low, size, child);
    } else {
      node->insert(place, low, size, child);
    }
    low = right.lows[0];
    size = right.size();
    child = right.number;
    if (height == height_) {
      Node& root = nodes_.take();
      root.start();
      root.insert(0, node->lows[0], node->size(), node->number);
      root.insert(1, low, size, child);
      root_ = &root;
      ++height_;
      return;
    }
  }
}

bool GroupTree::erase(const Path& path) {
  if (height_ == 0 && root_->count == 1) return false;
  path.steps[0].node->erase(path.steps[0].place);
  for (unsigned height = 1; height <= height_ && mend(path.steps[height]); ++height) {
  }
  for (; height_ > 0 && root_->count == 1; --height_) {
    Node& root = *root_;
    root_ = &nodes_[root.children[0]];
    nodes_.free(root);
  }
  return true;
}

/// Takes the step's node out of the one above when it is empty, or merges it with a neighbour when
/// they are small. False when nothing has changed above.
bool GroupTree::mend(const Path::Step& above) {
  Node& parent = *above.node;
  const auto child = [&](std::uint32_t place) -> Node& { return nodes_[parent.children[place]]; };
  if (child(above.place).count >= kLow) return false;
  if (child(above.place).count == 0) {
    nodes_.free(child(above.place));
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
  Node& right = child(left + 1);
  child(left).take(right, 0);
  nodes_.free(right);
  parent.sizes[left] += parent.sizes[left + 1];
  parent.erase(left + 1);
  return true;
}

}  // namespace telekv::kv::ranking
