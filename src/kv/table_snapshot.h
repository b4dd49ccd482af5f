// Records on their way out of a table: blocks of columns, gathered row by row, and the walk over a
// table that goes on changing.
//
// A walk goes over the rows once for each chunk it expects, and takes the rows of one range of keys
// each time: chunks of neighbouring keys code 0.2 bytes a key better at 10M users than chunks of
// any keys. The ranges come from a sample; a range that holds more than a chunk gives two.
//
// Internal to the table, on its thread. Passing a row by costs some 30 ns, taking it some 100 ns.
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
  std::uint32_t& operator[](TextId id);

 private:
  static constexpr TextId kPage = 1024;
  std::vector<std::unique_ptr<std::uint32_t[]>> pages_;
};

class BlockBuilder {
 public:
  /// Gathers `fields` of rows of `table`; with `whole`, also the fields of newer versions.
  BlockBuilder(const TableCore& table, const std::vector<std::size_t>& fields, bool whole);

  /// Takes a row in. false, and nothing done, when the block's encoding might then pass
  /// `max_bytes`; the first row is always taken.
  bool add(Slot slot, std::size_t max_bytes);

  std::size_t rows() const { return block_.keys.size(); }
  void reserve(std::size_t rows);
  RowBlock finish();

 private:
  /// What the encoding's size is bounded by.
  struct Bound {
    std::size_t rows = 0;
    Key lowest = std::numeric_limits<Key>::max();
    Key highest = std::numeric_limits<Key>::min();
    std::size_t integer_bits = 0;
    std::size_t text_bytes = 0;
    std::size_t distinct_texts = 0;
    std::size_t integer_columns = 0;
    std::size_t text_columns = 0;
    std::size_t bytes() const;
  };

  Bound bound_with(Slot slot);
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
  Bound bound_;
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
  bool in_range(Key key) const;
  void start_chunk();
  std::unique_ptr<const Encodable> finish_chunk();

  TableCore& table_;
  std::size_t max_chunk_bytes_;
  Slot end_;                 // rows from here on are newer than the walk
  std::vector<Key> bounds_;  // range i is below bounds_[i]; the last has no bound
  std::size_t range_ = 0;
  Slot next_ = 0;
  std::size_t chunks_ = 0;
  bool done_ = false;
  std::unique_ptr<BlockBuilder> chunk_;
};

}  // namespace telekv::kv
