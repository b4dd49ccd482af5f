// Records on their way out of a table: blocks of columns, gathered row by row, and the walk over a
// table that goes on changing.
//
// A walk takes the rows of one range of keys after the other: chunks of neighbouring keys code 0.2
// bytes a key better at 10M users than chunks of any keys. The ranges come from a sample, as many
// as chunks are expected; a range that holds more than a chunk gives two. Each row's range is noted
// in one byte first, so that going over the rows once a chunk reads those bytes only.
//
// Internal to the table, on its thread. Taking a row costs some 50 ns, passing it by less than one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "kv/change_set.h"
#include "kv/durable.h"
#include "kv/row_store.h"
#include "kv/table_core.h"
#include "kv/text_pool.h"

namespace telekv::kv {

/// A map from the pool's texts to places in a block, by pages, so that a small block costs little.
class TextPlaces {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  /// The place of `id`, kNone as long as nothing was assigned to it.
  std::uint32_t& operator[](TextId id) {
    const std::size_t page = id / kPage;
    if (page >= pages_.size() || !pages_[page]) add_page(page);
    return pages_[page][id % kPage];
  }

 private:
  static constexpr TextId kPage = 1024;

  void add_page(std::size_t page);

  std::vector<std::unique_ptr<std::uint32_t[]>> pages_;
};

/// What the encoding of a block takes at most, kept up as rows come in.
struct BlockBound {
  std::size_t rows = 0;
  Key lowest = std::numeric_limits<Key>::max();
  Key highest = std::numeric_limits<Key>::min();
  std::size_t integer_bits = 0;
  std::size_t text_bytes = 0;
  std::size_t distinct_texts = 0;
  std::size_t integer_columns = 0;
  std::size_t text_columns = 0;

  /// O(1), mostly without the divisions that the exact bound takes.
  bool fits(std::size_t max_bytes);

 private:
  std::uint64_t range() const {
    return static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest);
  }
  std::size_t row_bits(std::uint64_t key_range, std::size_t texts) const;
  std::size_t bytes(std::size_t bits_of_row) const;

  // A row's bits for any keys and texts within these limits, and any more rows.
  std::size_t sure_row_bits_ = 0;
  std::uint64_t sure_range_ = 0;
  std::size_t sure_texts_ = 0;
  std::size_t sure_columns_ = 0;
};

class BlockBuilder {
 public:
  /// Gathers `fields` of rows of `table`; with `whole`, also the fields of newer versions.
  BlockBuilder(const TableCore& table, const std::vector<std::size_t>& fields, bool whole);

  /// Takes a row in.
  void add(Slot slot);

  /// The same unless the block's encoding might then pass `max_bytes`: then false, and the block is
  /// to be finished. The first row is always taken.
  bool add_within(Slot slot, std::size_t max_bytes);

  std::size_t rows() const { return block_.keys.size(); }
  void reserve(std::size_t rows);
  RowBlock finish();

 private:
  void bound_integer(FieldType type, std::uint64_t value);
  void bound_text(std::string_view text);
  void bound_unknown(Slot slot);
  void add_unknown(Slot slot);
  ColumnValues& unknown_column(std::uint32_t number, FieldType type);
  std::string_view unknown_fields(Slot slot) const;

  const TableCore& table_;
  std::vector<std::size_t> fields_;
  RowBlock block_;
  std::vector<TextPlaces> places_;  // of each of `fields_`
  // Of fields that are not known: the column, and the places of its texts.
  std::unordered_map<std::uint32_t, std::size_t> unknown_columns_;
  std::vector<std::unordered_map<std::string, std::uint32_t>> unknown_places_;
  BlockBound bound_;
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
  void choose_ranges();
  void note_ranges(std::size_t max_rows);
  bool ranges_noted() const { return bounds_.empty() || noted_ == end_; }
  Slot next_in_range(Slot from, Slot until) const;
  void start_chunk();
  std::unique_ptr<const Encodable> finish_chunk();
  std::unique_ptr<const Encodable> end_range();

  TableCore& table_;
  std::size_t max_chunk_bytes_;
  Slot end_;                 // rows from here on are newer than the walk
  std::vector<Key> bounds_;  // range i is below bounds_[i]; the last has no bound
  std::size_t range_ = 0;
  // With more than one range: of each row its range, less first_noted_.
  std::unique_ptr<std::uint8_t[]> row_ranges_;
  std::size_t first_noted_ = 0;
  Slot noted_ = 0;
  Slot next_ = 0;
  std::size_t chunks_ = 0;
  bool done_ = false;
  std::unique_ptr<BlockBuilder> chunk_;
};

}  // namespace telekv::kv
