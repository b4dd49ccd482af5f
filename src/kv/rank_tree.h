// The ranking: members in order of score, highest first; equal scores in order of key, lowest
// first. The order has no exceptions: it depends on scores and keys alone, never on history.
//
// Why not a ready-made one: for "+1 to a random member" of a million a skip list with spans takes
// 5.2 us and __gnu_pbds order statistics 4.3 us, nearly all of it cache misses. So:
//  1. Order by score and order by key are apart. A counted B+-tree (kv/rank_groups.h) of scores is
//     all that a rank needs; where many members share scores it is so small that it stays in the
//     cache. Only a score that fills many leaves has a tree of keys below it.
//  2. Inside a leaf there is no order (kv/rank_leaf.h). A member's seat stands in its row, and is
//     left without touching a cell: a move to the next score misses the cache for one new cell.
//  3. A rank needs no order inside a score. Listing makes it, in the leaves that it reads.
//
// One thread, const members included: they sort leaves. Every operation is O(leaf + log n) for any
// input (all equal, all distinct, sorted), listing O(log n + listed). What erasing empties is used
// again, and given back by clear(). Nothing fails but allocation: std::bad_alloc, and the tree is
// as it was, after assign() empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kv/rank_order.h"
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
  /// Bytes of a row, after its key, that are the tree's.
  static constexpr std::size_t kRowBytes = 4;

  /// `rows` holds the members' keys, which stay as they are while they are members, and outlives
  /// the tree.
  explicit RankTree(RowStore& rows);
  ~RankTree();
  RankTree(const RankTree&) = delete;
  RankTree& operator=(const RankTree&) = delete;

  /// Adds a member; the slot must not be in the tree.
  void insert(Slot slot, Score score);

  /// Takes a member out, which must be in the tree with this score.
  void erase(Slot slot, Score score);

  /// Gives a member, which must be in the tree with score `from`, another: any distance, up or
  /// down.
  void move(Slot slot, Score from, Score to);

  /// Replaces the content by members in ascending order of key, given as their scores, which are
  /// overwritten, and their slots: none for 0, 1, 2 and so on. O(n).
  void assign(std::span<Score> scores, std::span<const Slot> slots);

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
  /// Needs no memory.
  void clear() noexcept;

  /// What is wrong with the structure; empty when nothing is. O(n).
  std::string validate() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telekv::kv
