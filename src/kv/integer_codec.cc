#include "kv/integer_codec.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "kv/column_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint64_t kPlainClasses = 16;  // values that are their own class
constexpr unsigned kMantissaBits = 2;
constexpr unsigned kFirstLength = 5;  // bits of kPlainClasses
// Higher levels gain less than 0.1% and cost several times as much.
constexpr int kCharactersLevel = 3;
constexpr int kClassesLevel = 1;
// Class bytes come from a small set, so what looks like a repeat is mostly chance and costs more
// than its symbols. They are tried with hardly any search too, and the shorter frame is kept.
constexpr int kLongestMinMatch = 7;
constexpr int kSmallHashLog = 10;
// A column is sparse when its commonest value has three places of five: below that the gaps between
// exceptions cost what the sparse form saves.
constexpr std::size_t kSparseNumerator = 3;
constexpr std::size_t kSparseDenominator = 5;

constexpr unsigned kWordBits = 64;
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

/// A value's class and how many low bits it has. Without branches: values of a column lie on both
/// sides of every threshold, and a wrong guess costs more than the rest.
struct Split {
  std::uint8_t symbol;
  std::uint8_t low_bits;
};

Split split(std::uint64_t value) {
  const auto length = static_cast<unsigned>(std::bit_width(value | (kPlainClasses - 1)));
  const unsigned plain = length < kFirstLength ? 1 : 0;
  const unsigned low_bits = length - 1 - kMantissaBits - plain;
  // 4 to 7, the leading one and the mantissa; a plain value itself.
  const auto leading = static_cast<unsigned>(value >> low_bits);
  const unsigned first = (length - kFirstLength + 3) << kMantissaBits;
  return {.symbol = static_cast<std::uint8_t>(first + leading - (plain << 3U)),
          .low_bits = static_cast<std::uint8_t>(low_bits)};
}

constexpr unsigned low_bits_of_class(unsigned symbol) {
  if (symbol < kPlainClasses) return 0;
  return ((symbol - static_cast<unsigned>(kPlainClasses)) >> kMantissaBits) + kFirstLength - 1 -
         kMantissaBits;
}

constexpr std::uint64_t class_start(unsigned symbol) {
  if (symbol < kPlainClasses) return symbol;
  const std::uint64_t mantissa = (symbol - kPlainClasses) & ((1U << kMantissaBits) - 1);
  return ((std::uint64_t{1} << kMantissaBits) | mantissa) << low_bits_of_class(symbol);
}

struct ClassTable {
  std::array<std::uint64_t, 256> start;
  std::array<std::uint8_t, 256> low_bits;
};

constexpr ClassTable make_class_table() {
  ClassTable table{};
  for (unsigned symbol = 0; symbol < table.start.size(); ++symbol) {
    table.start[symbol] = class_start(symbol);
    table.low_bits[symbol] = static_cast<std::uint8_t>(low_bits_of_class(symbol));
  }
  return table;
}

constexpr ClassTable kClasses = make_class_table();

constexpr std::uint64_t lowest_bits(std::uint64_t value, unsigned bits) {
  return value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t little_endian(std::uint64_t value) {
  return std::endian::native == std::endian::big ? __builtin_bswap64(value) : value;
}

/// Least significant bit first; the space for all of it is taken at once.
class BitWriter {
 public:
  explicit BitWriter(std::size_t bits) : bytes_(bits / 8 + 2 * kWordBytes, '\0') {}

  /// `value` has no more than `bits`, fewer than 64.
  void put(std::uint64_t value, unsigned bits) {
    constexpr unsigned kHalf = 32;
    if (bits > kWordBits - 8) {  // seldom: it might not fit beside what is pending
      put(lowest_bits(value, kHalf), kHalf);
      value >>= kHalf;
      bits -= kHalf;
    }
    pending_ |= value << filled_;
    filled_ += bits;
    const std::uint64_t word = little_endian(pending_);
    std::memcpy(bytes_.data() + at_, &word, sizeof word);
    at_ += filled_ / 8;
    pending_ >>= filled_ / 8 * 8;
    filled_ %= 8;
  }
  Bytes finish() {
    bytes_.resize(at_ + (filled_ + 7) / 8);
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  std::uint64_t pending_ = 0;  // fewer than eight bits
  unsigned filled_ = 0;
};

/// Reads what BitWriter wrote; the caller has checked the number of bits.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t get(unsigned bits) {
    const std::size_t byte = position_ / 8;
    const auto offset = static_cast<unsigned>(position_ % 8);
    position_ += bits;
    std::uint64_t value = word_at(byte) >> offset;
    // What is left of the word is 57 bits at least; a value has 61 at most.
    if (offset + bits > kWordBits) value |= word_at(byte + kWordBytes) << (kWordBits - offset);
    return lowest_bits(value, bits);
  }
  /// Whether nothing but zeros is left of the last byte.
  bool at_end() {
    const auto left = static_cast<unsigned>(bytes_.size() * 8 - position_);
    return left < 8 && get(left) == 0;
  }

 private:
  std::uint64_t word_at(std::size_t byte) const {
    std::uint64_t word = 0;
    if (byte + kWordBytes <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, kWordBytes);
    } else if (byte < bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, bytes_.size() - byte);
    }
    return little_endian(word);
  }

  ByteView bytes_;
  std::size_t position_ = 0;
};

