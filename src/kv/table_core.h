// The table without its record type: rows of described fields. kv/table.h is the thin typed face of
// it; everything that does not need the type is compiled once, here.
//
//  1. Rows are packed: key, seat in the ranking, fields, one byte of flags; 29 bytes for the
//     clicker's user. A text is a 4-byte reference to a pool, where equal texts are kept once.
//  2. Hash map and ranking hold slots of rows.
//  3. The first change of a row since the last take puts it on the list of changed rows; further
//     changes cost nothing. Which fields changed is kept in the flags, so that a delta holds only
//     those. A row's old hash leaves the digest at the take where it can be told from the row and
//     the list: as long as only the ranking field has changed, so that a click reads no text.
//  4. A snapshot walk goes over the slots. While one is alive, new records take new slots, which it
//     never visits; so a record that was there all the time is met exactly once. New records are in
//     the next delta.
//  5. Fields of newer versions are kept beside the rows, as bytes, and written again.
//  6. Loading a chunk puts the ranking off: it is built once, at the end or where it is first read.
//
// One thread. Costs as in table.h. A load verifies everything before it changes anything.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kv/change_set.h"
#include "kv/durable.h"
#include "kv/hash_map.h"
#include "kv/rank_tree.h"
#include "kv/record_hash.h"
#include "kv/row_map.h"
#include "kv/row_store.h"
#include "kv/schema.h"
#include "kv/text_pool.h"

namespace telekv::kv {

struct TableOptions {
  std::uint64_t hash_seed;                  ///< random per process: who knows it can slow the table
  std::array<std::uint8_t, 16> digest_key;  ///< the same wherever digests are compared
  /// Will hold one chunk of a snapshot or a few: its first one makes no room for all the others.
  bool holds_pieces = false;
};

class TableWalk;

class TableCore : public Durable {
 public:
  static constexpr std::size_t kExpectAhead = 16;

  ~TableCore() override;
  TableCore(const TableCore&) = delete;
  TableCore& operator=(const TableCore&) = delete;

  std::uint64_t size() const final { return map_.size(); }
  std::uint64_t unsaved() const final { return changed_live_ + erased_.size(); }
  std::unique_ptr<const Encodable> take_changes() final;
  Digest digest() const final { return saved_digest_; }
  std::unique_ptr<SnapshotWalk> begin_snapshot(std::size_t max_chunk_bytes) final;

  /// Also kInvalidArgument while changes are unsaved or a walk is alive.
  Result<void> load_chunk(ByteView encoded) final;
  using Durable::load_delta;
  Result<void> load_delta(ByteView encoded, const KeyRange& keys) final;
  Result<std::optional<KeyRange>> keys_of_chunk(ByteView encoded) const final;
  void finish_loading() final { ranking(); }
  Result<void> erase(Key key) final;
  void clear() noexcept final;

  /// erase() for whom older states must not bring back either: the key counts as erased also when
  /// there is no record. Returns whether there was one. Errors: kTooLarge without memory; nothing
  /// has changed then.
  Result<bool> forget(Key key);

  /// Bytes held, by own accounting.
  std::size_t memory_bytes() const;

  /// What is wrong with the structure; empty when nothing is. O(n log n).
  std::string validate() const;

  /// A hint that `key`, which need not be there, is used after kExpectAhead others: its row is in
  /// the cache then. Halves the cost of a click when keys are known ahead, as those of a page of
  /// updates are. O(1).
  [[gnu::always_inline]] void expect(Key key) const {
    map_.prefetch_place(key);
    map_.prefetch_row(std::exchange(expected_[expected_next_++ % expected_.size()], key));
  }

 protected:
  TableCore(SchemaDescription schema, const TableOptions& options);

  std::optional<Slot> find_slot(Key key) const { return map_.find(key); }
  /// A field of a row, `Value` being its type.
  template <class Value>
  Value read(const std::byte* row, std::size_t field) const {
    if constexpr (std::is_same_v<Value, std::string_view>) {
      return texts_.view(read<TextId>(row, field));
    } else {
      Value value{};
      std::memcpy(&value, row + offsets_[field], sizeof value);
      return value;
    }
  }
  const std::byte* row(Slot slot) const { return rows_.row(slot); }
  Result<void> insert_row(Key key, const FieldValue* values);
  /// `fields` has a bit for each field that changes; of the others no value is read.
  Result<void> update_row(Slot slot, const FieldValue* values, std::uint32_t fields);
  static Error missing(Key key);

