#include "kv/walk_notes.h"

#include <cstring>

#include "kv/bit_stream.h"

namespace telekv::kv {

void TextPlaces::add_page(std::size_t page) {
  if (page >= pages_.size()) pages_.resize(page + 1);
  std::byte* const memory = arena_.take(kPage * sizeof(std::uint32_t));
  std::memset(memory, 0, kPage * sizeof(std::uint32_t));
  pages_[page] = reinterpret_cast<std::uint32_t*>(memory);
}

void RowNotes::add_piece() {
  pieces_.push_back(allocate_block(kPiece));
  make_resident(pieces_.back().get(), kPiece);
}

/// Without a branch on a single note: where some ranges take turns, guesses would be wrong half the
/// time. Eight notes without any that fits are passed at once.
std::size_t RowNotes::find(std::uint8_t note, Slot& from, Slot until, std::span<Slot> found) const {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  std::size_t count = 0;
  while (from < until && count < found.size()) {
    const std::byte* const piece = pieces_[from / kPiece].get();
    const Slot at = from % kPiece;
    if (at % kWordBytes == 0 && until - from >= kWordBytes && found.size() - count >= kWordBytes) {
      std::uint64_t word = 0;
      std::memcpy(&word, piece + at, sizeof word);
      const std::uint64_t other = word ^ note * kEach;
      if (((other - kEach) & ~other & kHigh) != 0) {
        for (Slot i = 0; i < kWordBytes; ++i) {
          found[count] = from + i;
          count += piece[at + i] == static_cast<std::byte>(note) ? 1 : 0;
        }
      }
      from += kWordBytes;
      continue;
    }
    found[count] = from++;
    count += piece[at] == static_cast<std::byte>(note) ? 1 : 0;
  }
  return count;
}

}  // namespace telekv::kv
