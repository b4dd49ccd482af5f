#include "kv/rank_tree.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::Leaves;
using ranking::level_of;
using ranking::Order;
using ranking::order_of;

RankTree::Impl::Impl(const RowStore& rows) : leaves_(rows) { start(); }

/// An empty tree is one empty mixed leaf.
void RankTree::Impl::start() {
  auto* const bottom = new Bottom;
  root_ = bottom;
  ++bottoms_;
  bottom->insert(0, 0, 0, leaves_.create(Kind::kMixed));
}

void RankTree::Impl::destroy(void* node, unsigned level) {
  if (level == 0) {
    auto* const bottom = static_cast<Bottom*>(node);
    for (std::uint32_t i = 0; i < bottom->count; ++i) leaves_.destroy(bottom->children[i]);
    delete bottom;
    --bottoms_;
    return;
  }
  auto* const inner = static_cast<Inner*>(node);
  for (std::uint32_t i = 0; i < inner->count; ++i) destroy(inner->children[i], level - 1);
  delete inner;
  --inners_;
}

RankTree::Impl::Path RankTree::Impl::find(Order order) const {
  Path path;
  void* node = root_;
  for (unsigned level = height_; level > 0; --level) {
    auto* const inner = static_cast<Inner*>(node);
    const std::uint32_t place = inner->find(order);
    path.steps[level - 1] = {inner, place};
    node = inner->children[place];
  }
  path.bottom = static_cast<Bottom*>(node);
  path.bottom->prefetch();
  path.place = path.bottom->find(order);
  return path;
}

/// Two descents at the price of little more than one: neither waits for the other.
void RankTree::Impl::descend(Move& move) const {
  void* old_node = root_;
  void* new_node = root_;
  for (unsigned level = height_; level > 0; --level) {
    auto* const old_inner = static_cast<Inner*>(old_node);
    auto* const new_inner = static_cast<Inner*>(new_node);
    const std::uint32_t old_place = old_inner->find(move.from);
    const std::uint32_t new_place = new_inner->find(move.to);
    move.old_path.steps[level - 1] = {old_inner, old_place};
    move.new_path.steps[level - 1] = {new_inner, new_place};
    old_node = old_inner->children[old_place];
    new_node = new_inner->children[new_place];
  }
  move.old_path.bottom = static_cast<Bottom*>(old_node);
  move.new_path.bottom = static_cast<Bottom*>(new_node);
  move.old_path.bottom->prefetch();
  move.new_path.bottom->prefetch();
  move.version = version_;
}

void RankTree::Impl::find_leaves(Move& move) const {
  if (move.version != version_) descend(move);
  move.old_path.place = move.old_path.bottom->find(move.from);
  move.new_path.place = move.new_path.bottom->find(move.to);
}

/// `difference` is 1, or the complement of 0 to subtract 1.
void RankTree::Impl::add_to_sizes(const Path& path, std::uint32_t difference) {
  path.leaf_size() += difference;
  for (unsigned level = 0; level < height_; ++level) {
    path.steps[level].node->sizes[path.steps[level].place] += difference;
  }
}

void RankTree::Impl::insert(Slot slot, Score score) {
  leaves_.places().make_room(slot);
  const Order order = order_of(score, rows().key(slot));
  Path path = find(order);
  for (; !has_room(path, level_of(order)); path = find(order)) make_room(path, order);
  leaves_.append(path.leaf(), path.leaf_size(), level_of(order), slot);
  add_to_sizes(path, 1);
  ++size_;
}

void RankTree::Impl::erase(Slot slot, Score score) {
  settle();
  const Path path = find(order_of(score, rows().key(slot)));
  leaves_.remove(path.leaf(), path.leaf_size(), slot);
  add_to_sizes(path, ~0U);
  --size_;
  shrink_if_low(path);
}

void RankTree::Impl::move(Slot slot, Score from, Score to) {
  if (begun_ - applied_ == kMoves) apply_oldest();
  __builtin_prefetch(rows().row(slot));
  leaves_.places().prefetch(slot);
  Move& begun = moves_[begun_ % kMoves];
  begun.slot = slot;
  begun.from = ranking::start_of(level_of(from));
  begun.to = ranking::start_of(level_of(to));
  ++begun_;
  if (begun_ - descended_ > kStep) start_descent(moves_[descended_++ % kMoves]);
  if (begun_ - located_ > 2 * kStep) locate(moves_[located_++ % kMoves]);
}

/// If it throws, the move stays the oldest.
void RankTree::Impl::apply_oldest() {
  apply(moves_[applied_ % kMoves]);
  ++applied_;
}

/// Second step of a move.
void RankTree::Impl::start_descent(Move& move) {
  const Order key = ranking::ordered(rows().key(move.slot));
  move.from |= key;
  move.to |= key;
  descend(move);
}

/// Third step of a move.
void RankTree::Impl::locate(Move& move) {
  find_leaves(move);
  leaves_.prefetch(move.old_path.leaf(), move.old_path.leaf_size() - 1);
  leaves_.prefetch(move.old_path.leaf(), leaves_.places()[move.slot]);
  leaves_.prefetch(move.new_path.leaf(), move.new_path.leaf_size());
}

