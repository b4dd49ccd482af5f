// Open addressing that grows without a pause: what lies under HashMap, RowMap and TextPool.
//
//  1. A directory of segments by the leading bits of the hash (extendible hashing, Fagin et al.
//     1979). A full segment splits in two, alone: at most some 1,600 entries move in one operation,
//     instead of 10M. The directory doubles now and then: 16 bytes a segment.
//  2. A segment is 128 or 256 lines (kv/index_line.h) of some tags, as many entries and a counter.
//     A search touches one line, seldom two.
//  3. A full line passes entries on to the next one and counts them: a search goes on only past a
//     line that has passed something on, and erasing leaves no tombstones (as in Facebook's F14).
//  4. What an entry's hash is, and whether it is the one looked for, the caller knows.
//
// One thread. Operations O(1) expected for hashes that look random; any hashes give right answers.
// Lack of memory throws std::bad_alloc, and the index is as it was.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/memory_blocks.h"

namespace telekv::kv {

template <class Line>
class SegmentIndex {
 public:
  using Entry = typename Line::Entry;

  SegmentIndex();

  /// The entry with this hash for which `equals(entry)`, or nullptr. Good until the next insert().
  template <class Equals>
  Entry* find(std::uint64_t hash, Equals equals) const {
    Line& line = segment_of(hash).home(hash);
    fetch_rest(line);
    const unsigned hits = line.matches(Line::tag_of(hash));
    if (hits != 0) [[likely]] {
      Entry& entry = line.first_of(hits);
      if (equals(entry)) [[likely]]
        return &entry;
    } else if (line.passed_on == 0) {
      return nullptr;
    }
    return search(hash, equals);
  }

  /// Asks for the line where a search for this hash begins. Always inline, like all that only fetch
  /// ahead: GCC 12 takes a function without other effects for useless, and drops calls to it.
  [[gnu::always_inline]] void prefetch(std::uint64_t hash) const {
    const Line& line = segment_of(hash).home(hash);
    __builtin_prefetch(&line);
    fetch_rest(line);
  }

  /// The entry that a search for this hash looks at first, if any; it need not be the right one.
  const Entry* first_candidate(std::uint64_t hash) const {
    Line& line = segment_of(hash).home(hash);
    const unsigned hits = line.matches(Line::tag_of(hash));
    return hits == 0 ? nullptr : &line.first_of(hits);
  }

  /// Adds an entry; nothing equal may be there. `hash_of(entry)` is the hash of an entry.
  template <class HashOf>
  Entry* insert(std::uint64_t hash, const Entry& entry, HashOf&& hash_of) {
    while (counts_[segment_of(hash).number].entries >= segment_of(hash).limit())
      make_room(hash, hash_of);
    ++size_;
    return place(segment_of(hash), hash, entry);
  }

  struct Hashed {
    std::uint64_t hash;
    Entry entry;
  };

  /// insert() for each, fastest where those that agree in their leading bits stand together.
  template <class HashOf>
  void insert_all(std::span<const Hashed> all, HashOf&& hash_of) {
    constexpr std::size_t kFetchAhead = 16;
    for (std::size_t next = 0; next < all.size();) {
      const Segment segment = segment_of(all[next].hash);
      const std::size_t room = segment.limit() - counts_[segment.number].entries;
      if (room == 0) {
        make_room(all[next].hash, hash_of);
        continue;
      }
      const std::size_t end = next + std::min(room, all.size() - next);
      const std::size_t begin = next;
      const std::size_t directory = directory_place(all[begin].hash);
      do {
        if (next + kFetchAhead < all.size()) prefetch(all[next + kFetchAhead].hash);
        place_in(segment, all[next].hash, all[next].entry);
      } while (++next < end && directory_place(all[next].hash) == directory);
      counts_[segment.number].entries += static_cast<std::uint32_t>(next - begin);
      size_ += next - begin;
    }
  }

  /// Splits an empty index into segments for `entries` of them; does nothing to one with entries.
  void reserve(std::uint64_t entries);

  /// Takes out the entry for which `equals(entry)`, which must be there.
  template <class Equals>
  void erase(std::uint64_t hash, Equals&& equals) {
    const Segment& segment = segment_of(hash);
    for (std::size_t at = segment.home_place(hash);; at = segment.next(at)) {
      Line& line = segment.lines[at];
      if (const Entry* const entry = line.find(hash, equals)) {
        line.erase(entry);
        break;
      }
      line.take_back();
    }
    --counts_[segment.number].entries;
    --size_;
  }

