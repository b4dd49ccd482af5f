#include "kv/table_snapshot.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "kv/record_bytes.h"
#include "kv/text_codec.h"

namespace telekv::kv {
namespace {

// Rows read to choose the ranges.
constexpr Slot kSampleRows = 8192;
// A field's width is that of all but one in so many values of the sample.
constexpr std::size_t kRareValues = 64;
// Rows passed by, or whose range is noted, in the time that it takes to take some.
constexpr std::size_t kPassedPerTaken = 16;
constexpr std::size_t kNotedPerTaken = 8;
// Rows taken in the time that it takes to look at one anywhere in the table.
constexpr std::size_t kTakenPerSampled = 4;
// Rows fetched ahead: taken rows lie far apart where there are many chunks.
constexpr std::size_t kFetchAhead = 16;
constexpr Slot kNotedAhead = 48;
// Ranges told apart by the byte kept for each row; rows of later ones are noted again later.
constexpr std::size_t kNotedRanges = 255;
// Rows of a bucket, which are sorted in the cache, and buckets of a chunk, each of which has a
// place in memory that is written to.
constexpr std::size_t kBucketRows = 4096;
constexpr std::size_t kMaxBuckets = 256;
// What a walk may hold beside one chunk's bytes: one part in so many of the table's memory.
constexpr std::size_t kTablePart = 20;
// The share of a chunk's bytes that encoding takes however few rows there are: zstd's tables, and
// what is not used of huge pages.
constexpr std::size_t kCodingPart = 4;
constexpr std::size_t kKeyBytes = 4;
// A text's end and uses in a copy, and the rest of the memory that is resident for it.
constexpr std::size_t kTextOverhead = 16;
// A chunk is expected to be full but for one part in so many.
constexpr std::size_t kHeadroom = 12;

}  // namespace

/// Rows on their way to the encoder.
class TableWalk::Chunk final : public Encodable {
 public:
  Chunk(std::unique_ptr<const RowCopy> rows, std::uint64_t records_in_all,
        std::unique_ptr<const Memory> memory)
      : rows_(std::move(rows)), records_in_all_(records_in_all), memory_(std::move(memory)) {}

  Bytes encode() const override { return encode_columns(*rows_, records_in_all_); }
  std::uint64_t records() const override { return rows_->size(); }
  const std::vector<Key>& erased_keys() const override { return erased_keys_; }

 private:
  std::vector<Key> erased_keys_;  // a chunk has none
  std::unique_ptr<const RowCopy> rows_;
  std::uint64_t records_in_all_;
  std::unique_ptr<const Memory> memory_;  // only to be freed
};

TableWalk::TableWalk(TableCore& table, std::size_t max_chunk_bytes)
    : table_(table),
      max_chunk_bytes_(max_chunk_bytes),
      records_(table.size()),
      end_(table.slots()),
      memory_(std::make_unique<Memory>()),
      batch_(table.schema_.fields.size()) {
  assert(table.walk_ == nullptr);
  const std::size_t table_bytes = table.rows_.memory_bytes() + table.map_.memory_bytes() +
                                  table.ranking_.memory_bytes() + table.texts_.memory_bytes();
  max_memory_ = max_chunk_bytes - max_chunk_bytes / kCodingPart + table_bytes / kTablePart;
  memory_->places.resize(table.schema_.fields.size());
  for (const FieldDescription& field : table.schema_.fields) {
    if (field.type == FieldType::kText) text_fields_.push_back(fields_.size());
    fields_.push_back({field.type});
  }
  // From here on nothing fails.
  table_.walk_ = this;
  table_.walked_ = true;
  table_.texts_.hold_numbers(true);
}

TableWalk::~TableWalk() {
  table_.walk_ = nullptr;
  table_.texts_.hold_numbers(false);
}

/// Reads every so manieth row.
void TableWalk::sample(std::size_t max_rows) {
  const Slot stride = end_ / kSampleRows + 1;
  std::array<Slot, kFetchAhead> ahead{};
  for (std::size_t left = max_rows; left > 0 && sampled_ < end_;) {
    std::size_t count = 0;
    for (; count < std::min(left, ahead.size()) && sampled_ < end_; ++count) {
      ahead[count] = sampled_;
      __builtin_prefetch(table_.rows_.row(sampled_));
      sampled_ = end_ - sampled_ > stride ? sampled_ + stride : end_;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (table_.is_live(ahead[i])) sample_row(ahead[i]);
    }
    left -= count;
  }
}

void TableWalk::sample_row(Slot slot) {
  sample_.push_back(table_.key_of(slot));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].type == FieldType::kText) continue;
    const std::uint64_t stored = table_.read_stored(slot, i);
    const std::uint64_t value = fields_[i].type == FieldType::kSigned ? zigzag(stored) : stored;
    ++fields_[i].sampled_widths[width_of(value)];
    sample_bits_ += integer_bound_bits(value);
  }
}

