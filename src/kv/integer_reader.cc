// Reading integers back; writing them is in integer_codec.cc.
#include <algorithm>
#include <utility>

#include "kv/codec_error.h"
#include "kv/columns_message.h"
#include "kv/integer_classes.h"
#include "kv/integer_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

/// low_bits_of_class() of all; arithmetic that takes many at once.
std::size_t low_bits_of(ByteView classes) {
  constexpr std::size_t kAtOnce = std::size_t{1} << 16U;  // whose sum has room in 32 bits
  std::size_t bits = 0;
  for (std::size_t begin = 0; begin < classes.size(); begin += kAtOnce) {
    std::uint32_t sum = 0;
    for (const char each : classes.substr(begin, kAtOnce)) {
      const std::uint32_t length = static_cast<std::uint8_t>(each) >> kMantissaBits;
      sum += length < kPlainClasses >> kMantissaBits ? 0 : length - 2;
    }
    bits += sum;
  }
  return bits;
}

Result<PlainReader> open_plain(const IntegersMessage& message, std::size_t count,
                               StreamUnpacker& unpacker) {
  const Result<ByteView> classes = unpacker.unpack(message.classes, count);
  if (!classes) return classes.error();
  return PlainReader::open(*classes, message.low_bits);
}

}  // namespace

Result<PlainReader> PlainReader::open(ByteView classes, ByteView low_bits) {
  const std::size_t bits = low_bits_of(classes);
  if (low_bits.size() != (bits + 7) / 8) return damaged("low bits of another length");
  const auto last = static_cast<std::uint8_t>(low_bits.empty() ? 0 : low_bits.back());
  if (bits % 8 != 0 && last >> (bits % 8) != 0) return damaged("low bits with a tail");
  return PlainReader(classes, low_bits);
}

std::uint64_t PlainReader::next() {
  const auto symbol = static_cast<std::uint8_t>(classes_[at_++]);
  return kClasses.start[symbol] | low_bits_.get(kClasses.low_bits[symbol]);
}

void PlainReader::read(std::span<std::uint64_t> values) {
  const char* const classes = classes_.data() + at_;
  at_ += values.size();
  if (low_bits_.empty()) {  // each is its own class
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::uint8_t>(classes[i]);
    }
    return;
  }
  BitReader low_bits = low_bits_;  // of its own, so that the loop keeps it in registers
  std::size_t i = 0;
  for (; i + 2 <= values.size(); i += 2) {  // two at a time, out of one word mostly
    const auto first = static_cast<std::uint8_t>(classes[i]);
    const auto second = static_cast<std::uint8_t>(classes[i + 1]);
    const unsigned first_bits = kClasses.low_bits[first];
    const unsigned second_bits = kClasses.low_bits[second];
    if (first_bits + second_bits <= BitReader::kMostPeeked) [[likely]] {
      const std::uint64_t word = low_bits.peek();
      values[i] = kClasses.start[first] | (word & kClasses.low_mask[first]);
      values[i + 1] = kClasses.start[second] | (word >> first_bits & kClasses.low_mask[second]);
      low_bits.skip(first_bits + second_bits);
    } else {
      values[i] = kClasses.start[first] | low_bits.get(first_bits);
      values[i + 1] = kClasses.start[second] | low_bits.get(second_bits);
    }
  }
  for (; i < values.size(); ++i) {
    const auto symbol = static_cast<std::uint8_t>(classes[i]);
    values[i] = kClasses.start[symbol] | low_bits.get(kClasses.low_bits[symbol]);
  }
  low_bits_ = low_bits;
}

Result<IntegerReader> IntegerReader::open(ByteView encoded, std::size_t count,
                                          StreamUnpacker& unpacker) {
  using format::Integers;
  const Result<IntegersMessage> message = IntegersMessage::read(encoded);
  if (!message) return message.error();
  if (message->encoding != Integers::PLAIN && message->encoding != Integers::SPARSE) {
    return unsupported("an unknown encoding of integers");
  }
  IntegerReader reader;
  reader.count_ = count;
  reader.sparse_ = message->encoding == Integers::SPARSE;
  if (reader.sparse_ && message->exceptions > count) return damaged("more exceptions than values");
  const auto exceptions = static_cast<std::size_t>(message->exceptions);
  Result<PlainReader> values = open_plain(*message, reader.sparse_ ? exceptions : count, unpacker);
  if (!values) return values.error();
  reader.values_ = *std::move(values);
  if (!reader.sparse_) return reader;

  const Result<IntegersMessage> stored_gaps = IntegersMessage::read(message->gaps);
  if (!stored_gaps) return stored_gaps.error();
  if (stored_gaps->encoding != Integers::PLAIN) return damaged("gaps are not plain");
  Result<PlainReader> gaps = open_plain(*stored_gaps, exceptions, unpacker);
  if (!gaps) return gaps.error();
  reader.gaps_ = *std::move(gaps);
  reader.common_ = message->common;
  reader.exceptions_left_ = exceptions;
  PlainReader checked = reader.gaps_;
  std::size_t room = count - exceptions;
  for (std::size_t i = 0; i < exceptions; ++i) {
    const std::uint64_t gap = checked.next();
    if (gap > room) return damaged("an exception beyond the end");
    room -= static_cast<std::size_t>(gap);
  }
  reader.next_exception();
  return reader;
}

void IntegerReader::next_exception() {
  if (exceptions_left_ != 0) gap_ = gaps_.next();
}

void IntegerReader::read(std::span<std::uint64_t> values) {
  if (sparse_) {
    read_sparse(values);
  } else {
    values_.read(values);
  }
}

void IntegerReader::read_sparse(std::span<std::uint64_t> values) {
  std::fill(values.begin(), values.end(), common_);
  std::size_t place = 0;
  for (; exceptions_left_ != 0 && gap_ < values.size() - place; next_exception()) {
    place += static_cast<std::size_t>(gap_);
    values[place++] = values_.next();
    --exceptions_left_;
  }
  if (exceptions_left_ != 0) gap_ -= values.size() - place;
}

std::size_t IntegerReader::zeros() const {
  const ByteView classes = values_.classes();
  const auto coded = static_cast<std::size_t>(std::count(classes.begin(), classes.end(), '\0'));
  return coded + (sparse_ && common_ == 0 ? count_ - classes.size() : 0);
}

Result<IntegerList> decode_integers(ByteView encoded, std::size_t count, StreamUnpacker& unpacker) {
  Result<IntegerReader> reader = IntegerReader::open(encoded, count, unpacker);
  if (!reader) return reader.error();
  IntegerList values(count);
  reader->read(values);
  return values;
}

}  // namespace telekv::kv