void encode_plain(std::span<const std::uint64_t> values, format::Integers& message) {
  Bytes classes(values.size(), '\0');
  std::size_t all_bits = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Split each = split(values[i]);
    classes[i] = static_cast<char>(each.symbol);
    all_bits += each.low_bits;
  }
  BitWriter low_bits(all_bits);
  for (std::size_t i = 0; all_bits != 0 && i < values.size(); ++i) {
    const unsigned bits = kClasses.low_bits[static_cast<std::uint8_t>(classes[i])];
    low_bits.put(lowest_bits(values[i], bits), bits);
  }
  message.set_low_bits(low_bits.finish());
  Bytes stored;
  Bytes compressed;
  compress(std::move(classes), Content::kClasses, stored, compressed);
  message.set_classes(std::move(stored));
  message.set_classes_zstd(std::move(compressed));
}

Result<void> decode_plain(const format::Integers& message, std::span<std::uint64_t> values) {
  const Result<Bytes> classes =
      decompress(message.classes(), message.classes_zstd(), values.size());
  if (!classes) return classes.error();
  const std::string_view symbols = *classes;
  const auto symbol_at = [&](std::size_t i) { return static_cast<std::uint8_t>(symbols[i]); };
  std::size_t bits = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) bits += kClasses.low_bits[symbol_at(i)];
  if (message.low_bits().size() != (bits + 7) / 8) return damaged("low bits of another length");
  BitReader low_bits(message.low_bits());
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const std::uint8_t symbol = symbol_at(i);
    values[i] = kClasses.start[symbol] | low_bits.get(kClasses.low_bits[symbol]);
  }
  if (!low_bits.at_end()) return damaged("low bits with a tail");
  return {};
}

/// A zstd frame of at most `limit` bytes; empty when it does not fit.
Bytes compress_frame(ZSTD_CCtx& context, ByteView raw, std::size_t limit) {
  Bytes frame(limit, '\0');
  const std::size_t size =
      ZSTD_compress2(&context, frame.data(), frame.size(), raw.data(), raw.size());
  frame.resize(ZSTD_isError(size) == 0 ? size : 0);
  return frame;
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

Result<void> decode_sparse(const format::Integers& message, std::span<std::uint64_t> values) {
  if (message.exceptions() > values.size()) return damaged("more exceptions than values");
  if (message.gaps().encoding() != format::Integers::PLAIN) return damaged("gaps are not plain");
  IntegerList exceptions(message.exceptions());
  if (Result<void> read = decode_plain(message, exceptions); !read) return read;
  IntegerList gaps(message.exceptions());
  if (Result<void> read = decode_plain(message.gaps(), gaps); !read) return read;
  std::fill(values.begin(), values.end(), message.common());
  std::size_t place = 0;
  for (std::size_t i = 0; i < exceptions.size(); ++i) {
    if (gaps[i] >= values.size() - place) return damaged("an exception beyond the end");
    place += static_cast<std::size_t>(gaps[i]);
    values[place++] = exceptions[i];
  }
  return {};
}

}  // namespace

std::size_t integer_bound_bits(std::uint64_t value) { return 8 + split(value).low_bits; }

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

void compress(Bytes raw, Content content, Bytes& stored, Bytes& compressed) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (context && raw.size() > 1) {
    const int level = content == Content::kCharacters ? kCharactersLevel : kClassesLevel;
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
    compressed = compress_frame(*context, raw, raw.size() - 1);
    if (content == Content::kClasses) {
      ZSTD_CCtx_setParameter(context.get(), ZSTD_c_minMatch, kLongestMinMatch);
      ZSTD_CCtx_setParameter(context.get(), ZSTD_c_hashLog, kSmallHashLog);
      const std::size_t to_beat = compressed.empty() ? raw.size() : compressed.size();
      Bytes symbols_only = compress_frame(*context, raw, to_beat - 1);
      if (!symbols_only.empty()) compressed = std::move(symbols_only);
    }
    if (!compressed.empty()) return;
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

Result<void> decode_integers(const format::Integers& message, std::span<std::uint64_t> values) {
  switch (message.encoding()) {
    case format::Integers::PLAIN:
      return decode_plain(message, values);
    case format::Integers::SPARSE:
      return decode_sparse(message, values);
    default:
      return unsupported("an unknown encoding of integers");
  }
}

Result<IntegerList> decode_integers(const format::Integers& message, std::size_t count) {
  IntegerList values(count);
  if (Result<void> read = decode_integers(message, std::span(values)); !read) return read.error();
  return values;
}

}  // namespace telekv::kv
