// Columns that are well formed and hold what no table may: refused where the values are known, and
// the table stays as it was.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kv/code_point.h"
#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "kv/records.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kState = 3;  // 32 bits wide
constexpr std::uint64_t kWide = std::uint64_t{1} << 32U;
constexpr std::uint64_t kNoCodePoint = kCodePointsEnd;

ColumnValues integers(std::uint32_t field, std::uint64_t value) {
  return {.field = field, .type = FieldType::kUnsigned, .values = {value}};
}

ColumnValues text(std::uint32_t field, std::string_view value) {
  ColumnValues column{.field = field, .type = FieldType::kText, .values = {0}};
  column.distinct.push_back(value);
  return column;
}

/// One record of key 3, or a change of it.
Bytes one_row(std::vector<ColumnValues> columns, bool partial) {
  ChangeSet changes;
  changes.blocks.push_back({.keys = {3}, .columns = std::move(columns), .partial = partial});
  return encode_columns(changes);
}

struct WithARecord {
  WithARecord() {
    EXPECT_TRUE(table.insert(3, {.name = "Ann", .clicks = 5, .state = 7}));
    table.take_changes();
  }
  Table<User> table{test_options()};
};

ErrorCode refused_delta(const Bytes& delta) {
  WithARecord with;
  Table<User>& table = with.table;
  const Digest before = table.digest();
  const Result<void> loaded = table.load_delta(delta);
  EXPECT_FALSE(loaded) << "it was accepted";
  EXPECT_EQ(table.digest(), before);
  EXPECT_EQ(table.validate(), "");
  return loaded ? ErrorCode::kCancelled : loaded.error().code;
}

TEST(HostileValues, WiderThanTheirFieldAreOfANewerVersion) {
  EXPECT_EQ(refused_delta(one_row({integers(kState, kWide)}, true)),
            ErrorCode::kUnsupportedVersion);
  ColumnValues difference = integers(kState, kWide - 1);
  difference.difference = true;
  EXPECT_EQ(refused_delta(one_row({difference}, true)), ErrorCode::kUnsupportedVersion);
  difference.values = {2};
  WithARecord with;
  Table<User>& table = with.table;
  ASSERT_TRUE(table.load_delta(one_row({difference}, true)));
  EXPECT_EQ(table.find(3)->state, 9U);
}

TEST(HostileValues, ARecordHasABoundedAmountOfText) {
  const std::string longest(kMaxTextBytes, 'x');
  std::vector<ColumnValues> columns;
  for (std::uint32_t field = 10; field < 13; ++field) columns.push_back(text(field, longest));
  WithARecord with;
  Table<User>& table = with.table;
  EXPECT_TRUE(table.load_delta(one_row(columns, true)));
  columns.push_back(integers(13, 1));
  columns.push_back(text(14, "y"));
  EXPECT_EQ(refused_delta(one_row(columns, true)), ErrorCode::kDamaged);
  columns.pop_back();
  columns.push_back(text(14, ""));
  EXPECT_TRUE(WithARecord().table.load_delta(one_row(columns, true)));
}

TEST(HostileValues, ATextIsBoundedInBytesNotOnlyInCodePoints) {
  std::string name;
  while (name.size() <= kMaxTextBytes) name += "\xe2\x82\xac";
  EXPECT_EQ(refused_delta(one_row({text(kName, name)}, true)), ErrorCode::kDamaged);
}

TEST(HostileValues, ADeltaWaitsForTheChangesAndForTheSnapshot) {
  WithARecord with;
  Table<User>& table = with.table;
  ASSERT_TRUE(table.insert(4, {.name = "Bob"}));
  const Bytes delta = one_row({integers(kState, 1)}, true);
  EXPECT_EQ(table.load_delta(delta).error().code, ErrorCode::kInvalidArgument);
  table.take_changes();
  auto walk = table.begin_snapshot(1000);
  EXPECT_EQ(table.load_delta(delta).error().code, ErrorCode::kInvalidArgument);
  walk.reset();
  EXPECT_TRUE(table.load_delta(delta));
}

TEST(HostileValues, AnEmptyBlockIsNotWritten) {
  ChangeSet changes;
  changes.blocks.push_back({});
  const Result<ChangeSet> decoded = decode_columns(encode_columns(changes));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->blocks.empty());
}

// ---- messages that no writer gives ----

Bytes chunk_of(const std::vector<std::string>& names) {
  Table<User> table(test_options());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_TRUE(table.insert(static_cast<Key>(i), {.name = names[i], .state = i == 2 ? 1U : 0U}));
  }
  return only_chunk(table);
}

