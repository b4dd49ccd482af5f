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
using ranking::score_of;

namespace {

// Leaves are filled by three quarters: the first members to enter find room.
constexpr std::size_t kBuiltMixed = Leaf::kMixedCells / 4 * 3;
constexpr std::size_t kBuiltRun = Leaf::kRunCells / 4 * 3;
// Rows whose seats are asked for before they are written.
constexpr std::size_t kFetchAhead = 16;

/// By level; members of one level stay in the order in which they are.
void sort_by_level(std::span<RankTree::Entry> members, Scratch& scratch) {
  using Entry = RankTree::Entry;
  Level lowest = ~Level{0};
  Level highest = 0;
  Slot slots = 0;
  for (const Entry& member : members) {
    lowest = std::min(lowest, level_of(member.score));
    highest = std::max(highest, level_of(member.score));
    slots |= member.slot;
  }
  const auto level_bits = static_cast<unsigned>(std::bit_width(highest - lowest));
  const auto slot_bits = static_cast<unsigned>(std::bit_width(slots));
  if (level_bits + slot_bits > 64) {
    const std::span<Entry> sorted =
        radix_sort(members, scratch.take<Entry>(members.size()), level_bits,
                   [lowest](const Entry& member) { return level_of(member.score) - lowest; });
    if (sorted.data() != members.data()) std::copy(sorted.begin(), sorted.end(), members.begin());
    return;
  }
  // A member in one word: half of the memory to go through, again and again.
  const std::span<std::uint64_t> words = scratch.take<std::uint64_t>(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    words[i] = (level_of(members[i].score) - lowest) << slot_bits | members[i].slot;
  }
  const std::span<const std::uint64_t> sorted =
      radix_sort(words, scratch.take<std::uint64_t>(members.size()), level_bits,
                 [slot_bits](std::uint64_t word) { return word >> slot_bits; });
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i] = {score_of((sorted[i] >> slot_bits) + lowest),
                  static_cast<Slot>(sorted[i] & ((std::uint64_t{1} << slot_bits) - 1))};
  }
}

}  // namespace

/// Of an empty tree.
void RankTree::Impl::assign(std::span<Entry> members) {
  Scratch scratch;
  sort_by_level(members, scratch);
  // A leaf is closed when another score, too small for a run, would overfill it.
  leaves_.expect(members.size() / (kBuiltMixed - kRunFrom) + 1);
  const Entry* mixed = members.data();  // from here on: some scores with few members each
  const Entry* const all_end = members.data() + members.size();
  for (const Entry *begin = mixed, *end = mixed; begin != all_end; begin = end) {
    while (end != all_end && end->score == begin->score) ++end;
    const bool is_run = end - begin >= kRunFrom;
    if (is_run || end - mixed > static_cast<std::ptrdiff_t>(kBuiltMixed)) {
      append_mixed({mixed, begin}, all_end);
      mixed = begin;
    }
    if (is_run) {
      append_run({begin, end}, all_end);
      mixed = end;
    }
  }
  append_mixed({mixed, all_end}, all_end);
}

/// In a leaf of their own, which is the last.
void RankTree::Impl::append_mixed(std::span<const Entry> members, const Entry* all_end) {
  if (members.empty()) return;
  leaves_.reserve(1);
  const Level first = level_of(members.front().score);
  Leaf& leaf = leaves_.create(Kind::kMixed, first, level_of(members.back().score));
  append_group(group_of(leaf), first);
  fill(leaf, members, all_end);
}

/// Of one score, in order of key.
void RankTree::Impl::append_run(std::span<const Entry> members, const Entry* all_end) {
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
    fill(leaf, members.subspan(from, to - from), all_end);
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

/// Members in their order into an empty leaf of the last group. What comes behind them in memory,
/// up to `all_end`, is filled in next.
void RankTree::Impl::fill(Leaf& leaf, std::span<const Entry> members, const Entry* all_end) {
  const auto count = static_cast<std::uint32_t>(members.size());
  for (std::uint32_t cell = 0; cell < count; ++cell) {
    const Entry& member = members[cell];
    const Entry* const ahead = &member + kFetchAhead;
    if (ahead < all_end) __builtin_prefetch(rows().row(ahead->slot) + sizeof(Key), 1);
    leaves_.place(leaf, cell, level_of(member.score), member.slot);
  }
  Leaves::filled(leaf, count);
  RunTrees::add(leaf, count);
  GroupTree::Path path;
  groups_.find(leaf.first, path);
  groups_.add(path, count);
  size_ += count;
}

}  // namespace telekv::kv
