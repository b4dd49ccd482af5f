// The walk over a table that goes on changing.
//
// It takes the rows of one range of keys after the other: chunks of neighbouring keys code 0.2
// bytes a key better at 10M users than chunks of any keys. The ranges come from a sample, as many
// as chunks are expected; a range that holds more than a chunk gives two. Each row's range is noted
// in one byte first, so that going over the rows once a chunk reads those bytes only.
//
// A chunk is over when its encoding or its memory might pass a bound: all that a walk holds stays
// within `max_chunk_bytes` and a twentieth of the table, whatever the encoding takes included.
//
// Internal to the table, on its thread. Taking a row costs some 20 ns, passing it by less than one.
// Lack of memory throws std::bad_alloc; the walk is of no use then, the table as it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kv/durable.h"
#include "kv/key_order.h"
#include "kv/key_ranges.h"
#include "kv/memory_blocks.h"
#include "kv/row_copy.h"
#include "kv/row_store.h"
#include "kv/table_core.h"
#include "kv/text_pool.h"

namespace telekv::kv {

/// A number for each of the pool's texts, by pages, so that a few cost little.
class TextPlaces {
 public:
  /// 0 as long as nothing was assigned to it.
  std::uint32_t& operator[](TextId id) {
    const std::size_t page = id / kPage;
    if (page >= pages_.size() || pages_[page] == nullptr) add_page(page);
    return pages_[page][id % kPage];
  }
  std::size_t memory_bytes() const { return arena_.memory_bytes(); }

 private:
  static constexpr TextId kPage = 1024;

  void add_page(std::size_t page);

  std::vector<std::uint32_t*> pages_;
  PageArena arena_;
};

/// A byte for each row.
class RowNotes {
 public:
  /// To be set by ascending row at first.
  std::uint8_t& operator[](Slot slot);
  /// The first rows from `from` on with this note, before `until`; how many. `from` moves behind
  /// what has been looked at.
  std::size_t find(std::uint8_t note, Slot& from, Slot until, std::span<Slot> found) const;
  std::size_t memory_bytes() const { return pieces_.size() * kPiece; }

 private:
  static constexpr Slot kPiece = 1U << 15U;

  std::vector<Block> pieces_;
};

class TableWalk final : public SnapshotWalk {
 public:
  TableWalk(TableCore& table, std::size_t max_chunk_bytes);
  ~TableWalk() override;
  TableWalk(const TableWalk&) = delete;
  TableWalk& operator=(const TableWalk&) = delete;

  std::unique_ptr<const Encodable> step(std::size_t max_records) override;
  bool done() const override { return done_; }

 private:
  /// What a walk holds beside its chunk. It is freed with the last one, by who encodes that: giving
  /// back some megabytes takes longer than a step may.
  struct Memory {
    std::vector<TextPlaces> places;  // of each field: in which chunk's texts, and where
    RowNotes ranges;                 // of each row, less `first_noted_`; with several ranges only
  };
  class Chunk;
  struct Field {
    FieldType type;
    std::uint32_t first_place = 1;   // of this chunk's texts
    TextId text = 0;                 // of the row that is taken
    std::uint32_t* place = nullptr;  // of that text
    std::size_t new_bytes = 0;       // text_bound_bytes() of it when the chunk has it not yet
    std::array<std::uint32_t, 9> sampled_widths{};  // values of so many bytes in the sample
    std::uint8_t width = 1;                         // bytes of nearly all values
  };

  void sample(std::size_t max_rows);
  void sample_row(Slot slot);
  void sort_sample();
  void choose_ranges();
  std::uint8_t expected_width(const Field& field) const;
  std::size_t chunks_expected() const;
  void note_ranges(std::size_t max_rows);
  bool ranges_noted() const { return ranges_.size() == 1 || noted_ == end_; }
  std::size_t next_in_range(Slot until, std::span<Slot> found);
  std::vector<Key> bucket_bounds() const;
  void start_chunk();
  bool take(Slot slot);
  std::string_view unknown_fields(Slot slot) const;
  void add_new_texts();
  bool is_over_memory() const;
  std::unique_ptr<const Encodable> finish_chunk();
  std::unique_ptr<const Encodable> end_range();

  TableCore& table_;
  std::size_t max_chunk_bytes_;
  std::size_t max_memory_;
  std::uint64_t records_;
  Slot end_;  // rows from here on are newer than the walk

  Slot sampled_ = 0;  // up to here
  std::vector<Key> sample_;
  bool sample_sorted_ = false;
  std::size_t sample_bits_ = 0;  // integer_bound_bits() of the sample

  KeyRanges ranges_{{}};
  std::size_t range_ = 0;
  std::size_t first_noted_ = 0;
  Slot noted_ = 0;
  Slot next_ = 0;
  std::size_t chunks_ = 0;
  bool done_ = false;
  std::unique_ptr<Memory> memory_;
  std::vector<Field> fields_;
  std::vector<std::size_t> text_fields_;
  std::unique_ptr<RowCopy> chunk_;  // none before the ranges are chosen
};

}  // namespace telekv::kv
