// Whole records copied out of a table, to be encoded while it goes on changing.
//
// Copying is what a snapshot costs the table's own thread and most of its memory, so:
//  1. A value takes the bytes that its column needs so far: a user of the clicker 10 bytes instead
//     of the row's 25.
//  2. Rows go to buckets of neighbouring keys as they come, whatever order that is; some thousand
//     rows later sort in the cache, and nothing of the whole copy's size is needed to order it.
//  3. Memory is taken in pages that are resident at once, and given back as a whole.
//
//  4. Rows come in batches that are gone through column by column: what the rows of one wait for,
//     they wait for side by side.
//
// Written by one thread, then read by any. A row O(1), some 10 ns. Lack of memory throws
// std::bad_alloc; the copy is of no use then.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kv/bit_stream.h"
#include "kv/change_set.h"
#include "kv/key_ranges.h"
#include "kv/memory_blocks.h"
#include "kv/rows_writer.h"
#include "kv/schema.h"

namespace telekv::kv {

/// Bytes that a value takes; one at least.
constexpr std::uint8_t width_of(std::uint64_t value) {
  return static_cast<std::uint8_t>((std::bit_width(value | 1) + 7) / 8);
}

class RowCopy final : public RowSource {
  /// Where the values of a row stand in a page; the key's distance first.
  struct Format {
    std::vector<std::uint8_t> widths;
    std::array<std::uint64_t, kMaxFields + 1> limits{};  // the highest value that each holds
    std::array<std::uint32_t, kMaxFields + 1> offsets{};
    std::size_t row_bytes = 0;
    bool packed = false;  // the fields take the bytes that were expected, a word at most
  };
  struct Page {
    Page* next;
    const Format* format;
    std::size_t rows;  // of the last page of a bucket, those when it began
  };
  struct UnknownValue {
    std::uint32_t row;
    std::uint32_t column;
    std::uint64_t value;
  };
  struct Bucket {
    Key base = 0;
    std::uint64_t mirror = 0;  // all ones: keys lie below the base
    const Format* format = nullptr;
    Page* first = nullptr;
    Page* last = nullptr;
    std::byte* at = nullptr;  // where the next row goes
    std::byte* end = nullptr;
    std::uint32_t rows = 0;
    std::vector<UnknownValue> unknown;  // by ascending row
  };

 public:
  struct Expected {
    std::vector<Key> bounds;           ///< of buckets; see KeyRanges
    std::vector<std::uint8_t> widths;  ///< bytes of most values of each field, at least 1
    std::size_t rows = 0;
    std::size_t texts = 0;       ///< distinct ones
    std::size_t text_bytes = 0;  ///< of all of them
  };

  RowCopy(const SchemaDescription& schema, Expected expected);

  /// Keeps a text, whose text_bound_bytes() is known; its place is the number of those before,
  /// texts(field). No text twice.
  void add_text(std::size_t field, std::string_view text, std::size_t bound_bytes);

  /// Some rows on their way into the copy, column by column.
  struct Batch {
    static constexpr std::size_t kMost = 64;
    using Values = std::array<std::uint64_t, kMost>;

    explicit Batch(std::size_t fields) : values(fields) {}

    std::size_t rows = 0;
    std::array<Key, kMost> keys;
    std::vector<Values> values;  // of each field: as zigzag where it is signed, a text's place
  };

  /// Rows of keys that are in no other, for which there is room.
  void add(const Batch& batch);

  /// Fields of newer versions of the row just added, as record_bytes.h has them.
  void add_unknown(std::string_view fields);

  /// What add_unknown() may add to the encoding.
  std::size_t unknown_bound_bytes(std::string_view fields) const;

  std::size_t size() const { return size_; }
  /// How many of a field.
  std::size_t texts(std::size_t field) const { return texts_[field].uses.size(); }
  /// What is held.
  std::size_t memory_bytes() const { return arena_.memory_bytes() + texts_memory_; }