/// Of nearly all values.
std::uint8_t TableWalk::expected_width(const Field& field) const {
  if (field.type == FieldType::kText) return width_of(table_.texts_.size());
  std::uint8_t width = sizeof(std::uint64_t);
  for (std::size_t wider = field.sampled_widths[width];
       width > 1 && wider * kRareValues <= sample_.size(); wider += field.sampled_widths[width]) {
    --width;
  }
  return width;
}

void TableWalk::sort_sample() {
  sample_sorted_ = true;
  if (!sample_.empty()) KeyOrder()(sample_);
}

void TableWalk::choose_ranges() {
  for (Field& field : fields_) field.width = expected_width(field);
  std::vector<Key> bounds;
  const std::size_t ranges = std::min(chunks_expected(), std::max<std::size_t>(sample_.size(), 1));
  for (std::size_t i = 1; i < ranges; ++i) bounds.push_back(sample_[i * sample_.size() / ranges]);
  ranges_ = KeyRanges(std::move(bounds));
  ranges_chosen_ = true;
}

/// So many that neither bound of a chunk is reached when rows are as the sample has them.
std::size_t TableWalk::chunks_expected() const {
  if (sample_.empty()) return 1;
  const auto rows = static_cast<std::size_t>(records_);
  const auto texts = static_cast<std::size_t>(table_.texts_.size());
  const std::size_t text_bytes = table_.texts_.text_bytes();
  std::size_t row = kKeyBytes;
  std::size_t text_columns = 0;
  for (const Field& field : fields_) {
    row += field.width;
    text_columns += field.type == FieldType::kText ? 1 : 0;
  }
  // Characters that are not ASCII count for more than their bytes; half of them is typical.
  const std::size_t encoded = rows * (sample_bits_ / 8 / sample_.size() + 1) +
                              rows * (text_columns + 1) * 3 + text_bytes * 2;
  const std::size_t held = rows * row + text_bytes + texts * kTextOverhead +
                           RowCopy::coding_bytes(rows, fields_.size(), text_bytes);
  const std::size_t notes = end_ + texts * sizeof(std::uint32_t);
  const std::size_t for_chunk =
      std::max(max_memory_ - std::min(notes, max_memory_), max_memory_ / 2);
  // Ranges are unequal, as a sample is.
  const std::size_t chunks =
      std::max(encoded * kHeadroom / max_chunk_bytes_, held * kHeadroom / for_chunk);
  return chunks / (kHeadroom - 1) + 1;
}

/// As next_in_range(), for the first range that is noted: notes each row's range on the way.
std::size_t TableWalk::note_ranges(Slot until, std::span<Slot> found) {
  std::size_t count = 0;
  while (count < found.size() && next_ < until) {
    __builtin_prefetch(table_.rows_.row(std::min<Slot>(next_ + kNotedAhead, end_ - 1)));
    // A row that is free now stays so during the walk; its range does not matter.
    const std::size_t range = ranges_(table_.key_of(next_)) - first_noted_;
    memory_->ranges[next_] = static_cast<std::uint8_t>(std::min(range, kNotedRanges));
    found[count] = next_++;
    count += range == 0 ? 1 : 0;
  }
  return count;
}

/// The next rows of the range, up to `until`; `next_` moves behind what has been looked at.
std::size_t TableWalk::next_in_range(Slot until, std::span<Slot> found) {
  if (notes_ranges()) return note_ranges(until, found);
  if (ranges_.size() != 1) {
    return memory_->ranges.find(static_cast<std::uint8_t>(range_ - first_noted_), next_, until,
                                found);
  }
  std::size_t count = 0;
  while (count < found.size() && next_ < until) found[count++] = next_++;
  return count;
}

