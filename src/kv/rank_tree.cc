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

void RankTree::Impl::clear() noexcept {
  leaves_.clear();
  runs_.clear();
  groups_.clear(group_of(leaves_.create(Kind::kMixed, 0, ~Level{0})));
  size_ = 0;
  applied_ = descended_ = located_ = begun_ = 0;  // moves under way are of no use any more
}

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
  if (leaf.is_mixed()) {
    leaf.first = std::min(leaf.first, level);
    leaf.last = std::max(leaf.last, level);
  }
  leaves_.put(leaf, level, slot);
  RunTrees::add(leaf, 1);
}

/// The groups' counts are the caller's.
void RankTree::Impl::leave(Leaf& leaf, std::uint32_t cell) {
  leaves_.remove(leaf, cell);
  RunTrees::add(leaf, kOneLess);
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
  Leaf& leaf = leaves_.leaf(seat);
  leave(leaf, seat.cell());
  groups_.add(level_of(score), kOneLess);
  --size_;
  if (leaf.is_low()) shrink(leaf, level_of(score));
}

void RankTree::Impl::move(Slot slot, Score from, Score to) {
  if (begun_ - applied_ == kMoves) apply_oldest();
  Move& begun = moves_[begun_ % kMoves];
  begun.row = rows().row(slot);
  begun.slot = slot;
  begun.from = level_of(from);
  begun.to = level_of(to);
  __builtin_prefetch(&leaves_.leaf(Leaves::seat(begun.row)), 1);
  ++begun_;
  if (begun_ - located_ > kStep) locate(moves_[located_++ % kMoves]);
  if (begun_ - descended_ > 2 * kStep) descend(moves_[descended_++ % kMoves]);
}

/// Second step of a move: the head of its leaf has come.
inline void RankTree::Impl::locate(Move& move) {
  const Seat seat = Leaves::seat(move.row);
  const Leaf& leaf = leaves_.leaf(seat);
  move.version = version_;
  move.bottom = nullptr;
  if (stays(leaf, move.to)) {
    __builtin_prefetch(&leaf.mixed.levels[seat.cell()], 1);
    move.version = ~version_;
    return;
  }
  __builtin_prefetch(leaf.above, 1);
  move.groups = &groups_.find_bottom(move.to);
  move.place = move.groups->find(move.to);
  const Group group = Group::of(move.groups->children[move.place]);
  if (group.kind() == GroupKind::kRuns) {
    move.bottom = &runs_.find_bottom(group.number(), Leaves::key(move.row));
    ranking::prefetch_node(*move.bottom);
  } else {
    move.target = &leaves_.leaf(group.number());
    __builtin_prefetch(move.target, 1);
  }
}

/// Third step: the node above its target has come.
inline void RankTree::Impl::descend(Move& move) {
  if (move.bottom == nullptr || move.version != version_) return;
  move.target = &runs_.find(*move.bottom, Leaves::key(move.row));
  __builtin_prefetch(move.target, 1);
}

/// If it throws, the move stays the oldest.
void RankTree::Impl::apply_oldest() {
  apply(moves_[applied_ % kMoves]);
  ++applied_;
}

/// Last step.
inline void RankTree::Impl::apply(Move& move) {
  const Seat seat = Leaves::seat(move.row);
  Leaf& leaf = leaves_.leaf(seat);
  if (stays(leaf, move.to)) {
    leaf.mixed.levels[seat.cell()] = move.to;
    leaf.change();
    return;
  }
  // Mostly to a run that is the neighbour of the member's group.
  const std::uint32_t next = move.place + 1;
  if (move.version != version_ || move.target->first != move.to || move.target->is_mixed() ||
      move.target->full() || !move.groups->holds(next, move.from, leaf)) {
    return apply_anyhow(move);
  }
  leave(leaf, seat.cell());
  Leaves::put_in_run(*move.target, move.slot, move.row);
  RunTrees::add(*move.target, 1);
  --move.groups->sizes[next];
  ++move.groups->sizes[next - 1];
  if (leaf.is_low()) shrink(leaf, move.from);
}

void RankTree::Impl::apply_anyhow(const Move& move) {
  Place target;
  find_room(move.to, Leaves::key(move.row), target);
  const Seat seat = Leaves::seat(move.row);
  Leaf& leaf = leaves_.leaf(seat);
  leave(leaf, seat.cell());
  enter(target, move.to, move.slot);
  groups_.add(target.group, 1);
  groups_.add(move.from, kOneLess);
  if (leaf.is_low()) shrink(leaf, move.from);
}

/// Ends all moves.
void RankTree::Impl::settle() {
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

void RankTree::clear() noexcept { impl_->clear(); }
std::uint64_t RankTree::size() const { return impl_->size(); }
void RankTree::insert(Slot slot, Score score) { impl_->insert(slot, score); }
void RankTree::erase(Slot slot, Score score) { impl_->erase(slot, score); }
void RankTree::assign(std::span<Score> scores, std::span<const Slot> slots) {
  clear();
  auto built = std::make_unique<Impl>(impl_->rows());
  built->assign(scores, slots);
  impl_ = std::move(built);
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
