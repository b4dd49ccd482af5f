// Where a score has more members than a leaf holds: trees of runs, in order of key.
//
//  1. A node is four cache lines, fetched at once; leaves and nodes know the node above. So who
//     leaves is counted out from the leaf upwards, without a search.
//  2. What a node holds in all stands in the node. How its members share out among its children is
//     asked seldom, and then added up from the children.
//  3. The first low of a node means nothing: what is below goes there too.
//
// One pool for all trees, each named by its root. One thread. Every operation is O(leaf + log n).
// Nothing fails once reserve() was called.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "kv/rank_leaf.h"
#include "kv/rank_node.h"
#include "kv/rank_pool.h"

namespace telekv::kv::ranking {

struct alignas(64) RunNode {
  static constexpr std::uint32_t kCapacity = 19;

  union {
    RunNode* above;
    RunNode* next_free;
  };
  std::uint32_t number;
  std::uint32_t size;  // members
  std::uint16_t count;
  std::uint16_t height;                           // 0: the children are leaves
  std::array<OrderedKey, kCapacity> lows;         // kNoBound from `count` on
  std::array<std::uint32_t, kCapacity> children;  // numbers

  std::uint32_t child_for(OrderedKey key) const { return children[find_bound(lows, count, key)]; }
};
static_assert(sizeof(RunNode) == 4 * 64);

class RunTrees {
 public:
  explicit RunTrees(Leaves& leaves) : leaves_(leaves) {}

  /// Makes room for what one split may need.
  void reserve() { nodes_.reserve(kMostNewNodes); }
  std::size_t memory_bytes() const { return nodes_.memory_bytes(); }
  /// Of no trees. Needs no memory.
  void clear() noexcept { nodes_.clear(); }

  RunNode& operator[](std::uint32_t number) const { return nodes_[number]; }

  /// The bottom node for a key.
  RunNode& find_bottom(std::uint32_t root, OrderedKey key) const {
    RunNode* node = &nodes_[root];
    while (node->height > 0) node = &nodes_[node->child_for(key)];
    return *node;
  }
  Leaf& find(const RunNode& bottom, OrderedKey key) const {
    return leaves_.leaf(bottom.child_for(key));
  }

  /// Counts a member in (1) or out (the complement of 0), from its leaf upwards.
  static void add(const Leaf& leaf, std::uint32_t difference) {
    for (RunNode* node = leaf.above; node != nullptr; node = node->above) node->size += difference;
  }

  /// Puts `right`, which has members of `left` from a key on, after it. The root's number.
  std::uint32_t split(Leaf& left, OrderedKey low, Leaf& right);

  /// Takes a leaf out that has no members. The root's number.
  std::uint32_t erase(const Leaf& leaf);

  /// The leaf after this one below the same node, and the one before; nullptr when there is none.
  Leaf* next(const Leaf& leaf) const;
  Leaf* previous(const Leaf& leaf) const;

  /// Makes the last leaf's tree vanish.
  void dissolve(RunNode& root);

  /// Members in the leaves before this one.
  std::uint64_t size_before(const Leaf& leaf) const;

  /// As GroupTree::visit(), of leaves.
  template <class Function>
  bool visit(const RunNode& node, std::uint64_t& offset, Function&& fn) const {
    for (std::uint32_t i = 0; i < node.count; ++i) {
      const std::uint32_t size = child_size(node, i);
      if (offset >= size) {
        offset -= size;
      } else if (node.height > 0 ? visit(nodes_[node.children[i]], offset, fn)
                                 : fn(leaves_.leaf(node.children[i]))) {
        return true;
      }
    }
    return false;
  }

  std::uint32_t child_size(const RunNode& node, std::uint32_t place) const {
    const std::uint32_t child = node.children[place];
    return node.height > 0 ? nodes_[child].size : leaves_.leaf(child).size;
  }

 private:
  // Two neighbouring nodes are more than three quarters of one, so 7 children on average; 7^11 is
  // more than there are leaves.
  static constexpr std::size_t kMostNewNodes = 12;

  RunNode& create(std::uint32_t height, RunNode* above);
  void attach(RunNode& node, std::uint32_t place, OrderedKey low, std::uint32_t child);
  void take(RunNode& node, RunNode& source, std::uint32_t place);
  void mend(RunNode* node);
  bool merge(RunNode& above, std::uint32_t left);
  std::uint32_t count_members(const RunNode& node) const;

  Leaves& leaves_;
  Pool<RunNode, std::numeric_limits<std::uint32_t>::max()> nodes_;
};

}  // namespace telekv::kv::ranking