  std::optional<std::uint64_t> rank_of(Key key) const;
  std::vector<RankMember> members_around(Key key, std::size_t radius) const;
  const RankTree& ranking() const;

  Slot slots() const { return rows_.size(); }
  bool is_live(Slot slot) const { return is_live(rows_.row(slot)); }
  Key key_of(Slot slot) const { return rows_.key(slot); }

 private:
  friend class TableWalk;
  class Appender;
  class HeldTexts;

  // Flags of a row. Any bit but kLive: the row is on the list of changed rows.
  static constexpr std::uint8_t kLive = 0x80;   // holds a record; otherwise it is on the free list
  static constexpr std::uint8_t kWhole = 0x40;  // new since the last take: a delta holds all of it
  static constexpr std::size_t kFlaggedFields = 6;  // changes of later fields share the last bit

  static constexpr std::int64_t kNoSlot = -1;

  /// A row on the list of changed rows, with its ranking field as it was at the last take.
  struct Changed {
    Slot slot;
    std::uint64_t ranked_by;
  };

  static std::uint8_t field_flag(std::size_t field) {
    return static_cast<std::uint8_t>(1U << (field < kFlaggedFields ? field : kFlaggedFields - 1));
  }
  static std::uint8_t field_flags(std::uint32_t fields) {
    constexpr std::uint32_t kLast = 1U << (kFlaggedFields - 1);
    return static_cast<std::uint8_t>((fields & (kLast - 1)) | (fields >= kLast ? kLast : 0));
  }
  std::uint8_t flags(Slot slot) const { return flags(rows_.row(slot)); }
  std::uint8_t flags(const std::byte* row) const {
    return static_cast<std::uint8_t>(row[flags_offset_]);
  }
  bool is_live(const std::byte* row) const { return (flags(row) & kLive) != 0; }
  void set_flags(Slot slot, std::uint8_t flags) {
    rows_.row(slot)[flags_offset_] = static_cast<std::byte>(flags);
  }

  std::uint32_t every_field() const { return ~0U >> (kMaxFields - schema_.fields.size()); }
  std::uint64_t read_stored(const std::byte* row, std::size_t field) const;
  std::uint64_t read_stored(Slot slot, std::size_t field) const {
    return read_stored(rows_.row(slot), field);
  }
  void write_stored(Slot slot, std::size_t field, std::uint64_t value);
  FieldValue read_field(Slot slot, std::size_t field) const;
  void read_row(Slot slot, FieldValue* values) const;
  /// Of `fields` only, a bit for each.
  void write_row(Slot slot, const FieldValue* values, std::uint32_t fields);
  void store(Slot slot, const FieldValue* values, std::uint32_t fields, HeldTexts& texts);
  Score score_of(std::uint64_t stored) const;
  Score score(Slot slot) const { return ranking_field_ ? score_of(ranked_by(slot)) : 0; }
  RankMember member(Slot slot) const { return {score(slot), rows_.key(slot), slot}; }
  Result<void> check_texts(Key key, const FieldValue* values, std::size_t more_bytes) const;
  Result<void> check_texts(Slot slot, const FieldValue* values, std::uint32_t fields) const;

  Slot new_slot(Key key);
  void free_slot(Slot slot);
  void enter(Slot slot, const FieldValue* values);
  void touch(Slot slot, std::uint8_t changed);
  /// Whether a row with these flags has changed, but its old hash is in the digest still.
  bool owes_old_hash(std::uint8_t row_flags) const {
    return ranked_flag_ != 0 && row_flags == (kLive | ranked_flag_);
  }
  std::uint64_t ranked_by(Slot slot) const {
    return ranking_field_ ? read_stored(slot, *ranking_field_) : 0;
  }
  HashLanes unranked_terms(Slot slot) const;
  HashLanes finished(HashLanes unranked, std::uint64_t ranked_by) const;
  HashLanes hash(Slot slot) const { return finished(unranked_terms(slot), ranked_by(slot)); }
  HashLanes digest_change(const Changed& changed) const;
  HashLanes unknown_terms(Slot slot) const;
  void save_digest();
  ColumnValues column_of(std::size_t field, std::span<const Slot> slots) const;
  std::vector<Key> erased_keys() const;

