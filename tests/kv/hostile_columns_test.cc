// Bytes from somebody who wants harm: an error or an equally valid table, never a crash, never
// memory for what only a count claims.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "kv/column_codec.h"
#include "kv/integer_codec.h"
#include "kv/records.h"
#include "telekv.pb.h"

namespace telekv::kv {
namespace {

Bytes sample_chunk() {
  Table<User> table(test_options());
  for (Key key = 0; key < 40; ++key) {
    const std::string name = key % 3 == 0 ? "Аня" : "name " + std::to_string(key);
    EXPECT_TRUE(table.insert(key * key * 1000, {.name = name,
                                                .clicks = static_cast<std::uint64_t>(key * key),
                                                .state = key % 9 == 0 ? 5U : 0U}));
  }
  return only_chunk(table);
}

Bytes sample_delta() {
  Table<User> table(test_options());
  for (Key key = 0; key < 20; ++key) EXPECT_TRUE(table.insert(key, {.name = "Ann"}));
  table.take_changes();
  for (Key key = 0; key < 5; ++key) {
    EXPECT_TRUE(table.update(key, [](User& user) { ++user.clicks; }));
    EXPECT_TRUE(table.update(key + 5, [](User& user) { user.name = "Bob"; }));
    table.erase(key + 10);
  }
  EXPECT_TRUE(table.insert(99, {.name = "Eve"}));
  return table.take_changes()->encode();
}

/// Loads into a table that has records already; an error must leave it as it was.
void expect_harmless(const Bytes& bytes, bool is_chunk) {
  Table<User> table(test_options());
  ASSERT_TRUE(table.insert(-1, {.name = "kept", .clicks = 5}));
  ASSERT_TRUE(table.insert(3, {.name = "kept too", .clicks = 5}));
  table.take_changes();
  const Digest before = table.digest();
  const Result<void> loaded = is_chunk ? table.load_chunk(bytes) : table.load_delta(bytes);
  ASSERT_EQ(table.validate(), "");
  ASSERT_EQ(table.unsaved(), 0U);
  if (loaded) return;
  ASSERT_TRUE(loaded.error().code == ErrorCode::kDamaged ||
              loaded.error().code == ErrorCode::kUnsupportedVersion);
  ASSERT_EQ(table.digest(), before);
  ASSERT_EQ(table.size(), 2U);
}

TEST(HostileColumns, EveryFlippedByteIsHarmless) {
  for (const bool is_chunk : {true, false}) {
    const Bytes good = is_chunk ? sample_chunk() : sample_delta();
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (unsigned mask = 1; mask < 256; mask = mask * 2 + 1) {
        Bytes bad = good;
        bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ mask);
        expect_harmless(bad, is_chunk);
      }
    }
  }
}

TEST(HostileColumns, EveryTruncationIsHarmless) {
  for (const bool is_chunk : {true, false}) {
    const Bytes good = is_chunk ? sample_chunk() : sample_delta();
    for (std::size_t length = 0; length < good.size(); ++length) {
      expect_harmless(good.substr(0, length), is_chunk);
    }
  }
}

TEST(HostileColumns, FieldsOfNewerVersionsArePassedOver) {
  const Bytes good = sample_chunk();
  const Result<ChangeSet> expected = decode_columns(good);
  ASSERT_TRUE(expected);
  // Field 2,047 as a varint, eight bytes, a text and four bytes; the messages inside have it too.
  for (const Bytes& unknown : {Bytes("\xf8\x7f\xff\x01", 4), Bytes("\xf9\x7f\1\2\3\4\5\6\7\x8", 10),
                               Bytes("\xfa\x7f\2ab", 5), Bytes("\xfd\x7f\1\2\3\4", 6)}) {
    format::Columns message;
    ASSERT_TRUE(message.ParseFromString(good));
    format::Rows& rows = *message.mutable_rows(0);
    ASSERT_TRUE(rows.MergeFromString(unknown));
    ASSERT_TRUE(rows.mutable_keys()->MergeFromString(unknown));
    ASSERT_TRUE(rows.mutable_keys()->mutable_steps()->MergeFromString(unknown));
    ASSERT_TRUE(rows.mutable_columns(0)->MergeFromString(unknown));
    ASSERT_TRUE(rows.mutable_columns(0)->mutable_texts()->MergeFromString(unknown));
    const Result<ChangeSet> decoded = decode_columns(message.SerializeAsString() + unknown);
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_EQ(decoded->blocks[0].keys, expected->blocks[0].keys);
    EXPECT_EQ(decoded->blocks[0].columns.size(), expected->blocks[0].columns.size());
  }
}

