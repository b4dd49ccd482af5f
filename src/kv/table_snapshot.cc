#include "kv/table_snapshot.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <map>
#include <numeric>
#include <utility>

#include "kv/column_codec.h"
#include "kv/record_bytes.h"

namespace telekv::kv {
namespace {

// Messages, tags, an alphabet: what a column takes beside its values.
constexpr std::size_t kColumnOverheadBytes = 640;
constexpr std::size_t kClassBits = 8;
// Space is set aside for texts of this length; where they are longer on average, it grows.
constexpr std::size_t kMostUsualText = 256;
// Rows read to choose the ranges; a row out of cache is about 0.1 us.
constexpr Slot kSampleRows = 1024;
// Rows passed by, or whose range is noted, in the time that it takes to take some.
constexpr std::size_t kPassedPerTaken = 16;
constexpr std::size_t kNotedPerTaken = 8;
// Rows fetched ahead: taken rows lie far apart where there are many chunks.
constexpr std::size_t kFetchAhead = 16;
// Ranges told apart by the byte kept for each row; rows of later ones are noted again later.
constexpr std::size_t kNotedRanges = 255;
constexpr auto kLaterRange = static_cast<std::uint8_t>(kNotedRanges);

class ChangeSetEncodable final : public Encodable {
 public:
  explicit ChangeSetEncodable(ChangeSet changes, std::vector<Key> erased_keys = {})
      : changes_(std::move(changes)), erased_keys_(std::move(erased_keys)) {}
  Bytes encode() const override { return encode_columns(changes_); }
  std::uint64_t records() const override { return changes_.records(); }
  const std::vector<Key>& erased_keys() const override { return erased_keys_; }

 private:
  ChangeSet changes_;
  std::vector<Key> erased_keys_;
};

std::vector<std::size_t> all_fields(const SchemaDescription& schema) {
  std::vector<std::size_t> fields(schema.fields.size());
  std::iota(fields.begin(), fields.end(), std::size_t{0});
  return fields;
}

}  // namespace

void TextPlaces::add_page(std::size_t page) {
  if (page >= pages_.size()) pages_.resize(page + 1);
  pages_[page] = std::make_unique<std::uint32_t[]>(kPage);
  std::fill_n(pages_[page].get(), kPage, kNone);
}

/// Bits of a row beside what its values add. The logarithm is concave, so equal steps between keys
/// are the worst case; more rows in the same range only make it less.
std::size_t BlockBound::row_bits(std::uint64_t key_range, std::size_t texts) const {
  const std::uint64_t step = key_range / std::max<std::size_t>(rows, 1) + 16;
  const auto step_bits = kClassBits + static_cast<std::size_t>(std::bit_width(step)) - 2;
  const auto index_bits = kClassBits + static_cast<std::size_t>(std::bit_width(texts + 16));
  return step_bits + text_columns * index_bits + integer_columns * kClassBits;
}

std::size_t BlockBound::bytes(std::size_t bits_of_row) const {
  return (rows * bits_of_row + integer_bits) / 8 + text_bytes +
         (integer_columns + text_columns + 2) * kColumnOverheadBytes;
}

bool BlockBound::fits(std::size_t max_bytes) {
  const std::size_t cells = rows * (integer_columns + text_columns + 1);
  if (rows > kMaxMessageRows || cells > kMaxMessageCells) return false;
  const std::size_t columns = integer_columns + text_columns;
  if (range() > sure_range_ || distinct_texts > sure_texts_ || columns != sure_columns_) {
    sure_range_ = range() <= std::numeric_limits<std::uint64_t>::max() / 2
                      ? range() * 2
                      : std::numeric_limits<std::uint64_t>::max();
    sure_texts_ = distinct_texts * 2;
    sure_columns_ = columns;
    sure_row_bits_ = row_bits(sure_range_, sure_texts_);
  }
  if (bytes(sure_row_bits_) <= max_bytes) return true;
  sure_row_bits_ = row_bits(sure_range_, sure_texts_);
  return bytes(row_bits(range(), distinct_texts)) <= max_bytes;
}

BlockBuilder::BlockBuilder(const TableCore& table, const std::vector<std::size_t>& fields,
                           bool whole)
    : table_(table), fields_(fields), places_(fields.size()) {
  block_.partial = !whole;
  for (const std::size_t field : fields_) {
    const FieldDescription& description = table_.schema_.fields[field];
    block_.columns.push_back({.field = description.number, .type = description.type});
    const bool is_text = description.type == FieldType::kText;
    ++(is_text ? bound_.text_columns : bound_.integer_columns);
  }
}

void BlockBuilder::reserve(std::size_t rows) {
  block_.keys.reserve(rows);
  for (ColumnValues& column : block_.columns) {
    if (column.type == FieldType::kText) {
      column.texts.reserve(rows);
      const auto texts = std::min(rows, static_cast<std::size_t>(table_.texts_.size()));
      column.distinct.reserve(texts, std::min(rows * kMostUsualText, table_.texts_.text_bytes()));
    } else {
      column.integers.reserve(rows);
    }
  }
}

std::string_view BlockBuilder::unknown_fields(Slot slot) const {
  if (block_.partial || table_.unknown_.empty()) return {};
  const auto found = table_.unknown_.find(slot);
  return found == table_.unknown_.end() ? std::string_view() : std::string_view(found->second);
}

void BlockBuilder::bound_integer(FieldType type, std::uint64_t value) {
  const std::uint64_t stored = type == FieldType::kSigned ? zigzag(value) : value;
  bound_.integer_bits += integer_bound_bits(stored) - kClassBits;
}

void BlockBuilder::bound_text(std::string_view text) {
  bound_.text_bytes += text_bound_bytes(text);
  ++bound_.distinct_texts;
}

void BlockBuilder::bound_unknown(Slot slot) {
  for (FieldReader unknown(unknown_fields(slot)); unknown.next();) {
    const bool is_text = unknown.type() == FieldType::kText;
    if (is_text) {
      bound_text(unknown.value().text);
    } else {
      bound_integer(unknown.type(), unknown.value().integer);
    }
    if (!unknown_columns_.contains(unknown.number())) {
      ++(is_text ? bound_.text_columns : bound_.integer_columns);
    }
  }
}

bool BlockBuilder::add_within(Slot slot, std::size_t max_bytes) {
  ++bound_.rows;
  bound_.lowest = std::min(bound_.lowest, table_.key_of(slot));
  bound_.highest = std::max(bound_.highest, table_.key_of(slot));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const FieldType type = block_.columns[i].type;
    const std::uint64_t stored = table_.read_stored(slot, fields_[i]);
    if (type != FieldType::kText) {
      bound_integer(type, stored);
    } else if (const auto id = static_cast<TextId>(stored); places_[i][id] == TextPlaces::kNone) {
      bound_text(table_.texts_.view(id));
    }
  }
  if (!table_.unknown_.empty()) bound_unknown(slot);
  if (!bound_.fits(max_bytes) && rows() > 0) return false;
  add(slot);
  return true;
}

