#include "kv/integer_codec.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <utility>

#include "kv/column_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint64_t kPlainClasses = 16;  // values that are their own class
constexpr unsigned kMantissaBits = 2;
constexpr unsigned kFirstLength = 5;  // bits of kPlainClasses
// Above 3, zstd gains less than 0.1% on class bytes and costs several times as much.
constexpr int kCompressionLevel = 3;
// A column is sparse when its commonest value has three places of five: below that the gaps between
// exceptions cost what the sparse form saves.
constexpr std::size_t kSparseNumerator = 3;
constexpr std::size_t kSparseDenominator = 5;

unsigned length_of(std::uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

unsigned low_bits_of(std::uint64_t value) {
  return value < kPlainClasses ? 0 : length_of(value) - 1 - kMantissaBits;
}

std::uint8_t class_of(std::uint64_t value) {
  if (value < kPlainClasses) return static_cast<std::uint8_t>(value);
  const std::uint64_t mantissa = (value >> low_bits_of(value)) & ((1U << kMantissaBits) - 1);
  return static_cast<std::uint8_t>(kPlainClasses +
                                   ((length_of(value) - kFirstLength) << kMantissaBits) + mantissa);
}

unsigned low_bits_of_class(std::uint8_t symbol) {
  if (symbol < kPlainClasses) return 0;
  return ((symbol - static_cast<unsigned>(kPlainClasses)) >> kMantissaBits) + kFirstLength - 1 -
         kMantissaBits;
}

std::uint64_t class_start(std::uint8_t symbol) {
  if (symbol < kPlainClasses) return symbol;
  const std::uint64_t mantissa = (symbol - kPlainClasses) & ((1U << kMantissaBits) - 1);
  return ((std::uint64_t{1} << kMantissaBits) | mantissa) << low_bits_of_class(symbol);
}

class BitWriter {
 public:
  void put(std::uint64_t value, unsigned bits) {
    if (bits == 0) return;
    pending_ |= value << filled_;
    filled_ += bits;
    if (filled_ < kWord) return;
    append(sizeof pending_);
    filled_ -= kWord;
    pending_ = filled_ == 0 ? 0 : value >> (bits - filled_);
  }
  Bytes finish() {
    append((filled_ + 7) / 8);
    return std::move(bytes_);
  }

 private:
  static constexpr unsigned kWord = 64;

  void append(std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      bytes_ += static_cast<char>(static_cast<unsigned char>(pending_ >> (8 * i)));
    }
  }

  Bytes bytes_;
  std::uint64_t pending_ = 0;
  unsigned filled_ = 0;
};

/// Reads what BitWriter wrote; the caller has checked the number of bits.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t get(unsigned bits) {
    std::uint64_t value = 0;
    for (unsigned got = 0; got < bits;) {
      const unsigned offset = static_cast<unsigned>(position_ % 8);
      const unsigned taken = std::min(bits - got, 8 - offset);
      const auto byte = static_cast<unsigned char>(bytes_[position_ / 8]);
      value |= ((static_cast<std::uint64_t>(byte) >> offset) & ((1U << taken) - 1)) << got;
      got += taken;
      position_ += taken;
    }
    return value;
  }
  /// Whether nothing but zeros is left of the last byte.
  bool at_end() {
    while (position_ % 8 != 0) {
      if (get(1) != 0) return false;
    }
    return position_ / 8 == bytes_.size();
  }

 private:
  ByteView bytes_;
  std::size_t position_ = 0;
};

void encode_plain(std::span<const std::uint64_t> values, format::Integers& message) {
  Bytes classes(values.size(), '\0');
  BitWriter low_bits;
  for (std::size_t i = 0; i < values.size(); ++i) {
    classes[i] = static_cast<char>(class_of(values[i]));
    const unsigned bits = low_bits_of(values[i]);
    low_bits.put(values[i] & ((std::uint64_t{1} << bits) - 1), bits);
  }
  message.set_low_bits(low_bits.finish());
  Bytes stored;
  Bytes compressed;
  compress(std::move(classes), stored, compressed);
  message.set_classes(std::move(stored));
  message.set_classes_zstd(std::move(compressed));
}

Result<IntegerList> decode_plain(const format::Integers& message, std::size_t count) {
  Result<Bytes> classes = decompress(message.classes(), message.classes_zstd(), count);
  if (!classes) return classes.error();
  std::size_t bits = 0;
  for (const char symbol : *classes) bits += low_bits_of_class(static_cast<std::uint8_t>(symbol));
  if (message.low_bits().size() != (bits + 7) / 8) return damaged("low bits of another length");
  BitReader low_bits(message.low_bits());
  IntegerList values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto symbol = static_cast<std::uint8_t>((*classes)[i]);
    values[i] = class_start(symbol) | low_bits.get(low_bits_of_class(symbol));
  }
  if (!low_bits.at_end()) return damaged("low bits with a tail");
  return values;
}

