// One cache line of SlotIndex: twelve tags, twelve slots, one counter.
//
// One thread. Nothing fails.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kv/memory_blocks.h"
#include "kv/row_store.h"

namespace telekv::kv {

struct alignas(kCacheLineBytes) IndexLine {
  static constexpr std::size_t kPlaces = 12;
  static constexpr unsigned kTagBits = 8;

  std::uint8_t tags[kPlaces] = {};  // 0: the place is empty
  std::uint32_t passed_on =
      0;  // entries whose search began here or passed, and that lie further on
  Slot slots[kPlaces];

  /// Bit i: place i has this tag.
  unsigned matches(std::uint8_t tag) const {
    constexpr unsigned kEveryPlace = (1U << kPlaces) - 1;
#ifdef __SSE2__
    // Four bytes beyond the tags are compared too; their bits are masked away.
    const __m128i found = _mm_load_si128(reinterpret_cast<const __m128i*>(this));
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(found, wanted))) & kEveryPlace;
#else
    unsigned bits = 0;
    for (std::size_t i = 0; i < kPlaces; ++i) bits |= (tags[i] == tag ? 1U : 0U) << i;
    return bits & kEveryPlace;
#endif
  }

  /// false when all places are taken.
  bool insert(std::uint8_t tag, Slot slot) {
    const unsigned empty = matches(0);
    if (empty == 0) return false;
    const auto place = static_cast<std::size_t>(std::countr_zero(empty));
    tags[place] = tag;
    slots[place] = slot;
    return true;
  }

  /// false when it is not here.
  bool erase(std::uint8_t tag, Slot slot) {
    for (unsigned hits = matches(tag); hits != 0; hits &= hits - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(hits));
      if (slots[place] != slot) continue;
      tags[place] = 0;
      return true;
    }
    return false;
  }
};
static_assert(sizeof(IndexLine) == kCacheLineBytes);

}  // namespace telekv::kv
