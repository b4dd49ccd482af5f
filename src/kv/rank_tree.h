// The ranking: members in order of score, highest first; equal scores in order of key, lowest
// first. The order has no exceptions: it depends on scores and keys alone, never on history.
//
// Why not a ready-made one: for "+1 to a random member" of a million a skip list with spans takes
// 5.2 us and __gnu_pbds order statistics 4.3 us, nearly all of it cache misses.
//  1. A counted B+-tree over leaves of up to 256 members (kv/rank_node.h): rank and select are one
//     descent, and its nodes are a thirtieth of the members' memory.
//  2. Inside a leaf there is no order (kv/rank_leaf.h). A member costs 4 bytes in a leaf with one
//     score and one byte for its place there; a move reads and writes four cache lines.
//  3. A rank needs no order inside a score. Listing makes it, in the leaves that it reads.
//  4. A move is done in four steps, each a few moves after the one before, when the cache lines
//     that it asked for have come: the last 16 moves wait for memory side by side. Whatever else
//     asks for them (a rank, a list, an erasure) ends them first.
//
// One thread, const members included: they end moves and sort leaves. Every operation is O(leaf +
// log n) for any input (all equal, all distinct, sorted), listing O(log n + listed). Leaves
// that erasing empties are used again, and given back by clear(). Nothing fails but allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kv/rank_node.h"
#include "kv/row_store.h"

namespace telekv::kv {

struct RankMember {
  Score score;
  Key key;
  Slot slot;

  bool operator==(const RankMember&) const = default;
};

class RankTree {
 public:
  struct Entry {
    Score score;
    Slot slot;
  };

  /// `rows` holds the members' keys, which stay as they are while they are members, and outlives
  /// the tree.
  explicit RankTree(const RowStore& rows);
  ~RankTree();
  RankTree(const RankTree&) = delete;
  RankTree& operator=(const RankTree&) = delete;

  /// Adds a member; the slot must not be in the tree.
  void insert(Slot slot, Score score);

  /// Takes a member out, which must be in the tree with this score.
  void erase(Slot slot, Score score);

  /// Gives a member, which must be in the tree with score `from`, another: any distance, up or
  /// down. When memory for an earlier move is missing, that move stays to be done.
  void move(Slot slot, Score from, Score to);

  /// Replaces the content. O(n) for members in order of key, otherwise O(n log n).
  void assign(std::vector<Entry> members);

  std::uint64_t size() const;

  /// 1 + members with a strictly higher score: equal scores share a rank.
  std::uint64_t rank(Score score) const;

  /// How many members stand before (score, key).
  std::uint64_t position(Score score, Key key) const;

  /// The member before which `position` others stand; `position` < size().
  RankMember select(std::uint64_t position) const;

  /// The first `count` members, fewer if there are fewer.
  std::vector<RankMember> top(std::size_t count) const { return page(0, count); }

  /// At most `limit` members after the first `offset`.
  std::vector<RankMember> page(std::uint64_t offset, std::size_t limit) const;

  /// (score, key), which must be in the tree, with at most `radius` neighbours on either side.
  std::vector<RankMember> around(Score score, Key key, std::size_t radius) const;

  std::size_t memory_bytes() const;
  void clear();

  /// What is wrong with the structure; empty when nothing is. O(n).
  std::string validate() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telekv::kv
