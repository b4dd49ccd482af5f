#include "kv/rank_tree.h"

#include <algorithm>
#include <cassert>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::GroupKind;
using ranking::Kind;
using ranking::Leaves;
using ranking::level_of;
using ranking::ordered;
using ranking::RunTrees;
using ranking::Seat;

static_assert(RankTree::kRowBytes == sizeof(Seat));

namespace {

constexpr std::uint32_t kOneLess = ~0U;  // added, it takes one away

}  // namespace

/// An empty tree is one empty mixed leaf.
RankTree::Impl::Impl(RowStore& rows)
    : leaves_(rows), groups_([this] {
        leaves_.reserve(1);
        return group_of(leaves_.create(Kind::kMixed, 0, ~Level{0}));
      }()) {}

RankTree::Impl::Leaf& RankTree::Impl::find_leaf(Group group, OrderedKey key) const {
  if (group.kind() != GroupKind::kRuns) return leaves_.leaf(group.number());
  return runs_.find(runs_.find_bottom(group.number(), key), key);
}

void RankTree::Impl::find(Level level, OrderedKey key, Place& place) const {
  groups_.find(level, place.group);
  place.leaf = &find_leaf(place.group.group(), key);
}

/// Where the leaf takes the level and has room. Throws before it changes the order.
void RankTree::Impl::find_room(Level level, OrderedKey key, Place& place) {
  for (find(level, key, place); !has_room(*place.leaf, level); find(level, key, place)) {
    make_room(place, level, key);
  }
}

/// The groups' counts are the caller's.
void RankTree::Impl::enter(const Place& place, Level level, Slot slot) {
  if (level < place.group.low()) groups_.lower(place.group, level);
  Leaf& leaf = *place.leaf;
  leaf.first = std::min(leaf.first, level);
  leaf.last = std::max(leaf.last, level);
  leaves_.put(leaf, level, slot);
  RunTrees::add(leaf, 1);
}

/// The groups' counts are the caller's.
void RankTree::Impl::leave(const Place& place, std::uint32_t cell) {
  leaves_.remove(*place.leaf, cell);
  RunTrees::add(*place.leaf, kOneLess);
}

void RankTree::Impl::insert(Slot slot, Score score) {
  Place place;
  find_room(level_of(score), leaves_.key(slot), place);
  enter(place, level_of(score), slot);
  groups_.add(place.group, 1);
  ++size_;
}

void RankTree::Impl::erase(Slot slot, Score score) {
  settle();
  const Seat seat = leaves_.seat(slot);
  Place place;
  groups_.find(level_of(score), place.group);
  place.leaf = &leaves_.leaf(seat);
  leave(place, seat.cell());
  groups_.add(place.group, kOneLess);
  --size_;
  shrink(place);
}

void RankTree::Impl::move(Slot slot, Score from, Score to) {
  if (begun_ - applied_ == kMoves) apply_oldest();
  __builtin_prefetch(rows().row(slot), 1);
  Move& begun = moves_[begun_ % kMoves];
  begun.slot = slot;
  begun.from = level_of(from);
  begun.to = level_of(to);
  ++begun_;
  if (begun_ - approached_ > kStep) approach(moves_[approached_++ % kMoves]);
  if (begun_ - located_ > 2 * kStep) locate(moves_[located_++ % kMoves]);
  if (begun_ - descended_ > 3 * kStep) descend(moves_[descended_++ % kMoves]);
}

/// Second step of a move: its row has come.
void RankTree::Impl::approach(Move& move) {
  move.key = leaves_.key(move.slot);
  __builtin_prefetch(&leaves_.leaf(leaves_.seat(move.slot)), 1);
}

/// Third step: the head of its leaf has come.
void RankTree::Impl::locate(Move& move) {
  const Seat seat = leaves_.seat(move.slot);
  Leaf& leaf = leaves_.leaf(seat);
  move.version = version_;
  move.bottom = nullptr;
  move.target.leaf = &leaf;
  if (stays(leaf, move.to)) {
    __builtin_prefetch(&leaf.mixed.levels[seat.cell()], 1);
    move.version = ~version_;
    return;
  }
  if (leaf.above != nullptr) __builtin_prefetch(leaf.above, 1);
  groups_.find(move.to, move.target.group);
  const Group group = move.target.group.group();
  if (group.kind() == GroupKind::kRuns) {
    move.bottom = &runs_.find_bottom(group.number(), move.key);
    ranking::prefetch_node(*move.bottom);
  } else {
    move.target.leaf = &leaves_.leaf(group.number());
    __builtin_prefetch(move.target.leaf, 1);
  }
}

/// Fourth step: the node above its target has come.
void RankTree::Impl::descend(Move& move) {
  if (move.bottom == nullptr || move.version != version_) return;
  move.target.leaf = &runs_.find(*move.bottom, move.key);
  __builtin_prefetch(move.target.leaf, 1);
}

