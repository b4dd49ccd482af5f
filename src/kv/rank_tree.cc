#include "kv/rank_tree.h"

#include <algorithm>
#include <cassert>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::Leaves;
using ranking::level_of;
using ranking::ordered;
using ranking::Seat;

static_assert(RankTree::kRowBytes == sizeof(Seat));

/// An empty tree is one empty mixed leaf.
RankTree::Impl::Impl(RowStore& rows) : leaves_(rows) {
  leaves_.reserve(1);
  nodes_.reserve(1);
  Leaf* const leaf = leaves_.create(Kind::kMixed, 0, ~Level{0});
  groups_ = CountedTree(nodes_.take(), 0);
  groups_.root()->start();
  groups_.root()->insert(0, 0, 0, Group(leaf).child());
}

RankTree::Impl::Place RankTree::Impl::find(Level level, OrderedKey key) const {
  Place place;
  place.group = groups_.find(level);
  const Group group = place.found();
  if (group.is_tree()) {
    place.run = group.runs().find(key);
    place.leaf = reinterpret_cast<Leaf*>(place.run.child());
  } else {
    place.leaf = &group.leaf();
  }
  return place;
}

/// Where the leaf takes the level and has room. Throws before it changes the order.
RankTree::Impl::Place RankTree::Impl::find_room(Level level, OrderedKey key) {
  for (;;) {
    const Place place = find(level, key);
    const Leaf& leaf = *place.leaf;
    if (!leaf.full() && (leaf.is_mixed() || leaf.first == level)) return place;
    make_room(place, level, key);
  }
}

void RankTree::Impl::add(const Place& place, std::uint32_t difference) {
  groups_.add(place.group, difference);
  if (place.found().is_tree()) place.found().runs().add(place.run, difference);
}

void RankTree::Impl::enter(const Place& place, Level level, OrderedKey key, Slot slot) {
  if (level < place.group.low()) groups_.lower(place.group, level);
  if (place.found().is_tree() && key < place.run.low()) place.found().runs().lower(place.run, key);
  leaves_.put(*place.leaf, level, slot);
  place.leaf->first = std::min(place.leaf->first, level);
  place.leaf->last = std::max(place.leaf->last, level);
  add(place, 1);
}

void RankTree::Impl::leave(const Place& place, std::uint32_t cell) {
  leaves_.remove(*place.leaf, cell);
  add(place, ~0U);
}

void RankTree::Impl::insert(Slot slot, Score score) {
  const OrderedKey key = leaves_.key(slot);
  enter(find_room(level_of(score), key), level_of(score), key, slot);
  ++size_;
}

void RankTree::Impl::erase(Slot slot, Score score) {
  const Place place = find(level_of(score), leaves_.key(slot));
  leave(place, leaves_.seat(slot).cell());
  --size_;
  shrink(place);
}

void RankTree::Impl::move(Slot slot, Score from, Score to) {
  const Level level = level_of(to);
  const Seat seat = leaves_.seat(slot);
  Leaf& leaf = leaves_.leaf(seat);
  if (leaf.is_mixed() && level >= leaf.first && level <= leaf.last) {
    leaf.mixed.levels[seat.cell()] = level;
    leaf.change();
    return;
  }
  const OrderedKey key = leaves_.key(slot);
  const Place target = find_room(level, key);
  const Place source = find(level_of(from), key);
  const std::uint32_t cell = leaves_.seat(slot).cell();  // room is made by moving members
  leave(source, cell);
  enter(target, level, key, slot);
  shrink(source);
}

std::uint64_t RankTree::Impl::rank(Score score) const {
  const Level level = level_of(score);
  const CountedTree::Path path = groups_.find(level);
  const Group group(path.child());
  const std::uint64_t before = groups_.size_before(path);
  if (group.is_mixed()) return 1 + before + Leaves::count_above(group.leaf(), level);
  return 1 + before + (path.low() < level ? path.size() : 0);
}

std::uint64_t RankTree::Impl::position(Score score, Key key) const {
  const Level level = level_of(score);
  const Place place = find(level, ordered(key));
  const Group group = place.found();
  std::uint64_t before = groups_.size_before(place.group);
  if (group.is_tree() && place.group.low() != level) {
    return before + (place.group.low() < level ? place.group.size() : 0);
  }
  if (group.is_tree()) before += group.runs().size_before(place.run);
  return before + leaves_.count_before(*place.leaf, level, ordered(key));
}

/// Calls visit_child(child) for each child of the bottom that has more than the first `offset` members,
/// until it answers that it has enough. What is passed over is taken from `offset`.
template <class Visit>
bool RankTree::Impl::visit(const CountedTree& tree, std::uint64_t& offset, Visit&& visit_child) {
  const CountedTree::Node& node = *tree.root();
  for (std::uint32_t i = 0; i < node.count; ++i) {
    if (offset >= node.sizes[i]) {
      offset -= node.sizes[i];
      continue;
    }
    const bool enough =
        tree.height() > 0
            ? visit(CountedTree(reinterpret_cast<CountedTree::Node*>(node.children[i]),
                                tree.height() - 1),
                    offset, visit_child)
            : visit_child(node.children[i]);
    if (enough) return true;
  }
  return false;
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
  visit(groups_, offset, [&](ranking::Child child) {
    const Group group(child);
    if (!group.is_tree()) return list_leaf(group.leaf());
    return visit(group.runs(), offset, [&](ranking::Child run) {
      return list_leaf(*reinterpret_cast<Leaf*>(run));
    });
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
std::string RankTree::validate() const { return impl_->validate(); }

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
  if (offset >= size() || limit == 0) return members;
  limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit, size() - offset));
  members.reserve(limit);
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
}
