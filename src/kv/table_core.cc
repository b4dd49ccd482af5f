#include "kv/table_core.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <new>
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

Error too_large(Key key, std::string_view what, std::string_view hint) {
  return {.code = ErrorCode::kTooLarge,
          .message = "record " + std::to_string(key) + ": " + std::string(what),
          .hint = std::string(hint)};
}

/// Calls fn(field) for each bit of `fields`, the lowest first.
template <class Function>
void for_each_field(std::uint32_t fields, Function&& fn) {
  for (; fields != 0; fields &= fields - 1) fn(static_cast<std::size_t>(std::countr_zero(fields)));
}

}  // namespace

/// References to texts, which are released at the end: new ones, or those whose place they took.
/// Thus new texts are acquired before old ones are released: a value may be a view of an old one.
class TableCore::HeldTexts {
 public:
  explicit HeldTexts(TextPool& pool) : pool_(pool) {}
  ~HeldTexts() {
    for_each_field(held_, [this](std::size_t field) { pool_.release(ids_[field]); });
  }
  HeldTexts(const HeldTexts&) = delete;
  HeldTexts& operator=(const HeldTexts&) = delete;

  void acquire(const FieldValue* values, std::uint32_t fields) {
    for_each_field(fields, [&](std::size_t field) {
      ids_[field] = pool_.acquire(values[field].text);
      held_ |= 1U << field;
    });
  }
  /// Gives the text of a field away for `id`.
  TextId exchange(std::size_t field, TextId id) { return std::exchange(ids_[field], id); }

 private:
  TextPool& pool_;
  std::uint32_t held_ = 0;  // a bit for each field
  std::array<TextId, kMaxFields> ids_;
};

