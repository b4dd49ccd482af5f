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
// Ranges told apart by the byte kept for each row; rows of later ones are noted again later.
constexpr std::size_t kNotedRanges = 255;
constexpr auto kLaterRange = static_cast<std::uint8_t>(kNotedRanges);
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

void TextPlaces::add_page(std::size_t page) {
  if (page >= pages_.size()) pages_.resize(page + 1);
  std::byte* const memory = arena_.take(kPage * sizeof(std::uint32_t));
  std::memset(memory, 0, kPage * sizeof(std::uint32_t));
  pages_[page] = reinterpret_cast<std::uint32_t*>(memory);
}

std::uint8_t& RowNotes::operator[](Slot slot) {
  const std::size_t piece = slot / kPiece;
  if (piece == pieces_.size()) {
    pieces_.push_back(allocate_block(kPiece));
    make_resident(pieces_.back().get(), kPiece);
  }
  return reinterpret_cast<std::uint8_t*>(pieces_[piece].get())[slot % kPiece];
}

/// Without a branch on a single note: where some ranges take turns, guesses would be wrong half the
/// time. Eight notes without any that fits are passed at once.
std::size_t RowNotes::find(std::uint8_t note, Slot& from, Slot until, std::span<Slot> found) const {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  std::size_t count = 0;
  while (from < until && count < found.size()) {
    const std::byte* const piece = pieces_[from / kPiece].get();
    const Slot at = from % kPiece;
    if (at % kWordBytes == 0 && until - from >= kWordBytes && found.size() - count >= kWordBytes) {
      std::uint64_t word = 0;
      std::memcpy(&word, piece + at, sizeof word);
      const std::uint64_t other = word ^ note * kEach;
      if (((other - kEach) & ~other & kHigh) != 0) {
        for (Slot i = 0; i < kWordBytes; ++i) {
          found[count] = from + i;
          count += piece[at + i] == static_cast<std::byte>(note) ? 1 : 0;
        }
      }
      from += kWordBytes;
      continue;
    }
    found[count] = from++;
    count += piece[at] == static_cast<std::byte>(note) ? 1 : 0;
  }
  return count;
}

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
      memory_(std::make_unique<Memory>()) {
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
  if (sample_.empty()) return;
  KeyOrder order;
  std::vector<Key> sorted;
  sorted.reserve(sample_.size());
  for (const std::uint32_t place : order(sample_)) sorted.push_back(sample_[place]);
  sample_ = std::move(sorted);
}

