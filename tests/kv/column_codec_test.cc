#include "kv/column_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kv/integer_codec.h"
#include "kv/records.h"
#include "kv/symbol_coder.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

Bytes encoded(const IntegerList& values) {
  StreamPacker packer;
  WireWriter writer;
  IntegerWriter integers(values.size(), packer.scratch());
  integers.append(values);
  integers.finish(packer, writer);
  return writer.finish();
}

void expect_round_trip(const IntegerList& values) {
  const Bytes bytes = encoded(values);
  StreamUnpacker unpacker;
  const Result<IntegerList> decoded = decode_integers(bytes, values.size(), unpacker);
  ASSERT_TRUE(decoded) << describe(decoded.error());
  EXPECT_EQ(*decoded, values);
  std::size_t bound_bits = 0;
  for (const std::uint64_t value : values) bound_bits += integer_bound_bits(value);
  EXPECT_LE(bytes.size(), bound_bits / 8 + 64);
}

RC_GTEST_PROP(Integers, ComeBack, (const std::vector<std::uint64_t>& values)) {
  expect_round_trip(values);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Integers, OfEveryLengthComeBack) {
  IntegerList values = {0, kHighest, kHighest - 1};
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t around : {kHighest, std::uint64_t{0}, std::uint64_t{1}}) {
      values.push_back((std::uint64_t{1} << bit) + around);
    }
  }
  expect_round_trip(values);
}

TEST(Integers, ManyWithOneCommonValueTakeLittle) {
  IntegerList values(100'000, 42);
  EXPECT_LE(encoded(values).size(), 4U);
  expect_round_trip(values);
  for (std::size_t i = 7; i < values.size(); i += 1000) values[i] = kHighest - i;
  expect_round_trip(values);
  values.back() = 1;
  values.front() = 1;
  expect_round_trip(values);
}

TEST(Integers, RandomOnesTakeHardlyMoreThanTheirBits) {
  constexpr std::size_t kCount = 100'000;
  std::mt19937_64 random(1);
  IntegerList values(kCount);
  for (std::uint64_t& value : values) value = random() >> 32U;
  EXPECT_LE(encoded(values).size(), kCount * 4 + kCount / 30);
  expect_round_trip(values);
}

std::optional<Bytes> decoded(ByteView coded, std::size_t size) {
  Bytes raw(size, '\0');
  if (!decode_symbols(coded, raw)) return std::nullopt;
  return raw;
}

RC_GTEST_PROP(Symbols, ComeBack, (const std::string& raw)) {
  const Bytes coded = encode_symbols(raw);
  RC_ASSERT(decoded(coded, raw.size()) == raw);
  RC_ASSERT(coded.size() <= raw.size() + raw.size() / 4 + 4);
}

TEST(Symbols, OfAnyKindComeBackAndTakeHardlyMoreThanTheirEntropy) {
  std::mt19937_64 random(7);
  for (const unsigned kinds : {1U, 2U, 3U, 20U, 256U}) {
    for (const std::size_t size : {0U, 1U, 2U, 255U, 16384U}) {
      Bytes raw(size, '\0');
      for (char& each : raw) each = static_cast<char>(random() % kinds * 7 + 0xf0);
      const Bytes coded = encode_symbols(raw);
      EXPECT_EQ(decoded(coded, size), raw);
      const double entropy = static_cast<double>(size) * std::log2(kinds) / 8;
      const double learning = 1.5 * kinds + 10;
      EXPECT_LE(static_cast<double>(coded.size()), entropy * 1.01 + learning);
    }
  }
}

TEST(Symbols, WithATailAreRefused) {
  Bytes coded = encode_symbols("some text, some text, some text");
  coded += "tail";
  EXPECT_EQ(decoded(coded, 31), std::nullopt);
}

ColumnValues text_column(const std::vector<std::string>& texts) {
  ColumnValues column{.field = 1, .type = FieldType::kText};
  std::map<std::string, std::uint32_t> places;
  for (const std::string& text : texts) {
    const auto [place, is_new] =
        places.emplace(text, static_cast<std::uint32_t>(column.distinct.size()));
    if (is_new) column.distinct.push_back(text);
    column.values.push_back(place->second);
  }
  return column;
}

void expect_texts_come_back(const std::vector<std::string>& texts) {
  ChangeSet changes;
  changes.blocks.emplace_back();
  changes.blocks[0].keys.resize(texts.size());
  std::iota(changes.blocks[0].keys.begin(), changes.blocks[0].keys.end(), Key{-5});
  changes.blocks[0].columns.push_back(text_column(texts));
  changes.blocks[0].partial = true;
  const Result<ChangeSet> decoded = decode_columns(encode_columns(changes));
  ASSERT_TRUE(decoded) << describe(decoded.error());
  const ColumnValues& column = decoded->blocks.at(0).columns.at(0);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    ASSERT_EQ(column.value(row).text, texts[row]);
  }
}

