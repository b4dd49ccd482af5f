// The lines of a SegmentIndex: tags, entries, and a counter of what did not fit.
//
// SlotLine: slots of rows that lie elsewhere. One cache line, because the row costs another.
// EntryLine: whole entries. Two cache lines, asked for together, so that a find waits once; tags of
// 15 bits, because with entries at hand a wrong guess would be the dearest part of a find.
//
// One thread. Nothing fails.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kv/memory_blocks.h"
#include "kv/row_store.h"

namespace telekv::kv {

/// Bit i * kBitsPerPlace: tag i of the 16 bytes that begin at `tags` is `tag`.
template <class Tag>
struct TagMatch {
#ifdef __SSE2__
  static constexpr unsigned kBitsPerPlace = sizeof(Tag);

  static unsigned find(const Tag* tags, std::size_t places, Tag tag) {
    const __m128i found = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
    const auto bits = [&]() -> int {
      if constexpr (sizeof(Tag) == 1) {
        return _mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_set1_epi8(static_cast<char>(tag))));
      } else {
        return _mm_movemask_epi8(_mm_cmpeq_epi16(found, _mm_set1_epi16(static_cast<short>(tag))));
      }
    };
    constexpr unsigned kFirstBits = sizeof(Tag) == 1 ? 0xffffU : 0x5555U;
    return static_cast<unsigned>(bits()) & kFirstBits & ((1U << (places * kBitsPerPlace)) - 1);
  }
#else
  static constexpr unsigned kBitsPerPlace = 1;

  static unsigned find(const Tag* tags, std::size_t places, Tag tag) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < places; ++i) bits |= (tags[i] == tag ? 1U : 0U) << i;
    return bits;
  }
#endif
};

/// What both have in common. `Memory` holds `tags`, `passed_on` and `entries`.
template <class Memory>
struct IndexLine : Memory {
  using Match = TagMatch<typename Memory::Tag>;
  using Entry = typename Memory::Entry;
  using Memory::kPlaces;

  static constexpr unsigned kTagBits = 8 * sizeof(typename Memory::Tag);
  static constexpr std::uint32_t kMaxPassedOn =
      std::numeric_limits<typename Memory::PassedOn>::max();

  unsigned matches(typename Memory::Tag tag) const { return Match::find(this->tags, kPlaces, tag); }
  /// The entry in the first of the places.
  Entry& first_of(unsigned matches) {
    const auto bit = static_cast<unsigned>(std::countr_zero(matches));
    if constexpr (sizeof(Entry) % Match::kBitsPerPlace == 0) {
      // One shift instead of two: a find is some forty instructions, and how many finds wait for
      // memory side by side depends on that.
      constexpr std::size_t kBytesPerBit = sizeof(Entry) / Match::kBitsPerPlace;
      return *reinterpret_cast<Entry*>(reinterpret_cast<std::byte*>(this->entries) +
                                       bit * kBytesPerBit);
    }
    return this->entries[bit / Match::kBitsPerPlace];
  }

  /// nullptr when all places are taken.
  Entry* insert(std::uint64_t hash, const Entry& entry) {
    const unsigned empty = matches(0);
    if (empty == 0) return nullptr;
    Entry& place = first_of(empty);
    this->tags[&place - this->entries] = Memory::tag_of(hash);
    return &(place = entry);
  }

  /// The entry with this hash for which `equals(entry)`; nullptr when it is not here.
  template <class Equals>
  Entry* find(std::uint64_t hash, Equals& equals) {
    for (unsigned hits = matches(Memory::tag_of(hash)); hits != 0; hits &= hits - 1) {
      Entry& entry = first_of(hits);
      if (equals(entry)) return &entry;
    }
    return nullptr;
  }

  void erase(const Entry* entry) { this->tags[entry - this->entries] = 0; }

  /// Counts an entry whose search passes here. At its end the counter stays there: searches go on
  /// for ever past such a line, which takes a known seed to make.
  void pass_on() {
    if (this->passed_on != kMaxPassedOn) ++this->passed_on;
  }
  void take_back() {
    if (this->passed_on != kMaxPassedOn) --this->passed_on;
  }
};

struct alignas(kCacheLineBytes) SlotLineMemory {
  using Entry = Slot;
  using Tag = std::uint8_t;
  using PassedOn = std::uint32_t;
  static constexpr std::size_t kPlaces = 12;
  static constexpr std::size_t kSegmentLines = 128;

  static Tag tag_of(std::uint64_t hash) {
    const auto tag = static_cast<Tag>(hash);
    return tag == 0 ? 1 : tag;
  }

  Tag tags[kPlaces] = {};  // 0: the place is empty
  PassedOn passed_on = 0;
  Entry entries[kPlaces];
};
using SlotLine = IndexLine<SlotLineMemory>;
static_assert(sizeof(SlotLine) == kCacheLineBytes);

inline constexpr std::size_t kEntryLineBytes = 2 * kCacheLineBytes;

template <class Each>
struct alignas(kCacheLineBytes) EntryLineMemory {
  using Entry = Each;
  using Tag = std::uint16_t;
  using PassedOn = std::uint16_t;
  static constexpr std::size_t kHeaderBytes = 16;
  static constexpr std::size_t kPlaces =
      std::min(kHeaderBytes / sizeof(Tag) - 1, (kEntryLineBytes - kHeaderBytes) / sizeof(Each));
  static constexpr std::size_t kSegmentLines = 256;
  static_assert(kPlaces > 0 && alignof(Each) <= kHeaderBytes);
  static_assert(std::is_trivially_copyable_v<Each>);

  static Tag tag_of(std::uint64_t hash) { return static_cast<Tag>(hash | 1U); }

  Tag tags[kHeaderBytes / sizeof(Tag) - 1] = {};  // 0: the place is empty
  PassedOn passed_on = 0;
  Entry entries[kPlaces];
};
template <class Each>
using EntryLine = IndexLine<EntryLineMemory<Each>>;

}  // namespace telekv::kv
