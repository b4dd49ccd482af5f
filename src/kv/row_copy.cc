#include "kv/row_copy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "kv/record_bytes.h"
#include "kv/text_codec.h"

namespace telekv::kv {
namespace {

// Of a bucket: each has a page that is not full.
constexpr std::size_t kPageBytes = 1024;
// Messages, tags, an alphabet: what a column takes beside its values.
constexpr std::size_t kColumnOverheadBytes = 640;
constexpr std::size_t kClassBits = 8;
// Space is set aside for texts of this length; where they are longer on average, it grows.
constexpr std::size_t kMostUsualText = 256;

constexpr std::uint64_t limit_of(std::size_t width) {
  return std::numeric_limits<std::uint64_t>::max() >> (kWordBits - 8 * width);
}

std::uint64_t load(const std::byte* at, std::uint64_t limit) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return little_endian(word) & limit;
}

}  // namespace

RowCopy::RowCopy(const SchemaDescription& schema, Expected expected)
    : fields_(schema.fields),
      ranges_(std::move(expected.bounds)),
      buckets_(ranges_.size()),
      texts_(fields_.size()),
      lowest_(std::numeric_limits<Key>::max()),
      highest_(std::numeric_limits<Key>::min()) {
  std::vector<std::uint8_t> widths(fields_.size() + 1);
  std::copy(expected.widths.begin(), expected.widths.end(), widths.begin() + 1);
  unsigned bits = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    limits_[i] = limit_of(widths[i + 1]);
    shifts_.push_back(bits);
    bits += 8U * widths[i + 1];
  }
  if (bits > kWordBits) shifts_.clear();
  const std::vector<Key>& bounds = ranges_.bounds();
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    buckets_[i].base = bounds.empty() ? 0 : bounds[i == 0 ? 0 : i - 1];
    buckets_[i].mirror = i == 0 && !bounds.empty() ? ~std::uint64_t{0} : 0;
    if (i > 0 && i < bounds.size()) {
      widths[0] = width_of(static_cast<std::uint64_t>(bounds[i]) -
                           static_cast<std::uint64_t>(bounds[i - 1]) - 1);
    } else {
      widths[0] = 1;
    }
    buckets_[i].format = format_of(widths);
  }
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].type != FieldType::kText) continue;
    // Address space only, so that no growing vector copies in the middle of a walk.
    const std::size_t texts = std::min(expected.rows, expected.texts);
    texts_[i].distinct.reserve(texts,
                               std::min(expected.rows * kMostUsualText, expected.text_bytes));
    texts_[i].uses.reserve(texts);
  }
}

const RowCopy::Format* RowCopy::format_of(std::vector<std::uint8_t> widths) {
  for (const auto& format : formats_) {
    if (format->widths == widths) return format.get();
  }
  auto format = std::make_unique<Format>();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    format->limits[i] = limit_of(widths[i]);
    format->offsets[i] = static_cast<std::uint32_t>(format->row_bytes);
    format->row_bytes += widths[i];
  }
  format->packed = !shifts_.empty();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    format->packed = format->packed && format->limits[i + 1] == limits_[i];
  }
  format->widths = std::move(widths);
  formats_.push_back(std::move(format));
  return formats_.back().get();
}

void RowCopy::add_text(std::size_t field, std::string_view text, std::size_t bound_bytes) {
  Texts& texts = texts_[field];
  texts.distinct.push_back(text);
  texts.uses.push_back(0);
  texts_memory_ += text.size() + sizeof(std::size_t) + sizeof(std::uint32_t);
  text_bytes_ += bound_bytes;
  ++distinct_texts_;
}

/// integer_bound_bits() of all, or some more: a bit length by way of a double's exponent, which
/// takes no longer where finding the highest bit does.
std::size_t RowCopy::quick_bound_bits(std::span<const std::uint64_t> values) {
  constexpr std::size_t kClassBits = 8;
  constexpr std::size_t kLeadingBits = 3;  // that a class says; a value below 8 counts as one of 8
  constexpr unsigned kMantissaBits = 52;
  constexpr std::size_t kBias = 1022;  // of the exponent, for the bit length
  std::uint64_t any = 0;
  std::uint64_t exponents = 0;
  for (const std::uint64_t value : values) {
    const auto number = static_cast<double>(static_cast<std::int64_t>(value | 7));
    exponents += std::bit_cast<std::uint64_t>(number) >> kMantissaBits;
    any |= value;
  }
  if (any >> kMantissaBits == 0) {
    return static_cast<std::size_t>(exponents) + values.size() * (kClassBits - kLeadingBits) -
           values.size() * kBias;
  }
  std::size_t bits = 0;
  for (const std::uint64_t value : values) bits += integer_bound_bits(value);
  return bits;
}