  /// Calls fn(entry) for each, in no order. O(n).
  template <class Function>
  void for_each(Function&& fn) const {
    for_each_segment([&](const Segment& segment) {
      for_each_in(segment, [&](Entry& entry, std::size_t) { fn(entry); });
    });
  }

  std::uint64_t size() const { return size_; }
  std::size_t memory_bytes() const {
    return block_bytes_ + directory_.capacity() * sizeof(Segment) +
           counts_.capacity() * sizeof(Count);
  }
  /// Needs no memory.
  void clear() noexcept;

  /// What is wrong with the structure; empty when nothing is. O(n).
  template <class HashOf>
  std::string validate(HashOf&& hash_of) const;

  /// Lines looked at to find the entry that takes longest. O(n).
  template <class HashOf>
  std::size_t longest_search(HashOf&& hash_of) const;

 private:
  static constexpr unsigned kHashBits = 64;
  static constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 18U;
  static constexpr std::size_t kSegmentLines = Line::kSegmentLines;
  /// The first segment begins with so many lines and doubles, so that a small index stays small.
  static constexpr std::uint32_t kFirstLines = 8;
  /// A segment may be this many times fuller than the average before it grows instead of splitting:
  /// hashes that agree in their leading bits must not blow up the directory.
  static constexpr unsigned kDepthSlack = 4;

  struct Count {
    std::uint32_t entries;
    unsigned depth;  // leading bits of the hash that all entries of the segment share
  };

  /// A place of the directory: neighbours may show the same lines.
  struct Segment {
    Line* lines;
    std::uint32_t offset_mask;  // of a line, in bytes
    std::uint32_t number;       // of its count in `counts_`

    Segment() = default;
    Segment(Line* first, std::size_t count, std::uint32_t number_given)
        : lines(first),
          offset_mask(static_cast<std::uint32_t>((count - 1) * sizeof(Line))),
          number(number_given) {}

    Line& home(std::uint64_t hash) const {
      constexpr auto kLineBits = static_cast<unsigned>(std::bit_width(sizeof(Line) - 1));
      static_assert(kLineBits <= Line::kTagBits && std::has_single_bit(sizeof(Line)));
      return *reinterpret_cast<Line*>(reinterpret_cast<std::byte*>(lines) +
                                      ((hash >> (Line::kTagBits - kLineBits)) & offset_mask));
    }
    std::size_t home_place(std::uint64_t hash) const {
      return static_cast<std::size_t>(&home(hash) - lines);
    }
    std::size_t next(std::size_t place) const { return (place + 1) % size(); }
    std::size_t size() const { return offset_mask / sizeof(Line) + 1; }
    std::size_t limit() const { return size() * Line::kPlaces / 8 * 7; }
  };

  /// Splits 2^depth segments from the start; depth > 0.
  explicit SegmentIndex(unsigned depth);

  /// Of a line longer than a cache line: which part has the entry is not known yet.
  [[gnu::always_inline]] static void fetch_rest(const Line& line) {
    const auto* const begin = reinterpret_cast<const std::byte*>(&line);
    if constexpr (sizeof(Line) > kCacheLineBytes) __builtin_prefetch(begin + kCacheLineBytes);
  }

  Entry* place(const Segment& segment, std::uint64_t hash, const Entry& entry) {
    ++counts_[segment.number].entries;
    return place_in(segment, hash, entry);
  }
  static Entry* place_in(const Segment& segment, std::uint64_t hash, const Entry& entry) {
    Line& home = segment.home(hash);
    if (Entry* const placed = home.insert(hash, entry)) [[likely]]
      return placed;
    home.pass_on();
    for (std::size_t at = segment.next(static_cast<std::size_t>(&home - segment.lines));;
         at = segment.next(at)) {
      if (Entry* const placed = segment.lines[at].insert(hash, entry)) return placed;
      segment.lines[at].pass_on();
    }
  }

  std::size_t directory_place(std::uint64_t hash) const {
    return static_cast<std::size_t>(hash >> directory_shift_);
  }
  unsigned directory_depth() const { return kHashBits - directory_shift_; }
  const Segment& segment_of(std::uint64_t hash) const { return directory_[directory_place(hash)]; }

  /// The whole search, for the few that do not end at the first entry looked at.
  template <class Equals>
  [[gnu::noinline]] Entry* search(std::uint64_t hash, Equals equals) const {
    const Segment& segment = segment_of(hash);
    std::size_t at = segment.home_place(hash);
    for (std::size_t looked_at = 0; looked_at < segment.size(); ++looked_at) {
      Line& line = segment.lines[at];
      if (Entry* const entry = line.find(hash, equals)) return entry;
      if (line.passed_on == 0) break;
      at = segment.next(at);
    }
    return nullptr;
  }

