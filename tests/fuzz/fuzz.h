// What a fuzz target is: the one function that libFuzzer calls. Each target is linked twice, with
// libFuzzer (preset `fuzz`, `make fuzz`) and with corpus_test.cc, which replays its corpus.
//
// A target fails by abort(): there is no caller to tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kv/bytes.h"
#include "kv/column_codec.h"
#include "kv/records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace telekv::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Some bytes claim millions of equal rows; loading those finds nothing new and takes seconds.
inline constexpr std::uint64_t kMostRecords = 2000;

/// Whether the bytes are columns of a size worth loading. What decodes must encode to something
/// that decodes to as many records.
inline bool worth_loading(ByteView bytes) {
  const Result<kv::ChangeSet> changes = kv::decode_columns(bytes);
  if (!changes || changes->records() > kMostRecords) return false;
  const Result<kv::ChangeSet> again = kv::decode_columns(kv::encode_columns(*changes));
  require(again.has_value() && again->records() == changes->records());
  return true;
}

/// Loads into `table`: an error must leave it as it was, success must leave a valid table.
inline bool load(kv::Durable& table, ByteView bytes, bool is_chunk) {
  const kv::Digest before = table.digest();
  const std::uint64_t size = table.size();
  const Result<void> loaded = is_chunk ? table.load_chunk(bytes) : table.load_delta(bytes);
  require(table.unsaved() == 0);
  if (loaded) return true;
  require(table.digest() == before && table.size() == size);
  return false;
}

/// A table written out and read back is the same.
template <class Record>
void require_restorable(kv::Table<Record>& table) {
  require(table.validate().empty());
  kv::Table<Record> restored(kv::test_options(2));
  const auto walk = table.begin_snapshot(std::size_t{64} << 10U);
  while (!walk->done()) {
    if (const auto chunk = walk->step(1000)) require(load(restored, chunk->encode(), true));
  }
  require(restored.digest() == table.digest() && restored.size() == table.size());
  require(restored.validate().empty());
}

}  // namespace telekv::fuzz
