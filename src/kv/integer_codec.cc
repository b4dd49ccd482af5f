#include "kv/integer_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "kv/integer_classes.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

// A column is sparse when its commonest value has three places of five: below that the gaps between
// exceptions cost what the sparse form saves.
constexpr std::size_t kSparseNumerator = 3;
constexpr std::size_t kSparseDenominator = 5;
// Values on their way from one form to another.
constexpr std::size_t kPart = 512;

// Values below this are exact as doubles.
constexpr unsigned kDoubleBits = 52;

/// The class of a value of at most kDoubleBits bits: exponent and mantissa of a double are what a
/// class is made of. Finding the highest bit takes several times as long on some processors.
unsigned class_of_narrow(std::uint64_t value) {
  constexpr unsigned kMantissaEnd = 52;
  constexpr std::uint64_t kFirst = (std::uint64_t{1023} + kFirstLength - 1) << kMantissaBits;
  const auto number = static_cast<double>(static_cast<std::int64_t>(value));
  const std::uint64_t leading =
      std::bit_cast<std::uint64_t>(number) >> (kMantissaEnd - kMantissaBits);
  return static_cast<unsigned>(value < kPlainClasses ? value : leading - kFirst + kPlainClasses);
}

/// How many of each class. Four counters take turns: one alone would wait for itself.
std::array<std::size_t, kClassCount> count_classes(ByteView classes) {
  constexpr std::size_t kTurns = 4;
  std::array<std::array<std::uint32_t, kClassCount>, kTurns> counts{};
  std::size_t i = 0;
  for (; i + kTurns <= classes.size(); i += kTurns) {
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      ++counts[turn][static_cast<std::uint8_t>(classes[i + turn])];
    }
  }
  for (; i < classes.size(); ++i) ++counts[0][static_cast<std::uint8_t>(classes[i])];
  std::array<std::size_t, kClassCount> sums{};
  for (const auto& turn : counts) {
    for (std::size_t symbol = 0; symbol < kClassCount; ++symbol) sums[symbol] += turn[symbol];
  }
  return sums;
}

bool is_common(std::size_t places, std::size_t size) {
  return size > 1 && places * kSparseDenominator >= size * kSparseNumerator;
}

}  // namespace

std::size_t integer_bound_bits(std::uint64_t value) { return 8 + split(value).low_bits; }

void IntegerWriter::append(std::span<const std::uint64_t> values) {
  // What is left is expected to have as many low bits a value as what was there so far.
  const std::size_t expected =
      size_ == 0 ? 0 : low_bits_.size() * (classes_.size() - size_) / size_ * 9 / 8;
  BitCursor low_bits = low_bits_.cursor(values.size(), expected);
  char* const classes = classes_.data() + size_;
  std::uint64_t any = 0;
  for (const std::uint64_t value : values) any |= value;
  if (any < kPlainClasses) {
    for (std::size_t i = 0; i < values.size(); ++i) classes[i] = static_cast<char>(values[i]);
  } else if (any >> kDoubleBits == 0) {
    append_narrow(values, classes, low_bits);
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Split each = split(values[i]);
      classes[i] = static_cast<char>(each.symbol);
      low_bits.put(lowest_bits(values[i], each.low_bits), each.low_bits);
    }
  }
  low_bits_.set_cursor(low_bits);
  size_ += values.size();
}

/// Two at a time, because each waits for the bits of the one before.
void IntegerWriter::append_narrow(std::span<const std::uint64_t> values, char* classes,
                                  BitCursor& low_bits) {
  BitCursor cursor = low_bits;  // of its own, so that the loop keeps it in registers
  std::size_t i = 0;
  for (; i + 2 <= values.size(); i += 2) {
    const unsigned first = class_of_narrow(values[i]);
    const unsigned second = class_of_narrow(values[i + 1]);
    classes[i] = static_cast<char>(first);
    classes[i + 1] = static_cast<char>(second);
    const unsigned first_bits = kClasses.low_bits[first];
    const unsigned bits = first_bits + kClasses.low_bits[second];
    const std::uint64_t low = values[i] & kClasses.low_mask[first];
    const std::uint64_t next_low = values[i + 1] & kClasses.low_mask[second];
    if (bits < kWordBits) [[likely]] {
      cursor.put(low | next_low << first_bits, bits);
    } else {
      cursor.put(low, first_bits);
      cursor.put(next_low, bits - first_bits);
    }
  }
  for (; i < values.size(); ++i) {
    const unsigned symbol = class_of_narrow(values[i]);
    classes[i] = static_cast<char>(symbol);
    cursor.put(values[i] & kClasses.low_mask[symbol], kClasses.low_bits[symbol]);
  }
  low_bits = cursor;
}

/// The value that has so many places that the sparse form pays, if there is one. Its class has as
/// many at least, so other columns cost no more than counting their classes.
std::optional<std::uint64_t> IntegerWriter::common_value() const {
  const auto counts = count_classes(classes());
  const auto commonest = std::max_element(counts.begin(), counts.end());
  if (!is_common(*commonest, size_)) return std::nullopt;
  const auto symbol = static_cast<std::size_t>(commonest - counts.begin());
  if (symbol < kPlainClasses) return symbol;
  // The only candidate by Boyer and Moore's majority vote, then its votes counted.
  std::uint64_t candidate = 0;
  std::size_t votes = 0;
  PlainReader voters = *PlainReader::open(classes(), low_bits_.view());
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint64_t value = voters.next();
    if (votes == 0) candidate = value;
    votes = value == candidate ? votes + 1 : votes - 1;
  }
  std::size_t places = 0;
  PlainReader counted = *PlainReader::open(classes(), low_bits_.view());
  for (std::size_t i = 0; i < size_; ++i) places += counted.next() == candidate ? 1 : 0;
  if (!is_common(places, size_)) return std::nullopt;
  return candidate;
}

