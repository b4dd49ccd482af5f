// A counted B+-tree: children in order of a 64-bit bound, each with its number of members. The
// ranking has one of scores; and one of keys for each score that fills many leaves.
//
//  1. Finding takes no branch that depends on the data: always six halvings a node, so that one
//     search runs beside another, and beside the next operation's.
//  2. Counts stand beside bounds, not in the children: what is before is a sum over one array.
//  3. A bound is a bound, not a minimum: taking a member out changes none.
//
// A tree is a handle of two words; its nodes are in a pool that several trees share. One thread.
// Every operation is O(log n). Nothing fails once kMostNodes are reserved in the pool.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "kv/rank_pool.h"

namespace telekv::kv::ranking {

using Bound = std::uint64_t;
using Child = std::uintptr_t;

struct alignas(64) CountedNode {
  static constexpr std::uint32_t kCapacity = 64;
  static constexpr Bound kNoBound = std::numeric_limits<Bound>::max();

  /// No member of a child is below its low, none of the child before is from it on.
  std::array<Bound, kCapacity> lows;  // kNoBound from `count` on
  std::array<std::uint32_t, kCapacity> sizes;
  std::array<Child, kCapacity> children;
  std::uint32_t count;
  std::uint32_t number;
  CountedNode* next_free;

  void start() {
    lows.fill(kNoBound);
    count = 0;
  }

  /// The child that `bound` belongs into; the first for what is below all lows.
  std::uint32_t find(Bound bound) const {
    std::uint32_t place = 0;
    for (std::uint32_t step = kCapacity / 2; step > 0; step /= 2) {
      place += step & (lows[place + step] <= bound ? ~0U : 0U);
    }
    return std::min(place, count - 1);
  }

  /// Members in the first `place` children. No branch depends on `place`.
  std::uint32_t size_before(std::uint32_t place) const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kCapacity; ++i) sum += sizes[i] & (i < place ? ~0U : 0U);
    return sum;
  }
  std::uint32_t size() const { return size_before(count); }
  bool full() const { return count == kCapacity; }

  void insert(std::uint32_t place, Bound low, std::uint32_t size, Child child);
  void erase(std::uint32_t place);
  /// Appends the children of `source` from `place` on and takes them away there.
  void take(CountedNode& source, std::uint32_t place);
};

using NodePool = Pool<CountedNode, std::numeric_limits<std::uint32_t>::max()>;

class CountedTree {
 public:
  using Node = CountedNode;

  // Two neighbouring nodes are more than three quarters of one; so 24 children on average, and
  // 24^7 is more than there are slots.
  static constexpr unsigned kMostLevels = 7;
  /// Nodes that one insertion takes at most.
  static constexpr unsigned kMostNodes = kMostLevels;

  /// The way to a child. Good until a child is inserted or erased.
  struct Path {
    struct Step {
      Node* node;
      std::uint32_t place;
    };
    std::array<Step, kMostLevels> steps;  // [0] is the bottom

    Child& child() const { return steps[0].node->children[steps[0].place]; }
    std::uint32_t& size() const { return steps[0].node->sizes[steps[0].place]; }
    Bound& low() const { return steps[0].node->lows[steps[0].place]; }
  };

  CountedTree() = default;
  CountedTree(Node* root, unsigned height) : root_(root), height_(height) {}

  Node* root() const { return root_; }
  unsigned height() const { return height_; }

  Path find(Bound bound) const {
    Path path;
    Node* node = root_;
    for (unsigned level = height_;; --level) {
      const std::uint32_t place = node->find(bound);
      path.steps[level] = {node, place};
      if (level == 0) return path;
      node = reinterpret_cast<Node*>(node->children[place]);
    }
  }

  /// Members in the children before the path's.
  std::uint64_t size_before(const Path& path) const {
    std::uint64_t before = 0;
    for (unsigned level = 0; level <= height_; ++level) {
      before += path.steps[level].node->size_before(path.steps[level].place);
    }
    return before;
  }

  /// `difference` is 1, or the complement of 0 to subtract 1.
  void add(const Path& path, std::uint32_t difference) {
    for (unsigned level = 0; level <= height_; ++level) {
      path.steps[level].node->sizes[path.steps[level].place] += difference;
    }
  }

  /// To be called for a bound that enters below its child's low: the leftmost one's.
  void lower(const Path& path, Bound bound) {
    for (unsigned level = 0; level <= height_; ++level) {
      Bound& low = path.steps[level].node->lows[path.steps[level].place];
      low = std::min(low, bound);
    }
  }

  /// Inserts a child after the path's, which gives it `size` of its members.
  void split_child(NodePool& nodes, const Path& path, Bound low, std::uint32_t size, Child child);

  /// Takes a child without members out. The last one stays: false.
  bool erase(NodePool& nodes, const Path& path);

  /// Makes one child of the path's and a neighbour: what merge(left, right) answers, unless nothing.
  template <class Merge>
  bool merge(NodePool& nodes, const Path& path, Merge&& merge) {
    const auto [node, place] = path.steps[0];
    const auto merge_at = [&, node = node](std::uint32_t left) {
      const std::optional<Child> merged = merge(node->children[left], node->children[left + 1]);
      if (!merged) return false;
      node->children[left] = *merged;
      node->sizes[left] += node->sizes[left + 1];
      Path right = path;
      right.steps[0].place = left + 1;
      erase(nodes, right);
      return true;
    };
    return (place + 1 < node->count && merge_at(place)) || (place > 0 && merge_at(place - 1));
  }

 private:
  bool mend(NodePool& nodes, const Path::Step& above);

  Node* root_ = nullptr;
  unsigned height_ = 0;  // of the root; the bottom's is 0
};

}  // namespace telekv::kv::ranking
