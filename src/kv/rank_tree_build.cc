// Building the ranking at once.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::Leaf;
using ranking::Level;
using ranking::level_of;
using ranking::RunTrees;

namespace {

// Leaves are filled by three quarters: the first members to enter find room.
constexpr std::size_t kBuiltMixed = Leaf::kMixedCells / 4 * 3;
constexpr std::size_t kBuiltRun = Leaf::kRunCells / 4 * 3;
// Rows whose seats are asked for before they are written.
constexpr std::size_t kFetchAhead = 16;

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

}  // namespace

/// Of an empty tree.
void RankTree::Impl::assign(std::vector<Entry>& members) {
  const auto key = [this](const Entry& member) { return rows().key(member.slot); };
  const auto by_key = [&](const Entry& a, const Entry& b) { return key(a) < key(b); };
  const bool in_order = std::is_sorted(members.begin(), members.end(), by_key);
  sort_by_score(members);
  std::span<const Entry> mixed;  // some scores with few members each
  for (auto begin = members.begin(), end = begin; begin != members.end(); begin = end) {
    while (end != members.end() && end->score == begin->score) ++end;
    if (!in_order) std::sort(begin, end, by_key);
    const std::span<const Entry> level(begin, end);
    const bool is_run = level.size() >= kRunFrom;
    if (is_run || mixed.size() + level.size() > kBuiltMixed) {
      append_mixed(std::exchange(mixed, {}));
    }
    if (is_run) {
      append_run(level);
    } else {
      mixed = std::span<const Entry>(level.data() - mixed.size(), mixed.size() + level.size());
    }
  }
  append_mixed(mixed);
}

/// In a leaf of their own, which is the last.
void RankTree::Impl::append_mixed(std::span<const Entry> members) {
  if (members.empty()) return;
  leaves_.reserve(1);
  const Level first = level_of(members.front().score);
  Leaf& leaf = leaves_.create(Kind::kMixed, first, level_of(members.back().score));
  append_group(group_of(leaf), first);
  fill(leaf, members);
}

/// Of one score, in order of key.
void RankTree::Impl::append_run(std::span<const Entry> members) {
  const Level level = level_of(members.front().score);
  const std::size_t parts = (members.size() + kBuiltRun - 1) / kBuiltRun;
  Leaf* last = nullptr;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t from = part * members.size() / parts;
    const std::size_t to = (part + 1) * members.size() / parts;
    leaves_.reserve(1);
    runs_.reserve();
    Leaf& leaf = leaves_.create_run(level);
    if (last == nullptr) {
      append_group(group_of(leaf), level);
    } else {
      const std::uint32_t root = runs_.split(*last, leaves_.key(members[from].slot), leaf);
      GroupTree::Path path;
      groups_.find(level, path);
      path.set_group(group_of_runs(root));
    }
    fill(leaf, members.subspan(from, to - from));
    last = &leaf;
  }
}

/// A group after all others, without members yet; the first takes the place of the empty tree's.
void RankTree::Impl::append_group(Group group, Level low) {
  groups_.reserve();
  GroupTree::Path path;
  groups_.find(~Level{0}, path);
  if (size_ == 0) {
    leaves_.destroy(leaves_.leaf(path.group().number()));
    path.set_group(group);
    path.set_low(low);
  } else {
    groups_.split(path, low, 0, group);
  }
}

/// Members in their order into an empty leaf of the last group.
void RankTree::Impl::fill(Leaf& leaf, std::span<const Entry> members) {
  const auto fetch = [&](std::size_t i) {
    if (i < members.size()) __builtin_prefetch(rows().row(members[i].slot) + sizeof(Key), 1);
  };
  for (std::size_t i = 0; i < kFetchAhead; ++i) fetch(i);
  for (std::size_t i = 0; i < members.size(); ++i) {
    fetch(i + kFetchAhead);
    leaves_.put(leaf, level_of(members[i].score), members[i].slot);
  }
  leaf.changes = 0;
  const auto count = static_cast<std::uint32_t>(members.size());
  RunTrees::add(leaf, count);
  GroupTree::Path path;
  groups_.find(leaf.first, path);
  groups_.add(path, count);
  size_ += count;
}

}  // namespace telekv::kv
