// A record type that grew: what the newer program stored must live through the older one.
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "kv/column_codec.h"
#include "kv/records.h"

namespace telekv::kv {

struct NewerUser {
  std::int64_t league = 0;
  std::string_view name = {};
  std::uint64_t clicks = 0;
  std::uint32_t state = 0;
  std::string_view motto = {};
  std::uint64_t joined = 0;
};

struct StrangeUser {
  std::uint64_t name = 0;
  std::uint64_t clicks = 0;
  std::uint64_t state = 0;
};

template <>
inline constexpr auto schema_of<NewerUser> = schema(field(1, "name", &NewerUser::name),
                                                    ranking_field(2, "clicks", &NewerUser::clicks),
                                                    field(3, "state", &NewerUser::state),
                                                    field(4, "league", &NewerUser::league),
                                                    field(7, "motto", &NewerUser::motto),
                                                    field(9, "joined", &NewerUser::joined));

template <>
inline constexpr auto schema_of<StrangeUser> = schema(field(1, "name", &StrangeUser::name),
                                                      ranking_field(2, "clicks",
                                                                    &StrangeUser::clicks),
                                                      field(3, "state", &StrangeUser::state));

namespace {

template <class Record>
Table<Record>& fill(Table<Record>& table, const Record& one, const Record& two) {
  EXPECT_TRUE(table.insert(1, one));
  EXPECT_TRUE(table.insert(2, two));
  table.take_changes();
  return table;
}

class UnknownColumns : public testing::Test {
 protected:
  UnknownColumns() {
    fill(newer, {.league = -3, .name = "Ann", .clicks = 5, .motto = "go", .joined = 77},
         {.name = "Bob", .clicks = 9, .motto = ""});
    EXPECT_TRUE(older.load_chunk(only_chunk(newer)));
  }

  void expect_kept(const Bytes& chunk) {
    Table<NewerUser> again(test_options());
    ASSERT_TRUE(again.load_chunk(chunk));
    EXPECT_EQ(again.find(1)->league, -3);
    EXPECT_EQ(again.find(1)->motto, "go");
    EXPECT_EQ(again.find(1)->joined, 77U);
    EXPECT_EQ(again.find(2)->motto, "");
  }

  Table<NewerUser> newer{test_options()};
  Table<User> older{test_options()};
};

TEST_F(UnknownColumns, AreWrittenAgain) {
  EXPECT_EQ(older.find(1)->name, "Ann");
  EXPECT_EQ(only_chunk(older), only_chunk(newer));
  expect_kept(only_chunk(older));
}

TEST_F(UnknownColumns, AreInTheDigest) {
  EXPECT_EQ(older.digest(), newer.digest());
  Table<User> without(test_options());
  fill(without, {.name = "Ann", .clicks = 5}, {.name = "Bob", .clicks = 9});
  EXPECT_NE(without.digest(), newer.digest());
}

TEST_F(UnknownColumns, LiveThroughAnUpdate) {
  ASSERT_TRUE(older.update(1, [](User& user) { ++user.clicks; }));
  ASSERT_TRUE(newer.update(1, [](NewerUser& user) { ++user.clicks; }));
  const Bytes delta = older.take_changes()->encode();
  newer.take_changes();
  EXPECT_EQ(older.digest(), newer.digest());
  expect_kept(only_chunk(older));
  Table<NewerUser> again(test_options());
  fill(again, *newer.find(1), *newer.find(2));
  ASSERT_TRUE(again.load_delta(delta));
  EXPECT_EQ(again.find(1)->motto, "go");
}

TEST_F(UnknownColumns, ChangeByDelta) {
  ASSERT_TRUE(newer.update(1, [](NewerUser& user) { user.league = 4; }));
  ASSERT_TRUE(newer.update(2, [](NewerUser& user) { user.motto = "hm"; }));
  ASSERT_TRUE(older.load_delta(newer.take_changes()->encode()));
  EXPECT_EQ(older.digest(), newer.digest());
  EXPECT_EQ(only_chunk(older), only_chunk(newer));
}

/// A delta of one row: field 50, and nothing that this version knows.
Bytes delta_of_field_50(std::uint64_t value, bool difference, bool partial) {
  ChangeSet changes;
  changes.blocks.push_back({.keys = {1},
                            .columns = {{.field = 50,
                                         .type = FieldType::kUnsigned,
                                         .values = {value},
                                         .difference = difference}},
                            .partial = partial});
  return encode_columns(changes);
}

/// The values of the columns that a table writes for one record.
std::vector<std::pair<std::uint32_t, std::uint64_t>> integers_of(Table<User>& table) {
  const ChangeSet written = decode_columns(only_chunk(table)).value();
  std::vector<std::pair<std::uint32_t, std::uint64_t>> found;
  for (const ColumnValues& column : written.blocks.at(0).columns) {
    if (column.type != FieldType::kText) found.emplace_back(column.field, column.values[0]);
  }
  return found;
}

TEST_F(UnknownColumns, AddUpByDifferencesAndGiveWayToAWholeRow) {
  using Integers = std::vector<std::pair<std::uint32_t, std::uint64_t>>;
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1, {.clicks = 2}));
  table.take_changes();
  ASSERT_TRUE(table.load_delta(delta_of_field_50(10, false, true)));
  ASSERT_TRUE(table.load_delta(delta_of_field_50(5, true, true)));
  EXPECT_EQ(integers_of(table), (Integers{{2, 2}, {50, 15}}));
  ASSERT_TRUE(table.load_delta(delta_of_field_50(1, false, false)));
  EXPECT_EQ(integers_of(table), (Integers{{50, 1}}));
}

