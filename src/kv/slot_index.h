// Open addressing from hashes to slots that grows without a pause: the index under HashMap and
// TextPool.
//
//  1. A directory of segments by the leading bits of the hash (extendible hashing, Fagin et al.
//     1979). A full segment of 1,024 places splits in two, alone: at most some 900 entries move in
//     one operation, instead of 10M. The directory doubles now and then: 8 bytes a segment.
//  2. A place is a 1-byte tag (7 bits of the hash) and a 4-byte slot. Tags are compared eight at a
//     time in one 64-bit word; a slot is looked at only when its tag agrees.
//  3. What an entry's key is, and whether it equals another, the caller knows.
//
// One thread. Operations O(1) expected for hashes that look random; any hashes give right answers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/row_store.h"

namespace telekv::kv {

class SlotIndex {
 public:
  SlotIndex() { clear(); }

  /// The slot with this hash for which `equals(slot)`.
  template <class Equals>
  std::optional<Slot> find(std::uint64_t hash, Equals&& equals) const {
    const Segment& segment = segment_of(hash);
    for (std::size_t group = first_group(hash, segment);; group = next_group(group, segment)) {
      const std::uint64_t tags = segment.tag_word(group);
      for (std::uint64_t hits = matches(tags, tag_of(hash)); hits != 0; hits &= hits - 1) {
        const Slot slot = segment.slots[group * kGroup + first_byte(hits)];
        if (equals(slot)) return slot;
      }
      if (empties(tags) != 0) return std::nullopt;
    }
  }

  /// Adds an entry; nothing equal may be there. `hash_of(slot)` is the hash of an entry.
  template <class HashOf>
  void insert(std::uint64_t hash, Slot slot, HashOf&& hash_of) {
    while (segment_of(hash).used >= segment_of(hash).limit()) make_room(hash, hash_of);
    segment_of(hash).place(hash, slot);
    ++size_;
  }

  /// Brings the places where `hash` belongs into the cache.
  void prefetch(std::uint64_t hash) const {
    const Segment& segment = segment_of(hash);
    const std::size_t place = first_group(hash, segment) * kGroup;
    __builtin_prefetch(&segment.tags[place], 1);
    __builtin_prefetch(&segment.slots[place], 1);
  }

  /// Splits an empty index into segments for `entries` of them; does nothing to one with entries.
  void reserve(std::uint64_t entries);

  /// Takes out the entry, which must be there.
  void erase(std::uint64_t hash, Slot slot) {
    Segment& segment = segment_of(hash);
    std::size_t group = first_group(hash, segment);
    for (;; group = next_group(group, segment)) {
      for (std::uint64_t hits = matches(segment.tag_word(group), tag_of(hash)); hits != 0;
           hits &= hits - 1) {
        const std::size_t place = group * kGroup + first_byte(hits);
        if (segment.slots[place] != slot) continue;
        // A group with an empty place ends every search, so the freed place may be empty too.
        const bool ends_search = empties(segment.tag_word(group)) != 0;
        segment.tags[place] = ends_search ? kEmpty : kErased;
        if (ends_search) --segment.used;
        --segment.live;
        --size_;
        return;
      }
    }
  }

  std::uint64_t size() const { return size_; }
  std::size_t memory_bytes() const;
  void clear();

  /// What is wrong with the structure; empty when nothing is. O(n).
  template <class HashOf>
  std::string validate(HashOf&& hash_of) const;

  /// Groups looked at to find the entry that takes longest. O(n).
  template <class HashOf>
  std::size_t longest_search(HashOf&& hash_of) const;

 private:
  static constexpr std::size_t kGroup = 8;
  static constexpr std::size_t kSegmentPlaces = 1024;
  static constexpr std::uint8_t kEmpty = 0x00;
  static constexpr std::uint8_t kErased = 0x01;
  static constexpr std::uint8_t kFull = 0x80;
  static constexpr unsigned kTagBits = 7;
  /// A segment may be this many times fuller than the average before it grows instead of splitting:
  /// hashes that agree in their leading bits must not blow up the directory.
  static constexpr unsigned kDepthSlack = 4;

