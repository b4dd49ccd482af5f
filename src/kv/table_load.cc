// Reading back: what TableCore does with chunks and deltas.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
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

Result<void> TableCore::load_chunk(ByteView encoded) { return load(encoded, true); }
Result<void> TableCore::load_delta(ByteView encoded) { return load(encoded, false); }

Result<void> TableCore::load(ByteView encoded, bool is_chunk) {
  if (walk_ != nullptr || unsaved() != 0) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "cannot load into a table with unsaved changes or a snapshot under way",
                 .hint = "take the changes first"};
  }
  const Result<ChangeSet> changes = decode_columns(encoded);
  if (!changes) return changes.error();
  if (is_chunk && !changes->erased.empty()) return damaged("a snapshot with tombstones");
  if (changes->records() > std::numeric_limits<Slot>::max() - rows_.size()) {
    return damaged("more rows than a table holds");
  }
  for (const RowBlock& block : changes->blocks) {
    if (Result<void> checked = check_block(block, is_chunk); !checked) return checked;
  }

  // From here on nothing fails.
  if (is_chunk || map_.size() == 0) put_off_ranking();
  for (const Key key : changes->erased) apply_erased(key);
  for (const RowBlock& block : changes->blocks) {
    if (is_chunk) {
      append_block(block);
    } else {
      apply_block(block);
    }
    highest_ = std::max(highest_, block.keys.back());
  }
  save_digest();
  return {};
}

Result<void> TableCore::check_column(const ColumnValues& column) const {
  for (const FieldDescription& field : schema_.fields) {
    if (field.number != column.field) continue;
    if (field.type != column.type) return unsupported("a known field has another type");
    if (field.type == FieldType::kText || field.bytes == sizeof(std::uint64_t)) return {};
    const bool fits = std::all_of(
        column.integers.begin(), column.integers.end(),
        [](std::uint64_t value) { return value <= std::numeric_limits<std::uint32_t>::max(); });
    if (!fits) return unsupported("a known field has a wider value");
  }
  return {};
}

Result<void> TableCore::check_block(const RowBlock& block, bool is_chunk) const {
  if (is_chunk && block.partial) return damaged("a snapshot with partial rows");
  for (const ColumnValues& column : block.columns) {
    if (Result<void> checked = check_column(column); !checked) return checked;
  }
  if (Result<void> checked = check_text_bytes(block); !checked) return checked;
  // The chunks of a walk have ascending ranges of keys, seldom the same range in two.
  if (!is_chunk || map_.size() == 0 || block.keys.front() > highest_) return {};
  const bool twice = std::any_of(block.keys.begin(), block.keys.end(),
                                 [&](Key key) { return map_.find(key).has_value(); });
  return twice ? Result<void>(damaged("a key in two chunks")) : Result<void>();
}

/// For each column of the block the field of ours that it is, if any.
std::vector<std::optional<std::size_t>> TableCore::known_fields(const RowBlock& block) const {
  std::vector<std::optional<std::size_t>> fields;
  for (const ColumnValues& column : block.columns) {
    fields.emplace_back();
    for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
      if (schema_.fields[i].number == column.field) fields.back() = i;
    }
  }
  return fields;
}

void TableCore::apply_block(const RowBlock& block) {
  const std::vector<std::optional<std::size_t>> fields = known_fields(block);
  for (std::size_t row = 0; row < block.keys.size(); ++row) apply_row(block, fields, row);
}

void TableCore::apply_row(const RowBlock& block,
                          const std::vector<std::optional<std::size_t>>& fields, std::size_t row) {
  const std::optional<Slot> found = map_.find(block.keys[row]);
  // A record that is not there any more: a later delta holds its tombstone or all of it.
  if (!found && block.partial) return;
  const Slot slot = found ? *found : new_slot(block.keys[row]);
  std::array<FieldValue, kMaxFields> values{};
  if (found) {
    digest_ ^= hash(slot);
    if (block.partial) read_row(slot, values.data());
  }
  const Score before = score(slot);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]) values[*fields[i]] = block.columns[i].value(row);
  }
  set_flags(slot, kLive);
  write_row(slot, values.data());
  apply_unknown(slot, block, fields, row);
  if (!found) map_.insert(slot);
  if (is_ranked() && found) ranking_.move(slot, before, score(slot));
  if (is_ranked() && !found) ranking_.insert(slot, score(slot));
  digest_ ^= hash(slot);
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
    field.clear();
    append_field(column.field, column.type, column.value(row), field);
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
