// New rows in bulk: what TableCore does with a snapshot's chunks. A restore of a million users goes
// through here, so a chunk is never held as values: some hundred rows at a time are decoded,
// written and hashed while they are in the cache. What turns out to be damaged later than that is
// taken back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv/codec_error.h"
#include "kv/column_codec.h"
#include "kv/record_bytes.h"
#include "kv/rows_reader.h"
#include "kv/table_core.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::size_t kRowsAtOnce = 512;
// Texts whose place is asked for before they are looked up.
constexpr std::size_t kFetchAhead = 8;
// Rows that a chunk may claim are in its snapshot, for each of its own: room is made for them.
constexpr std::uint64_t kMostChunks = 8;

}  // namespace

/// Appends rows, and takes them all back unless they are committed.
class TableCore::Appender {
 public:
  /// The scratch outlives the appender.
  Appender(TableCore& table, Scratch& scratch)
      : table_(table), scratch_(scratch), first_(table.rows_.size()), highest_(table.highest_) {}
  ~Appender() {
    if (!committed_) take_back();
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  /// `in_all`: for how many rows room is made.
  Result<void> append(RowsReader rows, std::uint64_t in_all);
  void commit();

 private:
  /// A column on its way into the rows.
  struct Source {
    ColumnReader* column;
    std::optional<std::size_t> field;  // of ours, if it is known
    RecordHash::FieldSecrets secrets;
    // Of each distinct text; a text that is known has been acquired once for `ids`.
    std::span<HashLanes> terms = {};
    std::span<std::uint32_t> uses = {};
    std::span<TextId> ids = {};
  };
  /// Rows that are under way.
  struct Batch {
    RowStore::Run run{};
    std::array<Key, kRowsAtOnce> keys;
    std::array<std::uint64_t, kRowsAtOnce> values;
    std::array<HashLanes, kRowsAtOnce> sums;
    std::array<std::uint32_t, kRowsAtOnce> text_bytes;
    std::vector<std::string> unknown;  // as record_bytes.h has them
  };
  /// A column's texts in the pool: the first `acquired` of `ids` are held once, and if `kept`, as
  /// often as they are used too.
  struct Held {
    std::span<const TextId> ids;
    std::span<const std::uint32_t> uses;
    std::size_t acquired = 0;
    bool kept = false;
  };

  void take_texts(Source& source, std::uint64_t factor);
  void keep(Held& texts);
  Result<void> append_batch(KeyReader& keys, std::vector<Source>& sources, std::size_t most,
                            Batch& batch);
  Result<void> take_keys(KeyReader& keys, Batch& batch);
  Result<void> take_column(Source& source, Batch& batch);
  void write_column(std::size_t field, std::span<const std::uint64_t> values, Slot first);
  void insert(Batch& batch);
  void take_back();

  TableCore& table_;
  Scratch& scratch_;
  Slot first_;
  Key highest_;
  HashLanes digest_;
  std::vector<Held> held_;  // texts that these rows refer to
  bool committed_ = false;
};

/// Reads the texts once, however many rows have them; the known ones get into the pool.
void TableCore::Appender::take_texts(Source& source, std::uint64_t factor) {
  const TextViews& texts = source.column->texts();
  source.uses = scratch_.take<std::uint32_t>(texts.size());
  source.terms = scratch_.take<HashLanes>(texts.size());
  std::fill(source.uses.begin(), source.uses.end(), 0U);
  for (std::size_t text = 0; text < texts.size(); ++text) {
    source.terms[text] = table_.record_hash_.text_term(source.secrets, texts[text]);
  }
  if (!source.field) return;
  source.ids = scratch_.take<TextId>(texts.size());
  held_.push_back({.ids = source.ids, .uses = source.uses});
  table_.texts_.reserve(texts.size() * factor, texts.bytes() * factor);
  for (std::size_t& text = held_.back().acquired; text < texts.size(); ++text) {
    if (text + kFetchAhead < texts.size()) table_.texts_.prefetch(texts[text + kFetchAhead]);
    source.ids[text] = table_.texts_.acquire(texts[text]);
  }
}

Result<void> TableCore::Appender::append(RowsReader rows, std::uint64_t in_all) {
  if (rows.partial) return damaged("a snapshot with partial rows");
  const std::uint64_t factor = std::min(in_all / rows.keys.count(), kMostChunks);
  const std::size_t before = held_.size();
  std::vector<Source> sources;
  for (ColumnReader& column : rows.columns) {
    const std::optional<std::size_t> field = table_.known_field(column.field());
    if (field && table_.schema_.fields[*field].type != column.type()) {
      return unsupported("a known field has another type");
    }
    sources.push_back({&column, field, table_.record_hash_.field(column.field(), column.type())});
  }
  for (Source& source : sources) {
    if (source.column->type() == FieldType::kText) take_texts(source, factor);
  }
  table_.rows_.expect(in_all);
  table_.map_.reserve(in_all);
  const auto batch = std::make_unique<Batch>();
  for (std::size_t left = rows.keys.count(); left > 0; left -= batch->run.count) {
    const std::size_t most = std::min(left, kRowsAtOnce);
    if (Result<void> read = append_batch(rows.keys, sources, most, *batch); !read) return read;
  }
  for (std::size_t column = before; column < held_.size(); ++column) keep(held_[column]);
  return {};
}

Result<void> TableCore::Appender::append_batch(KeyReader& keys, std::vector<Source>& sources,
                                               std::size_t most, Batch& batch) {
  batch.run = table_.rows_.append_run(most);
  if (Result<void> read = take_keys(keys, batch); !read) return read;
  batch.text_bytes.fill(0);
  for (Source& source : sources) {
    if (Result<void> read = take_column(source, batch); !read) return read;
  }
  for (std::size_t i = 0; i < batch.run.count; ++i) {
    if (batch.text_bytes[i] > kMaxRecordTextBytes) return damaged("a record with too much text");
    digest_ ^= table_.record_hash_.finish(batch.sums[i]);
  }
  insert(batch);
  return {};
}

Result<void> TableCore::Appender::take_keys(KeyReader& reader, Batch& batch) {
  const std::span<Key> keys = std::span(batch.keys).first(batch.run.count);
  if (!reader.read(keys)) return damaged("keys out of range");
  // The chunks of a walk have ascending ranges of keys, seldom the same range in two.
  if (table_.map_.size() != 0 && keys.front() <= highest_) {
    const bool twice = std::any_of(keys.begin(), keys.end(),
                                   [this](Key key) { return table_.map_.find(key).has_value(); });
    if (twice) return damaged("a key in two chunks");
  }
  highest_ = std::max(highest_, keys.back());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Slot slot = batch.run.first + static_cast<Slot>(i);
    table_.rows_.set_key(slot, keys[i]);
    table_.set_flags(slot, kLive);
    batch.sums[i] = table_.record_hash_.key_term(keys[i]);
  }
  return {};
}