void TableWalk::choose_ranges() {
  for (Field& field : fields_) field.width = expected_width(field);
  std::vector<Key> bounds;
  const std::size_t ranges = std::min(chunks_expected(), std::max<std::size_t>(sample_.size(), 1));
  for (std::size_t i = 1; i < ranges; ++i) bounds.push_back(sample_[i * sample_.size() / ranges]);
  ranges_ = KeyRanges(std::move(bounds));
  start_chunk();
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

void TableWalk::note_ranges(std::size_t max_rows) {
  const auto rows = static_cast<Slot>(std::min<std::size_t>(max_rows, end_ - noted_));
  for (const Slot until = noted_ + rows; noted_ < until; ++noted_) {
    // A row that is free now stays so during the walk; its range does not matter.
    const std::size_t range = ranges_(table_.key_of(noted_));
    const bool noted = range >= first_noted_ && range - first_noted_ < kNotedRanges;
    memory_->ranges[noted_] = noted ? static_cast<std::uint8_t>(range - first_noted_) : kLaterRange;
  }
}

/// The next rows of the range, up to `until`; `next_` moves behind what has been looked at.
std::size_t TableWalk::next_in_range(Slot until, std::span<Slot> found) {
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

/// false when the chunk has no room for it.
bool TableWalk::take(Slot slot) {
  const std::byte* const row = table_.rows_.row(slot);
  std::size_t new_bytes = 0;
  for (const std::size_t i : text_fields_) {
    Field& field = fields_[i];
    field.text = static_cast<TextId>(table_.read_stored(row, i));
    field.place = &memory_->places[i][field.text];
    field.new_bytes = 0;
    if (*field.place < field.first_place) {
      field.new_bytes = text_bound_bytes(table_.texts_.view(field.text));
      new_bytes += field.new_bytes;
    }
  }
  const std::string_view unknown = unknown_fields(slot);
  if (!unknown.empty()) new_bytes += chunk_->unknown_bound_bytes(unknown);
  if (!chunk_->has_room(max_chunk_bytes_, new_bytes) && chunk_->size() > 0) return false;
  if (new_bytes != 0) add_new_texts();
  RowCopy::Row copy = chunk_->add(table_.key_of(slot));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    if (field.type == FieldType::kText) {
      copy.put_text(i, *field.place - field.first_place);
    } else {
      const std::uint64_t value = table_.read_stored(row, i);
      copy.put_integer(i, field.type == FieldType::kSigned ? zigzag(value) : value);
    }
  }
  copy.finish();
  if (!unknown.empty()) chunk_->add_unknown(unknown);
  return true;
}

std::string_view TableWalk::unknown_fields(Slot slot) const {
  if (table_.unknown_.empty()) return {};
  const auto found = table_.unknown_.find(slot);
  return found == table_.unknown_.end() ? std::string_view() : std::string_view(found->second);
}

void TableWalk::add_new_texts() {
  for (const std::size_t i : text_fields_) {
    Field& field = fields_[i];
    if (field.new_bytes == 0) continue;
    const auto place = static_cast<std::uint32_t>(chunk_->texts(i));
    chunk_->add_text(i, table_.texts_.view(field.text), field.new_bytes);
    *field.place = field.first_place + place;
  }
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
  if (!last && range_ - first_noted_ == kNotedRanges) {
    first_noted_ = range_;
    noted_ = 0;
  }
  const bool has_chunk = chunk_->size() > 0 || (last && chunks_ == 0);
  std::unique_ptr<const Encodable> chunk = has_chunk ? finish_chunk() : nullptr;
  if (!last) start_chunk();
  return chunk;
}

std::unique_ptr<const Encodable> TableWalk::step(std::size_t max_records) {
  if (done_) return nullptr;
  const std::size_t records = std::max<std::size_t>(max_records, 1);
  if (!chunk_) {
    if (sampled_ < end_) {
      sample(std::max<std::size_t>(records / kTakenPerSampled, 1));
    } else if (!sample_sorted_) {
      sort_sample();
    } else {
      choose_ranges();
    }
    return nullptr;
  }
  if (!ranges_noted()) {
    note_ranges(records * kNotedPerTaken);
    return nullptr;
  }
  const auto until = static_cast<Slot>(
      std::min<std::size_t>(next_ + std::size_t{records} * kPassedPerTaken, end_));
  std::array<Slot, kFetchAhead> ahead{};
  for (std::size_t taken = 0; taken < records && next_ < until;) {
    const std::size_t wanted = std::min(ahead.size(), records - taken);
    const std::size_t count = next_in_range(until, std::span(ahead).first(wanted));
    for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(table_.rows_.row(ahead[i]));
    const bool full = is_over_memory() && chunk_->size() > 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (table_.is_live(ahead[i]) && (full || !take(ahead[i]))) {
        next_ = ahead[i];
        std::unique_ptr<const Encodable> chunk = finish_chunk();
        start_chunk();
        return chunk;
      }
    }
    taken += count;
  }
  return next_ == end_ ? end_range() : nullptr;
}

std::unique_ptr<SnapshotWalk> TableCore::begin_snapshot(std::size_t max_chunk_bytes) {
  return std::make_unique<TableWalk>(*this, std::min(max_chunk_bytes, kMaxEncodedBytes));
}

}  // namespace telekv::kv