void BlockBuilder::add(Slot slot) {
  block_.keys.push_back(table_.key_of(slot));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    ColumnValues& column = block_.columns[i];
    const std::uint64_t stored = table_.read_stored(slot, fields_[i]);
    if (column.type != FieldType::kText) {
      column.integers.push_back(stored);
      continue;
    }
    const auto id = static_cast<TextId>(stored);
    std::uint32_t& place = places_[i][id];
    if (place == TextPlaces::kNone) {
      place = static_cast<std::uint32_t>(column.distinct.size());
      column.distinct.push_back(table_.texts_.view(id));
    }
    column.texts.push_back(place);
  }
  if (!table_.unknown_.empty()) add_unknown(slot);
}

ColumnValues& BlockBuilder::unknown_column(std::uint32_t number, FieldType type) {
  const auto [found, is_new] = unknown_columns_.try_emplace(number, block_.columns.size());
  if (is_new) {
    block_.columns.push_back({.field = number, .type = type});
    unknown_places_.emplace_back();
    if (type == FieldType::kText) {  // rows without the field have text 0
      block_.columns.back().distinct.push_back({});
      unknown_places_.back().emplace(std::string(), 0);
    }
  }
  return block_.columns[found->second];
}

void BlockBuilder::add_unknown(Slot slot) {
  const std::size_t row = block_.keys.size() - 1;
  for (FieldReader unknown(unknown_fields(slot)); unknown.next();) {
    ColumnValues& column = unknown_column(unknown.number(), unknown.type());
    if (unknown.type() != FieldType::kText) {
      column.integers.resize(row);
      column.integers.push_back(unknown.value().integer);
      continue;
    }
    auto& places = unknown_places_[unknown_columns_[unknown.number()] - fields_.size()];
    const auto [found, is_new] = places.try_emplace(
        std::string(unknown.value().text), static_cast<std::uint32_t>(column.distinct.size()));
    if (is_new) column.distinct.push_back(unknown.value().text);
    column.texts.resize(row);
    column.texts.push_back(found->second);
  }
}

