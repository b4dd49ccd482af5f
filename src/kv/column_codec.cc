#include "kv/column_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "kv/integer_codec.h"
#include "kv/record_bytes.h"
#include "kv/text_codec.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint32_t kMaxFieldNumber = std::numeric_limits<std::uint16_t>::max();

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

/// Sorts by the `bits` of an entry from `shift` on: a radix sort by 11 bits that skips digits on
/// which all agree. On a million ids it takes a tenth of std::sort.
template <class Entry, class KeyOf>
void radix_sort(std::vector<Entry>& entries, unsigned bits, KeyOf&& key_of) {
  std::vector<Entry> sorted(entries.size());
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    std::array<std::size_t, kDigits> begins{};
    const auto digit = [&](const Entry& entry) { return (key_of(entry) >> shift) % kDigits; };
    for (const Entry& entry : entries) ++begins[digit(entry)];
    if (begins[digit(entries.front())] == entries.size()) continue;
    std::size_t begin = 0;
    for (std::size_t& count : begins) begin += std::exchange(count, begin);
    for (const Entry& entry : entries) sorted[begins[digit(entry)]++] = entry;
    entries.swap(sorted);
  }
}

/// Rows by ascending key.
std::vector<std::uint32_t> order_by_key(const std::vector<Key>& keys) {
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  if (std::is_sorted(keys.begin(), keys.end())) return order;
  const auto [lowest, highest] = std::minmax_element(keys.begin(), keys.end());
  const auto above_lowest = [&keys, first = static_cast<std::uint64_t>(*lowest)](std::size_t row) {
    return static_cast<std::uint64_t>(keys[row]) - first;
  };
  const auto key_bits = static_cast<unsigned>(
      std::bit_width(static_cast<std::uint64_t>(*highest) - static_cast<std::uint64_t>(*lowest)));
  const auto row_bits = static_cast<unsigned>(std::bit_width(keys.size()));
  if (key_bits + row_bits <= 64) {  // a key and its row in one word
    std::vector<std::uint64_t> words(keys.size());
    for (std::size_t row = 0; row < words.size(); ++row) {
      words[row] = (above_lowest(row) << row_bits) | row;
    }
    radix_sort(words, key_bits, [row_bits](std::uint64_t word) { return word >> row_bits; });
    const std::uint64_t mask = (std::uint64_t{1} << row_bits) - 1;
    std::transform(words.begin(), words.end(), order.begin(),
                   [mask](std::uint64_t word) { return static_cast<std::uint32_t>(word & mask); });
    return order;
  }
  struct Entry {
    std::uint64_t key;
    std::uint32_t row;
  };
  std::vector<Entry> entries(keys.size());
  for (std::uint32_t row = 0; row < entries.size(); ++row) entries[row] = {above_lowest(row), row};
  radix_sort(entries, key_bits, [](const Entry& entry) { return entry.key; });
  std::transform(entries.begin(), entries.end(), order.begin(),
                 [](const Entry& entry) { return entry.row; });
  return order;
}

/// `values` is memory to work in, taken once for all columns of a block.
void encode_keys(const std::vector<Key>& keys, std::span<const std::uint32_t> order,
                 IntegerList& values, format::Keys& message) {
  message.set_count(static_cast<std::uint32_t>(keys.size()));
  message.set_first(keys[order[0]]);
  values.resize(order.size() - 1);
  auto before = static_cast<std::uint64_t>(keys[order[0]]);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto key = static_cast<std::uint64_t>(keys[order[i]]);
    values[i - 1] = key - std::exchange(before, key) - 1;
  }
  if (!values.empty()) encode_integers(values, *message.mutable_steps());
}

Result<std::vector<Key>> decode_keys(const format::Keys& message) {
  if (message.count() == 0) return damaged("a block without rows");
  // The steps are read into the place of the keys that they become.
  std::vector<Key> keys(message.count());
  const std::span<std::uint64_t> places(reinterpret_cast<std::uint64_t*>(keys.data()), keys.size());
  if (Result<void> read = decode_integers(message.steps(), places.subspan(1)); !read) {
    return read.error();
  }
  Key before = message.first();
  keys[0] = before;
  for (std::uint64_t& place : places.subspan(1)) {
    const std::uint64_t room = static_cast<std::uint64_t>(std::numeric_limits<Key>::max()) -
                               static_cast<std::uint64_t>(before);
    if (place >= room) return damaged("keys out of range");
    place += static_cast<std::uint64_t>(before) + 1;
    before = static_cast<Key>(place);
  }
  return keys;
}

bool all_default(const ColumnValues& column) {
  if (column.type == FieldType::kText) {
    return std::all_of(column.texts.begin(), column.texts.end(),
                       [&](std::uint32_t text) { return column.distinct[text].empty(); });
  }
  return std::all_of(column.integers.begin(), column.integers.end(),
                     [](std::uint64_t value) { return value == 0; });
}