TableCore::TableCore(SchemaDescription schema, const TableOptions& options)
    : schema_(std::move(schema)),
      flags_offset_(row_bytes(schema_) - 1),
      record_hash_(options.digest_key),
      rows_(row_bytes(schema_)),
      map_(rows_, options.hash_seed),
      ranking_(rows_),
      texts_(options.hash_seed),
      old_terms_(options.hash_seed),
      holds_pieces_(options.holds_pieces) {
  std::size_t offset = fields_offset(schema_);
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    offsets_.push_back(offset);
    offset += schema_.fields[i].bytes;
    if (schema_.fields[i].type == FieldType::kText) text_fields_ |= 1U << i;
    if (schema_.fields[i].ranks) ranking_field_ = i;
    secrets_.push_back(record_hash_.field(schema_.fields[i].number, schema_.fields[i].type));
  }
  if (ranking_field_ && *ranking_field_ + 1 < kFlaggedFields) {
    ranked_flag_ = field_flag(*ranking_field_);
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

void TableCore::write_row(Slot slot, const FieldValue* values, std::uint32_t fields) {
  HeldTexts texts(texts_);
  texts.acquire(values, fields & text_fields_);
  store(slot, values, fields, texts);
}

void TableCore::store(Slot slot, const FieldValue* values, std::uint32_t fields, HeldTexts& texts) {
  for_each_field(fields & ~text_fields_,
                 [&](std::size_t field) { write_stored(slot, field, values[field].integer); });
  for_each_field(fields & text_fields_, [&](std::size_t field) {
    const auto before = static_cast<TextId>(read_stored(slot, field));
    write_stored(slot, field, texts.exchange(field, before));
  });
}

Score TableCore::score_of(std::uint64_t stored) const {
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

/// Of an update: texts that stay count too.
Result<void> TableCore::check_texts(Slot slot, const FieldValue* values,
                                    std::uint32_t fields) const {
  std::array<FieldValue, kMaxFields> all;
  read_row(slot, all.data());
  for_each_field(fields, [&](std::size_t field) { all[field] = values[field]; });
  std::size_t unknown_bytes = 0;
  if (const auto found = unknown_.find(slot); found != unknown_.end()) {
    unknown_bytes = found->second.size();
  }
  return check_texts(rows_.key(slot), all.data(), unknown_bytes);
}

Slot TableCore::new_slot(Key key) {
  if (free_ == kNoSlot || walk_ != nullptr) return rows_.append(key);
  const auto slot = static_cast<Slot>(free_);
  free_ = rows_.key(slot);
  rows_.set_key(slot, key);
  return slot;
}

void TableCore::free_slot(Slot slot) {
  rows_.set_key(slot, free_);
  free_ = slot;
}

/// To be called before the row changes. Without memory it throws and has changed nothing.
void TableCore::touch(Slot slot, std::uint8_t changed) {
  const std::uint8_t before = flags(slot);
  const auto after = static_cast<std::uint8_t>(before | changed);
  if (before == kLive) {
    changed_.push_back({slot, ranked_by(slot)});
    ++changed_live_;
    if (!owes_old_hash(after)) digest_ ^= hash(slot);
  } else if (owes_old_hash(before) && !owes_old_hash(after)) {
    old_terms_.insert(slot, unranked_terms(slot));
  }
  set_flags(slot, after);
}

HashLanes TableCore::unranked_terms(Slot slot) const {
  HashLanes sum = record_hash_.key_term(rows_.key(slot));
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    if (schema_.fields[i].ranks) continue;
    const std::uint64_t stored = read_stored(slot, i);
    sum += schema_.fields[i].type == FieldType::kText
               ? record_hash_.text_term(secrets_[i], texts_.view(static_cast<TextId>(stored)))
               : RecordHash::integer_term(secrets_[i], stored);
  }
  if (!unknown_.empty()) sum += unknown_terms(slot);
  return sum;
}

HashLanes TableCore::finished(HashLanes unranked, std::uint64_t ranked_by) const {
  if (ranking_field_) unranked += RecordHash::integer_term(secrets_[*ranking_field_], ranked_by);
  return record_hash_.finish(unranked);
}

/// What a take does to the digest for a row, whose flags are still set: out with what is left of
/// the old record, in with the new one.
HashLanes TableCore::digest_change(const Changed& changed) const {
  HashLanes change;
  const HashLanes* const old_terms =
      old_terms_.empty() ? nullptr : old_terms_.find(Key{changed.slot});
  if (old_terms != nullptr) change ^= finished(*old_terms, changed.ranked_by);
  if (!is_live(changed.slot)) return change;
  const HashLanes terms = unranked_terms(changed.slot);
  if (old_terms == nullptr && owes_old_hash(flags(changed.slot))) {
    change ^= finished(terms, changed.ranked_by);
  }
  change ^= finished(terms, ranked_by(changed.slot));
  return change;
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
  try {
    HeldTexts texts(texts_);
    texts.acquire(values, text_fields_);
    const Slot slot = new_slot(key);
    enter(slot, values);
    store(slot, values, every_field(), texts);
    set_flags(slot, kLive | kWhole);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
  ++changed_live_;
  highest_ = std::max(highest_, key);
  return {};
}

/// Enters a new row into everything that refers to rows. Without memory it throws, and the row is
/// on the free list.
void TableCore::enter(Slot slot, const FieldValue* values) {
  const bool listed = flags(slot) != 0;
  bool mapped = false;
  try {
    if (!listed) changed_.push_back({slot, 0});
    map_.insert(slot);
    mapped = true;
    if (is_ranked()) ranking_.insert(slot, score_of(values[*ranking_field_].integer));
  } catch (const std::bad_alloc&) {
    if (mapped) map_.erase(slot);
    if (!listed && !changed_.empty() && changed_.back().slot == slot) changed_.pop_back();
    free_slot(slot);
    throw;
  }
}

Result<void> TableCore::update_row(Slot slot, const FieldValue* values, std::uint32_t fields) {
  try {
    HeldTexts texts(texts_);
    if ((fields & text_fields_) != 0) {
      if (Result<void> fits = check_texts(slot, values, fields); !fits) return fits;
      texts.acquire(values, fields & text_fields_);
    }
    touch(slot, field_flags(fields));
    if (is_ranked() && (fields >> *ranking_field_ & 1U) != 0) {
      ranking_.move(slot, score(slot), score_of(values[*ranking_field_].integer));
    }
    store(slot, values, fields, texts);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
  return {};
}

/// Takes the row out of everything but the digest and the list of changed rows.
void TableCore::release_row(Slot slot) {
  if (is_ranked()) ranking_.erase(slot, score(slot));
  map_.erase(slot);
  unknown_.erase(slot);
  const std::array<FieldValue, kMaxFields> nothing{};
  write_row(slot, nothing.data(), every_field());
  free_slot(slot);
}

Result<void> TableCore::erase(Key key) {
  const std::optional<Slot> slot = map_.find(key);
  if (!slot) return missing(key);
  const std::uint8_t before = flags(*slot);
  const HashLanes old_hash = before == kLive ? hash(*slot) : HashLanes{};
  const std::size_t erased_before = erased_.size();
  try {
    erased_.push_back(key);
    if (owes_old_hash(before)) old_terms_.insert(*slot, unranked_terms(*slot));
    release_row(*slot);
  } catch (const std::bad_alloc&) {
    erased_.resize(erased_before);
    if (owes_old_hash(before)) old_terms_.erase(*slot);
    return no_memory();
  }
  digest_ ^= old_hash;
  if (before != kLive) --changed_live_;
  // A row on the list of changed rows stays marked as such, so that it is not listed twice.
  set_flags(*slot, before == kLive ? 0 : kWhole);
  return {};
}

Result<bool> TableCore::forget(Key key) {
  if (map_.find(key)) {
    if (const Result<void> erased = erase(key); !erased) return erased.error();
    return true;
  }
  try {
    erased_.push_back(key);
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
  return false;
}

Error TableCore::missing(Key key) {
  return {.code = ErrorCode::kNotFound, .message = "there is no record " + std::to_string(key)};
}

void TableCore::put_off_ranking() {
  ranking_.clear();
  ranking_due_ = ranking_field_.has_value();
}

const RankTree& TableCore::ranking() const {
  if (!ranking_due_) return ranking_;
  Scratch scratch;
  const auto count = static_cast<std::size_t>(map_.size());
  const std::span<Score> scores = scratch.take<Score>(count);
  std::size_t members = 0;
  std::size_t in_order = 0;  // of the first members: as a base loads them, before what came later
  Key before = std::numeric_limits<Key>::min();
  for (Slot slot = 0; slot < rows_.size(); ++slot) {
    const std::byte* const row = rows_.row(slot);
    if (!is_live(row)) continue;
    const Key key = RowStore::key(row);
    if (in_order == members && key >= std::exchange(before, key)) ++in_order;
    scores[members++] = score_of(read_stored(row, *ranking_field_));
  }
  std::span<Slot> slots;
  if (in_order < count || count != rows_.size()) {
    slots = scratch.take<Slot>(count);
    members = 0;
    for (Slot slot = 0; slot < rows_.size(); ++slot) {
      if (is_live(slot)) slots[members++] = slot;
    }
  }
  if (in_order < count) {
    const auto by_key = [this](Slot a, Slot b) { return rows_.key(a) < rows_.key(b); };
    const auto later = slots.begin() + static_cast<std::ptrdiff_t>(in_order);
    std::sort(later, slots.end(), by_key);
    std::inplace_merge(slots.begin(), later, slots.end(), by_key);
    for (std::size_t i = 0; i < count; ++i) scores[i] = score(slots[i]);
  }
  ranking_.assign(scores, slots);
  ranking_due_ = false;
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

void TableCore::clear() noexcept {
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
  old_terms_.clear();
  free_ = kNoSlot;
  changed_live_ = 0;
  digest_ = {};
  saved_digest_ = {};
}

std::size_t TableCore::memory_bytes() const {
  std::size_t bytes = rows_.memory_bytes() + map_.memory_bytes() + ranking_.memory_bytes() +
                      texts_.memory_bytes() + changed_.size() * sizeof(Changed) +
                      erased_.size() * sizeof(Key) + old_terms_.memory_bytes();
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
