#include "kv/table_core.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "kv/record_bytes.h"
#include "kv/table_snapshot.h"

namespace telekv::kv {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

/// The key comes first, then what the ranking keeps there.
std::size_t fields_offset(const SchemaDescription& schema) {
  const bool ranks = std::any_of(schema.fields.begin(), schema.fields.end(),
                                 [](const FieldDescription& field) { return field.ranks; });
  return sizeof(Key) + (ranks ? RankTree::kRowBytes : 0);
}

std::size_t row_bytes(const SchemaDescription& schema) {
  std::size_t bytes = fields_offset(schema) + 1;
  for (const FieldDescription& field : schema.fields) bytes += field.bytes;
  return bytes;
}

/// Looks at the texts themselves only when they are not the very same: they may be out of cache.
bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

Error too_large(Key key, std::string_view what, std::string_view hint) {
  return {.code = ErrorCode::kTooLarge,
          .message = "record " + std::to_string(key) + ": " + std::string(what),
          .hint = std::string(hint)};
}

}  // namespace

TableCore::TableCore(SchemaDescription schema, const TableOptions& options)
    : schema_(std::move(schema)),
      flags_offset_(row_bytes(schema_) - 1),
      record_hash_(options.digest_key),
      rows_(row_bytes(schema_)),
      map_(rows_, options.hash_seed),
      ranking_(rows_),
      texts_(options.hash_seed) {
  std::size_t offset = fields_offset(schema_);
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    offsets_.push_back(offset);
    offset += schema_.fields[i].bytes;
    if (schema_.fields[i].ranks) ranking_field_ = i;
    secrets_.push_back(record_hash_.field(schema_.fields[i].number, schema_.fields[i].type));
  }
}

TableCore::~TableCore() { assert(walk_ == nullptr); }

FieldValue TableCore::read_field(Slot slot, std::size_t field) const {
  const std::uint64_t stored = read_stored(slot, field);
  if (schema_.fields[field].type != FieldType::kText) return {.integer = stored};
  return {.text = texts_.view(static_cast<TextId>(stored))};
}

void TableCore::read_row(Slot slot, FieldValue* values) const {
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) values[i] = read_field(slot, i);
}

std::uint8_t TableCore::changed_fields(Slot slot, const FieldValue* values) const {
  unsigned changed = 0;
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    const FieldValue before = read_field(slot, i);
    if (before.integer != values[i].integer || !same_text(before.text, values[i].text)) {
      changed |= field_flag(i);
    }
  }
  return static_cast<std::uint8_t>(changed);
}

void TableCore::write_row(Slot slot, const FieldValue* values) {
  // New texts are acquired before old ones are released: a value may be a view of an old one.
  std::array<TextId, kMaxFields> released{};
  std::size_t releases = 0;
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    if (schema_.fields[i].type != FieldType::kText) {
      write_stored(slot, i, values[i].integer);
      continue;
    }
    const auto before = static_cast<TextId>(read_stored(slot, i));
    if (same_text(texts_.view(before), values[i].text)) continue;
    write_stored(slot, i, texts_.acquire(values[i].text));
    released[releases++] = before;
  }
  for (std::size_t i = 0; i < releases; ++i) texts_.release(released[i]);
}

Score TableCore::score(Slot slot) const {
  if (!ranking_field_) return 0;
  const std::uint64_t stored = read_stored(slot, *ranking_field_);
  const bool is_signed = schema_.fields[*ranking_field_].type == FieldType::kSigned;
  return static_cast<Score>(is_signed ? stored : stored ^ kSignBit);
}

Result<void> TableCore::check_texts(Key key, const FieldValue* values,
                                    std::size_t more_bytes) const {
  std::size_t bytes = more_bytes;
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    if (schema_.fields[i].type != FieldType::kText) continue;
    if (values[i].text.size() > kMaxTextBytes) {
      return too_large(key, std::string(schema_.fields[i].name) + " is too long",
                       "a text holds 4096 bytes");
    }
    bytes += values[i].text.size();
  }
  if (bytes > kMaxRecordTextBytes) {
    return too_large(key, "its texts are too long", "all texts of a record hold 12288 bytes");
  }
  return {};
}