void IntegerWriter::finish(StreamPacker& packer, WireWriter& message) {
  if (const std::optional<std::uint64_t> common = common_value()) {
    finish_sparse(*common, packer, message);
  } else {
    finish_plain(packer, message);
  }
}

void IntegerWriter::finish_plain(StreamPacker& packer, WireWriter& message) const {
  using format::Integers;
  const Packed packed = packer.pack(classes(), Content::kClasses);
  message.bytes(Integers::kClassesFieldNumber, packed.stored);
  message.bytes(Integers::kClassesZstdFieldNumber, packed.zstd);
  message.bytes(Integers::kLowBitsFieldNumber, low_bits_.view());
  message.bytes(Integers::kClassesCodedFieldNumber, packed.coded);
}

void IntegerWriter::finish_sparse(std::uint64_t common, StreamPacker& packer, WireWriter& message) {
  const std::size_t most = size_ - size_ * kSparseNumerator / kSparseDenominator;
  IntegerWriter exceptions(most, *scratch_);
  IntegerWriter gaps(most, *scratch_);
  if (common < kPlainClasses) {
    split_by_class(static_cast<char>(common), exceptions, gaps);
  } else {
    split_by_value(common, exceptions, gaps);
  }
  using format::Integers;
  message.number(Integers::kEncodingFieldNumber, Integers::SPARSE);
  // The exceptions' classes and low bits stand on either side of what follows: see finish_plain().
  const Packed packed = packer.pack(exceptions.classes(), Content::kClasses);
  message.bytes(Integers::kClassesFieldNumber, packed.stored);
  message.bytes(Integers::kClassesZstdFieldNumber, packed.zstd);
  message.bytes(Integers::kLowBitsFieldNumber, exceptions.low_bits_.view());
  message.number(Integers::kCommonFieldNumber, common);
  message.number(Integers::kExceptionsFieldNumber, exceptions.size_);
  const Bytes coded(packed.coded);  // packing the gaps ends the view
  if (exceptions.size_ != 0) {
    const WireWriter::Mark begin = message.begin();
    gaps.finish_plain(packer, message);
    message.enclose(Integers::kGapsFieldNumber, begin);
  }
  message.bytes(Integers::kClassesCodedFieldNumber, coded);
}

/// The exceptions, and how many common values come before each.
void IntegerWriter::split_by_value(std::uint64_t common, IntegerWriter& exceptions,
                                   IntegerWriter& gaps) const {
  std::array<std::uint64_t, kPart> exception_part{};
  std::array<std::uint64_t, kPart> gap_part{};
  std::size_t part = 0;
  const auto hand_on = [&] {
    exceptions.append(std::span(exception_part).first(part));
    gaps.append(std::span(gap_part).first(part));
    part = 0;
  };
  PlainReader values = *PlainReader::open(classes(), low_bits_.view());
  std::uint64_t gap = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint64_t value = values.next();
    if (value == common) {
      ++gap;
      continue;
    }
    exception_part[part] = value;
    gap_part[part++] = std::exchange(gap, 0);
    if (part == kPart) hand_on();
  }
  hand_on();
}

/// The same of a common value that is its own class: it has no low bits, so those there are, are
/// the exceptions'. Eight common values are passed at once.
void IntegerWriter::split_by_class(char common, IntegerWriter& exceptions, IntegerWriter& gaps) {
  const std::uint64_t commons = 0x0101010101010101U * static_cast<std::uint8_t>(common);
  std::array<std::uint64_t, kPart> gap_part;
  std::size_t part = 0;
  std::size_t next = 0;  // behind the last exception
  const auto add = [&](std::size_t at) {
    exceptions.classes_[exceptions.size_++] = classes_[at];
    gap_part[part++] = at - std::exchange(next, at + 1);
    if (part == kPart) gaps.append(std::span(gap_part).first(std::exchange(part, 0)));
  };
  std::size_t at = 0;
  for (; at + kWordBytes <= size_; at += kWordBytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, classes_.data() + at, kWordBytes);
    for (std::uint64_t left = little_endian(word) ^ commons; left != 0;) {
      const auto byte = static_cast<unsigned>(std::countr_zero(left)) / 8;
      add(at + byte);
      left &= ~(std::uint64_t{0xff} << (byte * 8));
    }
  }
  for (; at < size_; ++at) {
    if (classes_[at] != common) add(at);
  }
  gaps.append(std::span(gap_part).first(part));
  exceptions.low_bits_ = low_bits_;
}

void encode_integers(std::span<const std::uint64_t> values, StreamPacker& packer, int field,
                     WireWriter& message) {
  IntegerWriter writer(values.size(), packer.scratch());
  writer.append(values);
  const WireWriter::Mark begin = message.begin();
  writer.finish(packer, message);
  message.enclose(field, begin);
}

}  // namespace telekv::kv