  static constexpr std::uint64_t kEveryByte = 0x0101010101010101U;
  static constexpr std::uint64_t kHighBits = 0x8080808080808080U;

  struct Segment {
    Segment(std::size_t places, unsigned segment_depth)
        : tags(new std::uint8_t[places]()),
          slots(new Slot[places]),
          mask(places / kGroup - 1),
          depth(segment_depth) {}

    std::size_t places() const { return (mask + 1) * kGroup; }
    std::size_t limit() const { return places() / 8 * 7; }
    std::uint64_t tag_word(std::size_t group) const {
      std::uint64_t word = 0;
      std::memcpy(&word, tags.get() + group * kGroup, sizeof word);
      return word;
    }
    void place(std::uint64_t hash, Slot slot) {
      std::size_t group = first_group(hash, *this);
      while (empties(tag_word(group)) == 0) group = next_group(group, *this);
      const std::size_t found = group * kGroup + first_byte(empties(tag_word(group)));
      tags[found] = tag_of(hash);
      slots[found] = slot;
      ++used;
      ++live;
    }

    std::unique_ptr<std::uint8_t[]> tags;
    std::unique_ptr<Slot[]> slots;
    std::size_t mask;      // groups - 1
    std::size_t used = 0;  // places not empty
    std::size_t live = 0;  // entries
    unsigned depth;        // leading bits of the hash that all its entries share
  };

  static std::uint8_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint8_t>(kFull | (hash & 0x7fU));
  }
  static std::size_t first_group(std::uint64_t hash, const Segment& segment) {
    return (hash >> kTagBits) & segment.mask;
  }
  static std::size_t next_group(std::size_t group, const Segment& segment) {
    return (group + 1) & segment.mask;
  }
  /// The high bit of every byte equal to `tag`, exactly (Hacker's Delight 6-1, without carries).
  static std::uint64_t matches(std::uint64_t tags, std::uint8_t tag) {
    const std::uint64_t x = tags ^ (kEveryByte * tag);
    return ~(((x & ~kHighBits) + ~kHighBits) | x | ~kHighBits);
  }
  static std::uint64_t empties(std::uint64_t tags) { return matches(tags, kEmpty); }
  static std::size_t first_byte(std::uint64_t hits) {
    const auto bit = static_cast<std::size_t>(std::countr_zero(hits));
    return std::endian::native == std::endian::little
               ? bit / 8
               : static_cast<std::size_t>(std::countl_zero(hits)) / 8;
  }

  std::size_t directory_place(std::uint64_t hash) const {
    return depth_ == 0 ? 0 : static_cast<std::size_t>(hash >> (64U - depth_));
  }
  Segment& segment_of(std::uint64_t hash) { return *directory_[directory_place(hash)]; }
  const Segment& segment_of(std::uint64_t hash) const { return *directory_[directory_place(hash)]; }

  template <class HashOf>
  void make_room(std::uint64_t hash, HashOf&& hash_of);
  template <class HashOf>
  void split(Segment& full, std::uint64_t hash, HashOf&& hash_of);
  template <class Function>
  static void for_each(const Segment& segment, Function&& fn) {
    for (std::size_t place = 0; place < segment.places(); ++place) {
      if ((segment.tags[place] & kFull) != 0) fn(segment.slots[place]);
    }
  }

  std::vector<Segment*> directory_;  // 2^depth_ of them; neighbours may share a segment
  std::vector<std::unique_ptr<Segment>> segments_;
  unsigned depth_ = 0;
  std::uint64_t size_ = 0;
};

inline std::size_t SlotIndex::memory_bytes() const {
  constexpr std::size_t kPointerBytes = sizeof(void*);
  std::size_t bytes = directory_.size() * kPointerBytes;
  for (const auto& segment : segments_) {
    bytes += sizeof(Segment) + kPointerBytes + segment->places() * (1 + sizeof(Slot));
  }
  return bytes;
}

inline void SlotIndex::clear() {
  segments_.clear();
  segments_.push_back(std::make_unique<Segment>(kSegmentPlaces, 0));
  directory_.assign(1, segments_.front().get());
  depth_ = 0;
  size_ = 0;
}

