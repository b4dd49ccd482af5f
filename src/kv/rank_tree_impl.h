// What rank_tree.cc and rank_tree_build.cc share: the tree of nodes over leaves.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "kv/rank_leaf.h"
#include "kv/rank_tree.h"

namespace telekv::kv {

class RankTree::Impl {
 public:
  using Order = ranking::Order;
  using Level = ranking::Level;
  using LeafRef = ranking::LeafRef;

  explicit Impl(const RowStore& rows);
  ~Impl() { destroy(root_, height_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void insert(Slot slot, Score score);
  void erase(Slot slot, Score score);
  void move(Slot slot, Score from, Score to);
  void settle();
  void assign(std::vector<Entry>& members);
  std::uint64_t size() const { return size_; }
  std::uint64_t rank(Score score) const;
  std::uint64_t position(Score score, Key key) const;
  void list(std::uint64_t offset, std::size_t limit, std::vector<RankMember>& members) const {
    list_at(root_, height_, offset, limit, members);
  }
  std::size_t memory_bytes() const {
    return sizeof(Impl) + leaves_.memory_bytes() + bottoms_ * sizeof(Bottom) +
           inners_ * sizeof(Inner);
  }
  const RowStore& rows() const { return leaves_.rows(); }
  std::string validate() const;

 private:
  using Bottom = ranking::Node<LeafRef, 16>;
  using Inner = ranking::Node<void*, 64>;  // of Bottoms on height 1, of Inners above

  // Two neighbouring nodes are more than three quarters of one; so 24 children on average.
  static constexpr unsigned kMaxHeight = 12;

  /// The way to a leaf. Good until nodes or leaves are split or merged.
  struct Path {
    struct Step {
      Inner* node;
      std::uint32_t place;
    };
    std::array<Step, kMaxHeight> steps;  // [0] is above the bottom
    Bottom* bottom;
    std::uint32_t place;

    LeafRef& leaf() const { return bottom->children[place]; }
    std::uint32_t& leaf_size() const { return bottom->sizes[place]; }
  };

  /// A move that is under way.
  struct Move {
    Slot slot;
    Order from;
    Order to;
    std::uint64_t version;  // of the structure, when the paths were found
    Path old_path;
    Path new_path;
  };

  Path find(Order order) const;
  std::uint64_t members_before(const Path& path) const;
  void descend(Move& move) const;
  void find_leaves(Move& move) const;
  void start_descent(Move& move);
  void locate(Move& move);
  void apply(Move& move);
  void apply_oldest();
  void add_to_sizes(const Path& path, std::uint32_t difference);
  bool has_room(const Path& path, Level level) const {
    return path.leaf().takes(level) && path.leaf_size() < path.leaf().capacity();
  }
  void make_room(const Path& path, Order order);
  void add_beside_run(const Path& path, Level level);
  void split_leaf(const Path& path, Order order);
  void split_nodes(const Path& path);
  Inner* add_root();
  template <class Each>
  static void split_node(Each& node, Inner& parent, std::uint32_t place);

  void shrink_if_low(const Path& path);
  bool drop_leaf(const Path& path);
  bool merge_leaves(Bottom& bottom, std::uint32_t left);
  void mend_nodes(const Path& path);
  template <class Each>
  static bool mend_node(Inner& parent, std::uint32_t place, std::size_t& nodes);

  void list_at(void* node, unsigned level, std::uint64_t offset, std::size_t limit,
               std::vector<RankMember>& members) const;
  void list_leaf(LeafRef& leaf, std::uint32_t size, std::uint64_t offset, std::size_t limit,
                 std::vector<RankMember>& members) const;

  /// What orders a part of the tree may hold, the last included.
  struct Span {
    Order first;
    Order last;
  };
  template <class Each>
  std::string validate_node(const Each& node, unsigned level, Span span) const;
  std::string validate_child(void* node, std::uint32_t size, unsigned level, Span span) const;
  std::string validate_child(const LeafRef& leaf, std::uint32_t size, unsigned level,
                             Span span) const;

  void destroy(void* node, unsigned level);
  void start();

  mutable ranking::Leaves leaves_;
  void* root_ = nullptr;  // a Bottom on height 0
  unsigned height_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t version_ = 0;  // of leaves and nodes: counts splits and merges
  std::size_t bottoms_ = 0;
  std::size_t inners_ = 0;

  // Moves under way, oldest first: those up to `located_` know their leaves, those up to
  // `descended_` their bottoms.
  static constexpr std::uint32_t kMoves = 16;
  static constexpr std::uint32_t kStep = 5;  // moves between two steps of a move
  std::array<Move, kMoves> moves_;
  std::uint32_t applied_ = 0;
  std::uint32_t located_ = 0;
  std::uint32_t descended_ = 0;
  std::uint32_t begun_ = 0;
};

}  // namespace telekv::kv
