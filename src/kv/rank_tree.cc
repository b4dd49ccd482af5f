#include "kv/rank_tree.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
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
  path.place = path.bottom->find(order);
  return path;
}

/// Two descents at the price of little more than one: neither waits for the other.
void RankTree::Impl::find_both(Order one, Order other, Path& one_path, Path& other_path) const {
  void* one_node = root_;
  void* other_node = root_;
  for (unsigned level = height_; level > 0; --level) {
    auto* const one_inner = static_cast<Inner*>(one_node);
    auto* const other_inner = static_cast<Inner*>(other_node);
    const std::uint32_t one_place = one_inner->find(one);
    const std::uint32_t other_place = other_inner->find(other);
    one_path.steps[level - 1] = {one_inner, one_place};
    other_path.steps[level - 1] = {other_inner, other_place};
    one_node = one_inner->children[one_place];
    other_node = other_inner->children[other_place];
  }
  one_path.bottom = static_cast<Bottom*>(one_node);
  other_path.bottom = static_cast<Bottom*>(other_node);
  one_path.place = one_path.bottom->find(one);
  other_path.place = other_path.bottom->find(other);
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
  const Path path = find(order_of(score, rows().key(slot)));
  leaves_.remove(path.leaf(), path.leaf_size(), slot);
  add_to_sizes(path, ~0U);
  --size_;
  shrink_if_low(path);
}

void RankTree::Impl::move(Slot slot, Score from, Score to) {
  leaves_.places().prefetch(slot);
  const Key key = rows().key(slot);
  const Order target = order_of(to, key);
  Path old_path;
  Path new_path;
  find_both(order_of(from, key), target, old_path, new_path);
  const bool stays = old_path.bottom == new_path.bottom && old_path.place == new_path.place;
  if (stays && old_path.leaf().kind == Kind::kMixed) {
    leaves_.set_level(old_path.leaf(), slot, level_of(target));
    return;
  }
  if (!has_room(new_path, level_of(target))) {
    erase(slot, from);
    insert(slot, to);
    return;
  }
  leaves_.remove(old_path.leaf(), old_path.leaf_size(), slot);
  leaves_.append(new_path.leaf(), new_path.leaf_size(), level_of(target), slot);
  add_to_sizes(old_path, ~0U);
  add_to_sizes(new_path, 1);
  shrink_if_low(old_path);
}

std::uint64_t RankTree::Impl::rank(Score score) const {
  const Order order = ranking::start_of(level_of(score));
  std::uint64_t before = 0;
  const void* node = root_;
  for (unsigned level = height_; level > 0; --level) {
    const auto* const inner = static_cast<const Inner*>(node);
    const std::uint32_t place = inner->find(order);
    before += inner->size_before(place);
    node = inner->children[place];
  }
  const auto* const bottom = static_cast<const Bottom*>(node);
  const std::uint32_t place = bottom->find(order);
  return 1 + before + bottom->size_before(place) +
         ranking::Leaves::count_above(bottom->children[place], bottom->sizes[place],
                                      level_of(order));
}

std::uint64_t RankTree::Impl::position(Score score, Key key) const {
  const Order order = order_of(score, key);
  const Path path = find(order);
  std::uint64_t before = path.bottom->size_before(path.place);
  for (unsigned level = 0; level < height_; ++level) {
    before += path.steps[level].node->size_before(path.steps[level].place);
  }
  return before + leaves_.count_before(path.leaf(), path.leaf_size(), order);
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
  if (offset >= size()) return members;
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