/// If it throws, the move stays the oldest.
void RankTree::Impl::apply_oldest() {
  apply(moves_[applied_ % kMoves]);
  ++applied_;
}

/// Last step.
void RankTree::Impl::apply(Move& move) {
  Seat seat = leaves_.seat(move.slot);
  Leaf& leaf = leaves_.leaf(seat);
  if (stays(leaf, move.to)) {
    leaf.mixed.levels[seat.cell()] = move.to;
    leaf.change();
    return;
  }
  if (move.version != version_) find(move.to, move.key, move.target);
  if (!has_room(*move.target.leaf, move.to)) {
    find_room(move.to, move.key, move.target);
    seat = leaves_.seat(move.slot);  // room is made by moving members
  }
  Place source;
  groups_.find_near(move.target.group, move.from, source.group);
  source.leaf = &leaves_.leaf(seat);
  leave(source, seat.cell());
  enter(move.target, move.to, move.slot);
  groups_.add(source.group, kOneLess);
  groups_.add(move.target.group, 1);
  shrink(source);
}

/// Ends all moves.
void RankTree::Impl::settle() {
  while (approached_ != begun_) approach(moves_[approached_++ % kMoves]);
  while (located_ != begun_) locate(moves_[located_++ % kMoves]);
  while (descended_ != begun_) descend(moves_[descended_++ % kMoves]);
  while (applied_ != begun_) apply_oldest();
}

std::uint64_t RankTree::Impl::rank(Score score) const {
  const Level level = level_of(score);
  GroupTree::Path path;
  groups_.find(level, path);
  const Group group = path.group();
  std::uint64_t above = groups_.size_before(path);
  if (group.kind() == GroupKind::kMixed) {
    above += Leaves::count_above(leaves_.leaf(group.number()), level);
  } else {
    above += path.low() < level ? path.size() : 0;
  }
  for (std::uint32_t i = applied_; i != begun_; ++i) {
    const Move& move = moves_[i % kMoves];
    above += (move.to < level ? 1U : 0U) - std::uint64_t{move.from < level ? 1U : 0U};
  }
  return 1 + above;
}

std::uint64_t RankTree::Impl::position(Score score, Key key) const {
  const Level level = level_of(score);
  GroupTree::Path path;
  groups_.find(level, path);
  const Group group = path.group();
  std::uint64_t before = groups_.size_before(path);
  if (group.kind() != GroupKind::kMixed && path.low() != level) {
    return before + (path.low() < level ? path.size() : 0);
  }
  Leaf& leaf = find_leaf(group, ordered(key));
  return before + runs_.size_before(leaf) + leaves_.count_before(leaf, level, ordered(key));
}

void RankTree::Impl::list(std::uint64_t offset, std::size_t limit,
                          std::vector<RankMember>& members) const {
  const auto list_leaf = [&](Leaf& leaf) {
    leaves_.sort(leaf);
    for (; offset < leaf.size && members.size() < limit; ++offset) {
      const auto cell = static_cast<std::uint32_t>(offset);
      const Slot slot = leaf.slots()[cell];
      members.push_back({ranking::score_of(leaf.level_at(cell)), rows().key(slot), slot});
    }
    offset = 0;
    return members.size() == limit;
  };
  groups_.visit(offset, [&](Group group) {
    return group.kind() == GroupKind::kRuns ? runs_.visit(runs_[group.number()], offset, list_leaf)
                                            : list_leaf(leaves_.leaf(group.number()));
  });
}

RankTree::RankTree(RowStore& rows) : impl_(std::make_unique<Impl>(rows)) {}
RankTree::~RankTree() = default;

void RankTree::clear() { impl_ = std::make_unique<Impl>(impl_->rows()); }
std::uint64_t RankTree::size() const { return impl_->size(); }
void RankTree::insert(Slot slot, Score score) { impl_->insert(slot, score); }
void RankTree::erase(Slot slot, Score score) { impl_->erase(slot, score); }
void RankTree::assign(std::vector<Entry> members) {
  clear();
  impl_->assign(members);
}
std::uint64_t RankTree::rank(Score score) const { return impl_->rank(score); }
std::size_t RankTree::memory_bytes() const { return impl_->memory_bytes(); }
std::string RankTree::validate() const {
  impl_->settle();
  return impl_->validate();
}

void RankTree::move(Slot slot, Score from, Score to) {
  if (from != to) impl_->move(slot, from, to);
}

std::uint64_t RankTree::position(Score score, Key key) const {
  impl_->settle();
  return impl_->position(score, key);
}

RankMember RankTree::select(std::uint64_t position) const {
  assert(position < size());
  return page(position, 1).front();
}

std::vector<RankMember> RankTree::page(std::uint64_t offset, std::size_t limit) const {
  std::vector<RankMember> members;
  if (offset >= size() || limit == 0) return members;
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
namespace telekv::kv {
void RankTree::Impl::assign(std::vector<Entry>& members) {
  for (const Entry& entry : members) insert(entry.slot, entry.score);
}
}  // namespace telekv::kv