/// What the rows add to the bounds and uses. Answers a bit for each row that may have a value for
/// which its bucket's format has no room.
std::uint64_t RowCopy::count_values(const Batch& batch) {
  static_assert(Batch::kMost <= kWordBits);
  std::array<std::uint64_t, Batch::kMost> beyond;
  std::fill_n(beyond.begin(), batch.rows, std::uint64_t{0});
  for (std::size_t field = 0; field < fields_.size(); ++field) {
    const Batch::Values& values = batch.values[field];
    if (fields_[field].type == FieldType::kText) {
      std::uint32_t* const uses = texts_[field].uses.data();
      for (std::size_t i = 0; i < batch.rows; ++i) ++uses[values[i]];
    } else {
      integer_bits_ += quick_bound_bits(std::span(values).first(batch.rows));
    }
    const std::uint64_t limit = limits_[field];
    for (std::size_t i = 0; i < batch.rows; ++i) beyond[i] |= values[i] & ~limit;
  }
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    rows |= (beyond[i] == 0 ? std::uint64_t{0} : std::uint64_t{1}) << i;
  }
  return rows;
}

bool RowCopy::fits(const Format& format, const Batch& batch, std::size_t row) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (batch.values[i][row] > format.limits[i + 1]) return false;
  }
  return true;
}

/// The values of each row side by side.
void RowCopy::pack(const Batch& batch, std::span<std::uint64_t> words) const {
  for (std::size_t field = 0; field < shifts_.size(); ++field) {
    const Batch::Values& values = batch.values[field];
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = (field == 0 ? 0 : words[i]) | values[i] << shifts_[field];
    }
  }
}

void RowCopy::add(const Batch& batch) {
  std::array<std::uint32_t, Batch::kMost> ranges;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    ranges[i] = static_cast<std::uint32_t>(ranges_(batch.keys[i]));
    lowest_ = std::min(lowest_, batch.keys[i]);
    highest_ = std::max(highest_, batch.keys[i]);
  }
  const std::uint64_t wide_rows = count_values(batch);
  std::array<std::uint64_t, Batch::kMost> words;
  pack(batch, std::span(words).first(batch.rows));
  for (std::size_t row = 0; row < batch.rows; ++row) {
    Bucket& bucket = buckets_[ranges[row]];
    if (bucket.at == bucket.end) [[unlikely]]
      start_page(bucket);
    const std::uint64_t distance =
        (static_cast<std::uint64_t>(batch.keys[row]) - static_cast<std::uint64_t>(bucket.base)) ^
        bucket.mirror;
    const bool may_be_wide = (wide_rows >> row & 1U) != 0;
    if (distance > bucket.format->limits[0] || (may_be_wide && !fits(*bucket.format, batch, row)))
        [[unlikely]] {
      widen(bucket, distance, batch, row);
    }
    // Each word covers what comes after its value, which is written next.
    std::byte* const at = bucket.at;
    store(at, distance);
    const Format& format = *bucket.format;
    if (format.packed) [[likely]] {
      store(at + format.offsets[1], words[row]);
    } else {
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        store(at + format.offsets[i + 1], batch.values[i][row]);
      }
    }
    bucket.at = at + format.row_bytes;
    __builtin_prefetch(bucket.at + kCacheLineBytes, 1);
    ++bucket.rows;
    last_bucket_ = &bucket;
  }
  size_ += batch.rows;
  for (UnknownColumn& column : unknown_) {
    if (column.type == FieldType::kText) {
      column.texts.uses[0] += static_cast<std::uint32_t>(batch.rows);
    }
  }
}

std::size_t RowCopy::rows_in_last_page(const Bucket& bucket) {
  const auto* const begin = reinterpret_cast<const std::byte*>(bucket.last + 1);
  return static_cast<std::size_t>(bucket.at - begin) / bucket.last->format->row_bytes;
}