/// The value with more than half of the places, if there is one (Boyer and Moore's majority vote).
std::uint64_t majority_candidate(std::span<const std::uint64_t> values) {
  std::uint64_t candidate = 0;
  std::size_t votes = 0;
  for (const std::uint64_t value : values) {
    if (votes == 0) candidate = value;
    votes = value == candidate ? votes + 1 : votes - 1;
  }
  return candidate;
}

void encode_sparse(std::span<const std::uint64_t> values, std::uint64_t common,
                   format::Integers& message) {
  IntegerList exceptions;
  IntegerList gaps;
  std::uint64_t gap = 0;
  for (const std::uint64_t value : values) {
    if (value == common) {
      ++gap;
      continue;
    }
    exceptions.push_back(value);
    gaps.push_back(std::exchange(gap, 0));
  }
  message.set_encoding(format::Integers::SPARSE);
  message.set_common(common);
  if (exceptions.empty()) return;
  message.set_exceptions(static_cast<std::uint32_t>(exceptions.size()));
  encode_plain(exceptions, message);
  encode_plain(gaps, *message.mutable_gaps());
}

Result<IntegerList> decode_sparse(const format::Integers& message, std::size_t count) {
  if (message.exceptions() > count) return damaged("more exceptions than values");
  if (message.gaps().encoding() != format::Integers::PLAIN) return damaged("gaps are not plain");
  const Result<IntegerList> exceptions = decode_plain(message, message.exceptions());
  if (!exceptions) return exceptions.error();
  const Result<IntegerList> gaps = decode_plain(message.gaps(), message.exceptions());
  if (!gaps) return gaps.error();
  IntegerList values(count, message.common());
  std::size_t place = 0;
  for (std::size_t i = 0; i < exceptions->size(); ++i) {
    if ((*gaps)[i] >= count - place) return damaged("an exception beyond the end");
    place += static_cast<std::size_t>((*gaps)[i]);
    values[place++] = (*exceptions)[i];
  }
  return values;
}

}  // namespace

std::size_t integer_bound_bits(std::uint64_t value) { return 8 + low_bits_of(value); }

Error damaged(std::string_view what) {
  return {.code = ErrorCode::kDamaged,
          .message = "stored columns are damaged: " + std::string(what),
          .hint = "restore an older point"};
}

Error unsupported(std::string_view what) {
  return {.code = ErrorCode::kUnsupportedVersion,
          .message = "stored columns are newer than this program: " + std::string(what),
          .hint = "run the version that wrote them, or a later one"};
}

void compress(Bytes raw, Bytes& stored, Bytes& compressed) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (context && raw.size() > 1) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
    Bytes frame(raw.size(), '\0');
    const std::size_t size =
        ZSTD_compress2(context.get(), frame.data(), frame.size() - 1, raw.data(), raw.size());
    if (ZSTD_isError(size) == 0) {
      frame.resize(size);
      compressed = std::move(frame);
      return;
    }
  }
  stored = std::move(raw);
}

Result<Bytes> decompress(ByteView stored, ByteView compressed, std::size_t size) {
  if (compressed.empty()) {
    if (stored.size() != size) return damaged("a stream of another length");
    return Bytes(stored);
  }
  if (!stored.empty()) return damaged("a stream that is there twice");
  Bytes raw(size, '\0');
  const std::size_t got =
      ZSTD_decompress(raw.data(), raw.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got) != 0 || got != size) return damaged("a stream that does not decompress");
  return raw;
}

void encode_integers(std::span<const std::uint64_t> values, format::Integers& message) {
  const std::uint64_t common = majority_candidate(values);
  const auto places = static_cast<std::size_t>(std::count(values.begin(), values.end(), common));
  if (values.size() > 1 && places * kSparseDenominator >= values.size() * kSparseNumerator) {
    encode_sparse(values, common, message);
  } else {
    encode_plain(values, message);
  }
}

Result<IntegerList> decode_integers(const format::Integers& message, std::size_t count) {
  switch (message.encoding()) {
    case format::Integers::PLAIN:
      return decode_plain(message, count);
    case format::Integers::SPARSE:
      return decode_sparse(message, count);
    default:
      return unsupported("an unknown encoding of integers");
  }
}

}  // namespace telekv::kv
