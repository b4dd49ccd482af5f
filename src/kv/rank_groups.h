// The ranking by score alone: a counted B+-tree of groups, in order of level.
//
// A group is what holds the members from a level on: a mixed leaf, of any levels up to the next
// group's; or all members of its level, in one run or in a tree of runs. Counts stand beside
// bounds, not in the groups: a rank is a sum over one array a node, and where members share scores
// the whole tree stays in the cache.
//
// One thread. Every operation is O(log groups). Nothing fails once kMostNewNodes are reserved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "kv/rank_leaf.h"
#include "kv/rank_node.h"
#include "kv/rank_order.h"
#include "kv/rank_pool.h"

namespace telekv::kv::ranking {

enum class GroupKind : std::uint8_t { kMixed, kRun, kRuns };

/// What a group is, and the number of its leaf or of its tree's root. 4 bytes.
class Group {
 public:
  Group() = default;
  Group(GroupKind kind, std::uint32_t number)
      : value_(number << kKindBits | static_cast<std::uint32_t>(kind)) {}
  static Group of(std::uint32_t value) {
    Group group;
    group.value_ = value;
    return group;
  }

  GroupKind kind() const { return static_cast<GroupKind>(value_ & ((1U << kKindBits) - 1)); }
  std::uint32_t number() const { return value_ >> kKindBits; }
  std::uint32_t value() const { return value_; }

 private:
  static constexpr unsigned kKindBits = 2;

  std::uint32_t value_;
};

struct alignas(64) GroupNode {
  static constexpr std::uint32_t kCapacity = 32;

  std::uint32_t count;
  std::uint32_t number;
  /// No member of a child is below its low, none of the child before is from it on.
  std::array<Level, kCapacity> lows;  // kNoBound from `count` on
  std::array<std::uint32_t, kCapacity> sizes;
  std::array<std::uint32_t, kCapacity> children;  // groups at the bottom, above it numbers of nodes
  GroupNode* next_free;

  void start() {
    lows.fill(kNoBound);
    count = 0;
  }
  std::uint32_t find(Level level) const { return find_bound(lows, count, level); }
  /// Whether a child of this bottom node is the group of a level, which a member in `leaf` has. May
  /// say no of the last child: what comes after it is in another node.
  bool holds(std::uint32_t place, Level level, const Leaf& leaf) const {
    if (place >= count || lows[place] > level) return false;
    if (place + 1 < count) return lows[place + 1] > level;
    return lows[place] == level ||
           (leaf.above == nullptr && Group::of(children[place]).number() == leaf.number &&
            Group::of(children[place]).kind() != GroupKind::kRuns);
  }
  /// Members in the first `place` children. No branch depends on `place`.
  std::uint32_t size_before(std::uint32_t place) const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kCapacity; ++i) sum += sizes[i] & (i < place ? ~0U : 0U);
    return sum;
  }
  std::uint32_t size() const { return size_before(count); }

  void insert(std::uint32_t place, Level low, std::uint32_t size, std::uint32_t child);
  void erase(std::uint32_t place);
  /// Appends the children of `source` from `place` on and takes them away there.
  void take(GroupNode& source, std::uint32_t place);
};

class GroupTree {
 public:
  using Node = GroupNode;

  // Two neighbouring nodes are more than three quarters of one, so 12 children on average; 12^9 is
  // more than there are slots.
  static constexpr unsigned kMostHeight = 9;
  static constexpr std::size_t kMostNewNodes = kMostHeight;

  /// The way to a group. Good until a group is inserted or erased.
  struct Path {
    struct Step {
      Node* node;
      std::uint32_t place;
    };
    std::array<Step, kMostHeight> steps;  // [0] is the bottom

    Group group() const { return Group::of(steps[0].node->children[steps[0].place]); }
    void set_group(Group group) const { steps[0].node->children[steps[0].place] = group.value(); }
    std::uint32_t size() const { return steps[0].node->sizes[steps[0].place]; }
    Level low() const { return steps[0].node->lows[steps[0].place]; }
    void set_low(Level low) const { steps[0].node->lows[steps[0].place] = low; }
  };