/// Of the bucket's format.
void RowCopy::start_page(Bucket& bucket) {
  auto* const page = reinterpret_cast<Page*>(arena_.take(kPageBytes));
  *page = {.next = nullptr, .format = bucket.format, .rows = 0};
  // A word may be written over the end of the last value.
  const std::size_t rows = (kPageBytes - sizeof(Page) - kWordBytes) / page->format->row_bytes;
  if (bucket.first == nullptr) {
    bucket.first = page;
  } else {
    bucket.last->rows = rows_in_last_page(bucket);
    bucket.last->next = page;
  }
  bucket.last = page;
  bucket.at = reinterpret_cast<std::byte*>(page + 1);
  bucket.end = bucket.at + rows * page->format->row_bytes;
}

/// The bucket gets a format from here on that has room for the row.
void RowCopy::widen(Bucket& bucket, std::uint64_t distance, const Batch& batch, std::size_t row) {
  std::vector<std::uint8_t> widths = bucket.format->widths;
  widths[0] = std::max(widths[0], width_of(distance));
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    widths[i + 1] = std::max(widths[i + 1], width_of(batch.values[i][row]));
  }
  bucket.format = format_of(std::move(widths));
  start_page(bucket);
}

const RowCopy::UnknownColumn* RowCopy::find_unknown(std::uint32_t field) const {
  const auto found = std::find_if(unknown_.begin(), unknown_.end(),
                                  [field](const auto& column) { return column.field == field; });
  return found == unknown_.end() ? nullptr : &*found;
}

std::uint32_t RowCopy::unknown_column(std::uint32_t field, FieldType type) {
  if (const UnknownColumn* const known = find_unknown(field)) {
    return static_cast<std::uint32_t>(known - unknown_.data());
  }
  unknown_.push_back({.field = field, .type = type, .texts = {}, .places = {}});
  if (type == FieldType::kText) {  // rows without the field have text 0
    unknown_.back().texts.distinct.push_back({});
    unknown_.back().texts.uses.push_back(static_cast<std::uint32_t>(size_));
    unknown_.back().places.emplace(std::string(), 0);
  }
  return static_cast<std::uint32_t>(unknown_.size() - 1);
}

void RowCopy::add_unknown(std::string_view fields) {
  for (FieldReader field(fields); field.next();) {
    const std::uint32_t number = unknown_column(field.number(), field.type());
    UnknownColumn& column = unknown_[number];
    std::uint64_t value = field.value().integer;
    if (column.type == FieldType::kText) {
      const auto [place, is_new] =
          column.places.try_emplace(std::string(field.value().text),
                                    static_cast<std::uint32_t>(column.texts.distinct.size()));
      if (is_new) {
        column.texts.distinct.push_back(field.value().text);
        column.texts.uses.push_back(0);
        texts_memory_ += field.value().text.size() + sizeof(std::size_t);
        text_bytes_ += text_bound_bytes(field.value().text);
        ++distinct_texts_;
      }
      --column.texts.uses[0];
      ++column.texts.uses[place->second];
      value = place->second;
    } else {
      integer_bits_ +=
          integer_bound_bits(column.type == FieldType::kSigned ? zigzag(value) : value);
    }
    last_bucket_->unknown.push_back({last_bucket_->rows - 1, number, value});
  }
}

std::size_t RowCopy::unknown_bound_bytes(std::string_view fields) const {
  std::size_t bytes = 0;
  for (FieldReader field(fields); field.next();) {
    bytes +=
        field.type() == FieldType::kText ? text_bound_bytes(field.value().text) : kWordBytes + 1;
    // A new column is zeros or indexes in all rows before.
    if (find_unknown(field.number()) == nullptr) {
      bytes += kColumnOverheadBytes + (size_ + 1) * (sizeof(std::uint32_t) + 1);
    }
  }
  return bytes;
}

