// Records as columns, compressed: the stored format of snapshot chunks and deltas, proto Columns.
// docs/format.md has the grammar and a worked example in bytes.
//
// Row-wise protobuf with zstd takes 12 bytes a user on realistic data, today's JSON 50. What is
// here takes about 4.5, a few percent above the entropy of the columns:
//  1. Rows by ascending key, keys as differences.
//  2. Each integer split into a class byte (magnitude: compresses) and low bits (noise: kept as it
//     is).
//  3. A column with one common value keeps only its exceptions.
//  4. Texts that repeat go to a dictionary, most frequent first; all texts are coded by character,
//     not by byte of UTF-8.
//
// Any thread. O(rows). The reader trusts nothing: every count is checked against a bound before
// memory is taken for it. Lack of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kv/bytes.h"
#include "kv/change_set.h"
#include "kv/columns_message.h"
#include "kv/durable.h"
#include "kv/error.h"

namespace telekv::kv {

class RowCopy;

/// Major version of the columns; a reader refuses every other.
inline constexpr std::uint32_t kColumnsVersion = 1;
/// Bytes of one encoded message at most: above what a bot may download (Bot API: 20 MiB).
inline constexpr std::size_t kMaxEncodedBytes = std::size_t{64} << 20U;
/// Rows and tombstones of one message at most.
inline constexpr std::size_t kMaxMessageRows = std::size_t{1} << 22U;
/// Rows times columns of one message at most, the key counted as one: 256 MiB of values in memory.
inline constexpr std::size_t kMaxMessageCells = std::size_t{1} << 25U;
/// Code points of all distinct texts of one message at most.
inline constexpr std::size_t kMaxMessageCodePoints = std::size_t{1} << 26U;

/// The message. Deterministic: the same records, in any order, give the same bytes.
Bytes encode_columns(const ChangeSet& changes);

/// The same of whole records; `records_in_all`: in the snapshot that they are a chunk of.
Bytes encode_columns(const RowCopy& rows, std::uint64_t records_in_all);

/// Errors: kDamaged, kUnsupportedVersion.
Result<ChangeSet> decode_columns(ByteView encoded);

struct CountedColumns {
  ColumnsMessage message;
  std::uint64_t rows;  ///< tombstones not counted
};

/// The message with its version and its counts checked, nothing else; the bytes outlive it. Errors
/// as above.
Result<CountedColumns> read_columns(ByteView encoded);

/// From the lowest to the highest key of the rows; nothing when there are none. Reads no columns.
Result<std::optional<KeyRange>> read_key_range(ByteView encoded);

}  // namespace telekv::kv