/// Last step of a move. Without memory for a new leaf it throws before it changes the order.
void RankTree::Impl::apply(Move& move) {
  const Level level = level_of(move.to);
  if (move.version != version_) find_leaves(move);
  const auto stays_in_mixed = [&move] {
    return move.new_path.leaf().is_mixed() && move.old_path.bottom == move.new_path.bottom &&
           move.old_path.place == move.new_path.place;
  };
  for (;;) {
    if (stays_in_mixed()) {
      leaves_.set_level(move.old_path.leaf(), move.slot, level);
      return;
    }
    if (has_room(move.new_path, level)) break;
    make_room(move.new_path, move.to);
    find_leaves(move);
  }
  leaves_.remove(move.old_path.leaf(), move.old_path.leaf_size(), move.slot);
  leaves_.append(move.new_path.leaf(), move.new_path.leaf_size(), level, move.slot);
  add_to_sizes(move.old_path, ~0U);
  add_to_sizes(move.new_path, 1);
  shrink_if_low(move.old_path);
}

/// Ends all moves.
void RankTree::Impl::settle() {
  while (descended_ != begun_) start_descent(moves_[descended_++ % kMoves]);
  while (located_ != begun_) locate(moves_[located_++ % kMoves]);
  while (applied_ != begun_) apply_oldest();
}

std::uint64_t RankTree::Impl::rank(Score score) const {
  const Order order = ranking::start_of(level_of(score));
  const Path path = find(order);
  Leaves::prefetch_levels(path.leaf(), path.leaf_size());
  return 1 + members_before(path) +
         Leaves::count_above(path.leaf(), path.leaf_size(), level_of(order));
}

std::uint64_t RankTree::Impl::position(Score score, Key key) const {
  const Order order = order_of(score, key);
  const Path path = find(order);
  return members_before(path) + leaves_.count_before(path.leaf(), path.leaf_size(), order);
}

/// In the leaves before the path's.
std::uint64_t RankTree::Impl::members_before(const Path& path) const {
  std::uint64_t before = path.bottom->size_before(path.place);
  for (unsigned level = 0; level < height_; ++level) {
    before += path.steps[level].node->size_before(path.steps[level].place);
  }
  return before;
}

/// Lists on until `members` are `limit`; what is before `offset` is left out.
void RankTree::Impl::list_at(void* node, unsigned level, std::uint64_t offset, std::size_t limit,
                             std::vector<RankMember>& members) const {
  const auto each_child = [&](const auto* parent, const auto& list_child) {
    for (std::uint32_t i = 0; i < parent->count && members.size() < limit; ++i) {
      if (offset < parent->sizes[i]) list_child(i);
      offset -= std::min<std::uint64_t>(offset, parent->sizes[i]);
    }
  };
  if (level > 0) {
    const auto* const inner = static_cast<const Inner*>(node);
    each_child(inner, [&](std::uint32_t place) {
      list_at(inner->children[place], level - 1, offset, limit, members);
    });
    return;
  }
  auto* const bottom = static_cast<Bottom*>(node);
  each_child(bottom, [&](std::uint32_t place) {
    list_leaf(bottom->children[place], bottom->sizes[place], offset, limit, members);
  });
}

void RankTree::Impl::list_leaf(LeafRef& leaf, std::uint32_t size, std::uint64_t offset,
                               std::size_t limit, std::vector<RankMember>& members) const {
  leaves_.sort(leaf, size);
  for (auto i = static_cast<std::uint32_t>(offset); i < size && members.size() < limit; ++i) {
    const Slot slot = leaf.slots()[i];
    members.push_back({ranking::score_of(leaf.level_at(i)), rows().key(slot), slot});
  }
}

RankTree::RankTree(const RowStore& rows) : impl_(std::make_unique<Impl>(rows)) {}
RankTree::~RankTree() = default;

void RankTree::clear() { impl_ = std::make_unique<Impl>(impl_->rows()); }
std::uint64_t RankTree::size() const { return impl_->size(); }
void RankTree::insert(Slot slot, Score score) { impl_->insert(slot, score); }
void RankTree::erase(Slot slot, Score score) { impl_->erase(slot, score); }
void RankTree::assign(std::vector<Entry> members) {
  clear();
  impl_->assign(members);
}
std::uint64_t RankTree::rank(Score score) const {
  impl_->settle();
  return impl_->rank(score);
}
std::size_t RankTree::memory_bytes() const { return impl_->memory_bytes(); }
std::string RankTree::validate() const {
  impl_->settle();
  return impl_->validate();
}

void RankTree::move(Slot slot, Score from, Score to) {
  if (from != to) impl_->move(slot, from, to);
}

std::uint64_t RankTree::position(Score score, Key key) const { return impl_->position(score, key); }

RankMember RankTree::select(std::uint64_t position) const {
  assert(position < size());
  return page(position, 1).front();
}

std::vector<RankMember> RankTree::page(std::uint64_t offset, std::size_t limit) const {
  std::vector<RankMember> members;
  if (offset >= size()) return members;
  limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit, size() - offset));
  members.reserve(limit);
  impl_->settle();
  impl_->list(offset, limit, members);
  return members;
}

std::vector<RankMember> RankTree::around(Score score, Key key, std::size_t radius) const {
  const std::uint64_t place = position(score, key);
  const std::uint64_t before = std::min<std::uint64_t>(radius, place);
  const std::uint64_t after = std::min<std::uint64_t>(radius, size() - place - 1);
  return page(place - before, static_cast<std::size_t>(before + 1 + after));
}

}  // namespace telekv::kv