void encode_column(const ColumnValues& column, std::span<const std::uint32_t> order,
                   IntegerList& values, format::Column& message) {
  message.set_field(column.field);
  message.set_type(static_cast<format::Column::Type>(column.type));
  values.resize(order.size());
  if (column.type == FieldType::kText) {
    encode_texts(column, order, values, *message.mutable_texts());
    return;
  }
  const bool is_signed = column.type == FieldType::kSigned;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint64_t value = column.integers[order[i]];
    values[i] = is_signed ? zigzag(value) : value;
  }
  encode_integers(values, *message.mutable_integers());
}

Result<ColumnValues> decode_column(const format::Column& message, std::size_t rows,
                                   std::size_t& code_points_left) {
  if (!format::Column::Type_IsValid(message.type()))
    return unsupported("an unknown type of column");
  if (message.field() == 0 || message.field() > kMaxFieldNumber) {
    return damaged("a field number out of range");
  }
  ColumnValues column{.field = message.field(), .type = static_cast<FieldType>(message.type())};
  if (column.type == FieldType::kText) {
    if (Result<void> read = decode_texts(message.texts(), rows, code_points_left, column); !read) {
      return read.error();
    }
    return column;
  }
  Result<IntegerList> values = decode_integers(message.integers(), rows);
  if (!values) return values.error();
  column.integers = std::move(*values);
  if (column.type == FieldType::kSigned) {
    for (std::uint64_t& value : column.integers) value = unzigzag(value);
  }
  return column;
}

void encode_block(const RowBlock& block, format::Rows& message) {
  const std::vector<std::uint32_t> order = order_by_key(block.keys);
  IntegerList values;
  encode_keys(block.keys, order, values, *message.mutable_keys());
  message.set_partial(block.partial);
  for (const ColumnValues& column : block.columns) {
    if (!block.partial && all_default(column)) continue;
    encode_column(column, order, values, *message.add_columns());
  }
}

Result<RowBlock> decode_block(const format::Rows& message, std::size_t& code_points_left) {
  Result<std::vector<Key>> keys = decode_keys(message.keys());
  if (!keys) return keys.error();
  RowBlock block{.keys = std::move(*keys), .columns = {}, .partial = message.partial()};
  std::uint32_t before = 0;
  for (const format::Column& each : message.columns()) {
    if (each.field() <= before) return damaged("columns out of order");
    before = each.field();
    Result<ColumnValues> column = decode_column(each, block.keys.size(), code_points_left);
    if (!column) return column.error();
    block.columns.push_back(std::move(*column));
  }
  return block;
}

/// Everything is counted here, before memory is taken for any of it.
Result<void> check_counts(const format::Columns& message) {
  std::uint64_t rows = message.erased().count();
  std::uint64_t cells = rows;
  for (const format::Rows& block : message.rows()) {
    const std::uint64_t count = block.keys().count();
    rows += count;
    cells += count * (static_cast<std::uint64_t>(block.columns_size()) + 1);
    if (rows > kMaxMessageRows || cells > kMaxMessageCells) break;
  }
  if (rows > kMaxMessageRows || cells > kMaxMessageCells) return damaged("too many rows");
  return {};
}

Result<void> check_keys_differ(const ChangeSet& changes) {
  if (changes.blocks.size() + (changes.erased.empty() ? 0 : 1) < 2) return {};
  std::vector<Key> keys = changes.erased;
  for (const RowBlock& block : changes.blocks) {
    keys.insert(keys.end(), block.keys.begin(), block.keys.end());
  }
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return damaged("a key twice");
  return {};
}

}  // namespace

Bytes encode_columns(const ChangeSet& changes) {
  format::Columns message;
  message.set_version(kColumnsVersion);
  for (const RowBlock& block : changes.blocks) {
    if (!block.keys.empty()) encode_block(block, *message.add_rows());
  }
  if (!changes.erased.empty()) {
    IntegerList values;
    encode_keys(changes.erased, order_by_key(changes.erased), values, *message.mutable_erased());
  }
  return message.SerializeAsString();
}

Result<ChangeSet> decode_columns(ByteView encoded) {
  if (encoded.size() > kMaxEncodedBytes) return damaged("too long");
  format::Columns message;
  if (!message.ParseFromArray(encoded.data(), static_cast<int>(encoded.size()))) {
    return damaged("not a Columns message");
  }
  if (message.version() == 0) return damaged("no version");
  if (message.version() != kColumnsVersion) {
    return unsupported("version " + std::to_string(message.version()));
  }
  if (Result<void> counts = check_counts(message); !counts) return counts.error();
  ChangeSet changes;
  std::size_t code_points_left = kMaxMessageCodePoints;
  for (const format::Rows& each : message.rows()) {
    Result<RowBlock> block = decode_block(each, code_points_left);
    if (!block) return block.error();
    changes.blocks.push_back(std::move(*block));
  }
  if (message.has_erased()) {
    Result<std::vector<Key>> erased = decode_keys(message.erased());
    if (!erased) return erased.error();
    changes.erased = std::move(*erased);
  }
  if (Result<void> differ = check_keys_differ(changes); !differ) return differ.error();
  return changes;
}

}  // namespace telekv::kv