RowBlock BlockBuilder::finish() {
  for (std::size_t i = fields_.size(); i < block_.columns.size(); ++i) {
    ColumnValues& column = block_.columns[i];
    if (column.type == FieldType::kText) {
      column.texts.resize(block_.keys.size());
    } else {
      column.integers.resize(block_.keys.size());
    }
  }
  std::sort(block_.columns.begin(), block_.columns.end(),
            [](const ColumnValues& a, const ColumnValues& b) { return a.field < b.field; });
  return std::move(block_);
}

void BlockBuilder::subtract(std::size_t field, std::span<const std::uint64_t> before) {
  const auto found = std::find(fields_.begin(), fields_.end(), field);
  if (found == fields_.end()) return;
  ColumnValues& column = block_.columns[static_cast<std::size_t>(found - fields_.begin())];
  const bool is_signed = column.type == FieldType::kSigned;
  std::size_t value_bits = 0;
  std::size_t difference_bits = 0;
  for (std::size_t row = 0; row < before.size(); ++row) {
    const std::uint64_t value = column.integers[row];
    value_bits += integer_bound_bits(is_signed ? zigzag(value) : value);
    difference_bits += integer_bound_bits(zigzag(value - before[row]));
  }
  if (difference_bits > value_bits) return;
  for (std::size_t row = 0; row < before.size(); ++row) column.integers[row] -= before[row];
  column.difference = true;
}

TableWalk::TableWalk(TableCore& table, std::size_t max_chunk_bytes)
    : table_(table), max_chunk_bytes_(max_chunk_bytes), end_(table.slots()) {
  assert(table.walk_ == nullptr);
  table_.walk_ = this;
  table_.walked_ = true;
  table_.texts_.hold_numbers(true);
  choose_ranges();
  start_chunk();
}

TableWalk::~TableWalk() {
  table_.walk_ = nullptr;
  table_.texts_.hold_numbers(false);
}

void TableWalk::choose_ranges() {
  std::vector<Key> keys;
  std::size_t integer_bytes = 0;
  const Slot stride = end_ / kSampleRows + 1;
  for (Slot slot = 0; slot < end_; slot += stride) {
    if (!table_.is_live(slot)) continue;
    keys.push_back(table_.key_of(slot));
    for (std::size_t i = 0; i < table_.schema_.fields.size(); ++i) {
      const bool is_text = table_.schema_.fields[i].type == FieldType::kText;
      // A text's index takes up to three bytes as long as there are some hundred thousand texts.
      integer_bytes += is_text ? 3 : integer_bound_bits(table_.read_stored(slot, i)) / 8 + 1;
    }
  }
  if (keys.empty()) return;
  constexpr std::size_t kKeyBytes = 3;
  const auto rows = static_cast<std::size_t>(table_.size());
  // Characters that are not ASCII count for more than their bytes; half of them is typical.
  const std::size_t expected =
      rows * (integer_bytes / keys.size() + kKeyBytes) + table_.texts_.text_bytes() * 2;
  const std::size_t ranges = std::min(expected / max_chunk_bytes_ + 1, keys.size());
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 1; i < ranges; ++i) bounds_.push_back(keys[i * keys.size() / ranges]);
  if (ranges > 1) row_ranges_ = std::make_unique_for_overwrite<std::uint8_t[]>(end_);
}

void TableWalk::note_ranges(std::size_t max_rows) {
  const auto rows = static_cast<Slot>(std::min<std::size_t>(max_rows, end_ - noted_));
  for (const Slot until = noted_ + rows; noted_ < until; ++noted_) {
    // A row that is free now stays so during the walk; its range does not matter.
    const auto bound = std::upper_bound(bounds_.begin(), bounds_.end(), table_.key_of(noted_));
    const auto range = static_cast<std::size_t>(bound - bounds_.begin());
    const bool noted = range >= first_noted_ && range - first_noted_ < kNotedRanges;
    row_ranges_[noted_] = noted ? static_cast<std::uint8_t>(range - first_noted_) : kLaterRange;
  }
}

/// The first row of the range from `from` on, `until` when there is none before it.
Slot TableWalk::next_in_range(Slot from, Slot until) const {
  if (bounds_.empty() || from == until) return from;
  const std::uint8_t* const first = row_ranges_.get() + from;
  const void* const found =
      std::memchr(first, static_cast<int>(range_ - first_noted_), until - from);
  if (found == nullptr) return until;
  return from + static_cast<Slot>(static_cast<const std::uint8_t*>(found) - first);
}

void TableWalk::start_chunk() {
  chunk_ = std::make_unique<BlockBuilder>(table_, all_fields(table_.schema_), true);
  // Address space only, so that no growing vector copies in the middle of a step.
  const std::size_t rows = static_cast<std::size_t>(table_.size()) / (bounds_.size() + 1);
  chunk_->reserve(std::min(rows + rows / 4 + 1, kMaxMessageRows));
}

