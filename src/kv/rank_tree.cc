#include "kv/rank_tree.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <compare>
#include <limits>
#include <optional>
#include <utility>

namespace telekv::kv {
namespace {

/// Ascending order of the ranking: the complement turns "highest score first" round without
/// overflow.
struct Order {
  std::int64_t inverted_score;
  Key key;
  auto operator<=>(const Order&) const = default;
};

Order order_of(Score score, Key key) { return {~score, key}; }

constexpr std::uint32_t kLeafMembers = 64;
constexpr std::uint32_t kChildren = 32;

template <class Array>
void open_gap(Array& array, std::uint32_t place, std::uint32_t count) {
  std::move_backward(array.begin() + place, array.begin() + count, array.begin() + count + 1);
}
template <class Array>
void close_gap(Array& array, std::uint32_t place, std::uint32_t count) {
  std::move(array.begin() + place + 1, array.begin() + count, array.begin() + place);
}

}  // namespace

struct RankTree::Node {
  std::uint32_t count = 0;
};

struct RankTree::Leaf : Node {
  Leaf* next = nullptr;
  std::array<Order, kLeafMembers> orders;
  std::array<Slot, kLeafMembers> slots;

  std::uint32_t lower_bound(Order order) const {
    return static_cast<std::uint32_t>(
        std::lower_bound(orders.begin(), orders.begin() + count, order) - orders.begin());
  }
  RankMember member(std::uint32_t place) const {
    return {~orders[place].inverted_score, orders[place].key, slots[place]};
  }
  void insert(std::uint32_t place, Order order, Slot slot) {
    open_gap(orders, place, count);
    open_gap(slots, place, count);
    orders[place] = order;
    slots[place] = slot;
    ++count;
  }
  void erase(std::uint32_t place) {
    close_gap(orders, place, count);
    close_gap(slots, place, count);
    --count;
  }
};

struct RankTree::Inner : Node {
  std::array<Order, kChildren>
      lows;  // nothing in a child is below its low; the first low means nothing
  std::array<std::uint64_t, kChildren> sizes;
  std::array<Node*, kChildren> children;

  std::uint32_t child_of(Order order) const {
    const auto begin = lows.begin() + 1;
    return static_cast<std::uint32_t>(std::upper_bound(begin, lows.begin() + count, order) - begin);
  }
  std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += sizes[i];
    return sum;
  }
  void insert(std::uint32_t place, Order low, std::uint64_t size, Node* child) {
    open_gap(lows, place, count);
    open_gap(sizes, place, count);
    open_gap(children, place, count);
    lows[place] = low;
    sizes[place] = size;
    children[place] = child;
    ++count;
  }
  void erase(std::uint32_t place) {
    close_gap(lows, place, count);
    close_gap(sizes, place, count);
    close_gap(children, place, count);
    --count;
  }
};

struct RankTree::Impl {
  Node* root = new Leaf;
  unsigned height = 0;  // 0: the root is a leaf
  std::uint64_t size = 0;
  std::size_t leaves = 1;
  std::size_t inners = 0;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { destroy(root, height); }

  struct Split {
    Node* right;
    Order low;
    std::uint64_t left_size;
    std::uint64_t right_size;
  };

  static void destroy(Node* node, unsigned level) {
    if (level == 0) {
      delete static_cast<Leaf*>(node);
      return;
    }
    auto* inner = static_cast<Inner*>(node);
    for (std::uint32_t i = 0; i < inner->count; ++i) destroy(inner->children[i], level - 1);
    delete inner;
  }

  std::optional<Split> insert_at(Node* node, unsigned level, Order order, Slot slot);
  std::optional<Split> split_leaf(Leaf& leaf, Order order, Slot slot);
  Split split_inner(Inner& inner);
  void insert(Order order, Slot slot);
  void erase_at(Node* node, unsigned level, Order order);
  void merge_children(Inner& parent, std::uint32_t place, unsigned level);
  void erase(Order order);
  Leaf& leaf_of(Order order) const;
  std::string validate_at(const Node* node, unsigned level, const Order* low, const Order* high,
                          std::uint64_t expected, const Leaf*& previous) const;
};

std::optional<RankTree::Impl::Split> RankTree::Impl::split_leaf(Leaf& leaf, Order order,
                                                                Slot slot) {
  auto* right = new Leaf;
  ++leaves;
  // Members that come in order fill their leaves: only the last leaf is split at its end.
  const bool at_end = leaf.next == nullptr && order > leaf.orders[leaf.count - 1];
  const std::uint32_t kept = at_end ? leaf.count : leaf.count / 2;
  std::copy(leaf.orders.begin() + kept, leaf.orders.begin() + leaf.count, right->orders.begin());
  std::copy(leaf.slots.begin() + kept, leaf.slots.begin() + leaf.count, right->slots.begin());
  right->count = leaf.count - kept;
  right->next = std::exchange(leaf.next, right);
  leaf.count = kept;
  Leaf& target = at_end || order >= right->orders[0] ? *right : leaf;
  target.insert(target.lower_bound(order), order, slot);
  return Split{right, right->orders[0], leaf.count, right->count};
}

