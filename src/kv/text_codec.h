// Text columns to and from proto Texts: a dictionary of what repeats, single texts in row order,
// all of it coded by character.
//
// By character, because UTF-8 bytes hide from an entropy coder that the second byte depends on the
// first: on mixed Cyrillic and Latin names that costs 20%. ASCII needs no alphabet, which keeps
// short deltas short.
//
// A row has the number of its text; numbers go in and out part by part. Internal to the codec. One
// thread each, O(rows + characters). Errors: kDamaged, kUnsupportedVersion. Lack of memory throws
// std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kv/change_set.h"
#include "kv/error.h"
#include "kv/integer_codec.h"
#include "kv/symbol_stream.h"
#include "kv/wire_writer.h"

namespace telekv::kv {

/// Bytes that one text takes at most wherever it is kept once, without its index.
std::size_t text_bound_bytes(std::string_view text);

/// How many of `values` have each of `texts` numbers.
std::vector<std::uint32_t> count_uses(std::span<const std::uint64_t> values, std::size_t texts);

class TextWriter {
 public:
  /// For `rows` rows with texts out of `distinct`, each as often as `uses` says. `distinct` and
  /// the scratch outlive the writer.
  TextWriter(const TextList& distinct, std::span<const std::uint32_t> uses, std::size_t rows,
             Scratch& scratch);

  /// Places in `distinct` of the next rows, by ascending key; they are overwritten.
  void append(std::span<std::uint64_t> places);

  /// Whether no row has any text.
  bool all_empty() const { return all_empty_; }

  /// To be called once, after the last row: puts the fields of proto Texts.
  void finish(StreamPacker& packer, WireWriter& message);

 private:
  const TextList& distinct_;
  bool all_empty_ = true;
  std::span<std::uint32_t> spelled_;  // the dictionary's, then the singles
  std::size_t dictionary_ = 0;
  std::size_t next_ = 0;             // of `spelled_`
  std::span<std::uint32_t> stored_;  // of each distinct text its index, 0 of a single one
  IntegerWriter index_;
};

/// Texts end to end in memory of somebody else.
class TextViews {
 public:
  TextViews() = default;
  TextViews(const char* bytes, std::span<const std::uint32_t> ends) : bytes_(bytes), ends_(ends) {}

  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }
  std::string_view operator[](std::size_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
    return {bytes_ + begin, ends_[index] - begin};
  }

 private:
  const char* bytes_ = nullptr;
  std::span<const std::uint32_t> ends_;
};

class TextReader {
 public:
  /// Of a TextsMessage, whose bytes and `unpacker` outlive the reader. All texts are read and
  /// checked here; `code_points_left` is lowered by what they take.
  static Result<TextReader> open(ByteView encoded, std::size_t rows, std::size_t& code_points_left,
                                 StreamUnpacker& unpacker);

  /// The numbers of the next rows' texts; false when one is none. No more than are left.
  bool read(std::span<std::uint64_t> numbers);

  /// By number. A hostile message may hold a text twice.
  const TextViews& texts() const { return texts_; }

 private:
  IntegerReader index_;
  std::size_t dictionary_ = 0;
  std::size_t next_single_ = 0;
  TextViews texts_;
};

}  // namespace telekv::kv