Slot TableCore::new_slot(Key key) {
  if (free_ == kNoSlot || walk_ != nullptr) return rows_.append(key);
  const auto slot = static_cast<Slot>(free_);
  free_ = rows_.key(slot);
  rows_.set_key(slot, key);
  return slot;
}

/// To be called before the row changes.
void TableCore::touch(Slot slot, std::uint8_t changed) {
  const std::uint8_t before = flags(slot);
  if (before == kLive) {
    digest_ ^= hash(slot);
    changed_.push_back({slot, ranking_field_ ? read_stored(slot, *ranking_field_) : 0});
    ++changed_live_;
  }
  set_flags(slot, before | changed);
}

HashLanes TableCore::hash(Slot slot) const {
  HashLanes sum = record_hash_.key_term(rows_.key(slot));
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    const std::uint64_t stored = read_stored(slot, i);
    sum += schema_.fields[i].type == FieldType::kText
               ? record_hash_.text_term(secrets_[i], texts_.view(static_cast<TextId>(stored)))
               : RecordHash::integer_term(secrets_[i], stored);
  }
  if (!unknown_.empty()) sum += unknown_terms(slot);
  return record_hash_.finish(sum);
}

HashLanes TableCore::unknown_terms(Slot slot) const {
  HashLanes sum;
  const auto found = unknown_.find(slot);
  if (found == unknown_.end()) return sum;
  for (FieldReader field(found->second); field.next();) {
    const RecordHash::FieldSecrets secrets = record_hash_.field(field.number(), field.type());
    sum += field.type() == FieldType::kText
               ? record_hash_.text_term(secrets, field.value().text)
               : RecordHash::integer_term(secrets, field.value().integer);
  }
  return sum;
}

/// To be called when no row is changed.
void TableCore::save_digest() {
  for (unsigned i = 0; i < sizeof(std::uint64_t); ++i) {
    saved_digest_[i] = static_cast<std::uint8_t>(digest_.a >> (8 * i));
    saved_digest_[sizeof(std::uint64_t) + i] = static_cast<std::uint8_t>(digest_.b >> (8 * i));
  }
}

Result<void> TableCore::insert_row(Key key, const FieldValue* values) {
  if (map_.find(key)) {
    return Error{.code = ErrorCode::kRejected,
                 .message = "record " + std::to_string(key) + " is there already",
                 .hint = "update it"};
  }
  if (Result<void> fits = check_texts(key, values, 0); !fits) return fits;
  if (rows_.size() == std::numeric_limits<Slot>::max()) {
    return too_large(key, "the table is full", "it holds 4294967295 rows");
  }
  const Slot slot = new_slot(key);
  const bool listed = flags(slot) != 0;
  set_flags(slot, kLive | kWhole);
  if (!listed) changed_.push_back({slot, 0});
  ++changed_live_;
  write_row(slot, values);
  map_.insert(slot);
  if (is_ranked()) ranking_.insert(slot, score(slot));
  highest_ = std::max(highest_, key);
  return {};
}

Result<void> TableCore::update_row(Slot slot, const FieldValue* values) {
  const std::uint8_t changed = changed_fields(slot, values);
  if (changed == 0) return {};
  std::size_t unknown_bytes = 0;
  if (!unknown_.empty()) {
    if (const auto found = unknown_.find(slot); found != unknown_.end()) {
      unknown_bytes = found->second.size();
    }
  }
  if (Result<void> fits = check_texts(rows_.key(slot), values, unknown_bytes); !fits) return fits;
  touch(slot, changed);
  const Score before = score(slot);
  write_row(slot, values);
  if (is_ranked()) ranking_.move(slot, before, score(slot));
  return {};
}

/// Takes the row out of everything but the digest and the list of changed rows.
void TableCore::release_row(Slot slot) {
  if (is_ranked()) ranking_.erase(slot, score(slot));
  map_.erase(slot);
  unknown_.erase(slot);
  const std::array<FieldValue, kMaxFields> nothing{};
  write_row(slot, nothing.data());
  rows_.set_key(slot, free_);
  free_ = slot;
}

