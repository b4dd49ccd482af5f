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

  /// Adds a record. Errors: kRejected when the key is taken, kTooLarge for its texts.
  Result<void> insert(Key key, const Record& record) {
    return insert_row(key, values(record).data());
  }

  /// Calls fn(Record&) and keeps what it left there. fn may assign a text any view that lives until
  /// update() returns; it must not use the table. Errors: kNotFound, kTooLarge for its texts.
  template <class Function>
  Result<void> update(Key key, Function&& fn) {
    const std::optional<Slot> slot = find_slot(key);
    if (!slot) return missing(key);
    Record changed = record(*slot);
    std::forward<Function>(fn)(changed);
    return update_row(*slot, values(changed).data());
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
  using Values = std::array<FieldValue, kFields>;

  Record record(Slot slot) const {
    Values row;
    read_row(slot, row.data());
    Record result{};
    assign(result, row, std::make_index_sequence<kFields>());
    return result;
  }

  template <std::size_t... index>
  static void assign(Record& record, const Values& row, std::index_sequence<index...>) {
    (assign_field(record.*(std::get<index>(kSchema.fields).member), row[index]), ...);
  }

  template <class Value>
  static void assign_field(Value& member, const FieldValue& value) {
    if constexpr (std::is_same_v<Value, std::string_view>) {
      member = value.text;
    } else {
      member = static_cast<Value>(value.integer);
    }
  }

  static Values values(const Record& record) {
    return std::apply(
        [&](const auto&... fields) { return Values{value(record.*(fields.member))...}; },
        kSchema.fields);
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