/// What the encoding takes at most. The logarithm is concave, so equal steps between keys are the
/// worst case; more rows in the same range only make it less.
std::size_t RowCopy::encoded_bound() const {
  std::size_t integer_columns = 0;
  std::size_t text_columns = 0;
  for (const FieldDescription& field : fields_) {
    ++(field.type == FieldType::kText ? text_columns : integer_columns);
  }
  for (const UnknownColumn& column : unknown_) {
    ++(column.type == FieldType::kText ? text_columns : integer_columns);
  }
  const std::uint64_t range =
      size_ == 0 ? 0 : static_cast<std::uint64_t>(highest_) - static_cast<std::uint64_t>(lowest_);
  const std::uint64_t step = range / std::max<std::size_t>(size_, 1) + 16;
  const auto step_bits = kClassBits + static_cast<std::size_t>(std::bit_width(step)) - 2;
  const auto index_bits =
      kClassBits + static_cast<std::size_t>(std::bit_width(distinct_texts_ + 16));
  // Rows without an unknown field are zeros of it.
  const std::size_t row_bits = step_bits + text_columns * index_bits + unknown_.size() * kClassBits;
  return (size_ * row_bits + integer_bits_) / 8 + text_bytes_ +
         (integer_columns + text_columns + 2) * kColumnOverheadBytes;
}

bool RowCopy::look_for_room(std::size_t max_bytes, std::size_t rows, std::size_t text_bytes) {
  // Each value a class byte and a word; a key's step may also lengthen those beside it.
  const std::size_t cells = fields_.size() + unknown_.size() + 1;
  row_bound_bytes_ = (cells + 1) * (kWordBytes + 1);
  const std::size_t max_rows = std::min(kMaxMessageRows, kMaxMessageCells / cells);
  const std::size_t bound = encoded_bound();
  if (size_ >= max_rows || bound >= max_bytes) return false;
  // No more than it takes until the rows have to be counted again.
  room_ = std::min(max_bytes - bound, (max_rows - size_) * row_bound_bytes_);
  return rows * row_bound_bytes_ + text_bytes <= room_;
}

std::vector<ColumnShape> RowCopy::shapes() const {
  std::vector<ColumnShape> shapes;
  const auto add = [&shapes](std::uint32_t field, FieldType type, const Texts& texts) {
    shapes.push_back({.column = shapes.size(),
                      .field = field,
                      .type = type,
                      .distinct = type == FieldType::kText ? &texts.distinct : nullptr,
                      .uses = texts.uses});
  };
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    add(fields_[i].number, fields_[i].type, texts_[i]);
  }
  for (const UnknownColumn& column : unknown_) add(column.field, column.type, column.texts);
  std::sort(shapes.begin(), shapes.end(),
            [](const ColumnShape& a, const ColumnShape& b) { return a.field < b.field; });
  return shapes;
}

/// What stands at `place` of the bucket's rows, one after the other.
template <class Value, class Convert>
void RowCopy::read(const Bucket& bucket, std::size_t place, std::span<Value> values,
                   Convert&& convert) {
  Value* next = values.data();
  for (const Page* page = bucket.first; page != nullptr; page = page->next) {
    // Pages of a bucket do not follow each other in memory.
    const auto* const ahead = reinterpret_cast<const std::byte*>(page->next);
    for (std::size_t i = 0; ahead != nullptr && i < kPageBytes; i += kCacheLineBytes) {
      __builtin_prefetch(ahead + i);
    }
    const Format& format = *page->format;
    const std::size_t rows = page == bucket.last ? rows_in_last_page(bucket) : page->rows;
    const std::byte* at = reinterpret_cast<const std::byte*>(page + 1) + format.offsets[place];
    for (std::size_t i = 0; i < rows; ++i, at += format.row_bytes) {
      *next++ = convert(load(at, format.limits[place]));
    }
  }
}

void RowCopy::read_keys(std::size_t part, std::span<Key> keys) const {
  const Bucket& bucket = buckets_[part];
  read(bucket, 0, keys, [&bucket](std::uint64_t distance) {
    return static_cast<Key>(static_cast<std::uint64_t>(bucket.base) + (distance ^ bucket.mirror));
  });
}

void RowCopy::read_values(std::size_t part, std::size_t column,
                          std::span<std::uint64_t> values) const {
  const Bucket& bucket = buckets_[part];
  if (column >= fields_.size()) {
    std::fill(values.begin(), values.end(), std::uint64_t{0});
    for (const UnknownValue& each : bucket.unknown) {
      if (each.column == column - fields_.size()) values[each.row] = each.value;
    }
  } else if (fields_[column].type == FieldType::kSigned) {
    read(bucket, column + 1, values, unzigzag);
  } else {
    read(bucket, column + 1, values, [](std::uint64_t value) { return value; });
  }
}

}  // namespace telekv::kv