  void put_off_ranking();
  bool is_ranked() const { return ranking_field_.has_value() && !ranking_due_; }

  Result<void> check_loadable() const;
  Result<void> append_chunk(ByteView encoded);
  Result<void> check_block(const RowBlock& block, const KeyRange& keys) const;
  Result<void> check_column(const ColumnValues& column) const;
  Result<void> check_differences(const RowBlock& block, const KeyRange& keys) const;
  void apply(const ChangeSet& changes, const KeyRange& keys);
  void apply_block(const RowBlock& block, const KeyRange& keys);
  template <class Function>
  void for_each_row(const RowBlock& block, const KeyRange& keys, Function&& fn) const;
  void apply_row(const RowBlock& block, const std::vector<std::optional<std::size_t>>& fields,
                 std::size_t row);
  void apply_unknown(Slot slot, const RowBlock& block,
                     const std::vector<std::optional<std::size_t>>& fields, std::size_t row);
  void apply_erased(Key key);
  std::optional<std::size_t> known_field(std::uint32_t number) const;
  std::vector<std::optional<std::size_t>> known_fields(const RowBlock& block) const;
  void release_row(Slot slot);

  SchemaDescription schema_;
  std::vector<std::size_t> offsets_;  // of each field in a row
  std::size_t flags_offset_;
  std::uint32_t text_fields_ = 0;  // a bit for each
  std::optional<std::size_t> ranking_field_;
  std::uint8_t ranked_flag_ = 0;  // the ranking field's, unless others share it
  RecordHash record_hash_;
  std::vector<RecordHash::FieldSecrets> secrets_;  // of each field

  RowStore rows_;
  RowMap map_;
  mutable RankTree ranking_;
  mutable bool ranking_due_ = false;  // empty until somebody reads it: a load has put it off
  TextPool texts_;
  std::unordered_map<Slot, std::string> unknown_;  // fields of newer versions, see record_bytes.h

  // Keys whose places have been asked for, not their rows.
  mutable std::array<Key, kExpectAhead / 2> expected_{};
  mutable std::size_t expected_next_ = 0;
  Key highest_ = std::numeric_limits<Key>::min();  // no key above it since the table was empty
  std::int64_t free_ = kNoSlot;   // first of the free rows; a free row's key is the next
  std::deque<Changed> changed_;   // rows with flags beside kLive, free ones too
  HashMap<HashLanes> old_terms_;  // by slot: unranked_terms() at the last take, where they are gone
  std::deque<Key> erased_;        // since the last take; may be back again
  std::uint64_t changed_live_ = 0;  // of `changed_`, those with a record
  HashLanes digest_;                // without the changed rows, but for those that owe it
  Digest saved_digest_{};
  bool holds_pieces_;
  TableWalk* walk_ = nullptr;  // the one alive
  bool walked_ = false;        // one was alive at some moment since the last take
};

inline std::uint64_t TableCore::read_stored(const std::byte* row, std::size_t field) const {
  const std::byte* place = row + offsets_[field];
  if (schema_.fields[field].bytes == sizeof(std::uint64_t)) {
    std::uint64_t value = 0;
    std::memcpy(&value, place, sizeof value);
    return value;
  }
  std::uint32_t value = 0;
  std::memcpy(&value, place, sizeof value);
  return value;
}

inline void TableCore::write_stored(Slot slot, std::size_t field, std::uint64_t value) {
  std::byte* place = rows_.row(slot) + offsets_[field];
  if (schema_.fields[field].bytes == sizeof(std::uint64_t)) {
    std::memcpy(place, &value, sizeof value);
    return;
  }
  const auto narrow = static_cast<std::uint32_t>(value);
  std::memcpy(place, &narrow, sizeof narrow);
}

}  // namespace telekv::kv
