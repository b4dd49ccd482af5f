// What changed since the last take: what TableCore does for deltas.
#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "kv/record_bytes.h"
#include "kv/table_core.h"
#include "kv/table_snapshot.h"

namespace telekv::kv {
namespace {

// Changed rows that a take asks for before it comes to them.
constexpr std::size_t kFetchAhead = 16;

class ChangeSetEncodable final : public Encodable {
 public:
  ChangeSetEncodable(ChangeSet changes, std::vector<Key> erased_keys)
      : changes_(std::move(changes)), erased_keys_(std::move(erased_keys)) {}
  Bytes encode() const override { return encode_columns(changes_); }
  std::uint64_t records() const override { return changes_.records(); }
  const std::vector<Key>& erased_keys() const override { return erased_keys_; }

 private:
  ChangeSet changes_;
  std::vector<Key> erased_keys_;
};

/// Turns values into differences to `before`, unless they would take more.
void subtract(std::span<const std::uint64_t> before, ColumnValues& column) {
  const bool is_signed = column.type == FieldType::kSigned;
  std::size_t value_bits = 0;
  std::size_t difference_bits = 0;
  for (std::size_t row = 0; row < before.size(); ++row) {
    const std::uint64_t value = column.values[row];
    value_bits += integer_bound_bits(is_signed ? zigzag(value) : value);
    difference_bits += integer_bound_bits(zigzag(value - before[row]));
  }
  if (difference_bits > value_bits) return;
  for (std::size_t row = 0; row < before.size(); ++row) column.values[row] -= before[row];
  column.difference = true;
}

}  // namespace

ColumnValues TableCore::column_of(std::size_t field, std::span<const Slot> slots) const {
  const FieldDescription& description = schema_.fields[field];
  ColumnValues column{.field = description.number, .type = description.type};
  column.values.reserve(slots.size());
  TextPlaces places;  // one above the place
  for (const Slot slot : slots) {
    std::uint64_t value = read_stored(slot, field);
    if (description.type == FieldType::kText) {
      const auto id = static_cast<TextId>(value);
      std::uint32_t& place = places[id];
      if (place == 0) {
        column.distinct.push_back(texts_.view(id));
        place = static_cast<std::uint32_t>(column.distinct.size());
      }
      value = place - 1;
    }
    column.values.push_back(value);
  }
  return column;
}

std::unique_ptr<const Encodable> TableCore::take_changes() {
  // A reader that begins from a walk's chunks has values of any moment of that walk.
  const bool exact_before = !walked_;
  if (changed_.empty() && erased_.empty()) {
    walked_ = walk_ != nullptr;
    return nullptr;
  }
  struct Group {
    std::vector<Slot> rows;
    std::vector<std::uint64_t> before;  // of the ranking field
  };
  std::map<std::uint8_t, Group> by_fields;
  HashLanes digest = digest_;
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    if (i + kFetchAhead < changed_.size()) rows_.prefetch(changed_[i + kFetchAhead].slot);
    const Changed& each = changed_[i];
    digest ^= digest_change(each);
    if (!is_live(each.slot)) continue;
    const std::uint8_t changed = flags(each.slot) & static_cast<std::uint8_t>(~kLive);
    Group& group = by_fields[(changed & kWhole) != 0 ? kWhole : changed];
    group.rows.push_back(each.slot);
    group.before.push_back(each.ranked_by);
  }

  ChangeSet changes;
  for (const auto& [flagged, group] : by_fields) {
    RowBlock block;
    block.partial = flagged != kWhole;
    for (const Slot slot : group.rows) block.keys.push_back(key_of(slot));
    for (std::size_t field = 0; field < schema_.fields.size(); ++field) {
      if (block.partial && (flagged & field_flag(field)) == 0) continue;
      block.columns.push_back(column_of(field, group.rows));
      const bool subtracts = block.partial && exact_before && field == ranking_field_;
      if (subtracts) subtract(group.before, block.columns.back());
    }
    changes.blocks.push_back(std::move(block));
  }
  std::vector<Key> erased = erased_keys();
  changes.erased = erased;
  std::erase_if(changes.erased, [&](Key key) { return map_.find(key).has_value(); });
  auto taken = std::make_unique<ChangeSetEncodable>(std::move(changes), std::move(erased));

  // From here on nothing fails.
  for (const Changed& each : changed_) set_flags(each.slot, is_live(each.slot) ? kLive : 0);
  changed_.clear();
  changed_live_ = 0;
  erased_.clear();
  if (!old_terms_.empty()) old_terms_.clear();
  walked_ = walk_ != nullptr;
  digest_ = digest;
  save_digest();
  return taken;
}

/// Since the last take, ascending, also those that are back again.
std::vector<Key> TableCore::erased_keys() const {
  std::vector<Key> erased(erased_.begin(), erased_.end());
  std::sort(erased.begin(), erased.end());
  erased.erase(std::unique(erased.begin(), erased.end()), erased.end());
  return erased;
}

}  // namespace telekv::kv
