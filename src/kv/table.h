// A table of records of one type, ranked and durable: the engine as the other layers see it.
//
//   kv::Table<User> users({.hash_seed = ..., .digest_key = ...});
//   users.insert(id, {.name = "Ann"});
//   users.update(id, [](User& user) { user.clicks = kv::saturating_add(user.clicks, 1); });
//   users.rank(id);  // 1 + users with strictly more clicks
//
// A Record is plain values; its texts are views of the table's memory, good until the next change
// of the table. The table never computes a score: fn assigns it, saturating_add() helps counters.
//
// One thread. find, update, erase and rank O(log n); insert too, with no pause for growth. Errors
// leave the record as it was. The durability side (changes, snapshots, digest) is kv/durable.h.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kv/schema.h"
#include "kv/table_core.h"

namespace telekv::kv {

/// A record and its place. Equal scores share a rank and stand by ascending key.
template <class Record>
struct Ranked {
  std::uint64_t rank;  ///< 1 + records with a strictly higher score
  Key key;
  Record record;
};

template <class Record>
class Table final : public TableCore {
 public:
  explicit Table(const TableOptions& options)
      : TableCore(kSchema.describe_fields(kSchema), options) {}

  /// The record of `key`.
  std::optional<Record> find(Key key) const {
    const std::optional<Slot> slot = find_slot(key);
    if (!slot) return std::nullopt;
    return record(*slot);
  }

  /// Adds a record. Errors: kRejected when the key is taken, kTooLarge for its texts
  /// or without memory.
  Result<void> insert(Key key, const Record& record) {
    return insert_row(key, values(record, ~0U, kIndexes).data());
  }

  /// Calls fn(Record&) and keeps what it left there. fn may assign a text any view that lives until
  /// update() returns; it must not use the table. Errors: kNotFound, kTooLarge for its texts
  /// or without memory.
  template <class Function>
  Result<void> update(Key key, Function&& fn) {
    const std::optional<Slot> slot = find_slot(key);
    if (!slot) return missing(key);
    const Record before = record(*slot);
    Record after = before;
    std::forward<Function>(fn)(after);
    const std::uint32_t changed = changed_fields(before, after, kIndexes);
    if (changed == 0) return {};
    return update_row(*slot, values(after, changed, kIndexes).data(), changed);
  }

  /// 1 + records with a strictly higher score.
  std::optional<std::uint64_t> rank(Key key) const { return rank_of(key); }

  /// The first `count` records of the ranking, fewer if there are fewer.
  std::vector<Ranked<Record>> top(std::size_t count) const { return page(0, count); }

  /// At most `limit` records after the first `offset`.
  std::vector<Ranked<Record>> page(std::uint64_t offset, std::size_t limit) const {
    return ranked(ranking().page(offset, limit));
  }

  /// The record and at most `radius` neighbours on either side; empty when there is no such record.
  std::vector<Ranked<Record>> around(Key key, std::size_t radius) const {
    return ranked(members_around(key, radius));
  }

  /// Calls fn(key, record) for every record, in no order. fn must not change the table. O(n).
  template <class Function>
  void for_each(Function&& fn) const {
    for (Slot slot = 0; slot < slots(); ++slot) {
      if (is_live(slot)) fn(key_of(slot), record(slot));
    }
  }

 private:
  static constexpr const auto& kSchema = schema_of<Record>;
  static constexpr std::size_t kFields = std::remove_cvref_t<decltype(kSchema)>::size();
  static constexpr auto kIndexes = std::make_index_sequence<kFields>();
  using Values = std::array<FieldValue, kFields>;

  Record record(Slot slot) const {
    Record result{};
    assign(result, row(slot), kIndexes);
    return result;
  }

  template <std::size_t... index>
  void assign(Record& record, const std::byte* row, std::index_sequence<index...>) const {
    ((record.*member<index>() =
          read<std::remove_reference_t<decltype(record.*member<index>())>>(row, index)),
     ...);
  }

  template <std::size_t index>
  static constexpr auto member() {
    return std::get<index>(kSchema.fields).member;
  }

  /// A bit for each field. Of those that nobody assigned to, an inlined update does not even read
  /// the old value.
  template <std::size_t... index>
  static std::uint32_t changed_fields(const Record& a, const Record& b,
                                      std::index_sequence<index...>) {
    return (0U | ... | (same(a.*member<index>(), b.*member<index>()) ? 0U : 1U << index));
  }

  template <class Value>
  static bool same(const Value& a, const Value& b) {
    return a == b;
  }
  /// Reads texts only when they are not the very same: they may be out of cache.
  static bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.data() == b.data() || a == b);
  }

  /// Those of the fields that have a bit.
  template <std::size_t... index>
  static Values values(const Record& record, std::uint32_t fields, std::index_sequence<index...>) {
    return {((fields >> index & 1U) != 0 ? value(record.*member<index>()) : FieldValue{})...};
  }

  template <class Value>
  static FieldValue value(const Value& member) {
    if constexpr (std::is_same_v<Value, std::string_view>) {
      return {.text = member};
    } else {
      return {.integer = static_cast<std::uint64_t>(member)};
    }
  }

  std::vector<Ranked<Record>> ranked(const std::vector<RankMember>& members) const {
    std::vector<Ranked<Record>> result;
    result.reserve(members.size());
    for (const RankMember& member : members) {
      const bool ties = !result.empty() && member.score == members[result.size() - 1].score;
      const std::uint64_t rank = ties ? result.back().rank : ranking().rank(member.score);
      result.push_back({rank, member.key, record(member.slot)});
    }
    return result;
  }
};

}  // namespace telekv::kv