bool TableCore::erase_row(Key key) {
  const std::optional<Slot> slot = map_.find(key);
  if (!slot) return false;
  const std::uint8_t before = flags(*slot);
  if (before == kLive) {
    digest_ ^= hash(*slot);
  } else {
    --changed_live_;
  }
  // A row on the list of changed rows stays marked as such, so that it is not listed twice.
  set_flags(*slot, before == kLive ? 0 : kWhole);
  release_row(*slot);
  erased_.push_back(key);
  return true;
}

Error TableCore::missing(Key key) {
  return {.code = ErrorCode::kNotFound, .message = "there is no record " + std::to_string(key)};
}

void TableCore::put_off_ranking() {
  ranking_.clear();
  ranking_due_ = ranking_field_.has_value();
}

const RankTree& TableCore::ranking() const {
  if (!std::exchange(ranking_due_, false)) return ranking_;
  std::vector<RankTree::Entry> members;
  members.reserve(static_cast<std::size_t>(map_.size()));
  for (Slot slot = 0; slot < rows_.size(); ++slot) {
    if (is_live(slot)) members.push_back({score(slot), slot});
  }
  ranking_.assign(std::move(members));
  return ranking_;
}

std::optional<std::uint64_t> TableCore::rank_of(Key key) const {
  const std::optional<Slot> slot = map_.find(key);
  if (!slot) return std::nullopt;
  return ranking().rank(score(*slot));
}

std::vector<RankMember> TableCore::members_around(Key key, std::size_t radius) const {
  const std::optional<Slot> slot = map_.find(key);
  if (!slot) return {};
  return ranking().around(score(*slot), key, radius);
}

void TableCore::clear() {
  assert(walk_ == nullptr);
  map_.clear();
  ranking_.clear();
  ranking_due_ = false;
  highest_ = std::numeric_limits<Key>::min();
  walked_ = false;
  rows_.clear();
  texts_.clear();
  unknown_.clear();
  changed_.clear();
  erased_.clear();
  free_ = kNoSlot;
  changed_live_ = 0;
  digest_ = {};
  saved_digest_ = {};
}

std::size_t TableCore::memory_bytes() const {
  std::size_t bytes = rows_.memory_bytes() + map_.memory_bytes() + ranking_.memory_bytes() +
                      texts_.memory_bytes() + changed_.size() * sizeof(Changed) +
                      erased_.size() * sizeof(Key);
  for (const auto& each : unknown_) bytes += sizeof each + each.second.capacity();
  return bytes;
}

std::string TableCore::validate() const {
  if (std::string defect = map_.validate(); !defect.empty()) return "map: " + defect;
  if (std::string defect = ranking().validate(); !defect.empty()) return "ranking: " + defect;
  if (std::string defect = texts_.validate(); !defect.empty()) return "texts: " + defect;
  std::uint64_t live = 0;
  std::uint64_t changed = 0;
  std::uint64_t listed = 0;
  for (Slot slot = 0; slot < rows_.size(); ++slot) {
    const std::uint8_t row_flags = flags(slot);
    if ((row_flags & ~kLive) != 0) ++listed;
    if ((row_flags & kLive) == 0) continue;
    ++live;
    if (row_flags != kLive) ++changed;
    if (map_.find(rows_.key(slot)) != slot) return "a row is not in the map";
    if (!ranking_field_) continue;
    const std::uint64_t position = ranking_.position(score(slot), rows_.key(slot));
    if (position >= ranking_.size() || ranking_.select(position) != member(slot)) {
      return "a row is not in the ranking";
    }
  }
  if (live != map_.size()) return "the map holds more than the rows";
  if (ranking_field_ && live != ranking_.size()) return "the ranking holds more than the rows";
  if (changed != changed_live_ || listed != changed_.size())
    return "the changed rows are miscounted";
  return {};
}

}  // namespace telekv::kv
