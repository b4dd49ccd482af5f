// Open addressing from hashes to slots that grows without a pause: the index under HashMap and
// TextPool.
//
//  1. A directory of segments by the leading bits of the hash (extendible hashing, Fagin et al.
//     1979). A full segment splits in two, alone: at most some 1,350 entries move in one operation,
//     instead of 10M. The directory doubles now and then: 16 bytes a segment.
//  2. A segment is 128 lines of 64 bytes: twelve 1-byte tags (8 bits of the hash), twelve 4-byte
//     slots, one counter. A search touches one cache line, then the row that it finds.
//  3. A full line passes entries on to the next one and counts them: a search goes on only past a
//     line that has passed something on, and erasing leaves no tombstones (as in Facebook's F14).
//  4. What an entry's key is, and whether it equals another, the caller knows.
//
// One thread. Operations O(1) expected for hashes that look random; any hashes give right answers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/index_line.h"
#include "kv/memory_blocks.h"
#include "kv/row_store.h"

namespace telekv::kv {

class SlotIndex {
 public:
  SlotIndex() { clear(); }

  /// The slot with this hash for which `equals(slot)`.
  template <class Equals>
  std::optional<Slot> find(std::uint64_t hash, Equals&& equals) const {
    const Segment& segment = segment_of(hash);
    const std::size_t first = home(hash, segment);
    const IndexLine& line = segment.lines[first];
    const unsigned hits = line.matches(tag_of(hash));
    if (hits != 0) [[likely]] {
      const Slot slot = line.slots[std::countr_zero(hits)];
      if (equals(slot)) [[likely]]
        return slot;
    } else if (line.passed_on == 0) {
      return std::nullopt;
    }
    return search(hash, segment, first, equals);
  }

  /// Asks for the line where a search for this hash begins. Always inline, like all that only fetch
  /// ahead: GCC 12 takes a function without other effects for useless, and drops calls to it.
  [[gnu::always_inline]] void prefetch(std::uint64_t hash) const {
    const Segment& segment = segment_of(hash);
    __builtin_prefetch(&segment.lines[home(hash, segment)]);
  }

  /// The slot that a search for this hash looks at first; it need not be the right one.
  std::optional<Slot> first_candidate(std::uint64_t hash) const {
    const Segment& segment = segment_of(hash);
    const IndexLine& line = segment.lines[home(hash, segment)];
    const unsigned hits = line.matches(tag_of(hash));
    if (hits == 0) return std::nullopt;
    return line.slots[std::countr_zero(hits)];
  }

  /// Adds an entry; nothing equal may be there. `hash_of(slot)` is the hash of an entry.
  template <class HashOf>
  void insert(std::uint64_t hash, Slot slot, HashOf&& hash_of) {
    while (counts_[segment_of(hash).number].entries >= segment_of(hash).limit())
      make_room(hash, hash_of);
    place(segment_of(hash), hash, slot);
    ++size_;
  }

  /// Splits an empty index into segments for `entries` of them; does nothing to one with entries.
  void reserve(std::uint64_t entries);

  /// Takes out the entry, which must be there.
  void erase(std::uint64_t hash, Slot slot) {
    const Segment& segment = segment_of(hash);
    for (std::size_t place = home(hash, segment);; place = next(place, segment)) {
      IndexLine& line = segment.lines[place];
      if (line.erase(tag_of(hash), slot)) break;
      --line.passed_on;
    }
    --counts_[segment.number].entries;
    --size_;
  }

  std::uint64_t size() const { return size_; }
  std::size_t memory_bytes() const {
    return block_bytes_ + directory_.capacity() * sizeof(Segment) +
           counts_.capacity() * sizeof(Count);
  }
  void clear();

  /// What is wrong with the structure; empty when nothing is. O(n).
  template <class HashOf>
  std::string validate(HashOf&& hash_of) const;

  /// Lines looked at to find the entry that takes longest. O(n).
  template <class HashOf>
  std::size_t longest_search(HashOf&& hash_of) const;

 private:
  static constexpr unsigned kHashBits = 64;
  static constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 20U;
  static constexpr std::size_t kSegmentLines = 128;
  /// A segment may be this many times fuller than the average before it grows instead of splitting:
  /// hashes that agree in their leading bits must not blow up the directory.
  static constexpr unsigned kDepthSlack = 4;

  struct Count {
    std::uint32_t entries;
    unsigned depth;  // leading bits of the hash that all entries of the segment share
  };

  /// A place of the directory: neighbours may show the same lines.
  struct Segment {
    IndexLine* lines;
    std::uint32_t mask;    // lines - 1
    std::uint32_t number;  // of its count in `counts_`

