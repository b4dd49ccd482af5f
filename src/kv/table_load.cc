// Reading back: what TableCore does with chunks and deltas.
#include <algorithm>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "kv/codec_error.h"
#include "kv/column_codec.h"
#include "kv/record_bytes.h"
#include "kv/table_core.h"

namespace telekv::kv {

namespace {

Result<void> check_text_bytes(const RowBlock& block) {
  const auto texts = std::count_if(block.columns.begin(), block.columns.end(),
                                   [](const auto& each) { return each.type == FieldType::kText; });
  // Of so few columns the texts fit however long they are.
  if (static_cast<std::size_t>(texts) * kMaxTextBytes <= kMaxRecordTextBytes) return {};
  for (std::size_t row = 0; row < block.keys.size(); ++row) {
    std::size_t bytes = 0;
    for (const ColumnValues& column : block.columns) {
      if (column.type == FieldType::kText) bytes += column.value(row).text.size();
    }
    if (bytes > kMaxRecordTextBytes) return damaged("a record with too much text");
  }
  return {};
}

}  // namespace

Result<void> TableCore::check_loadable() const {
  if (walk_ == nullptr && unsaved() == 0) return {};
  return Error{.code = ErrorCode::kInvalidArgument,
               .message = "cannot load into a table with unsaved changes or a snapshot under way",
               .hint = "take the changes first"};
}

Result<void> TableCore::load_chunk(ByteView encoded) {
  if (Result<void> loadable = check_loadable(); !loadable) return loadable;
  try {
    Result<void> appended = append_chunk(encoded);
    if (appended) save_digest();
    return appended;
  } catch (const std::bad_alloc&) {  // what was appended has been taken back
    return no_memory();
  }
}

Result<void> TableCore::load_delta(ByteView encoded, const KeyRange& keys) {
  if (Result<void> loadable = check_loadable(); !loadable) return loadable;
  bool applies = false;
  try {
    const Result<ChangeSet> changes = decode_columns(encoded);
    if (!changes) return changes.error();
    if (changes->records() > std::numeric_limits<Slot>::max() - rows_.size()) {
      return damaged("more rows than a table holds");
    }
    for (const RowBlock& block : changes->blocks) {
      if (Result<void> checked = check_block(block, keys); !checked) return checked;
    }
    FieldTypes unknown;
    for (const RowBlock& block : changes->blocks) {
      for (const ColumnValues& column : block.columns) {
        if (known_field(column.field)) continue;
        if (unknown.try_emplace(column.field, column.type).first->second == column.type) continue;
        return unsupported("an unknown field in two types");
      }
    }
    if (Result<void> checked = check_types(unknown, unknown_); !checked) return checked;
    applies = true;
    apply(*changes, keys);
  } catch (const std::bad_alloc&) {
    if (applies) clear();  // half a delta is no state
    return no_memory();
  }
  return {};
}

Result<std::optional<KeyRange>> TableCore::keys_of_chunk(ByteView encoded) const {
  try {
    return read_key_range(encoded);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

void TableCore::apply(const ChangeSet& changes, const KeyRange& keys) {
  if (map_.size() == 0) put_off_ranking();
  for (const Key key : changes.erased) {
    if (keys.first <= key && key <= keys.last) apply_erased(key);
  }
  for (const RowBlock& block : changes.blocks) apply_block(block, keys);
  save_digest();
}

Result<void> TableCore::check_column(const ColumnValues& column) const {
  for (const FieldDescription& field : schema_.fields) {
    if (field.number != column.field) continue;
    if (field.type != column.type) return unsupported("a known field has another type");
    const bool any_fits = field.type == FieldType::kText || field.bytes == sizeof(std::uint64_t);
    if (any_fits || column.difference) return {};
    const bool fits = std::all_of(
        column.values.begin(), column.values.end(),
        [](std::uint64_t value) { return value <= std::numeric_limits<std::uint32_t>::max(); });
    if (!fits) return unsupported("a known field has a wider value");
  }
  return {};
}

Result<void> TableCore::check_block(const RowBlock& block, const KeyRange& keys) const {
  for (const ColumnValues& column : block.columns) {
    if (Result<void> checked = check_column(column); !checked) return checked;
  }
  if (Result<void> checked = check_text_bytes(block); !checked) return checked;
  return check_differences(block, keys);
}

/// Calls fn(row) for each row of the block with such a key, when memory will have come.
template <class Function>
void TableCore::for_each_row(const RowBlock& block, const KeyRange& keys, Function&& fn) const {
  const auto all = std::span(block.keys);
  const auto begin = std::lower_bound(all.begin(), all.end(), keys.first);
  const auto end = std::upper_bound(begin, all.end(), keys.last);
  auto expected = begin;
  for (auto at = begin; at != end; ++at) {
    while (expected != end && expected - at <= static_cast<std::ptrdiff_t>(kExpectAhead)) {
      expect(*expected++);
    }
    fn(static_cast<std::size_t>(at - all.begin()));
  }
}

/// A difference needs its record, and must not take a value beyond what its field holds.
Result<void> TableCore::check_differences(const RowBlock& block, const KeyRange& keys) const {
  const std::vector<std::optional<std::size_t>> fields = known_fields(block);
  Result<void> checked;
  for (std::size_t i = 0; i < fields.size() && checked; ++i) {
    const ColumnValues& column = block.columns[i];
    if (!column.difference) continue;
    const bool wide = !fields[i] || schema_.fields[*fields[i]].bytes == sizeof(std::uint64_t);
    for_each_row(block, keys, [&](std::size_t row) {
      const std::optional<Slot> slot = map_.find(block.keys[row]);
      if (!slot) {
        checked = damaged("a difference to a record that is not there");
      } else if (!wide && read_stored(*slot, *fields[i]) + column.values[row] >
                              std::numeric_limits<std::uint32_t>::max()) {
        checked = unsupported("a known field has a wider value");
      }
    });
  }
  return checked;
}

/// The field of ours with this number.
std::optional<std::size_t> TableCore::known_field(std::uint32_t number) const {
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    if (schema_.fields[i].number == number) return i;
  }
  return std::nullopt;
}

/// For each column of the block the field of ours that it is, if any.
std::vector<std::optional<std::size_t>> TableCore::known_fields(const RowBlock& block) const {
  std::vector<std::optional<std::size_t>> fields;
  for (const ColumnValues& column : block.columns) fields.push_back(known_field(column.field));
  return fields;
}

void TableCore::apply_block(const RowBlock& block, const KeyRange& keys) {
  const std::vector<std::optional<std::size_t>> fields = known_fields(block);
  for_each_row(block, keys, [&](std::size_t row) {
    apply_row(block, fields, row);
    highest_ = std::max(highest_, block.keys[row]);
  });
}

void TableCore::apply_row(const RowBlock& block,
                          const std::vector<std::optional<std::size_t>>& fields, std::size_t row) {
  const std::optional<Slot> found = map_.find(block.keys[row]);
  // A record that is not there any more: a later delta holds its tombstone or all of it.
  if (!found && block.partial) return;
  const Slot slot = found ? *found : new_slot(block.keys[row]);
  HashLanes terms = found ? unranked_terms(slot) : HashLanes{};
  if (found) digest_ ^= finished(terms, ranked_by(slot));
  const Score before = score(slot);
  std::array<FieldValue, kMaxFields> values{};
  std::uint32_t written = block.partial ? 0 : every_field();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i]) continue;
    FieldValue& value = values[*fields[i]];
    value = block.columns[i].value(row);
    if (block.columns[i].difference) value.integer += read_stored(slot, *fields[i]);
    written |= 1U << *fields[i];
  }
  set_flags(slot, kLive);
  write_row(slot, values.data(), written);
  apply_unknown(slot, block, fields, row);
  if (!found) map_.insert(slot);
  if (is_ranked() && found) ranking_.move(slot, before, score(slot));
  if (is_ranked() && !found) ranking_.insert(slot, score(slot));
  const bool only_rank = fields.size() == 1 && fields[0] && fields[0] == ranking_field_;
  if (!block.partial || !only_rank) terms = unranked_terms(slot);
  digest_ ^= finished(terms, ranked_by(slot));
}

