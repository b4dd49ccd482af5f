// What the ranking's source files share: a tree of groups by level, over leaves.
//
// A group is what holds the members from a level on: a mixed leaf, of any levels up to the next
// group's; or all members of its level, in one run or in a tree of runs by key. What belongs between
// a run's level and the next group, nobody has: the first who comes gets a mixed leaf.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kv/rank_counts.h"
#include "kv/rank_leaf.h"
#include "kv/rank_tree.h"

namespace telekv::kv {

namespace ranking {

/// A group as the tree of groups has it: an address, and what is there in the bits that the
/// address's alignment leaves free.
class Group {
 public:
  explicit Group(Child child) : child_(child) {}
  explicit Group(const Leaf* leaf)
      : child_(reinterpret_cast<Child>(leaf) | (leaf->is_mixed() ? kMixedBit : 0)) {}
  explicit Group(const CountedTree& runs)
      : child_(reinterpret_cast<Child>(runs.root()) | kTreeBit |
               (Child{runs.height()} << kHeightShift)) {}

  Child child() const { return child_; }
  bool is_mixed() const { return (child_ & kMixedBit) != 0; }
  bool is_tree() const { return (child_ & kTreeBit) != 0; }
  Leaf& leaf() const { return *reinterpret_cast<Leaf*>(child_ & ~kBits); }
  CountedTree runs() const {
    return {reinterpret_cast<CountedNode*>(child_ & ~kBits),
            static_cast<unsigned>((child_ & kBits) >> kHeightShift)};
  }

 private:
  static constexpr Child kMixedBit = 1;
  static constexpr Child kTreeBit = 2;
  static constexpr unsigned kHeightShift = 2;
  static constexpr Child kBits = alignof(Leaf) - 1;
  static_assert(alignof(CountedNode) == alignof(Leaf));
  static_assert(CountedTree::kMostLevels << kHeightShift <= kBits);

  Child child_;
};

}  // namespace ranking

class RankTree::Impl {
 public:
  using Level = ranking::Level;
  using OrderedKey = ranking::OrderedKey;
  using Leaf = ranking::Leaf;
  using Group = ranking::Group;
  using CountedTree = ranking::CountedTree;

  explicit Impl(RowStore& rows);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void insert(Slot slot, Score score);
  void erase(Slot slot, Score score);
  void move(Slot slot, Score from, Score to);
  void assign(std::vector<Entry>& members);
  std::uint64_t size() const { return size_; }
  std::uint64_t rank(Score score) const;
  std::uint64_t position(Score score, Key key) const;
  void list(std::uint64_t offset, std::size_t limit, std::vector<RankMember>& members) const;
  std::size_t memory_bytes() const {
    return sizeof(Impl) + leaves_.memory_bytes() + nodes_.memory_bytes();
  }
  RowStore& rows() const { return leaves_.rows(); }
  std::string validate() const;

 private:
  /// The way to a leaf. Good until leaves or nodes are split or merged.
  struct Place {
    CountedTree::Path group;
    CountedTree::Path run;  // when the group is a tree
    Leaf* leaf;

    Group found() const { return Group(group.child()); }
  };

  Place find(Level level, OrderedKey key) const;
  Place find_room(Level level, OrderedKey key);
  void enter(const Place& place, Level level, OrderedKey key, Slot slot);
  void leave(const Place& place, std::uint32_t cell);
  void add(const Place& place, std::uint32_t difference);

  void make_room(const Place& place, Level level, OrderedKey key);
  void add_beside_run(const Place& place, Level level);
  void split_run(const Place& place, OrderedKey key);
  void split_mixed(const Place& place);

  void shrink(const Place& place);
  void shrink_run(const Place& place);
  void shrink_group(const Place& place);
  bool merge_runs(CountedTree& runs, const CountedTree::Path& path);
  std::optional<ranking::Child> merged(Group left, Group right);

  template <class Visit>
  static bool visit(const CountedTree& tree, std::uint64_t& offset, Visit&& visit_child);

  /// What a child may hold, the last included.
  struct Span {
    ranking::Bound first;
    ranking::Bound last;
  };
  template <class Check>
  static std::string validate_tree(const CountedTree& tree, Span span, std::uint64_t size,
                                   const Check& check_child);
  std::string validate_group(Group group, Span levels, std::uint32_t size) const;
  std::string validate_leaf(const Leaf& leaf, Span levels, Span keys) const;

  mutable ranking::Leaves leaves_;
  ranking::NodePool nodes_;
  CountedTree groups_;
  std::uint64_t size_ = 0;
};

}  // namespace telekv::kv