    std::size_t limit() const { return (std::size_t{mask} + 1) * IndexLine::kPlaces / 8 * 7; }
  };

  static std::uint8_t tag_of(std::uint64_t hash) {
    const auto tag = static_cast<std::uint8_t>(hash);
    return tag == 0 ? 1 : tag;
  }
  static std::size_t home(std::uint64_t hash, const Segment& segment) {
    return (hash >> IndexLine::kTagBits) & segment.mask;
  }
  static std::size_t next(std::size_t place, const Segment& segment) {
    return (place + 1) & segment.mask;
  }
  void place(const Segment& segment, std::uint64_t hash, Slot slot) {
    std::size_t at = home(hash, segment);
    while (!segment.lines[at].insert(tag_of(hash), slot)) {
      ++segment.lines[at].passed_on;
      at = next(at, segment);
    }
    ++counts_[segment.number].entries;
  }

  std::size_t directory_place(std::uint64_t hash) const {
    return static_cast<std::size_t>(hash >> directory_shift_);
  }
  unsigned directory_depth() const { return kHashBits - directory_shift_; }
  const Segment& segment_of(std::uint64_t hash) const { return directory_[directory_place(hash)]; }

  /// The whole search, for the few that do not end at the first place looked at.
  template <class Equals>
  [[gnu::noinline]] static std::optional<Slot> search(std::uint64_t hash, const Segment& segment,
                                                      std::size_t first, Equals& equals) {
    for (std::size_t looked_at = 0; looked_at <= segment.mask; ++looked_at) {
      const IndexLine& line = segment.lines[(first + looked_at) & segment.mask];
      for (unsigned hits = line.matches(tag_of(hash)); hits != 0; hits &= hits - 1) {
        const Slot slot = line.slots[std::countr_zero(hits)];
        if (equals(slot)) return slot;
      }
      if (line.passed_on == 0) break;
    }
    return std::nullopt;
  }

  IndexLine* allocate_lines(std::size_t count);
  template <class HashOf>
  void make_room(std::uint64_t hash, HashOf&& hash_of);
  void double_directory();
  template <class Function>
  static void for_each(const Segment& segment, Function&& fn) {
    for (std::size_t i = 0; i <= segment.mask; ++i) {
      for (std::size_t place = 0; place < IndexLine::kPlaces; ++place) {
        if (segment.lines[i].tags[place] != 0) fn(segment.lines[i].slots[place], i);
      }
    }
  }