void TableCore::apply_unknown(Slot slot, const RowBlock& block,
                              const std::vector<std::optional<std::size_t>>& fields,
                              std::size_t row) {
  const bool any = std::any_of(fields.begin(), fields.end(),
                               [](const auto& field) { return !field.has_value(); });
  if (!any && unknown_.empty()) return;
  std::map<std::uint32_t, std::string> kept;  // by number, each as record_bytes.h has it
  if (const auto found = unknown_.find(slot); found != unknown_.end() && block.partial) {
    for (FieldReader reader(found->second); reader.next();) {
      append_field(reader.number(), reader.type(), reader.value(), kept[reader.number()]);
    }
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]) continue;
    const ColumnValues& column = block.columns[i];
    std::string& field = kept[column.field];
    FieldValue value = column.value(row);
    FieldReader before(field);
    if (column.difference && before.next()) value.integer += before.value().integer;
    field.clear();
    append_field(column.field, column.type, value, field);
  }
  std::string bytes;
  for (const auto& [number, field] : kept) bytes += field;
  if (bytes.empty()) {
    unknown_.erase(slot);
  } else {
    unknown_[slot] = std::move(bytes);
  }
}

void TableCore::apply_erased(Key key) {
  const std::optional<Slot> slot = map_.find(key);
  if (!slot) return;
  digest_ ^= hash(*slot);
  set_flags(*slot, 0);
  release_row(*slot);
}

}  // namespace telekv::kv
