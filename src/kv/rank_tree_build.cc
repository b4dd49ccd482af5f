// Building the ranking at once.
#include <algorithm>
#include <bit>
#include <span>

#include "kv/memory_blocks.h"
#include "kv/radix_sort.h"
#include "kv/rank_tree_impl.h"

namespace telekv::kv {

using ranking::Kind;
using ranking::Leaf;
using ranking::Leaves;
using ranking::Level;
using ranking::level_of;
using ranking::RunTrees;

namespace {

// Leaves are filled by three quarters: the first members to enter find room.
constexpr std::size_t kBuiltMixed = Leaf::kMixedCells / 4 * 3;
constexpr std::size_t kBuiltRun = Leaf::kRunCells / 4 * 3;
// Rows whose seats are asked for before they are written.
constexpr std::size_t kFetchAhead = 32;

/// Members in order: level and slot of each in one word.
struct PackedMembers {
  std::span<const std::uint64_t> words;
  unsigned slot_bits;
  Level lowest;

  std::size_t size() const { return words.size(); }
  Level level(std::size_t i) const { return (words[i] >> slot_bits) + lowest; }
  Slot slot(std::size_t i) const {
    return static_cast<Slot>(words[i] & ((std::uint64_t{1} << slot_bits) - 1));
  }
};

/// The same of levels too far apart for a word.
struct WideMembers {
  struct Member {
    Level level;
    Slot slot;
  };
  std::span<const Member> members;

  std::size_t size() const { return members.size(); }
  Level level(std::size_t i) const { return members[i].level; }
  Slot slot(std::size_t i) const { return members[i].slot; }
};

}  // namespace

/// Of an empty tree.
void RankTree::Impl::assign(std::span<Score> scores, std::span<const Slot> slots) {
  if (scores.empty()) return;
  Level lowest = ~Level{0};
  Level highest = 0;
  for (const Score score : scores) {
    lowest = std::min(lowest, level_of(score));
    highest = std::max(highest, level_of(score));
  }
  Slot any_slot = slots.empty() ? static_cast<Slot>(scores.size() - 1) : 0;
  for (const Slot slot : slots) any_slot |= slot;
  const auto slot_of = [slots](std::size_t i) {
    return slots.empty() ? static_cast<Slot>(i) : slots[i];
  };
  const auto level_bits = static_cast<unsigned>(std::bit_width(highest - lowest));
  const auto slot_bits = static_cast<unsigned>(std::bit_width(any_slot));
  Scratch scratch;
  // A stable sort: members of one level stay in order of key.
  if (level_bits + slot_bits <= 64) {
    const std::span<std::uint64_t> words(reinterpret_cast<std::uint64_t*>(scores.data()),
                                         scores.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = (level_of(scores[i]) - lowest) << slot_bits | slot_of(i);
    }
    const std::span<const std::uint64_t> sorted =
        radix_sort(words, scratch.take<std::uint64_t>(words.size()), level_bits,
                   [slot_bits](std::uint64_t word) { return word >> slot_bits; });
    build(PackedMembers{sorted, slot_bits, lowest});
    return;
  }
  using Member = WideMembers::Member;
  const std::span<Member> members = scratch.take<Member>(scores.size());
  for (std::size_t i = 0; i < members.size(); ++i) members[i] = {level_of(scores[i]), slot_of(i)};
  build(WideMembers{radix_sort(members, scratch.take<Member>(members.size()), level_bits,
                               [lowest](const Member& each) { return each.level - lowest; })});
}

template <class Members>
void RankTree::Impl::build(const Members& members) {
  // A leaf is closed when another score, too small for a run, would overfill it.
  leaves_.expect(members.size() / (kBuiltMixed - kRunFrom) + 1);
  std::size_t mixed = 0;  // from here on: some scores with few members each
  for (std::size_t begin = 0, end = 0; begin != members.size(); begin = end) {
    const Level level = members.level(begin);
    while (end != members.size() && members.level(end) == level) ++end;
    const bool is_run = end - begin >= kRunFrom;
    if (is_run || end - mixed > kBuiltMixed) {
      append_mixed(members, mixed, begin);
      mixed = begin;
    }
    if (is_run) {
      append_run(members, begin, end);
      mixed = end;
    }
  }
  append_mixed(members, mixed, members.size());
}

/// In a leaf of their own, which is the last.
template <class Members>
void RankTree::Impl::append_mixed(const Members& members, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  leaves_.reserve(1);
  const Level first = members.level(begin);
  Leaf& leaf = leaves_.create(Kind::kMixed, first, members.level(end - 1));
  append_group(group_of(leaf), first);
  fill(leaf, members, begin, end);
}

/// Of one score, in order of key.
template <class Members>
void RankTree::Impl::append_run(const Members& members, std::size_t begin, std::size_t end) {
  const Level level = members.level(begin);
  const std::size_t count = end - begin;
  const std::size_t parts = (count + kBuiltRun - 1) / kBuiltRun;
  Leaf* last = nullptr;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t from = begin + part * count / parts;
    leaves_.reserve(1);
    runs_.reserve();
    Leaf& leaf = leaves_.create_run(level);
    if (last == nullptr) {
      append_group(group_of(leaf), level);
    } else {
      const std::uint32_t root = runs_.split(*last, leaves_.key(members.slot(from)), leaf);
      GroupTree::Path path;
      groups_.find(level, path);
      path.set_group(group_of_runs(root));
    }
    fill(leaf, members, from, begin + (part + 1) * count / parts);
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
template <class Members>
void RankTree::Impl::fill(Leaf& leaf, const Members& members, std::size_t begin, std::size_t end) {
  const auto count = static_cast<std::uint32_t>(end - begin);
  for (std::uint32_t cell = 0; cell < count; ++cell) {
    const std::size_t at = begin + cell;
    if (at + kFetchAhead < members.size()) {
      __builtin_prefetch(rows().row(members.slot(at + kFetchAhead)) + sizeof(Key), 1);
    }
    leaves_.place(leaf, cell, members.level(at), members.slot(at));
  }
  Leaves::filled(leaf, count);
  RunTrees::add(leaf, count);
  GroupTree::Path path;
  groups_.find(leaf.first, path);
  groups_.add(path, count);
  size_ += count;
}

}  // namespace telekv::kv