/// Of the range's keys, between those of the sample as if keys lay evenly there.
std::vector<Key> TableWalk::bucket_bounds() const {
  const auto& ends = ranges_.bounds();
  const auto begin = range_ == 0
                         ? sample_.begin()
                         : std::lower_bound(sample_.begin(), sample_.end(), ends[range_ - 1]);
  const auto end = range_ == ends.size()
                       ? sample_.end()
                       : std::lower_bound(sample_.begin(), sample_.end(), ends[range_]);
  std::vector<Key> bounds;
  if (begin == end) return bounds;
  const auto sampled = static_cast<std::size_t>(end - begin);
  const std::size_t rows = static_cast<std::size_t>(records_) / ranges_.size();
  const std::size_t buckets = std::clamp<std::size_t>(rows / kBucketRows, 1, kMaxBuckets);
  for (std::size_t i = 1; i < buckets; ++i) {
    const std::size_t place = i * (sampled - 1) / buckets;
    const std::size_t part = i * (sampled - 1) % buckets;
    const auto low = static_cast<std::uint64_t>(begin[static_cast<std::ptrdiff_t>(place)]);
    const auto high = static_cast<std::uint64_t>(begin[static_cast<std::ptrdiff_t>(place + 1)]);
    const auto bound = static_cast<Key>(low + (high - low) / buckets * part);
    if (bounds.empty() || bound > bounds.back()) bounds.push_back(bound);
  }
  return bounds;
}

void TableWalk::start_chunk() {
  std::vector<std::uint8_t> widths;
  for (const Field& field : fields_) widths.push_back(field.width);
  const std::size_t rows = static_cast<std::size_t>(records_) / ranges_.size();
  RowCopy::Expected expected{.bounds = bucket_bounds(),
                             .widths = std::move(widths),
                             .rows = std::min(rows + rows / 4 + 1, kMaxMessageRows),
                             .texts = static_cast<std::size_t>(table_.texts_.size()),
                             .text_bytes = table_.texts_.text_bytes()};
  chunk_ = std::make_unique<RowCopy>(table_.schema_, std::move(expected));
}

/// How many of the rows the chunk has taken: fewer when it has no room for the next one.
std::size_t TableWalk::take(std::span<const Slot> slots) {
  if (table_.unknown_.empty() && take_batch(slots)) return slots.size();
  // One by one: they have more to be looked up, or the last one that fits is wanted.
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!take_batch(slots.subspan(i, 1))) return i;
  }
  return slots.size();
}

/// All of the rows or none; any row alone, when the chunk is empty. One row, if there may be
/// unknown fields.
bool TableWalk::take_batch(std::span<const Slot> slots) {
  batch_.rows = 0;
  new_texts_.clear();
  for (const Slot slot : slots) {
    const std::byte* const row = table_.rows_.row(slot);
    if (!table_.is_live(row)) continue;
    batch_.keys[batch_.rows] = RowStore::key(row);
    rows_[batch_.rows++] = row;
  }
  if (batch_.rows == 0) return true;
  std::size_t new_bytes = look_up_texts();
  const std::string_view unknown = unknown_fields(slots[0]);
  if (!unknown.empty()) new_bytes += chunk_->unknown_bound_bytes(unknown);
  const bool must_fit = batch_.rows > 1 || chunk_->size() > 0;
  if (!chunk_->has_room(max_chunk_bytes_, batch_.rows, new_bytes) && must_fit) return false;
  add_new_texts();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].type == FieldType::kText) {
      for (std::size_t row = 0; row < batch_.rows; ++row) {
        batch_.values[i][row] -= fields_[i].first_place;
      }
    } else {
      read_integers(i);
    }
  }
  chunk_->add(batch_);
  if (!unknown.empty()) chunk_->add_unknown(unknown);
  return true;
}

/// The places of the rows' texts. Answers what texts that the chunk does not have yet add to its
/// encoding at most; one that is new in two rows counts twice.
std::size_t TableWalk::look_up_texts() {
  std::size_t new_bytes = 0;
  for (const std::size_t i : text_fields_) {
    TextPlaces& places = memory_->places[i];
    RowCopy::Batch::Values& values = batch_.values[i];
    for (std::size_t row = 0; row < batch_.rows; ++row) {
      values[row] = places[static_cast<TextId>(table_.read_stored(rows_[row], i))];
    }
    // Guesses that are wrong here do not keep the places waiting.
    for (std::uint32_t row = 0; row < batch_.rows; ++row) {
      if (values[row] >= fields_[i].first_place) continue;
      const auto text = static_cast<TextId>(table_.read_stored(rows_[row], i));
      new_texts_.push_back({static_cast<std::uint32_t>(i), row, table_.texts_.view(text), 0});
    }
  }
  for (const NewText& each : new_texts_) __builtin_prefetch(each.text.data());
  for (NewText& each : new_texts_) {
    each.bound_bytes = text_bound_bytes(each.text);
    new_bytes += each.bound_bytes;
  }
  return new_bytes;
}