inline void SlotIndex::reserve(std::uint64_t entries) {
  // Hashes spread like coins: at this filling a segment seldom grows.
  constexpr std::uint64_t kFairEntries = kSegmentPlaces / 4 * 3;
  if (size_ != 0 || entries <= kFairEntries) return;
  clear();
  depth_ = static_cast<unsigned>(std::bit_width((entries - 1) / kFairEntries));
  const std::size_t count = std::size_t{1} << depth_;
  segments_.clear();
  directory_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    segments_.push_back(std::make_unique<Segment>(kSegmentPlaces, depth_));
    directory_.push_back(segments_.back().get());
  }
}

template <class HashOf>
void SlotIndex::make_room(std::uint64_t hash, HashOf&& hash_of) {
  Segment& full = segment_of(hash);
  const bool mostly_erased = full.live < full.places() / 2;
  const auto fair_depth = static_cast<unsigned>(std::bit_width(size_ / kSegmentPlaces + 1));
  if (!mostly_erased && full.depth < fair_depth + kDepthSlack) {
    split(full, hash, hash_of);
    return;
  }
  Segment fresh(mostly_erased ? full.places() : full.places() * 2, full.depth);
  for_each(full, [&](Slot slot) { fresh.place(hash_of(slot), slot); });
  full = std::move(fresh);
}

template <class HashOf>
void SlotIndex::split(Segment& full, std::uint64_t hash, HashOf&& hash_of) {
  if (full.depth == depth_) {
    std::vector<Segment*> doubled(directory_.size() * 2);
    for (std::size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
  }
  const unsigned depth = full.depth + 1;
  auto right = std::make_unique<Segment>(full.places(), depth);
  Segment left(full.places(), depth);
  for_each(full, [&](Slot slot) {
    const std::uint64_t slot_hash = hash_of(slot);
    const bool goes_right = ((slot_hash >> (64U - depth)) & 1U) != 0;
    (goes_right ? *right : left).place(slot_hash, slot);
  });
  // The directory places of `full` are one aligned run; its upper half goes to the new segment.
  const std::size_t run = std::size_t{1} << (depth_ - full.depth);
  const std::size_t begin = directory_place(hash) & ~(run - 1);
  for (std::size_t i = begin + run / 2; i < begin + run; ++i) directory_[i] = right.get();
  full = std::move(left);
  segments_.push_back(std::move(right));
}

template <class HashOf>
std::string SlotIndex::validate(HashOf&& hash_of) const {
  std::uint64_t entries = 0;
  std::string defect;
  for (std::size_t i = 0; i < directory_.size(); ++i) {
    const Segment& segment = *directory_[i];
    if (segment.depth > depth_) return "a segment is deeper than the directory";
    const std::size_t run = std::size_t{1} << (depth_ - segment.depth);
    if (directory_[i & ~(run - 1)] != &segment) return "a segment's run in the directory is broken";
    if ((i & (run - 1)) != 0) continue;
    std::size_t live = 0;
    std::size_t used = 0;
    for (std::size_t place = 0; place < segment.places(); ++place) {
      if (segment.tags[place] != kEmpty) ++used;
    }
    for_each(segment, [&](Slot slot) {
      ++live;
      const std::uint64_t hash = hash_of(slot);
      if (&segment_of(hash) != &segment) defect = "an entry lies in the wrong segment";
      if (!find(hash, [&](Slot other) { return other == slot; })) defect = "an entry is not found";
    });
    if (live != segment.live || used != segment.used) return "a segment's counts are wrong";
    if (used > segment.limit()) return "a segment is over its limit";
    entries += live;
  }
  if (entries != size_) return "the number of entries is wrong";
  return defect;
}

template <class HashOf>
std::size_t SlotIndex::longest_search(HashOf&& hash_of) const {
  std::size_t longest = 0;
  for (const auto& segment : segments_) {
    for (std::size_t place = 0; place < segment->places(); ++place) {
      if ((segment->tags[place] & kFull) == 0) continue;
      const std::size_t start = first_group(hash_of(segment->slots[place]), *segment);
      longest = std::max(longest, ((place / kGroup - start) & segment->mask) + 1);
    }
  }
  return longest;
}

}  // namespace telekv::kv