TEST_F(UnknownColumns, InASecondTypeAreRefused) {
  const auto column = [](FieldType type) {
    ColumnValues values{.field = 50, .type = type};
    if (type == FieldType::kText) values.distinct.push_back("two");
    values.values.push_back(type == FieldType::kText ? 0 : 2);
    return values;
  };
  const auto block = [&](Key key, FieldType type) {
    return RowBlock{.keys = {key}, .columns = {column(type)}, .partial = true};
  };
  const kv::Digest before = older.digest();
  const Bytes both = encode_columns(
      {.blocks = {block(1, FieldType::kUnsigned), block(2, FieldType::kText)}, .erased = {}});
  EXPECT_EQ(older.load_delta(both).error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(older.digest(), before);
  ASSERT_TRUE(
      older.load_delta(encode_columns({.blocks = {block(1, FieldType::kUnsigned)}, .erased = {}})));
  const Bytes later = encode_columns({.blocks = {block(2, FieldType::kText)}, .erased = {}});
  EXPECT_EQ(older.load_delta(later).error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_TRUE(
      older.load_delta(encode_columns({.blocks = {block(2, FieldType::kUnsigned)}, .erased = {}})));
  RowBlock whole = block(99, FieldType::kText);
  whole.partial = false;
  const Bytes chunk = encode_columns({.blocks = {whole}, .erased = {}});
  EXPECT_EQ(older.load_chunk(chunk).error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(older.size(), 2U);
}

TEST_F(UnknownColumns, GoWithTheirRecord) {
  older.erase(1);
  ASSERT_TRUE(older.insert(1, {.name = "Ann", .clicks = 5}));
  const Bytes delta = older.take_changes()->encode();
  ASSERT_TRUE(newer.load_delta(delta));
  EXPECT_EQ(newer.find(1)->motto, "");
  EXPECT_EQ(older.digest(), newer.digest());
}

TEST_F(UnknownColumns, AFieldOfZerosIsAsIfItWereNotThere) {
  Table<NewerUser> bare(test_options());
  fill(bare, {.name = "Ann", .clicks = 5}, {.name = "Bob", .clicks = 9});
  Table<User> plain(test_options());
  fill(plain, {.name = "Ann", .clicks = 5}, {.name = "Bob", .clicks = 9});
  EXPECT_EQ(only_chunk(bare), only_chunk(plain));
  EXPECT_EQ(bare.digest(), plain.digest());
}

TEST(KnownColumns, OfAnotherTypeOrAWiderValueAreRefused) {
  Table<StrangeUser> strange(test_options());
  fill(strange, {.name = 1}, {});
  Table<User> table(test_options());
  EXPECT_EQ(table.load_chunk(only_chunk(strange)).error().code, ErrorCode::kUnsupportedVersion);
  Table<StrangeUser> wide(test_options());
  fill(wide, {.state = std::uint64_t{1} << 32U}, {});
  EXPECT_EQ(table.load_chunk(only_chunk(wide)).error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace telekv::kv