RC_GTEST_PROP(Texts, OfAnyBytesComeBack, ()) {
  auto texts = *rc::gen::arbitrary<std::vector<std::string>>();
  texts.emplace_back();
  expect_texts_come_back(texts);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Texts, OfManyScriptsComeBack) {
  std::vector<std::string> texts = {"Анна", "Анна", "🦊", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"};
  for (const char* broken :
       {"\xc0\x80", "\xed\xa0\x80", "\xe0\x80\x80", "\xf0\x82\x82\xac", "\xe2\x82", "\xff", "\x80",
        "\xc3(", "\xed\x9f\xbf", "\xf9\x80\x80\x80", "\xe4\xb8"}) {
    texts.emplace_back(broken);
  }
  for (std::uint32_t first = 0x4e; first < 0x60; ++first) {  // more characters than an alphabet has
    for (std::uint32_t second = 0; second < 0x40; ++second) {
      std::string text = "\xe4";
      text += static_cast<char>(0x80U | (first & 0x3fU));
      text += static_cast<char>(0x80U | second);
      texts.push_back(text + text);
    }
  }
  texts.emplace_back(kMaxTextBytes, '\xff');
  expect_texts_come_back(texts);
}

TEST(Columns, DoNotDependOnTheOrderOfRows) {
  ChangeSet changes;
  changes.blocks.emplace_back();
  RowBlock& block = changes.blocks[0];
  block.keys = {30, std::numeric_limits<Key>::min(), -7, std::numeric_limits<Key>::max()};
  block.columns.push_back({.field = 4, .type = FieldType::kSigned, .values = {1, 2, 3, 4}});
  const Bytes encoded = encode_columns(changes);
  std::reverse(block.keys.begin(), block.keys.end());
  std::reverse(block.columns[0].values.begin(), block.columns[0].values.end());
  EXPECT_EQ(encode_columns(changes), encoded);
  const Result<ChangeSet> decoded = decode_columns(encoded);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->blocks[0].keys, (std::vector<Key>{std::numeric_limits<Key>::min(), -7, 30,
                                                       std::numeric_limits<Key>::max()}));
  EXPECT_EQ(decoded->blocks[0].columns[0].values, (IntegerList{2, 3, 1, 4}));
}

TEST(Columns, OfMoreRowsThanSixteenBitsCountDoNotDependOnTheirOrder) {
  constexpr std::size_t kRows = 70'000;
  ChangeSet changes;
  changes.blocks.emplace_back();
  RowBlock& block = changes.blocks[0];
  block.columns.push_back({.field = 4, .type = FieldType::kUnsigned});
  for (std::size_t row = 0; row < kRows; ++row) {
    block.keys.push_back(static_cast<Key>(row * 7));
    block.columns[0].values.push_back(row * row);
  }
  const Bytes encoded = encode_columns(changes);
  std::reverse(block.keys.begin(), block.keys.end());
  std::reverse(block.columns[0].values.begin(), block.columns[0].values.end());
  EXPECT_EQ(encode_columns(changes), encoded);
}