void TableWalk::add_new_texts() {
  for (const NewText& each : new_texts_) {
    Field& field = fields_[each.field];
    const auto text = static_cast<TextId>(table_.read_stored(rows_[each.row], each.field));
    std::uint32_t& place = memory_->places[each.field][text];
    if (place < field.first_place) {  // not of a row before
      place = field.first_place + static_cast<std::uint32_t>(chunk_->texts(each.field));
      chunk_->add_text(each.field, each.text, each.bound_bytes);
    }
    batch_.values[each.field][each.row] = place;
  }
}

void TableWalk::read_integers(std::size_t field) {
  RowCopy::Batch::Values& values = batch_.values[field];
  for (std::size_t row = 0; row < batch_.rows; ++row) {
    values[row] = table_.read_stored(rows_[row], field);
  }
  if (fields_[field].type != FieldType::kSigned) return;
  for (std::size_t row = 0; row < batch_.rows; ++row) values[row] = zigzag(values[row]);
}

std::string_view TableWalk::unknown_fields(Slot slot) const {
  if (table_.unknown_.empty()) return {};
  const auto found = table_.unknown_.find(slot);
  return found == table_.unknown_.end() ? std::string_view() : std::string_view(found->second);
}

/// Whether the chunk and what its encoding takes beside it are more than they may be.
bool TableWalk::is_over_memory() const {
  std::size_t held =
      chunk_->memory_bytes() + chunk_->coding_bytes() + memory_->ranges.memory_bytes();
  for (const std::size_t i : text_fields_) held += memory_->places[i].memory_bytes();
  return held > max_memory_;
}

std::unique_ptr<const Encodable> TableWalk::finish_chunk() {
  ++chunks_;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    fields_[i].first_place += static_cast<std::uint32_t>(chunk_->texts(i));
  }
  return std::make_unique<Chunk>(std::move(chunk_), records_, done_ ? std::move(memory_) : nullptr);
}

std::unique_ptr<const Encodable> TableWalk::end_range() {
  const bool last = range_ + 1 == ranges_.size();
  done_ = last;
  next_ = 0;
  ++range_;
  if (!last && range_ - first_noted_ == kNotedRanges) first_noted_ = range_;
  const bool has_chunk = chunk_->size() > 0 || (last && chunks_ == 0);
  std::unique_ptr<const Encodable> chunk = has_chunk ? finish_chunk() : nullptr;
  chunk_.reset();
  return chunk;
}

/// What comes before a chunk; each part takes as long as a step may.
void TableWalk::prepare(std::size_t records) {
  if (sampled_ < end_) {
    sample(std::max<std::size_t>(records / kTakenPerSampled, 1));
  } else if (!sample_sorted_) {
    sort_sample();
  } else if (!ranges_chosen_) {
    choose_ranges();
  } else {
    start_chunk();
  }
}

/// The next rows of the range, `most` or as many as there is room for.
std::span<const Slot> TableWalk::fetch_next(std::size_t most, Slot until, std::span<Slot> room) {
  const std::size_t count = next_in_range(until, room.first(std::min(room.size(), most)));
  for (const Slot slot : room.first(count)) table_.rows_.prefetch(slot);
  return room.first(count);
}

std::unique_ptr<const Encodable> TableWalk::step(std::size_t max_records) {
  if (done_) return nullptr;
  const std::size_t records = std::max<std::size_t>(max_records, 1);
  if (!chunk_) {
    prepare(records);
    return nullptr;
  }
  const std::size_t passed = notes_ranges() ? kNotedPerTaken : kPassedPerTaken;
  const auto until = static_cast<Slot>(std::min<std::size_t>(next_ + records * passed, end_));
  // The rows of a batch come into the cache while the one before is taken.
  std::array<std::array<Slot, RowCopy::Batch::kMost>, 2> slots;
  std::span<const Slot> batch = fetch_next(records, until, slots[0]);
  std::size_t left = records - batch.size();
  for (std::size_t turn = 1; !batch.empty(); turn ^= 1U) {
    const std::span<const Slot> following = fetch_next(left, until, slots[turn]);
    left -= following.size();
    const bool full = is_over_memory() && chunk_->size() > 0;
    const std::size_t fit = full ? 0 : take(batch);
    if (fit < batch.size()) {
      next_ = batch[fit];
      return finish_chunk();
    }
    // A text that is copied takes as long as a row.
    left -= std::min(left, new_texts_.size());
    batch = following;
  }
  return next_ == end_ ? end_range() : nullptr;
}

std::unique_ptr<SnapshotWalk> TableCore::begin_snapshot(std::size_t max_chunk_bytes) {
  return std::make_unique<TableWalk>(*this, std::min(max_chunk_bytes, kMaxEncodedBytes));
}

}  // namespace telekv::kv