TEST(HostileColumns, WhatIsNoMessageIsRefused) {
  const Bytes good = sample_chunk();
  const Bytes group("\xfb\x7f\xfc\x7f", 4);
  const Bytes field_zero("\0\1", 2);
  const Bytes endless_number("\x8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 12);
  const Bytes too_long("\xfa\x7f\5ab", 5);
  const Bytes version_as_text("\n\1a", 3);
  const Bytes rows_as_number("\x10\1", 2);
  for (const Bytes& bad :
       {group, field_zero, endless_number, too_long, version_as_text, rows_as_number}) {
    const Result<ChangeSet> decoded = decode_columns(good + bad);
    ASSERT_TRUE(decoded.has_error());
    EXPECT_EQ(decoded.error().code, ErrorCode::kDamaged);
  }
}

/// The code with which a changed sample is refused.
ErrorCode refusal(const Bytes& good, const std::function<void(format::Columns&)>& spoil) {
  format::Columns message;
  EXPECT_TRUE(message.ParseFromString(good));
  spoil(message);
  const Result<ChangeSet> decoded = decode_columns(message.SerializeAsString());
  EXPECT_TRUE(decoded.has_error()) << "it was accepted";
  return decoded.has_error() ? decoded.error().code : ErrorCode::kCancelled;
}

TEST(HostileColumns, AnotherMajorVersionIsRefusedAsSuch) {
  EXPECT_EQ(refusal(sample_chunk(), [](auto& message) { message.set_version(2); }),
            ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(refusal(sample_chunk(), [](auto& message) { message.set_version(0); }),
            ErrorCode::kDamaged);
}

TEST(HostileColumns, UnknownEncodingsAndTypesAreRefusedAsNewer) {
  const auto encoding = [](auto& message) {
    message.mutable_rows(0)->mutable_keys()->mutable_steps()->set_encoding(
        static_cast<format::Integers::Encoding>(9));
  };
  EXPECT_EQ(refusal(sample_chunk(), encoding), ErrorCode::kUnsupportedVersion);
  const auto type = [](auto& message) {
    message.mutable_rows(0)->mutable_columns(0)->set_type(static_cast<format::Column::Type>(9));
  };
  EXPECT_EQ(refusal(sample_chunk(), type), ErrorCode::kUnsupportedVersion);
}

TEST(HostileColumns, CountsAreRefusedBeforeMemoryIsTaken) {
  const auto rows = [](auto& message) {
    message.mutable_rows(0)->mutable_keys()->set_count(std::numeric_limits<std::uint32_t>::max());
  };
  EXPECT_EQ(refusal(sample_chunk(), rows), ErrorCode::kDamaged);
  const auto many_blocks = [](auto& message) {
    for (int i = 0; i < 5; ++i) message.add_rows()->mutable_keys()->set_count(1U << 20U);
  };
  EXPECT_EQ(refusal(sample_chunk(), many_blocks), ErrorCode::kDamaged);
  const auto dictionary = [](auto& message) {
    message.mutable_rows(0)->mutable_columns(0)->mutable_texts()->set_dictionary(1U << 31U);
  };
  EXPECT_EQ(refusal(sample_chunk(), dictionary), ErrorCode::kDamaged);
  const auto lengths = [](auto& message) {
    const IntegerList huge(40, std::numeric_limits<std::uint64_t>::max() / 8);
    StreamPacker packer;
    WireWriter writer;
    encode_integers(huge, packer, format::Texts::kLengthsFieldNumber, writer);
    auto* texts = message.mutable_rows(0)->mutable_columns(0)->mutable_texts();
    texts->clear_lengths();
    ASSERT_TRUE(texts->MergeFromString(writer.finish()));
  };
  EXPECT_EQ(refusal(sample_chunk(), lengths), ErrorCode::kDamaged);
}

TEST(HostileColumns, KeysOutOfRangeTwiceOrNowhereAreRefused) {
  const auto past_the_end = [](auto& message) {
    message.mutable_rows(0)->mutable_keys()->set_first(std::numeric_limits<Key>::max());
  };
  EXPECT_EQ(refusal(sample_chunk(), past_the_end), ErrorCode::kDamaged);
  const auto twice = [](auto& message) { *message.add_rows() = message.rows(0); };
  EXPECT_EQ(refusal(sample_chunk(), twice), ErrorCode::kDamaged);
  const auto erased_too = [](auto& message) { *message.mutable_erased() = message.rows(0).keys(); };
  EXPECT_EQ(refusal(sample_chunk(), erased_too), ErrorCode::kDamaged);
  const auto none = [](auto& message) { message.add_rows(); };
  EXPECT_EQ(refusal(sample_chunk(), none), ErrorCode::kDamaged);
}

TEST(HostileColumns, ColumnsTwiceOrOutOfOrderAreRefused) {
  const auto twice = [](auto& message) {
    *message.mutable_rows(0)->add_columns() = message.rows(0).columns(0);
  };
  EXPECT_EQ(refusal(sample_chunk(), twice), ErrorCode::kDamaged);
  const auto zero = [](auto& message) {
    message.mutable_rows(0)->mutable_columns(0)->set_field(0);
  };
  EXPECT_EQ(refusal(sample_chunk(), zero), ErrorCode::kDamaged);
}

TEST(HostileColumns, ADifferenceInWholeRowsIsRefused) {
  const auto difference = [](auto& message) {
    message.mutable_rows(0)->mutable_columns(1)->set_type(format::Column::UNSIGNED_DIFFERENCE);
  };
  EXPECT_EQ(refusal(sample_chunk(), difference), ErrorCode::kDamaged);
}

TEST(HostileColumns, AStreamInTwoFormsOrCodedAndTooLongIsRefused) {
  const auto twice = [](auto& message) {
    auto* steps = message.mutable_rows(0)->mutable_keys()->mutable_steps();
    steps->set_classes("x");
    steps->set_classes_coded("x");
    steps->clear_classes_zstd();
  };
  EXPECT_EQ(refusal(sample_chunk(), twice), ErrorCode::kDamaged);
  const auto too_long = [](auto& message) {
    auto* keys = message.mutable_rows(0)->mutable_keys();
    keys->set_count(1U << 20U);
    keys->clear_steps();
    keys->mutable_steps()->set_classes_coded("x");
    message.mutable_rows(0)->clear_columns();
  };
  EXPECT_EQ(refusal(sample_chunk(), too_long), ErrorCode::kDamaged);
}

}  // namespace
}  // namespace telekv::kv
