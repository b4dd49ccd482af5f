// New rows in bulk: what TableCore does with a snapshot's chunks. A restore of a million users goes
// through here, so a chunk is never held as values: some hundred rows at a time are decoded,
// written and hashed while they are in the cache. What turns out to be damaged later than that is
// taken back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
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
  /// One of a column's distinct texts: what each of its rows needs, in one place.
  struct Text {
    HashLanes term;
    TextId id;  // acquired once, if the field is known
    std::uint32_t uses;
    std::uint32_t bytes;
  };
  /// A column on its way into the rows.
  struct Source {
    ColumnReader* column;
    std::optional<std::size_t> field;  // of ours, if it is known
    RecordHash::FieldSecrets secrets;
    std::span<Text> texts = {};
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
  /// A column's texts in the pool: the first `acquired` are held once, and if `kept`, as
  /// often as they are used too.
  struct Held {
    std::span<const Text> texts;
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
  void keep_unknown(Batch& batch);
  void take_back();

  TableCore& table_;
  Scratch& scratch_;
  Slot first_;
  Key highest_;
  HashLanes digest_;
  std::span<std::uint64_t> hashes_;  // of the keys of the block that is under way
  Slot hashed_from_ = 0;
  std::vector<Held> held_;  // texts that these rows refer to
  bool committed_ = false;
};

/// Reads the texts once, however many rows have them; the known ones get into the pool.
void TableCore::Appender::take_texts(Source& source, std::uint64_t factor) {
  const TextViews& texts = source.column->texts();
  source.texts = scratch_.take<Text>(texts.size());
  for (std::size_t text = 0; text < texts.size(); ++text) {
    source.texts[text] = {.term = table_.record_hash_.text_term(source.secrets, texts[text]),
                          .id = 0,
                          .uses = 0,
                          .bytes = static_cast<std::uint32_t>(texts[text].size())};
  }
  if (!source.field) return;
  held_.push_back({.texts = source.texts});
  table_.texts_.reserve(texts.size() * factor, texts.bytes() * factor);
  // Hashed once: where a text's place is asked for.
  std::array<std::uint64_t, kFetchAhead> hashes{};
  for (std::size_t ahead = 0; ahead < texts.size() + kFetchAhead; ++ahead) {
    std::uint64_t& hash = hashes[ahead % kFetchAhead];
    if (ahead >= kFetchAhead) {
      const std::size_t text = ahead - kFetchAhead;
      source.texts[text].id = texts[text].empty() ? 0 : table_.texts_.acquire(texts[text], hash);
      held_.back().acquired = text + 1;
    }
    if (ahead >= texts.size()) continue;
    hash = table_.texts_.hash(texts[ahead]);
    table_.texts_.prefetch(hash);
  }
}

Result<void> TableCore::Appender::append(RowsReader rows, std::uint64_t in_all) {
  if (rows.partial) return damaged("a snapshot with partial rows");
  const std::uint64_t factor = std::min(in_all / rows.keys.count(), kMostChunks);
  const std::size_t before = held_.size();
  std::vector<Source> sources;
  FieldTypes unknown;
  for (ColumnReader& column : rows.columns) {
    const std::optional<std::size_t> field = table_.known_field(column.field());
    if (field && table_.schema_.fields[*field].type != column.type()) {
      return unsupported("a known field has another type");
    }
    if (!field) unknown.emplace(column.field(), column.type());
    sources.push_back({&column, field, table_.record_hash_.field(column.field(), column.type())});
  }
  if (Result<void> checked = check_types(std::move(unknown), table_.unknown_); !checked) {
    return checked;
  }
  for (Source& source : sources) {
    if (source.column->type() == FieldType::kText) take_texts(source, factor);
  }
  table_.rows_.expect(in_all);
  table_.map_.reserve(in_all);
  const auto batch = std::make_unique<Batch>();
  hashes_ = scratch_.take<std::uint64_t>(rows.keys.count());
  hashed_from_ = table_.rows_.size();
  for (std::size_t left = rows.keys.count(); left > 0; left -= batch->run.count) {
    const std::size_t most = std::min(left, kRowsAtOnce);
    if (Result<void> read = append_batch(rows.keys, sources, most, *batch); !read) return read;
  }
  table_.map_.insert_all(hashed_from_, hashes_, scratch_);
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
  const RecordHash record_hash = table_.record_hash_;
  HashLanes digest = digest_;
  std::uint32_t most_bytes = 0;
  for (std::size_t i = 0; i < batch.run.count; ++i) {
    most_bytes = std::max(most_bytes, batch.text_bytes[i]);
    digest ^= record_hash.finish(batch.sums[i]);
  }
  if (most_bytes > kMaxRecordTextBytes) return damaged("a record with too much text");
  digest_ = digest;
  keep_unknown(batch);
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
  std::byte* row = table_.rows_.row(batch.run.first);
  const std::size_t flags = table_.flags_offset_;
  const std::size_t row_bytes = table_.rows_.row_bytes();
  for (const Key key : keys) {
    std::memcpy(row, &key, sizeof key);
    row[flags] = std::byte{kLive};
    row += row_bytes;
  }
  // Copies, because for all the compiler knows what is written might change them.
  const RecordHash record_hash = table_.record_hash_;
  const RowMap::Hash hash = table_.map_.hash();
  const std::span<std::uint64_t> hashes =
      hashes_.subspan(batch.run.first - hashed_from_, keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    batch.sums[i] = record_hash.key_term(keys[i]);
    hashes[i] = hash(keys[i]);
  }
  return {};
}

Result<void> TableCore::Appender::take_column(Source& source, Batch& batch) {
  const std::span<std::uint64_t> values = std::span(batch.values).first(batch.run.count);
  if (!source.column->read(values)) return damaged("a text outside the dictionary");
  const FieldType type = source.column->type();
  if (type == FieldType::kText) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      Text& text = source.texts[static_cast<std::size_t>(values[i])];
      batch.sums[i] += text.term;
      batch.text_bytes[i] += text.bytes;
      ++text.uses;
      if (source.field) values[i] = text.id;
    }
  } else {
    std::uint64_t all = 0;
    const RecordHash::FieldSecrets secrets = source.secrets;
    for (std::size_t i = 0; i < values.size(); ++i) {
      batch.sums[i] += RecordHash::integer_term(secrets, values[i]);
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
  std::byte* at = table_.rows_.row(first) + table_.offsets_[field];
  const auto write = [&]<class Stored>(Stored) {
    for (const std::uint64_t value : values) {
      const auto stored = static_cast<Stored>(value);
      std::memcpy(at, &stored, sizeof stored);
      at += table_.rows_.row_bytes();
    }
  };
  if (table_.schema_.fields[field].bytes == sizeof(std::uint64_t)) {
    write(std::uint64_t{});
  } else {
    write(std::uint32_t{});
  }
}

/// Of the batch's unknown fields.
void TableCore::Appender::keep_unknown(Batch& batch) {
  for (Slot i = 0; !batch.unknown.empty() && i < batch.run.count; ++i) {
    if (!batch.unknown[i].empty()) {
      table_.unknown_[batch.run.first + i] = std::move(batch.unknown[i]);
    }
    batch.unknown[i].clear();
  }
}

void TableCore::Appender::keep(Held& texts) {
  for (const Text& text : texts.texts) table_.texts_.retain(text.id, text.uses);
  texts.kept = true;
}

void TableCore::Appender::commit() {
  table_.put_off_ranking();
  // From here on nothing fails.
  for (const Held& texts : held_) {
    for (const Text& text : texts.texts) table_.texts_.release(text.id);
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
    for (const Text& text : texts.texts.first(texts.acquired)) {
      table_.texts_.release(text.id, 1 + (texts.kept ? text.uses : 0));
    }
  }
}

Result<void> TableCore::append_chunk(ByteView encoded) {
  const Result<CountedColumns> columns = read_columns(encoded);
  if (!columns) return columns.error();
  const ColumnsMessage& message = columns->message;
  const std::uint64_t records = columns->rows;
  if (message.has_erased) return damaged("a snapshot with tombstones");
  if (records > std::numeric_limits<Slot>::max() - rows_.size()) {
    return damaged("more rows than a table holds");
  }
  const std::uint64_t most = holds_pieces_ ? records : records * kMostChunks;
  const std::uint64_t in_all = std::clamp(message.records_in_all, records, most);
  StreamUnpacker unpacker;
  Appender appender(*this, unpacker.scratch());
  std::size_t code_points_left = kMaxMessageCodePoints;
  for (MessageParts blocks = message.rows(); blocks.next();) {
    Result<RowsReader> rows = RowsReader::open(blocks.part(), code_points_left, unpacker);
    if (!rows) return rows.error();
    if (Result<void> appended = appender.append(*std::move(rows), in_all); !appended) {
      return appended;
    }
  }
  appender.commit();
  return {};
}

}  // namespace telekv::kv