RankTree::Impl::Split RankTree::Impl::split_inner(Inner& inner) {
  auto* right = new Inner;
  ++inners;
  const std::uint32_t kept = inner.count / 2;
  std::copy(inner.lows.begin() + kept, inner.lows.begin() + inner.count, right->lows.begin());
  std::copy(inner.sizes.begin() + kept, inner.sizes.begin() + inner.count, right->sizes.begin());
  std::copy(inner.children.begin() + kept, inner.children.begin() + inner.count,
            right->children.begin());
  right->count = inner.count - kept;
  inner.count = kept;
  return {right, right->lows[0], inner.size(), right->size()};
}

std::optional<RankTree::Impl::Split> RankTree::Impl::insert_at(Node* node, unsigned level,
                                                               Order order, Slot slot) {
  if (level == 0) {
    auto& leaf = *static_cast<Leaf*>(node);
    if (leaf.count == kLeafMembers) return split_leaf(leaf, order, slot);
    leaf.insert(leaf.lower_bound(order), order, slot);
    return std::nullopt;
  }
  auto& inner = *static_cast<Inner*>(node);
  const std::uint32_t place = inner.child_of(order);
  ++inner.sizes[place];
  const std::optional<Split> below = insert_at(inner.children[place], level - 1, order, slot);
  if (!below) return std::nullopt;
  inner.sizes[place] = below->left_size;
  inner.insert(place + 1, below->low, below->right_size, below->right);
  if (inner.count < kChildren) return std::nullopt;
  return split_inner(inner);
}

void RankTree::Impl::insert(Order order, Slot slot) {
  const std::optional<Split> split = insert_at(root, height, order, slot);
  ++size;
  if (!split) return;
  auto* top = new Inner;
  ++inners;
  top->insert(0, order, split->left_size, root);
  top->insert(1, split->low, split->right_size, split->right);
  root = top;
  ++height;
}

/// Joins the child at `place` with a neighbour when both fit one node.
void RankTree::Impl::merge_children(Inner& parent, std::uint32_t place, unsigned level) {
  if (parent.count < 2) return;
  const std::uint32_t left_place = place + 1 < parent.count ? place : place - 1;
  Node* left_node = parent.children[left_place];
  Node* right_node = parent.children[left_place + 1];
  const std::uint32_t capacity = level == 0 ? kLeafMembers : kChildren;
  const bool one_is_empty = left_node->count == 0 || right_node->count == 0;
  if (left_node->count + right_node->count > capacity / 4 * 3 && !one_is_empty) return;
  if (level == 0) {
    auto& left = *static_cast<Leaf*>(left_node);
    auto* right = static_cast<Leaf*>(right_node);
    std::copy_n(right->orders.begin(), right->count, left.orders.begin() + left.count);
    std::copy_n(right->slots.begin(), right->count, left.slots.begin() + left.count);
    left.count += right->count;
    left.next = right->next;
    delete right;
    --leaves;
  } else {
    auto& left = *static_cast<Inner*>(left_node);
    auto* right = static_cast<Inner*>(right_node);
    right->lows[0] = parent.lows[left_place + 1];
    std::copy_n(right->lows.begin(), right->count, left.lows.begin() + left.count);
    std::copy_n(right->sizes.begin(), right->count, left.sizes.begin() + left.count);
    std::copy_n(right->children.begin(), right->count, left.children.begin() + left.count);
    left.count += right->count;
    delete right;
    --inners;
  }
  parent.sizes[left_place] += parent.sizes[left_place + 1];
  parent.erase(left_place + 1);
}

void RankTree::Impl::erase_at(Node* node, unsigned level, Order order) {
  if (level == 0) {
    auto& leaf = *static_cast<Leaf*>(node);
    leaf.erase(leaf.lower_bound(order));
    return;
  }
  auto& inner = *static_cast<Inner*>(node);
  const std::uint32_t place = inner.child_of(order);
  --inner.sizes[place];
  Node* child = inner.children[place];
  erase_at(child, level - 1, order);
  const std::uint32_t capacity = level == 1 ? kLeafMembers : kChildren;
  if (child->count < capacity / 4) merge_children(inner, place, level - 1);
}

void RankTree::Impl::erase(Order order) {
  erase_at(root, height, order);
  --size;
  while (height > 0 && root->count == 1) {
    auto* top = static_cast<Inner*>(root);
    root = top->children[0];
    --height;
    --inners;
    delete top;
  }
}

RankTree::Leaf& RankTree::Impl::leaf_of(Order order) const {
  Node* node = root;
  for (unsigned level = height; level > 0; --level) {
    auto& inner = *static_cast<Inner*>(node);
    node = inner.children[inner.child_of(order)];
  }
  return *static_cast<Leaf*>(node);
}

RankTree::RankTree() : impl_(std::make_unique<Impl>()) {}
RankTree::~RankTree() = default;
RankTree::RankTree(RankTree&&) noexcept = default;
RankTree& RankTree::operator=(RankTree&&) noexcept = default;

void RankTree::clear() { impl_ = std::make_unique<Impl>(); }
std::uint64_t RankTree::size() const { return impl_->size; }