std::unique_ptr<const Encodable> TableWalk::finish_chunk() {
  ChangeSet changes;
  changes.blocks.push_back(chunk_->finish());
  chunk_.reset();
  ++chunks_;
  return std::make_unique<ChangeSetEncodable>(std::move(changes));
}

std::unique_ptr<const Encodable> TableWalk::end_range() {
  const bool last = range_ == bounds_.size();
  done_ = last;
  next_ = 0;
  ++range_;
  if (!last && range_ - first_noted_ == kNotedRanges) {
    first_noted_ = range_;
    noted_ = 0;
  }
  const bool has_chunk = chunk_->rows() > 0 || (last && chunks_ == 0);
  std::unique_ptr<const Encodable> chunk = has_chunk ? finish_chunk() : nullptr;
  if (has_chunk && !last) start_chunk();
  return chunk;
}

std::unique_ptr<const Encodable> TableWalk::step(std::size_t max_records) {
  if (done_) return nullptr;
  const std::size_t records = std::max<std::size_t>(max_records, 1);
  if (!ranges_noted()) {
    note_ranges(records * kNotedPerTaken);
    return nullptr;
  }
  const auto until = static_cast<Slot>(
      std::min<std::size_t>(next_ + std::size_t{records} * kPassedPerTaken, end_));
  std::array<Slot, kFetchAhead> ahead{};
  for (std::size_t taken = 0; taken < records && next_ < until;) {
    std::size_t count = 0;
    const std::size_t wanted = std::min(ahead.size(), records - taken);
    for (Slot slot = next_; count < wanted; ++slot) {
      slot = next_in_range(slot, until);
      if (slot == until) break;
      __builtin_prefetch(table_.rows_.row(slot));
      ahead[count++] = slot;
    }
    for (std::size_t i = 0; i < count; ++i) {
      next_ = ahead[i];
      if (table_.is_live(next_) && !chunk_->add_within(next_, max_chunk_bytes_)) {
        std::unique_ptr<const Encodable> chunk = finish_chunk();
        start_chunk();
        return chunk;
      }
    }
    next_ = count < wanted ? until : next_ + 1;
    taken += count;
  }
  return next_ == end_ ? end_range() : nullptr;
}

std::unique_ptr<SnapshotWalk> TableCore::begin_snapshot(std::size_t max_chunk_bytes) {
  return std::make_unique<TableWalk>(*this, std::min(max_chunk_bytes, kMaxEncodedBytes));
}

std::unique_ptr<const Encodable> TableCore::take_changes() {
  // A reader that begins from a walk's chunks has values of any moment of that walk.
  const bool exact_before = !std::exchange(walked_, walk_ != nullptr);
  if (changed_.empty() && erased_.empty()) return nullptr;
  struct Group {
    std::vector<Slot> rows;
    std::vector<std::uint64_t> before;  // of the ranking field
  };
  std::map<std::uint8_t, Group> by_fields;
  for (const Changed& each : changed_) {
    const std::uint8_t changed = flags(each.slot) & static_cast<std::uint8_t>(~kLive);
    const bool live = is_live(each.slot);
    set_flags(each.slot, live ? kLive : 0);
    if (!live) continue;
    Group& group = by_fields[(changed & kWhole) != 0 ? kWhole : changed];
    group.rows.push_back(each.slot);
    group.before.push_back(each.ranked_by);
    digest_ ^= hash(each.slot);
  }
  changed_.clear();
  changed_live_ = 0;
  save_digest();

  ChangeSet changes;
  for (const auto& [flagged, group] : by_fields) {
    const bool whole = flagged == kWhole;
    std::vector<std::size_t> fields = all_fields(schema_);
    const std::uint8_t mask = flagged;
    if (!whole) std::erase_if(fields, [&](std::size_t i) { return (mask & field_flag(i)) == 0; });
    BlockBuilder block(*this, fields, whole);
    block.reserve(group.rows.size());
    for (const Slot slot : group.rows) block.add(slot);
    if (!whole && exact_before && ranking_field_) block.subtract(*ranking_field_, group.before);
    changes.blocks.push_back(block.finish());
  }
  std::vector<Key> erased_keys = take_erased();
  changes.erased = erased_keys;
  std::erase_if(changes.erased, [&](Key key) { return map_.find(key).has_value(); });
  return std::make_unique<ChangeSetEncodable>(std::move(changes), std::move(erased_keys));
}

std::vector<Key> TableCore::take_erased() {
  std::vector<Key> erased(erased_.begin(), erased_.end());
  erased_.clear();
  std::sort(erased.begin(), erased.end());
  erased.erase(std::unique(erased.begin(), erased.end()), erased.end());
  return erased;
}

}  // namespace telekv::kv