Result<void> TableCore::Appender::take_column(Source& source, Batch& batch) {
  const std::span<std::uint64_t> values = std::span(batch.values).first(batch.run.count);
  if (!source.column->read(values)) return damaged("a text outside the dictionary");
  const FieldType type = source.column->type();
  if (type == FieldType::kText) {
    const TextViews& texts = source.column->texts();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto text = static_cast<std::size_t>(values[i]);
      batch.sums[i] += source.terms[text];
      batch.text_bytes[i] += static_cast<std::uint32_t>(texts[text].size());
      ++source.uses[text];
      if (source.field) values[i] = source.ids[text];
    }
  } else {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      batch.sums[i] += RecordHash::integer_term(source.secrets, values[i]);
      all |= values[i];
    }
    const bool narrow =
        source.field && table_.schema_.fields[*source.field].bytes < sizeof(std::uint64_t);
    if (narrow && all > std::numeric_limits<std::uint32_t>::max()) {
      return unsupported("a known field has a wider value");
    }
  }
  if (source.field) {
    write_column(*source.field, values, batch.run.first);
    return {};
  }
  batch.unknown.resize(kRowsAtOnce);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FieldValue value =
        type == FieldType::kText
            ? FieldValue{.text = source.column->texts()[static_cast<std::size_t>(values[i])]}
            : FieldValue{.integer = values[i]};
    append_field(source.column->field(), type, value, batch.unknown[i]);
  }
  return {};
}

void TableCore::Appender::write_column(std::size_t field, std::span<const std::uint64_t> values,
                                       Slot first) {
  for (const std::uint64_t value : values) table_.write_stored(first++, field, value);
}

void TableCore::Appender::insert(Batch& batch) {
  std::array<Slot, kRowsAtOnce> slots{};
  for (Slot i = 0; i < batch.run.count; ++i) slots[i] = batch.run.first + i;
  table_.map_.insert_all(std::span(slots).first(batch.run.count));
  for (std::size_t i = 0; !batch.unknown.empty() && i < batch.run.count; ++i) {
    if (!batch.unknown[i].empty()) table_.unknown_[slots[i]] = std::move(batch.unknown[i]);
    batch.unknown[i].clear();
  }
}

void TableCore::Appender::keep(Held& texts) {
  for (std::size_t text = 0; text < texts.ids.size(); ++text) {
    table_.texts_.retain(texts.ids[text], texts.uses[text]);
  }
  texts.kept = true;
}

void TableCore::Appender::commit() {
  table_.put_off_ranking();
  // From here on nothing fails.
  for (const Held& texts : held_) {
    for (const TextId id : texts.ids) table_.texts_.release(id);
  }
  table_.digest_ ^= digest_;
  table_.highest_ = highest_;
  committed_ = true;
}

void TableCore::Appender::take_back() {
  for (Slot slot = first_; slot < table_.rows_.size(); ++slot) {
    if (table_.map_.find(table_.key_of(slot)) == slot) table_.map_.erase(slot);
    table_.unknown_.erase(slot);
  }
  table_.rows_.truncate(first_);
  for (const Held& texts : held_) {
    for (std::size_t text = 0; text < texts.acquired; ++text) {
      table_.texts_.release(texts.ids[text], 1 + (texts.kept ? texts.uses[text] : 0));
    }
  }
}

Result<void> TableCore::append_chunk(ByteView encoded) {
  const Result<std::unique_ptr<const format::Columns>> parsed = parse_columns(encoded);
  if (!parsed) return parsed.error();
  const format::Columns& message = **parsed;
  if (message.has_erased()) return damaged("a snapshot with tombstones");
  std::uint64_t records = 0;
  for (const format::Rows& rows : message.rows()) records += rows.keys().count();
  if (records > std::numeric_limits<Slot>::max() - rows_.size()) {
    return damaged("more rows than a table holds");
  }
  const std::uint64_t in_all = std::clamp(message.records_in_all(), records, records * kMostChunks);
  StreamUnpacker unpacker;
  Appender appender(*this, unpacker.scratch());
  std::size_t code_points_left = kMaxMessageCodePoints;
  for (const format::Rows& each : message.rows()) {
    Result<RowsReader> rows = RowsReader::open(each, code_points_left, unpacker);
    if (!rows) return rows.error();
    if (Result<void> appended = appender.append(*std::move(rows), in_all); !appended) {
      return appended;
    }
  }
  appender.commit();
  return {};
}

}  // namespace telekv::kv
