// Integer columns to and from proto Integers: class bytes that compress, low bits that do not.
//
// A value below 16 is its own class and has no low bits. Above, a class is the bit length and the
// two bits after the leading one; 240 of them, so that a class fits a byte for all 64 bits. Inside
// a class values differ by a quarter at most: the low bits of anything smooth are noise there, and
// the class alone carries what entropy coding can gain.
//
// Writer and reader take a column part by part and hold it coded, in one or two bytes a value,
// never as words. Internal to the codec. One thread each, O(values). Errors: kDamaged,
// kUnsupportedVersion. Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kv/bit_stream.h"
#include "kv/bytes.h"
#include "kv/error.h"
#include "kv/symbol_stream.h"
#include "kv/wire_writer.h"

namespace telekv::kv {

using IntegerList = std::vector<std::uint64_t>;

/// Bits that one value takes at most: its class byte and its low bits.
std::size_t integer_bound_bits(std::uint64_t value);

class IntegerWriter {
 public:
  /// For `count` values, or fewer. The scratch outlives the writer.
  IntegerWriter(std::size_t count, Scratch& scratch)
      : scratch_(&scratch), classes_(scratch.take<char>(count)), low_bits_(scratch) {}

  void append(std::span<const std::uint64_t> values);

  /// To be called once, after the last value: puts the fields of proto Integers.
  void finish(StreamPacker& packer, WireWriter& message);

 private:
  ByteView classes() const { return {classes_.data(), size_}; }
  static void append_narrow(std::span<const std::uint64_t> values, char* classes,
                            BitCursor& low_bits);
  std::optional<std::uint64_t> common_value() const;
  void finish_plain(StreamPacker& packer, WireWriter& message) const;
  void split_by_value(std::uint64_t common, IntegerWriter& exceptions, IntegerWriter& gaps) const;
  void split_by_class(char common, IntegerWriter& exceptions, IntegerWriter& gaps);
  void finish_sparse(std::uint64_t common, StreamPacker& packer, WireWriter& message);

  Scratch* scratch_;
  std::span<char> classes_;
  std::size_t size_ = 0;
  BitWriter low_bits_;
};

/// All at once, as field `field`.
void encode_integers(std::span<const std::uint64_t> values, StreamPacker& packer, int field,
                     WireWriter& message);

/// Values one after the other, out of class bytes and low bits that have been checked.
class PlainReader {
 public:
  PlainReader() : PlainReader({}, {}) {}
  /// Both outlive the reader. kDamaged when there are other low bits than the classes say.
  static Result<PlainReader> open(ByteView classes, ByteView low_bits);

  std::uint64_t next();
  void read(std::span<std::uint64_t> values);
  ByteView classes() const { return classes_; }

 private:
  PlainReader(ByteView classes, ByteView low_bits) : classes_(classes), low_bits_(low_bits) {}

  ByteView classes_;
  std::size_t at_ = 0;
  BitReader low_bits_;
};

class IntegerReader {
 public:
  /// Of an IntegersMessage, whose bytes and `unpacker` outlive the reader; the caller has bounded
  /// `count`. Everything is checked here.
  static Result<IntegerReader> open(ByteView encoded, std::size_t count, StreamUnpacker& unpacker);

  /// The next values; no more than are left.
  void read(std::span<std::uint64_t> values);

  /// How many of all values are zero. O(values).
  std::size_t zeros() const;

 private:
  void read_sparse(std::span<std::uint64_t> values);
  void next_exception();

  std::size_t count_ = 0;
  PlainReader values_;  // sparse: the exceptions
  bool sparse_ = false;
  std::uint64_t common_ = 0;
  PlainReader gaps_;
  std::size_t exceptions_left_ = 0;
  std::uint64_t gap_ = 0;  // common values before the next exception
};

/// All at once; for few of them.
Result<IntegerList> decode_integers(ByteView encoded, std::size_t count, StreamUnpacker& unpacker);

}  // namespace telekv::kv
