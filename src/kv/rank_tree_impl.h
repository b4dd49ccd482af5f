// What the ranking's source files share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kv/rank_groups.h"
#include "kv/rank_leaf.h"
#include "kv/rank_runs.h"
#include "kv/rank_tree.h"

namespace telekv::kv {

class RankTree::Impl {
 public:
  using Level = ranking::Level;
  using OrderedKey = ranking::OrderedKey;
  using Leaf = ranking::Leaf;
  using Group = ranking::Group;
  using GroupTree = ranking::GroupTree;

  explicit Impl(RowStore& rows);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void insert(Slot slot, Score score);
  void erase(Slot slot, Score score);
  void move(Slot slot, Score from, Score to);
  void settle();
  void assign(std::span<Score> scores, std::span<const Slot> slots);
  void clear() noexcept;
  std::uint64_t size() const { return size_; }
  std::uint64_t rank(Score score) const;
  std::uint64_t position(Score score, Key key) const;
  void list(std::uint64_t offset, std::size_t limit, std::vector<RankMember>& members) const;
  std::size_t memory_bytes() const {
    return sizeof(Impl) + leaves_.memory_bytes() + groups_.memory_bytes() + runs_.memory_bytes();
  }
  RowStore& rows() const { return leaves_.rows(); }
  std::string validate() const;

 private:
  /// A leaf and its group. Good until leaves or nodes are split or merged.
  struct Place {
    GroupTree::Path group;
    Leaf* leaf;
  };

  /// A move that is under way.
  struct Move {
    std::byte* row;
    Slot slot;
    std::uint32_t place;  // of the target in its node
    Level from;
    Level to;
    std::uint64_t version;       // of the structure, when the target was looked for
    ranking::GroupNode* groups;  // with the target's group
    ranking::RunNode* bottom;    // where the target is to be found, unless it is known
    Leaf* target;
  };

  static Group group_of(const Leaf& leaf) {
    return {leaf.is_mixed() ? ranking::GroupKind::kMixed : ranking::GroupKind::kRun, leaf.number};
  }
  static Group group_of_runs(std::uint32_t root) { return {ranking::GroupKind::kRuns, root}; }

  Leaf& find_leaf(Group group, OrderedKey key) const;
  void find(Level level, OrderedKey key, Place& place) const;
  void find_room(Level level, OrderedKey key, Place& place);
  static bool has_room(const Leaf& leaf, Level level) {
    return !leaf.full() && (leaf.is_mixed() || leaf.first == level);
  }
  static bool stays(const Leaf& leaf, Level level) {
    return leaf.is_mixed() && level >= leaf.first && level <= leaf.last;
  }
  void enter(const Place& place, Level level, Slot slot);
  void leave(Leaf& leaf, std::uint32_t cell);

  void locate(Move& move);
  void descend(Move& move);
  void apply(Move& move);
  void apply_anyhow(const Move& move);
  void apply_oldest();

  void make_room(const Place& place, Level level, OrderedKey key);
  void add_beside_run(const Place& place, Level level);
  void split_run(const Place& place, OrderedKey key);
  void split_mixed(const Place& place);

  // `Members`: in order, with level(i) and slot(i) of each; see rank_tree_build.cc.
  template <class Members>
  void build(const Members& members);
  template <class Members>
  void append_mixed(const Members& members, std::size_t begin, std::size_t end);
  template <class Members>
  void append_run(const Members& members, std::size_t begin, std::size_t end);
  template <class Members>
  void fill(Leaf& leaf, const Members& members, std::size_t begin, std::size_t end);
  void append_group(Group group, Level low);

  void shrink(Leaf& leaf, Level level);
  void shrink_run(const Place& place);
  void shrink_group(const Place& place);
  bool merge_runs(Leaf* left, Leaf* right);
  std::optional<Group> merged(Group left, Group right);

  // A score with half of a full mixed leaf gets a run.
  static constexpr std::uint32_t kRunFrom = Leaf::kMixedCells / 2;

  /// What a child may hold, the last included.
  struct Span {
    ranking::Bound first;
    ranking::Bound last;
  };
  std::string validate_groups(const GroupTree::Node& node, unsigned height, Span levels,
                              std::uint64_t size) const;
  std::string validate_group(Group group, Span levels, std::uint32_t size) const;
  std::string validate_runs(const ranking::RunNode& node, Level level, Span keys) const;
  std::string validate_leaf(const Leaf& leaf, Span levels, Span keys) const;

  mutable ranking::Leaves leaves_;
  ranking::RunTrees runs_{leaves_};
  GroupTree groups_;
  std::uint64_t size_ = 0;
  std::uint64_t version_ = 0;  // of leaves and nodes: counts splits and merges

  // Moves under way, oldest first: those up to `descended_` know their target, and so on.
  static constexpr std::uint32_t kMoves = 16;
  static constexpr std::uint32_t kStep = 5;  // moves between two steps of a move
  std::array<Move, kMoves> moves_;
  std::uint32_t applied_ = 0;
  std::uint32_t descended_ = 0;
  std::uint32_t located_ = 0;
  std::uint32_t begun_ = 0;
};

}  // namespace telekv::kv