  /// What encoding takes beside it, the encoded bytes included, for so many rows with so many bytes
  /// of distinct texts: an order, a column's classes and low bits, two columns' share of the
  /// output.
  static std::size_t coding_bytes(std::size_t rows, std::size_t fields, std::size_t text_bytes) {
    constexpr std::size_t kHalfBytesOfValue = 5;
    return rows * (fields + 1) * kHalfBytesOfValue / 2 + text_bytes;
  }
  std::size_t coding_bytes() const {
    return coding_bytes(size_, fields_.size() + unknown_.size(), texts_memory_);
  }

  /// Whether the encoding stays within `max_bytes` when so many rows come, with new texts of at
  /// most `text_bytes` by text_bound_bytes(). O(1), mostly one comparison.
  bool has_room(std::size_t max_bytes, std::size_t rows, std::size_t text_bytes) {
    if (rows * row_bound_bytes_ + text_bytes > room_ &&
        !look_for_room(max_bytes, rows, text_bytes)) {
      return false;
    }
    room_ -= rows * row_bound_bytes_ + text_bytes;
    return true;
  }

  /// The columns, by ascending field. As long as nothing is added.
  std::vector<ColumnShape> shapes() const;

  std::size_t parts() const override { return buckets_.size(); }
  std::size_t rows(std::size_t part) const override { return buckets_[part].rows; }
  void read_keys(std::size_t part, std::span<Key> keys) const override;
  void read_values(std::size_t part, std::size_t column,
                   std::span<std::uint64_t> values) const override;

 private:
  struct Texts {
    TextList distinct;
    std::vector<std::uint32_t> uses;
  };
  struct UnknownColumn {
    std::uint32_t field;
    FieldType type;
    Texts texts;
    std::unordered_map<std::string, std::uint32_t> places;
  };
  static void store(std::byte* at, std::uint64_t value) {
    const std::uint64_t word = little_endian(value);
    std::memcpy(at, &word, sizeof word);
  }
  static std::size_t rows_in_last_page(const Bucket& bucket);
  static std::size_t quick_bound_bits(std::span<const std::uint64_t> values);
  void start_page(Bucket& bucket);
  std::uint64_t count_values(const Batch& batch);
  void pack(const Batch& batch, std::span<std::uint64_t> words) const;
  bool fits(const Format& format, const Batch& batch, std::size_t row) const;
  void widen(Bucket& bucket, std::uint64_t distance, const Batch& batch, std::size_t row);
  bool look_for_room(std::size_t max_bytes, std::size_t rows, std::size_t text_bytes);
  const Format* format_of(std::vector<std::uint8_t> widths);
  const UnknownColumn* find_unknown(std::uint32_t field) const;
  std::uint32_t unknown_column(std::uint32_t field, FieldType type);
  std::size_t encoded_bound() const;
  template <class Value, class Convert>
  static void read(const Bucket& bucket, std::size_t place, std::span<Value> values,
                   Convert&& convert);

  std::vector<FieldDescription> fields_;
  KeyRanges ranges_;
  std::vector<std::unique_ptr<const Format>> formats_;
  std::vector<Bucket> buckets_;
  Bucket* last_bucket_ = nullptr;  // that the last row went to
  // The highest value of each field that every format has room for.
  std::array<std::uint64_t, kMaxFields> limits_{};
  std::vector<unsigned> shifts_;  // of each field in a word; none when that has no room for all
  PageArena arena_;
  std::vector<Texts> texts_;  // of each field
  std::vector<UnknownColumn> unknown_;

  std::size_t size_ = 0;
  Key lowest_;
  Key highest_;
  std::size_t integer_bits_ = 0;
  std::size_t text_bytes_ = 0;
  std::size_t distinct_texts_ = 0;
  std::size_t texts_memory_ = 0;
  std::size_t row_bound_bytes_ = 0;  // of a row without new texts
  std::size_t room_ = 0;  // for the encoding of more rows, by the last look at what there is
};

}  // namespace telekv::kv
