#include "kv/rows_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "kv/integer_codec.h"
#include "kv/record_bytes.h"
#include "kv/text_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

// Values at once on their way into a column: few enough to stay in the cache.
constexpr std::size_t kPart = 512;

format::Column::Type stored_type(const ColumnShape& shape) {
  if (!shape.difference) return static_cast<format::Column::Type>(shape.type);
  return shape.type == FieldType::kSigned ? format::Column::SIGNED_DIFFERENCE
                                          : format::Column::UNSIGNED_DIFFERENCE;
}

/// Calls fn(values) for some hundred values at a time, `order` saying which is next.
template <class Place, class Function>
void gather(std::span<const std::uint64_t> values, std::span<const Place> order, Function&& fn) {
  std::array<std::uint64_t, kPart> part;
  for (std::size_t begin = 0; begin < order.size(); begin += kPart) {
    const std::size_t count = std::min(kPart, order.size() - begin);
    for (std::size_t i = 0; i < count; ++i) part[i] = values[order[begin + i]];
    fn(std::span(part).first(count));
  }
}

}  // namespace

RowsWriter::RowsWriter(const RowSource& source, StreamPacker& packer)
    : source_(source), packer_(packer), orders_(source.parts()) {
  for (std::size_t part = 0; part < source.parts(); ++part) rows_ += source.rows(part);
}

void RowsWriter::write_keys(int field, WireWriter& message) {
  packer_.scratch().rewind();
  IntegerWriter steps(rows_ - 1, packer_.scratch());
  std::vector<Key> keys;
  bool begun = false;
  Key first = 0;
  std::uint64_t before = 0;
  for (std::size_t part = 0; part < orders_.size(); ++part) {
    keys.resize(source_.rows(part));
    if (keys.empty()) continue;
    source_.read_keys(part, keys);
    const std::span<std::uint64_t> words(reinterpret_cast<std::uint64_t*>(keys.data()),
                                         keys.size());
    if (!std::is_sorted(keys.begin(), keys.end())) {
      const std::span<const std::uint32_t> order = sort_(keys);
      if (keys.size() <= std::numeric_limits<std::uint16_t>::max()) {
        orders_[part].narrow = scratch_.take<std::uint16_t>(keys.size());
        std::copy(order.begin(), order.end(), orders_[part].narrow.begin());
      } else {
        orders_[part].wide = scratch_.take<std::uint32_t>(keys.size());
        std::copy(order.begin(), order.end(), orders_[part].wide.begin());
      }
    }
    std::span<std::uint64_t> taken = words;
    if (!std::exchange(begun, true)) {  // the first one is told as it is
      first = keys[0];
      before = words[0];
      taken = taken.subspan(1);
    }
    for (std::uint64_t& word : taken) word -= std::exchange(before, word) + 1;
    steps.append(taken);
  }
  using format::Keys;
  const WireWriter::Mark begin = message.begin();
  message.number(Keys::kCountFieldNumber, rows_);
  message.number(Keys::kFirstFieldNumber, zigzag(static_cast<std::uint64_t>(first)));
  if (rows_ > 1) {
    const WireWriter::Mark steps_begin = message.begin();
    steps.finish(packer_, message);
    message.enclose(Keys::kStepsFieldNumber, steps_begin);
  }
  message.enclose(field, begin);
}

/// The values of a part, in order, to the column's writer.
template <class Writer>
void RowsWriter::hand_on(std::size_t part, bool zigzags, Writer& writer) {
  const auto append = [&](std::span<std::uint64_t> values) {
    if (zigzags) {
      for (std::uint64_t& value : values) value = zigzag(value);
    }
    writer.append(values);
  };
  const Order& order = orders_[part];
  if (!order.narrow.empty()) {
    gather<std::uint16_t>(values_, order.narrow, append);
  } else if (!order.wide.empty()) {
    gather<std::uint32_t>(values_, order.wide, append);
  } else {
    append(values_);
  }
}

/// The bits that are set in any value.
template <class Writer>
std::uint64_t RowsWriter::write_values(const ColumnShape& shape, Writer& writer) {
  const bool zigzags = shape.difference || shape.type == FieldType::kSigned;
  std::uint64_t any = 0;
  for (std::size_t part = 0; part < orders_.size(); ++part) {
    values_.resize(source_.rows(part));
    source_.read_values(part, shape.column, values_);
    for (const std::uint64_t value : values_) any |= value;
    hand_on(part, zigzags, writer);
  }
  return any;
}

void RowsWriter::write_column(const ColumnShape& shape, bool even_then, int field,
                              WireWriter& message) {
  using format::Column;
  packer_.scratch().rewind();
  const WireWriter::Mark begin = message.begin();
  message.number(Column::kFieldFieldNumber, shape.field);
  message.number(Column::kTypeFieldNumber, static_cast<std::uint64_t>(stored_type(shape)));
  const WireWriter::Mark values_begin = message.begin();
  if (shape.type == FieldType::kText) {
    TextWriter writer(*shape.distinct, shape.uses, rows_, packer_.scratch());
    if (writer.all_empty() && !even_then) return message.take_back(begin);
    write_values(shape, writer);
    writer.finish(packer_, message);
    message.enclose(Column::kTextsFieldNumber, values_begin);
  } else {
    IntegerWriter writer(rows_, packer_.scratch());
    if (write_values(shape, writer) == 0 && !even_then) return message.take_back(begin);
    writer.finish(packer_, message);
    message.enclose(Column::kIntegersFieldNumber, values_begin);
  }
  message.enclose(field, begin);
}

}  // namespace telekv::kv
