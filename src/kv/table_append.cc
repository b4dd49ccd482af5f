// New rows in bulk: what TableCore does with a snapshot's blocks. A column at a time over some
// hundred rows, which stay in the cache meanwhile: a restore of a million users goes through here.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "kv/table_core.h"

namespace telekv::kv {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

/// A column on its way into the rows.
struct Source {
  const ColumnValues* column;
  std::optional<std::size_t> field;  // of ours, if it is known
  RecordHash::FieldSecrets secrets;
  std::vector<TextId> ids = {};       // of each distinct text
  std::vector<HashLanes> terms = {};  // of each distinct text
};

std::vector<std::uint32_t> count_uses(const ColumnValues& column) {
  std::vector<std::uint32_t> uses(column.distinct.size());
  for (const std::uint32_t text : column.texts) ++uses[text];
  return uses;
}

/// Adds the terms of a column's rows from `begin` on.
void add_terms(const Source& source, std::size_t begin, std::span<HashLanes> sums) {
  const ColumnValues& column = *source.column;
  if (column.type == FieldType::kText) {
    for (HashLanes& sum : sums) sum += source.terms[column.texts[begin++]];
  } else {
    for (HashLanes& sum : sums) {
      sum += RecordHash::integer_term(source.secrets, column.integers[begin++]);
    }
  }
}

/// Reads the texts once, however many rows have them; the known ones get into the pool.
void take_texts(const RecordHash& hash, TextPool& pool, Source& source) {
  const ColumnValues& column = *source.column;
  const std::vector<std::uint32_t> uses = count_uses(column);
  if (source.field) pool.reserve(uses.size());
  for (std::size_t text = 0; text < uses.size(); ++text) {
    const std::string_view view = column.distinct[text];
    source.terms.push_back(hash.text_term(source.secrets, view));
    if (!source.field) continue;
    source.ids.push_back(uses[text] == 0 ? 0 : pool.acquire(view, uses[text]));
  }
}

}  // namespace

void TableCore::append_block(const RowBlock& block) {
  const std::vector<std::optional<std::size_t>> fields = known_fields(block);
  std::vector<Source> sources;
  bool all_known = true;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const ColumnValues& column = block.columns[i];
    sources.push_back({&column, fields[i], record_hash_.field(column.field, column.type)});
    if (column.type == FieldType::kText) take_texts(record_hash_, texts_, sources.back());
    all_known = all_known && fields[i].has_value();
  }
  map_.reserve(block.keys.size());

  std::array<Slot, kRowsAtOnce> places{};
  std::array<HashLanes, kRowsAtOnce> terms{};
  for (std::size_t begin = 0; begin < block.keys.size(); begin += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, block.keys.size() - begin);
    const std::span<Slot> slots = std::span(places).first(count);
    const std::span<HashLanes> sums = std::span(terms).first(count);
    for (std::size_t i = 0; i < count; ++i) {
      slots[i] = new_slot(block.keys[begin + i]);
      set_flags(slots[i], kLive);
      sums[i] = record_hash_.key_term(block.keys[begin + i]);
    }
    for (const Source& source : sources) {
      add_terms(source, begin, sums);
      if (source.field) write_column(*source.column, *source.field, source.ids, begin, slots);
    }
    for (const HashLanes& sum : sums) digest_ ^= record_hash_.finish(sum);
    map_.insert_all(slots);
    for (std::size_t i = 0; !all_known && i < count; ++i) {
      apply_unknown(slots[i], block, fields, begin + i);
    }
  }
}

void TableCore::write_column(const ColumnValues& column, std::size_t field,
                             std::span<const TextId> ids, std::size_t begin,
                             std::span<const Slot> slots) {
  if (column.type == FieldType::kText) {
    for (const Slot slot : slots) write_stored(slot, field, ids[column.texts[begin++]]);
  } else {
    for (const Slot slot : slots) write_stored(slot, field, column.integers[begin++]);
  }
}

}  // namespace telekv::kv