  std::vector<Segment> directory_;  // by the leading bits of the hash
  std::vector<Count> counts_;       // by a segment's number
  unsigned directory_shift_ = kHashBits - 1;
  std::uint64_t size_ = 0;
  std::vector<Block> blocks_;  // the lines; given back by clear() only
  PageBlock reserved_;         // those that reserve() made
  std::size_t block_bytes_ = 0;
  std::size_t last_block_ = 0;
  std::size_t free_bytes_ = 0;  // at the end of the last block
};

/// The directory begins with two places: a shift by all bits would be undefined.
inline void SlotIndex::clear() {
  blocks_.clear();
  reserved_ = PageBlock();
  block_bytes_ = 0;
  last_block_ = 0;
  free_bytes_ = 0;
  directory_.assign(2, {allocate_lines(kSegmentLines), kSegmentLines - 1, 0});
  directory_shift_ = kHashBits - 1;
  counts_.assign(1, {0, 0});
  size_ = 0;
}

/// Blocks double up to a bound, so that a small index stays small.
inline IndexLine* SlotIndex::allocate_lines(std::size_t count) {
  const std::size_t bytes = count * sizeof(IndexLine);
  if (free_bytes_ < bytes) {
    const std::size_t block = std::max(bytes, std::min(block_bytes_, kMaxBlockBytes));
    blocks_.push_back(allocate_block(block));
    block_bytes_ += block;
    free_bytes_ = block;
    last_block_ = block;
  }
  auto* const lines =
      reinterpret_cast<IndexLine*>(blocks_.back().get() + last_block_ - free_bytes_);
  free_bytes_ -= bytes;
  std::uninitialized_default_construct_n(lines, count);
  return lines;
}

inline void SlotIndex::double_directory() {
  std::vector<Segment> doubled(directory_.size() * 2);
  for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
  directory_ = std::move(doubled);
  --directory_shift_;
}

inline void SlotIndex::reserve(std::uint64_t entries) {
  // Hashes spread like coins: at this filling a segment seldom splits at once.
  constexpr std::uint64_t kFairEntries = kSegmentLines * IndexLine::kPlaces / 4 * 3;
  if (size_ != 0 || entries <= 2 * kFairEntries) return;
  const auto depth = static_cast<unsigned>(std::bit_width((entries - 1) / kFairEntries));
  SlotIndex larger;
  larger.directory_shift_ = kHashBits - depth;
  larger.directory_.resize(std::size_t{1} << depth);
  larger.counts_.assign(larger.directory_.size(), {0, depth});
  const std::size_t lines = larger.directory_.size() * kSegmentLines;
  larger.reserved_ = PageBlock(lines * sizeof(IndexLine));
  larger.block_bytes_ += lines * sizeof(IndexLine);
  auto* const first = reinterpret_cast<IndexLine*>(larger.reserved_.data());
  std::uninitialized_default_construct_n(first, lines);
  for (std::uint32_t i = 0; i < larger.directory_.size(); ++i) {
    larger.directory_[i] = {first + i * kSegmentLines, kSegmentLines - 1, i};
  }
  *this = std::move(larger);
}

template <class HashOf>
void SlotIndex::make_room(std::uint64_t hash, HashOf&& hash_of) {
  const Segment full = segment_of(hash);
  const unsigned depth = counts_[full.number].depth;
  const std::size_t lines = std::size_t{full.mask} + 1;
  const auto fair_depth =
      static_cast<unsigned>(std::bit_width(size_ / (kSegmentLines * IndexLine::kPlaces) + 1));
  const bool splits = depth < fair_depth + kDepthSlack;
  // Everything that may fail comes before the first change.
  std::vector<std::pair<std::uint64_t, Slot>> moved;
  moved.reserve(counts_[full.number].entries);
  IndexLine* const fresh = allocate_lines(splits ? lines : 2 * lines);
  if (splits && depth == directory_depth()) double_directory();
  if (splits) counts_.push_back({0, depth + 1});
  for_each(full, [&](Slot slot, std::size_t) { moved.emplace_back(hash_of(slot), slot); });

  Segment left = full;
  Segment right = full;
  right.lines = fresh;
  if (splits) {
    std::uninitialized_default_construct_n(full.lines, lines);
    right.number = static_cast<std::uint32_t>(counts_.size() - 1);
    counts_[left.number].depth = depth + 1;
  } else {
    right.mask = static_cast<std::uint32_t>(2 * lines - 1);
    left = right;
  }
  // The directory places of `full` are one aligned run; its upper half goes to the new segment.
  const std::size_t run = std::size_t{1} << (directory_depth() - depth);
  const std::size_t begin = directory_place(hash) & ~(run - 1);
  for (std::size_t i = 0; i < run; ++i) directory_[begin + i] = i < run / 2 ? left : right;
  counts_[full.number].entries = 0;
  for (const auto& [moved_hash, slot] : moved) place(segment_of(moved_hash), moved_hash, slot);
}

template <class HashOf>
std::string SlotIndex::validate(HashOf&& hash_of) const {
  std::uint64_t sum = 0;
  std::string defect;
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    const Segment& segment = directory_[i];
    const Count& count = counts_[segment.number];
    if (count.depth > directory_depth()) return "a segment is deeper than the directory";
    const std::size_t run = std::size_t{1} << (directory_depth() - count.depth);
    if (directory_[i & ~(run - 1)].lines != segment.lines) {
      return "a segment's run in the directory is broken";
    }
    if ((i & (run - 1)) != 0) continue;
    std::size_t entries = 0;
    std::vector<std::uint32_t> passed_on(std::size_t{segment.mask} + 1);
    for_each(segment, [&](Slot slot, std::size_t line) {
      ++entries;
      const std::uint64_t hash = hash_of(slot);
      if (segment_of(hash).lines != segment.lines) defect = "an entry lies in the wrong segment";
      if (!find(hash, [&](Slot other) { return other == slot; })) defect = "an entry is not found";
      for (std::size_t at = home(hash, segment); at != line; at = next(at, segment)) {
        ++passed_on[at];
      }
    });
    for (std::size_t line = 0; line < passed_on.size(); ++line) {
      if (passed_on[line] != segment.lines[line].passed_on) return "a line's counter is wrong";
    }
    if (entries != count.entries) return "a segment's count is wrong";
    if (entries > segment.limit()) return "a segment is over its limit";
    sum += entries;
  }
  if (sum != size_) return "the number of entries is wrong";
  return defect;
}

template <class HashOf>
std::size_t SlotIndex::longest_search(HashOf&& hash_of) const {
  std::size_t longest = 0;
  for (const Segment& segment : directory_) {
    for_each(segment, [&](Slot slot, std::size_t line) {
      longest = std::max(longest, ((line - home(hash_of(slot), segment)) & segment.mask) + 1);
    });
  }
  return longest;
}

}  // namespace telekv::kv
