// The ranking as a whole: building it at once, and checking it.
#include <algorithm>
#include <array>
#include <utility>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::kMixedMembers;
using ranking::kRunMembers;
using ranking::Leaves;
using ranking::Level;
using ranking::level_of;
using ranking::Order;

namespace {

/// A leaf or node to be, with the bound it gets above.
template <class Child>
struct Built {
  Order low;
  std::uint32_t size;
  Child child;
};

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigitValues = std::size_t{1} << kDigitBits;

/// Stable radix sort, highest score first; digits that all members share cost nothing.
void sort_by_score(std::vector<RankTree::Entry>& members) {
  Level varying = 0;
  for (const RankTree::Entry& member : members) {
    varying |= level_of(member.score) ^ level_of(members[0].score);
  }
  std::vector<RankTree::Entry> sorted(varying != 0 ? members.size() : 0);
  for (unsigned shift = 0; shift < 64; shift += kDigitBits) {
    if ((varying >> shift) % kDigitValues == 0) continue;
    const auto digit = [shift](const RankTree::Entry& member) {
      return (level_of(member.score) >> shift) % kDigitValues;
    };
    std::array<std::uint32_t, kDigitValues> places{};
    for (const RankTree::Entry& member : members) ++places[digit(member)];
    std::uint32_t begin = 0;
    for (std::uint32_t& place : places) begin += std::exchange(place, begin);
    for (const RankTree::Entry& member : members) sorted[places[digit(member)]++] = member;
    members.swap(sorted);
  }
}

/// Even parts of at most three quarters of `capacity`.
std::size_t parts_of(std::size_t size, std::size_t capacity) {
  return (size + capacity / 4 * 3 - 1) / (capacity / 4 * 3);
}

template <class Each, class Child>
std::vector<Built<void*>> build_nodes(const std::vector<Built<Child>>& children) {
  std::vector<Built<void*>> nodes;
  const std::size_t parts = parts_of(children.size(), Each::kCapacity);
  nodes.reserve(parts);
  for (std::size_t part = 0; part < parts; ++part) {
    auto* const node = new Each;
    const std::size_t end = (part + 1) * children.size() / parts;
    for (std::size_t i = part * children.size() / parts; i < end; ++i) {
      node->insert(node->count, children[i].low, children[i].size, children[i].child);
    }
    nodes.push_back({node->lows[0], node->size(), node});
  }
  return nodes;
}

class LeafBuilder {
 public:
  using Entry = RankTree::Entry;

  explicit LeafBuilder(Leaves& leaves) : leaves_(leaves) {}

  /// All members of one score, in order of key.
  void add(const Entry* begin, const Entry* end) {
    const auto size = static_cast<std::uint32_t>(end - begin);
    if (size >= Leaves::kRunFrom) {
      add_run(begin, size);
      return;
    }
    const Level level = level_of(begin->score);
    const bool fits = !built_.empty() && built_.back().child.is_mixed() &&
                      built_.back().size + size <= kMixedMembers / 4 * 3;
    if (!fits) built_.push_back({ranking::start_of(level), 0, leaves_.create(Kind::kMixed)});
    append(built_.back(), begin, end);
  }

  const std::vector<Built<ranking::LeafRef>>& built() const { return built_; }

 private:
  void add_run(const Entry* begin, std::size_t size) {
    const Level level = level_of(begin->score);
    const std::size_t parts = parts_of(size, kRunMembers);
    for (std::size_t part = 0; part < parts; ++part) {
      const Entry* const from = begin + part * size / parts;
      const Order key = part == 0 ? 0 : ranking::ordered(leaves_.rows().key(from->slot));
      built_.push_back({ranking::start_of(level) | key, 0, leaves_.create(Kind::kRun, level)});
      append(built_.back(), from, begin + (part + 1) * size / parts);
    }
  }

  void append(Built<ranking::LeafRef>& leaf, const Entry* begin, const Entry* end) {
    for (; begin != end; ++begin) {
      leaves_.append(leaf.child, leaf.size++, level_of(begin->score), begin->slot);
    }
    leaf.child.set_sorted(true);
  }

  Leaves& leaves_;
  std::vector<Built<ranking::LeafRef>> built_;
};

}  // namespace

void RankTree::Impl::assign(std::vector<Entry>& members) {
  if (members.empty()) return;
  const auto key = [this](const Entry& member) { return rows().key(member.slot); };
  const auto by_key = [&](const Entry& a, const Entry& b) { return key(a) < key(b); };
  const bool in_order = std::is_sorted(members.begin(), members.end(), by_key);
  for (const Entry& member : members) leaves_.places().make_room(member.slot);
  sort_by_score(members);

  LeafBuilder builder(leaves_);
  for (auto begin = members.begin(), end = begin; begin != members.end(); begin = end) {
    while (end != members.end() && end->score == begin->score) ++end;
    if (!in_order) std::sort(begin, end, by_key);
    builder.add(&*begin, &*begin + (end - begin));
  }
  destroy(root_, height_);
  height_ = 0;
  size_ = members.size();
  std::vector<Built<void*>> nodes = build_nodes<Bottom>(builder.built());
  bottoms_ += nodes.size();
  for (; nodes.size() > 1; ++height_) {
    nodes = build_nodes<Inner>(nodes);
    inners_ += nodes.size();
  }
  root_ = nodes[0].child;
}

template <class Each>
std::string RankTree::Impl::validate_node(const Each& node, unsigned level, Span span) const {
  if (node.count == 0 || node.count > Each::kCapacity) return "a node's count is wrong";
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Order first = i == 0 ? span.first : node.lows[i];
    const Order last = i + 1 < node.count ? node.lows[i + 1] - 1 : span.last;
    if (first < span.first || last > span.last || first > last) return "bounds out of order";
    std::string defect = validate_child(node.children[i], node.sizes[i], level, {first, last});
    if (!defect.empty()) return defect;
  }
  return {};
}

std::string RankTree::Impl::validate_child(void* node, std::uint32_t size, unsigned level,
                                           Span span) const {
  if (level > 1) {
    const auto& inner = *static_cast<const Inner*>(node);
    return inner.size() == size ? validate_node(inner, level - 1, span) : "a size is wrong";
  }
  const auto& bottom = *static_cast<const Bottom*>(node);
  return bottom.size() == size ? validate_node(bottom, 0, span) : "a size is wrong";
}

std::string RankTree::Impl::validate_child(const LeafRef& leaf, std::uint32_t size, unsigned,
                                           Span span) const {
  if (size == 0 && (size_ != 0 || !leaf.is_mixed())) return "an empty leaf";
  if (size > leaf.capacity()) return "a leaf with too many members";
  Order before = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const Slot slot = leaf.slots()[i];
    if (leaves_.places()[slot] != i) return "a member's place is wrong";
    const Order order = ranking::start_of(leaf.level_at(i)) | ranking::ordered(rows().key(slot));
    if (order < span.first || order > span.last) return "a member outside its leaf's bounds";
    if (leaf.sorted() && i > 0 && order <= before) return "a sorted leaf is not sorted";
    before = order;
  }
  return {};
}

std::string RankTree::Impl::validate() const {
  const Span all{0, ~Order{0}};
  return validate_child(root_, static_cast<std::uint32_t>(size_), height_ + 1, all);
}

}  // namespace telekv::kv