  Line* allocate_lines(std::size_t count);
  template <class HashOf>
  void make_room(std::uint64_t hash, HashOf&& hash_of);
  bool splits(const Segment& segment) const;
  void double_directory();
  template <class Function>
  static void for_each_in(const Segment& segment, Function&& fn) {
    for (std::size_t at = 0; at < segment.size(); ++at) {
      Line& line = segment.lines[at];
      for (std::size_t place = 0; place < Line::kPlaces; ++place) {
        if (line.tags[place] != 0) fn(line.entries[place], at);
      }
    }
  }
  template <class Function>
  void for_each_segment(Function&& fn) const {
    for (std::size_t i = 0; i < directory_.size(); ++i) {
      if (i == 0 || directory_[i].number != directory_[i - 1].number) fn(directory_[i]);
    }
  }
  template <class HashOf>
  std::string validate_segment(const Segment& segment, HashOf&& hash_of) const;

  std::vector<Block> blocks_;  // the lines; given back by clear() only
  PageBlock reserved_;         // those that reserve() made
  std::size_t block_bytes_ = 0;
  std::size_t last_block_ = 0;
  std::size_t free_bytes_ = 0;      // at the end of the last block
  std::vector<Segment> directory_;  // by the leading bits of the hash
  std::vector<Count> counts_;       // by a segment's number
  unsigned directory_shift_ = kHashBits - 1;
  std::uint64_t size_ = 0;
};

/// The directory begins with two places: a shift by all bits would be undefined.
template <class Line>
SegmentIndex<Line>::SegmentIndex()
    : directory_(2, Segment(allocate_lines(kFirstLines), kFirstLines, 0)), counts_(1, {0, 0}) {}

template <class Line>
SegmentIndex<Line>::SegmentIndex(unsigned depth)
    : reserved_((std::size_t{1} << depth) * kSegmentLines * sizeof(Line)),
      directory_(std::size_t{1} << depth),
      counts_(directory_.size(), {0, depth}),
      directory_shift_(kHashBits - depth) {
  allocate_lines(kFirstLines);  // for clear()
  block_bytes_ += reserved_.size();
  auto* const lines = reinterpret_cast<Line*>(reserved_.data());
  std::uninitialized_default_construct_n(lines, directory_.size() * kSegmentLines);
  for (std::uint32_t i = 0; i < directory_.size(); ++i) {
    directory_[i] = Segment(lines + i * kSegmentLines, kSegmentLines, i);
  }
}

/// The first block has the lines of the first segment.
template <class Line>
void SegmentIndex<Line>::clear() noexcept {
  blocks_.resize(1);
  reserved_ = PageBlock();
  block_bytes_ = last_block_ = kFirstLines * sizeof(Line);
  free_bytes_ = 0;
  auto* const first = reinterpret_cast<Line*>(blocks_.front().get());
  std::uninitialized_default_construct_n(first, kFirstLines);
  directory_.assign(2, Segment(first, kFirstLines, 0));
  counts_.assign(1, {0, 0});
  directory_shift_ = kHashBits - 1;
  size_ = 0;
}

/// Blocks grow up to a bound, for the same reason as the first segment.
template <class Line>
Line* SegmentIndex<Line>::allocate_lines(std::size_t count) {
  const std::size_t bytes = count * sizeof(Line);
  if (free_bytes_ < bytes) {
    const std::size_t block = std::max(bytes, std::min(block_bytes_ / 4, kMaxBlockBytes));
    blocks_.push_back(allocate_block(block));
    block_bytes_ += block;
    free_bytes_ = block;
    last_block_ = block;
  }
  auto* const lines = reinterpret_cast<Line*>(blocks_.back().get() + last_block_ - free_bytes_);
  free_bytes_ -= bytes;
  std::uninitialized_default_construct_n(lines, count);
  return lines;
}

template <class Line>
void SegmentIndex<Line>::double_directory() {
  std::vector<Segment> doubled;
  doubled.reserve(directory_.size() * 2);
  for (const Segment& segment : directory_) doubled.insert(doubled.end(), 2, segment);
  directory_ = std::move(doubled);
  --directory_shift_;
}

template <class Line>
void SegmentIndex<Line>::reserve(std::uint64_t entries) {
  // Hashes spread like coins: at this filling a segment seldom splits at once.
  constexpr std::uint64_t kFairEntries = kSegmentLines * Line::kPlaces / 4 * 3;
  if (size_ != 0 || entries <= 2 * kFairEntries) return;
  *this = SegmentIndex(static_cast<unsigned>(std::bit_width((entries - 1) / kFairEntries)));
}

template <class Line>
bool SegmentIndex<Line>::splits(const Segment& segment) const {
  const auto fair_depth =
      static_cast<unsigned>(std::bit_width(size_ / (kSegmentLines * Line::kPlaces) + 1));
  return segment.size() >= kSegmentLines &&
         counts_[segment.number].depth < fair_depth + kDepthSlack;
}

template <class Line>
template <class HashOf>
void SegmentIndex<Line>::make_room(std::uint64_t hash, HashOf&& hash_of) {
  const Segment full = segment_of(hash);
  const unsigned depth = counts_[full.number].depth;
  const bool splitting = splits(full);
  // Everything that may fail comes before the first change.
  std::vector<std::pair<std::uint64_t, Entry>> moved;
  moved.reserve(counts_[full.number].entries);
  if (splitting && depth == directory_depth()) double_directory();
  if (counts_.size() == counts_.capacity()) counts_.reserve(2 * counts_.size());
  Line* const fresh = allocate_lines(splitting ? full.size() : 2 * full.size());
  for_each_in(full,
              [&](const Entry& entry, std::size_t) { moved.emplace_back(hash_of(entry), entry); });

  Segment left = full;
  Segment right(fresh, full.size(), static_cast<std::uint32_t>(counts_.size()));
  if (splitting) {
    std::uninitialized_default_construct_n(full.lines, full.size());
    counts_[left.number].depth = depth + 1;
    counts_.push_back({0, depth + 1});
  } else {
    left = right = Segment(fresh, 2 * full.size(), full.number);
  }
  // The directory places of `full` are one aligned run; its upper half goes to the new segment.
  const std::size_t run = std::size_t{1} << (directory_depth() - depth);
  const std::size_t begin = directory_place(hash) & ~(run - 1);
  for (std::size_t i = 0; i < run; ++i) directory_[begin + i] = i < run / 2 ? left : right;
  counts_[full.number].entries = 0;
  for (const auto& [moved_hash, entry] : moved) place(segment_of(moved_hash), moved_hash, entry);
}

template <class Line>
template <class HashOf>
std::string SegmentIndex<Line>::validate_segment(const Segment& segment, HashOf&& hash_of) const {
  std::string defect;
  std::size_t entries = 0;
  std::vector<std::uint32_t> passed_on(segment.size());
  for_each_in(segment, [&](Entry& entry, std::size_t line) {
    ++entries;
    const std::uint64_t hash = hash_of(entry);
    if (segment_of(hash).lines != segment.lines) defect = "an entry lies in the wrong segment";
    const auto itself = [&](const Entry& other) { return &other == &entry; };
    if (find(hash, itself) != &entry) defect = "an entry is not found";
    for (std::size_t at = segment.home_place(hash); at != line; at = segment.next(at)) {
      ++passed_on[at];
    }
  });
  for (std::size_t at = 0; at < passed_on.size(); ++at) {
    const std::uint32_t counted = segment.lines[at].passed_on;
    if (counted != passed_on[at] && counted != Line::kMaxPassedOn) {
      return "a line's counter is wrong";
    }
  }
  if (entries != counts_[segment.number].entries) return "a segment's count is wrong";
  if (entries > segment.limit()) return "a segment is over its limit";
  return defect;
}

template <class Line>
template <class HashOf>
std::string SegmentIndex<Line>::validate(HashOf&& hash_of) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    const Segment& segment = directory_[i];
    const Count& count = counts_[segment.number];
    if (count.depth > directory_depth()) return "a segment is deeper than the directory";
    const std::size_t run = std::size_t{1} << (directory_depth() - count.depth);
    if (directory_[i & ~(run - 1)].lines != segment.lines) {
      return "a segment's run in the directory is broken";
    }
    if ((i & (run - 1)) != 0) continue;
    if (std::string defect = validate_segment(segment, hash_of); !defect.empty()) return defect;
    sum += count.entries;
  }
  return sum == size_ ? "" : "the number of entries is wrong";
}

template <class Line>
template <class HashOf>
std::size_t SegmentIndex<Line>::longest_search(HashOf&& hash_of) const {
  std::size_t longest = 0;
  for_each_segment([&](const Segment& segment) {
    for_each_in(segment, [&](const Entry& entry, std::size_t line) {
      const std::size_t home = segment.home_place(hash_of(entry));
      longest = std::max(longest, (line + segment.size() - home) % segment.size() + 1);
    });
  });
  return longest;
}

}  // namespace telekv::kv