void RankTree::insert(const RankMember& member) {
  impl_->insert(order_of(member.score, member.key), member.slot);
}

void RankTree::erase(const RankMember& member) { impl_->erase(order_of(member.score, member.key)); }

void RankTree::move(const RankMember& member, Score score) {
  const Order from = order_of(member.score, member.key);
  const Order to = order_of(score, member.key);
  Leaf& leaf = impl_->leaf_of(from);
  const bool stays = to >= leaf.orders[0] && to <= leaf.orders[leaf.count - 1];
  if (!stays) {
    impl_->erase(from);
    impl_->insert(to, member.slot);
    return;
  }
  leaf.erase(leaf.lower_bound(from));
  leaf.insert(leaf.lower_bound(to), to, member.slot);
}

void RankTree::assign(std::vector<RankMember> members) {
  const auto before = [](const RankMember& a, const RankMember& b) {
    return order_of(a.score, a.key) < order_of(b.score, b.key);
  };
  if (!std::is_sorted(members.begin(), members.end(), before)) {
    std::sort(members.begin(), members.end(), before);
  }
  clear();
  for (const RankMember& member : members) insert(member);
}

std::uint64_t RankTree::rank(Score score) const {
  return 1 + position(score, std::numeric_limits<Key>::min());
}

std::uint64_t RankTree::position(Score score, Key key) const {
  const Order order = order_of(score, key);
  std::uint64_t before = 0;
  const Node* node = impl_->root;
  for (unsigned level = impl_->height; level > 0; --level) {
    const auto& inner = *static_cast<const Inner*>(node);
    const std::uint32_t place = inner.child_of(order);
    for (std::uint32_t i = 0; i < place; ++i) before += inner.sizes[i];
    node = inner.children[place];
  }
  return before + static_cast<const Leaf*>(node)->lower_bound(order);
}

RankMember RankTree::select(std::uint64_t position) const {
  assert(position < size());
  return page(position, 1).front();
}

std::vector<RankMember> RankTree::page(std::uint64_t offset, std::size_t limit) const {
  std::vector<RankMember> members;
  if (offset >= size()) return members;
  limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit, size() - offset));
  members.reserve(limit);
  const Node* node = impl_->root;
  for (unsigned level = impl_->height; level > 0; --level) {
    const auto& inner = *static_cast<const Inner*>(node);
    std::uint32_t place = 0;
    while (offset >= inner.sizes[place]) offset -= inner.sizes[place++];
    node = inner.children[place];
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  for (auto place = static_cast<std::uint32_t>(offset); members.size() < limit; ++place) {
    while (place >= leaf->count) {
      leaf = leaf->next;
      place = 0;
    }
    members.push_back(leaf->member(place));
  }
  return members;
}

std::vector<RankMember> RankTree::around(Score score, Key key, std::size_t radius) const {
  const std::uint64_t place = position(score, key);
  const std::uint64_t before = std::min<std::uint64_t>(radius, place);
  const std::uint64_t after = std::min<std::uint64_t>(radius, size() - place - 1);
  return page(place - before, static_cast<std::size_t>(before + 1 + after));
}

std::size_t RankTree::memory_bytes() const {
  return sizeof(Impl) + impl_->leaves * sizeof(Leaf) + impl_->inners * sizeof(Inner);
}

std::string RankTree::Impl::validate_at(const Node* node, unsigned level, const Order* low,
                                        const Order* high, std::uint64_t expected,
                                        const Leaf*& previous) const {
  if (level == 0) {
    const auto* leaf = static_cast<const Leaf*>(node);
    if (leaf->count != expected) return "a leaf's count is wrong";
    if (previous != nullptr && previous->next != leaf) return "leaves are not chained";
    previous = leaf;
    for (std::uint32_t i = 0; i < leaf->count; ++i) {
      if (i > 0 && leaf->orders[i - 1] >= leaf->orders[i]) return "members out of order";
      if (low != nullptr && leaf->orders[i] < *low) return "a member below its leaf";
      if (high != nullptr && leaf->orders[i] >= *high) return "a member above its leaf";
    }
    return {};
  }
  const auto* inner = static_cast<const Inner*>(node);
  if (inner->count == 0 || inner->count > kChildren) return "a node's count is wrong";
  if (inner->size() != expected) return "a node's size is wrong";
  for (std::uint32_t i = 0; i < inner->count; ++i) {
    const Order* child_low = i == 0 ? low : &inner->lows[i];
    const Order* child_high = i + 1 < inner->count ? &inner->lows[i + 1] : high;
    std::string defect = validate_at(inner->children[i], level - 1, child_low, child_high,
                                     inner->sizes[i], previous);
    if (!defect.empty()) return defect;
  }
  return {};
}

std::string RankTree::validate() const {
  const Leaf* last = nullptr;
  std::string defect =
      impl_->validate_at(impl_->root, impl_->height, nullptr, nullptr, impl_->size, last);
  if (defect.empty() && last->next != nullptr) defect = "the last leaf has a successor";
  return defect;
}

}  // namespace telekv::kv