template <class Spoil>
ErrorCode refusal(const Bytes& good, Spoil spoil) {
  format::Columns message;
  EXPECT_TRUE(message.ParseFromString(good));
  spoil(message);
  const Result<ChangeSet> decoded = decode_columns(message.SerializeAsString());
  EXPECT_FALSE(decoded) << "it was accepted";
  return decoded ? ErrorCode::kCancelled : decoded.error().code;
}

format::Texts& names_of(format::Columns& message) {
  return *message.mutable_rows(0)->mutable_columns(0)->mutable_texts();
}

/// As the field of that number of a Texts message.
void put_integers(const IntegerList& values, int field, format::Texts& texts) {
  StreamPacker packer;
  WireWriter writer;
  encode_integers(values, packer, field, writer);
  ASSERT_TRUE(texts.MergeFromString(writer.finish()));
}

std::vector<std::string> greek_names() { return {"αβγ", "δεζ", "ηθι", "κλμ"}; }

/// More different characters than an alphabet has room for.
std::vector<std::string> names_with_rare_characters() {
  std::vector<std::string> names;
  for (unsigned i = 0; i < 200; ++i) {
    names.push_back({'\xe4', static_cast<char>(0xb8 + i / 64), static_cast<char>(0x80 + i % 64)});
  }
  return names;
}

TEST(HostileMessages, AlphabetsAreBoundedAndHoldCodePoints) {
  const Bytes good = chunk_of(greek_names());
  EXPECT_EQ(refusal(good, [](auto& message) { names_of(message).set_alphabet_size(200); }),
            ErrorCode::kDamaged);
  const auto beyond_unicode = [](auto& message) {
    format::Texts& texts = names_of(message);
    const IntegerList steps(texts.alphabet_size(), kNoCodePoint);
    texts.clear_alphabet();
    put_integers(steps, format::Texts::kAlphabetFieldNumber, texts);
  };
  EXPECT_EQ(refusal(good, beyond_unicode), ErrorCode::kDamaged);
}

TEST(HostileMessages, RareCodePointsAreAsManyAsAnnouncedAndCodePoints) {
  const Bytes good = chunk_of(names_with_rare_characters());
  format::Columns message;
  ASSERT_TRUE(message.ParseFromString(good));
  ASSERT_GT(names_of(message).rare_count(), 0U);
  const auto more = [](auto& spoilt) {
    names_of(spoilt).set_rare_count(names_of(spoilt).rare_count() + 1);
  };
  EXPECT_EQ(refusal(good, more), ErrorCode::kDamaged);
  const auto none = [](auto& spoilt) { names_of(spoilt).clear_rare(); };
  EXPECT_EQ(refusal(good, none), ErrorCode::kDamaged);
  const auto beyond_unicode = [](auto& spoilt) {
    format::Texts& texts = names_of(spoilt);
    const IntegerList rare(texts.rare_count(), kNoCodePoint);
    texts.clear_rare();
    put_integers(rare, format::Texts::kRareFieldNumber, texts);
  };
  EXPECT_EQ(refusal(good, beyond_unicode), ErrorCode::kDamaged);
}

TEST(HostileMessages, ExceptionsHavePlainGaps) {
  const auto sparse_gaps = [](auto& message) {
    for (auto& column : *message.mutable_rows(0)->mutable_columns()) {
      if (column.integers().encoding() != format::Integers::SPARSE) continue;
      column.mutable_integers()->mutable_gaps()->set_encoding(format::Integers::SPARSE);
    }
  };
  EXPECT_EQ(refusal(chunk_of(greek_names()), sparse_gaps), ErrorCode::kDamaged);
}

TEST(HostileMessages, FieldNumbersKeysAndSizesAreInRange) {
  const Bytes good = chunk_of(greek_names());
  const auto field = [](auto& message) {
    message.mutable_rows(0)->mutable_columns()->rbegin()->set_field(70'000);
  };
  EXPECT_EQ(refusal(good, field), ErrorCode::kDamaged);
  const auto erased = [](auto& message) {
    *message.mutable_erased() = message.rows(0).keys();
    message.mutable_erased()->set_first(std::numeric_limits<Key>::max());
  };
  EXPECT_EQ(refusal(good, erased), ErrorCode::kDamaged);
  const auto cells = [](auto& message) {
    message.mutable_rows(0)->mutable_keys()->set_count(1U << 20U);
    for (int i = 0; i < 40; ++i) message.mutable_rows(0)->add_columns();
  };
  EXPECT_EQ(refusal(good, cells), ErrorCode::kDamaged);
  EXPECT_EQ(decode_columns(Bytes(kMaxEncodedBytes + 1, '\0')).error().code, ErrorCode::kDamaged);
}

}  // namespace
}  // namespace telekv::kv
