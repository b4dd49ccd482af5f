// Records out of a table, by column: what the codec writes and reads, nothing else of the engine.
//
// Plain values, no invariants kept by the types: the encoder takes rows in any order, the decoder
// gives them by ascending key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kv/schema.h"

namespace telekv::kv {

/// Texts end to end in one buffer.
class TextList {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  /// Of all texts.
  std::size_t bytes() const { return bytes_.size(); }
  /// Bytes from a text's begin on, those of the texts behind it included.
  std::size_t readable(std::size_t index) const {
    return bytes_.size() - (index == 0 ? 0 : ends_[index - 1]);
  }
  /// Begins to bring a text into the cache; two steps, as where it is has to come first.
  [[gnu::always_inline]] void prefetch_place(std::size_t index) const {
    __builtin_prefetch(ends_.data() + index);
  }
  [[gnu::always_inline]] void prefetch(std::size_t index) const {
    __builtin_prefetch(bytes_.data() + (index == 0 ? 0 : ends_[index - 1]));
  }
  void push_back(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  std::size_t memory_bytes() const { return bytes_.size() + ends_.size() * sizeof ends_[0]; }
  void reserve(std::size_t texts, std::size_t bytes) {
    bytes_.reserve(bytes);
    ends_.reserve(texts);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

/// One field of all rows of a block.
struct ColumnValues {
  std::uint32_t field;
  FieldType type;
  std::vector<std::uint64_t> values = {};  ///< a row's value; of kText its place in `distinct`
  TextList distinct = {};                  ///< no text twice
  bool difference = false;  ///< what to add to the reader's value, modulo 2^64; of integers only

  FieldValue value(std::size_t row) const {
    return type == FieldType::kText
               ? FieldValue{.text = distinct[static_cast<std::size_t>(values[row])]}
               : FieldValue{.integer = values[row]};
  }
};

/// Rows with the same columns.
struct RowBlock {
  std::vector<Key> keys;              ///< no key twice
  std::vector<ColumnValues> columns;  ///< by ascending field, each as long as `keys`
  bool partial = false;               ///< only what changed: other fields keep their values
};

/// A snapshot chunk or a delta.
struct ChangeSet {
  std::vector<RowBlock> blocks;  ///< no key in two of them
  std::vector<Key> erased;       ///< tombstones, in no block

  std::uint64_t records() const {
    std::uint64_t sum = erased.size();
    for (const RowBlock& block : blocks) sum += block.keys.size();
    return sum;
  }
};

}  // namespace telekv::kv
