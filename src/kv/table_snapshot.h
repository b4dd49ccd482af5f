// The walk over a table that goes on changing.
//
// It takes the rows of one range of keys after the other: chunks of neighbouring keys code 0.2
// bytes a key better at 10M users than chunks of any keys. The ranges come from a sample, as many
// as chunks are expected; a range that holds more than a chunk gives two. Going over the rows for
// the first range notes each row's in one byte, so that later ranges read those bytes only.
//
// A chunk is over when its encoding or its memory might pass a bound: all that a walk holds stays
// within `max_chunk_bytes` and a twentieth of the table, whatever the encoding takes included.
//
// Internal to the table, on its thread. Taking a row costs some 20 ns, passing it by less than one,
// noting its range some 3. Rows are taken in batches, column by column: a row alone waits for its
// text's place, its bucket and its page one after the other.
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
#include "kv/row_copy.h"
#include "kv/row_store.h"
#include "kv/table_core.h"
#include "kv/text_pool.h"
#include "kv/walk_notes.h"

namespace telekv::kv {

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
    std::uint32_t first_place = 1;                  // of this chunk's texts
    std::array<std::uint32_t, 9> sampled_widths{};  // values of so many bytes in the sample
    std::uint8_t width = 1;                         // bytes of nearly all values
  };

  /// Of a row that is taken; the chunk has it not yet.
  struct NewText {
    std::uint32_t field;
    std::uint32_t row;
    std::string_view text;
    std::size_t bound_bytes;  // text_bound_bytes()
  };

  void sample(std::size_t max_rows);
  void sample_row(Slot slot);
  void sort_sample();
  void choose_ranges();
  std::uint8_t expected_width(const Field& field) const;
  std::size_t chunks_expected() const;
  bool notes_ranges() const { return ranges_.size() > 1 && range_ == first_noted_; }
  std::size_t note_ranges(Slot until, std::span<Slot> found);
  std::size_t next_in_range(Slot until, std::span<Slot> found);
  std::vector<Key> bucket_bounds() const;
  void start_chunk();
  void prepare(std::size_t records);
  std::span<const Slot> fetch_next(std::size_t most, Slot until, std::span<Slot> room);
  std::size_t take(std::span<const Slot> slots);
  bool take_batch(std::span<const Slot> slots);
  std::size_t look_up_texts();
  void add_new_texts();
  void read_integers(std::size_t field);
  std::string_view unknown_fields(Slot slot) const;
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
  bool ranges_chosen_ = false;
  std::size_t sample_bits_ = 0;  // integer_bound_bits() of the sample

  KeyRanges ranges_{{}};
  std::size_t range_ = 0;
  std::size_t first_noted_ = 0;
  Slot next_ = 0;
  std::size_t chunks_ = 0;
  bool done_ = false;
  std::unique_ptr<Memory> memory_;
  std::vector<Field> fields_;
  std::vector<std::size_t> text_fields_;
  RowCopy::Batch batch_;  // the rows that are taken
  std::array<const std::byte*, RowCopy::Batch::kMost> rows_;
  std::vector<NewText> new_texts_;
  std::unique_ptr<RowCopy> chunk_;  // none before the ranges are chosen and between two
};

}  // namespace telekv::kv