/// The same message through the generated classes.
Bytes written_by_protocol_buffers(ByteView encoded) {
  format::Columns message;
  EXPECT_TRUE(message.ParseFromArray(encoded.data(), static_cast<int>(encoded.size())));
  return message.SerializeAsString();
}

TEST(Columns, AreTheBytesThatProtocolBuffersWouldWrite) {
  Table<Player> table(test_options());
  std::mt19937_64 random(8);
  std::vector<std::string> names(3000);
  for (Key key = 0; key < 3000; ++key) {
    std::string& name = names[static_cast<std::size_t>(key)];
    for (std::size_t i = 0; i < random() % 20; ++i) name += static_cast<char>(random());
    ASSERT_TRUE(table.insert(static_cast<Key>(random()),
                             {.alias = name,
                              .rating = static_cast<std::int64_t>(random() % 100) - 50,
                              .club = key % 4 == 0 ? "Динамо" : "",
                              .wins = key % 10 == 0 ? std::uint32_t{7} : 0U,
                              .seen_at = random()}));
  }
  const Bytes delta = table.take_changes()->encode();
  EXPECT_EQ(written_by_protocol_buffers(delta), delta);
  const Bytes chunk = only_chunk(table);
  ASSERT_FALSE(chunk.empty());
  EXPECT_EQ(written_by_protocol_buffers(chunk), chunk);
  table.erase(table.top(1)[0].key);
  const Key leader = table.top(1)[0].key;
  ASSERT_TRUE(table.update(leader, [](Player& player) { player.rating -= 5; }));
  const Bytes partial = table.take_changes()->encode();
  EXPECT_EQ(written_by_protocol_buffers(partial), partial);
}

TEST(Columns, OfAMillionEqualUsersTakeAtMost512Bytes) {
  constexpr std::size_t kUsers = 1'000'000;
  ChangeSet changes;
  changes.blocks.emplace_back();
  RowBlock& block = changes.blocks[0];
  block.keys.resize(kUsers);
  std::iota(block.keys.begin(), block.keys.end(), Key{1});
  ColumnValues names{.field = 1, .type = FieldType::kText};
  names.values.resize(kUsers);
  names.distinct.push_back("eee");
  block.columns.push_back(std::move(names));
  block.columns.push_back(
      {.field = 2, .type = FieldType::kUnsigned, .values = IntegerList(kUsers, 1)});
  EXPECT_LE(encode_columns(changes).size(), 512U);
}

std::string hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    const auto byte = static_cast<std::uint8_t>(each);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

// docs/format.md explains these bytes one by one: a change here is a change of the stored format.
TEST(Columns, GoldenBytesOfAChunkOfTwoUsers) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1'000'000, {.name = "Аня", .clicks = 57}));
  ASSERT_TRUE(table.insert(1'000'300, {.name = "Bob", .clicks = 3, .state = 1}));
  EXPECT_EQ(hex(only_chunk(table)),
            "0801124e0a0e08021080897a1a0612012022012b"
            "122508011002221f0a0208011a040801280320032a091203281510220210153206808182426f62"
            "120b08021a0712021703220101"
            "120808031a0412020001");
}

TEST(Columns, GoldenBytesOfADeltaWithATombstone) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(1'000'000, {.name = "Аня", .clicks = 57}));
  ASSERT_TRUE(table.insert(1'000'300, {.name = "Bob", .clicks = 3, .state = 1}));
  table.take_changes();
  ASSERT_TRUE(table.update(1'000'000, [](User& user) { ++user.clicks; }));
  table.erase(1'000'300);
  EXPECT_EQ(hex(table.take_changes()->encode()),
            "080112150a0608011080897a1209080210031a0312010218011a06080110d88d7a");
}

}  // namespace
}  // namespace telekv::kv
