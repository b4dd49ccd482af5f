#include "kv/rank_runs.h"

#include <algorithm>

namespace telekv::kv::ranking {
namespace {

constexpr std::uint32_t kHalf = RunNode::kCapacity / 2;
constexpr std::uint32_t kLow = RunNode::kCapacity / 4;
constexpr std::uint32_t kMergedAtMost = RunNode::kCapacity / 4 * 3;

std::uint32_t place_of(const RunNode& node, std::uint32_t child) {
  const auto* const begin = node.children.data();
  return static_cast<std::uint32_t>(std::find(begin, begin + node.count, child) - begin);
}

void detach(RunNode& node, std::uint32_t place) {
  erase_at(node.lows, place, node.count);
  erase_at(node.children, place, node.count);
  --node.count;
  node.lows[node.count] = kNoBound;
}

const RunNode& root_of(const RunNode* node) {
  while (node->above != nullptr) node = node->above;
  return *node;
}

}  // namespace

RunNode& RunTrees::create(std::uint32_t height, RunNode* above) {
  RunNode& node = nodes_.take();
  node.above = above;
  node.size = 0;
  node.count = 0;
  node.height = static_cast<std::uint16_t>(height);
  node.lows.fill(kNoBound);
  return node;
}

void RunTrees::attach(RunNode& node, std::uint32_t place, OrderedKey low, std::uint32_t child) {
  insert_at(node.lows, place, node.count, low);
  insert_at(node.children, place, node.count, child);
  ++node.count;
  (node.height > 0 ? nodes_[child].above : leaves_.leaf(child).above) = &node;
}

/// Appends the children of `source` from `place` on and takes them away there.
void RunTrees::take(RunNode& node, RunNode& source, std::uint32_t place) {
  for (std::uint32_t i = place; i < source.count; ++i) {
    attach(node, node.count, source.lows[i], source.children[i]);
    source.lows[i] = kNoBound;
  }
  source.count = static_cast<std::uint16_t>(place);
}

std::uint32_t RunTrees::count_members(const RunNode& node) const {
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < node.count; ++i) size += child_size(node, i);
  return size;
}

std::uint32_t RunTrees::split(Leaf& left, OrderedKey low, Leaf& right) {
  if (left.above == nullptr) {
    RunNode& root = create(0, nullptr);
    attach(root, 0, 0, left.number);
    root.size = left.size + right.size;
  }
  RunNode* node = left.above;
  std::uint32_t before = left.number;
  std::uint32_t added = right.number;
  for (;;) {
    const std::uint32_t place = place_of(*node, before) + 1;
    if (node->count < RunNode::kCapacity) {
      attach(*node, place, low, added);
      return root_of(node).number;
    }
    RunNode& sibling = create(node->height, nullptr);
    take(sibling, *node, kHalf);
    if (place > kHalf) {
      attach(sibling, place - kHalf, low, added);
    } else {
      attach(*node, place, low, added);
    }
    if (node->above == nullptr) {
      RunNode& root = create(node->height + 1U, nullptr);
      root.size = node->size;
      attach(root, 0, 0, node->number);
    }
    node->size = count_members(*node);
    sibling.size = count_members(sibling);
    before = node->number;
    added = sibling.number;
    low = sibling.lows[0];
    node = node->above;
  }
}

std::uint32_t RunTrees::erase(const Leaf& leaf) {
  RunNode* node = leaf.above;
  detach(*node, place_of(*node, leaf.number));
  while (node->count == 0) {
    RunNode* const above = node->above;
    detach(*above, place_of(*above, node->number));
    nodes_.free(*node);
    node = above;
  }
  const std::uint32_t any = node->children[0];
  const bool at_leaves = node->height == 0;
  mend(node);
  const RunNode& root = root_of(at_leaves ? leaves_.leaf(any).above : &nodes_[any]);
  return root.number;
}

/// Merges small nodes with neighbours, from this one upwards.
void RunTrees::mend(RunNode* node) {
  while (node->above != nullptr && node->count < kLow) {
    RunNode* const above = node->above;
    const std::uint32_t place = place_of(*above, node->number);
    if (!(place + 1U < above->count && merge(*above, place)) &&
        !(place > 0 && merge(*above, place - 1))) {
      return;
    }
    node = above;
  }
  while (node->above == nullptr && node->height > 0 && node->count == 1) {
    RunNode& only = nodes_[node->children[0]];
    nodes_.free(*node);
    only.above = nullptr;
    node = &only;
  }
}

bool RunTrees::merge(RunNode& above, std::uint32_t place) {
  RunNode& left = nodes_[above.children[place]];
  RunNode& right = nodes_[above.children[place + 1]];
  if (left.count + right.count > kMergedAtMost) return false;
  right.lows[0] = above.lows[place + 1];
  left.size += right.size;
  take(left, right, 0);
  detach(above, place + 1);
  nodes_.free(right);
  return true;
}

Leaf* RunTrees::next(const Leaf& leaf) const {
  const RunNode& node = *leaf.above;
  const std::uint32_t place = place_of(node, leaf.number) + 1;
  return place < node.count ? &leaves_.leaf(node.children[place]) : nullptr;
}

Leaf* RunTrees::previous(const Leaf& leaf) const {
  const RunNode& node = *leaf.above;
  const std::uint32_t place = place_of(node, leaf.number);
  return place > 0 ? &leaves_.leaf(node.children[place - 1]) : nullptr;
}

void RunTrees::dissolve(RunNode& root) {
  leaves_.leaf(root.children[0]).above = nullptr;
  nodes_.free(root);
}

std::uint64_t RunTrees::size_before(const Leaf& leaf) const {
  std::uint64_t before = 0;
  std::uint32_t child = leaf.number;
  for (const RunNode* node = leaf.above; node != nullptr; node = node->above) {
    const std::uint32_t place = place_of(*node, child);
    for (std::uint32_t i = 0; i < place; ++i) before += child_size(*node, i);
    child = node->number;
  }
  return before;
}

}  // namespace telekv::kv::ranking