  explicit GroupTree(Group first);

  /// As freshly made. Needs no memory.
  void clear(Group first) noexcept;

  const Node& root() const { return *root_; }
  unsigned height() const { return height_; }
  const Node& node(std::uint32_t number) const { return nodes_[number]; }
  std::size_t memory_bytes() const { return nodes_.memory_bytes(); }
  void reserve() { nodes_.reserve(kMostNewNodes); }

  void find(Level level, Path& path) const {
    Node* node = root_;
    for (unsigned height = height_;; --height) {
      const std::uint32_t place = node->find(level);
      path.steps[height] = {node, place};
      if (height == 0) return;
      node = &nodes_[node->children[place]];
      if (height == 1) prefetch_node(*node);
    }
  }

  /// The end of the way alone.
  Node& find_bottom(Level level) const {
    Node* node = root_;
    for (unsigned height = height_; height > 0; --height) {
      node = &nodes_[node->children[node->find(level)]];
    }
    return *node;
  }

  /// Members in the groups before the path's.
  std::uint64_t size_before(const Path& path) const {
    std::uint64_t before = 0;
    for (unsigned height = 0; height <= height_; ++height) {
      before += path.steps[height].node->size_before(path.steps[height].place);
    }
    return before;
  }

  /// `difference` is 1, or the complement of 0 to subtract 1.
  void add(const Path& path, std::uint32_t difference) {
    for (unsigned height = 0; height <= height_; ++height) {
      path.steps[height].node->sizes[path.steps[height].place] += difference;
    }
  }

  /// Counts a member in (1) or out (the complement of 0).
  void add(Level level, std::uint32_t difference) {
    Path path;
    find(level, path);
    add(path, difference);
  }

  /// To be called for a level that enters a group below its low: the leftmost group of a node.
  void lower(const Path& path, Level level) {
    for (unsigned height = 0; height <= height_; ++height) {
      Level& low = path.steps[height].node->lows[path.steps[height].place];
      low = std::min(low, level);
    }
  }

  /// Inserts a group after the path's, which gives it `size` of its members.
  void split(const Path& path, Level low, std::uint32_t size, Group group);

  /// Takes a group without members out. The last one stays: false.
  bool erase(const Path& path);

  /// Makes one group of the path's and a neighbour: what merge(left, right) answers, unless
  /// nothing.
  template <class Merge>
  bool merge(const Path& path, Merge&& merge) {
    const auto [node, place] = path.steps[0];
    const auto merge_at = [&, node = node](std::uint32_t left) {
      const std::optional<Group> merged =
          merge(Group::of(node->children[left]), Group::of(node->children[left + 1]));
      if (!merged) return false;
      node->children[left] = merged->value();
      node->sizes[left] += node->sizes[left + 1];
      Path right = path;
      right.steps[0].place = left + 1;
      erase(right);
      return true;
    };
    return (place + 1 < node->count && merge_at(place)) || (place > 0 && merge_at(place - 1));
  }

  /// Calls fn(group) for each group that has more than the first `offset` members, until it answers
  /// that it has enough. What is passed over is taken from `offset`.
  template <class Function>
  void visit(std::uint64_t& offset, Function&& fn) const {
    visit(*root_, height_, offset, fn);
  }

 private:
  template <class Function>
  bool visit(const Node& node, unsigned height, std::uint64_t& offset, Function& fn) const {
    for (std::uint32_t i = 0; i < node.count; ++i) {
      if (offset >= node.sizes[i]) {
        offset -= node.sizes[i];
      } else if (height > 0 ? visit(nodes_[node.children[i]], height - 1, offset, fn)
                            : fn(Group::of(node.children[i]))) {
        return true;
      }
    }
    return false;
  }

  bool mend(const Path::Step& above);

  Pool<GroupNode, std::numeric_limits<std::uint32_t>::max()> nodes_;
  Node* root_ = nullptr;
  unsigned height_ = 0;  // of the root; the bottom's is 0
};

}  // namespace telekv::kv::ranking
