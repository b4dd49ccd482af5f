// What a durability layer needs from a table, whatever its record: changes as deltas, the whole as
// chunks, and the way back. kv::Table implements it; the vault sees nothing else of the engine.
//
// Threads: everything runs on the thread that owns the table, except Encodable::encode(), which
// works on its own immutable copy and may run anywhere.
//
// Lack of memory: take_changes(), begin_snapshot() and encode() throw std::bad_alloc and can be
// called again, nothing being lost; after step() has thrown, the walk can only be ended.
// load_chunk(), load_delta() and erase() answer kTooLarge: the table is as it was, or, when half a
// delta was in it, empty. finish_loading() throws and can be called again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "kv/bytes.h"
#include "kv/error.h"

namespace telekv::kv {

/// Order-independent digest of a table's content: XOR of a keyed 128-bit hash per record. The same
/// content has the same digest, whatever its history; the empty table's is all zeros.
using Digest = std::array<std::uint8_t, 16>;

/// An immutable copy of records, waiting to be encoded.
class Encodable {
 public:
  virtual ~Encodable() = default;

  /// The records as columns, compressed: one message of proto/telekv.proto. O(records).
  virtual Bytes encode() const = 0;

  /// Records held, deletions included.
  virtual std::uint64_t records() const = 0;

  /// Of a take: every key erased since the take before, ascending, also those that are there again.
  /// Older states that are brought back must not contain them.
  virtual const std::vector<std::int64_t>& erased_keys() const = 0;
};

/// One pass over a table that goes on changing meanwhile. A record that exists during the whole
/// walk is in exactly one chunk, with some value it had during the walk. Whatever is touched after
/// the walk began is also in a later take_changes(), so the chunks followed by every delta taken
/// since the walk began, each once and in order, are exact.
class SnapshotWalk {
 public:
  virtual ~SnapshotWalk() = default;

  /// Copies at most `max_records` more. Returns a chunk whenever one is full or the walk has just
  /// ended (also for an empty table: one empty chunk), otherwise nullptr.
  virtual std::unique_ptr<const Encodable> step(std::size_t max_records) = 0;

  /// Whether the last chunk has been handed over.
  virtual bool done() const = 0;
};

/// Keys from `first` to `last`, both included.
struct KeyRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
};

class Durable {
 public:
  virtual ~Durable() = default;

  /// Records held.
  virtual std::uint64_t size() const = 0;

  /// Records touched since the last take_changes(): what would be lost now.
  virtual std::uint64_t unsaved() const = 0;

  /// What changed since the last take, deletions included; nullptr when nothing did. A delta is to
  /// be loaded exactly once, in order, over exactly the state of the take before: it may hold what
  /// to add to a value instead of the value. The first one after a walk was alive, and any during
  /// it, holds values only, so that it is exact over the walk's chunks, whatever moment they are
  /// of. One that is thrown away breaks the chain until a snapshot begun after it; so does one over
  /// the reader's bounds (kv/column_codec.h: 4 million records, fewer when they have more than
  /// seven fields). O(changes).
  virtual std::unique_ptr<const Encodable> take_changes() = 0;

  /// The digest of the content as of the last take_changes(), load_chunk() or load_delta().
  virtual Digest digest() const = 0;

  /// Starts a walk. At most one is alive at a time, and the table outlives it. A chunk's encoding
  /// stays below `max_chunk_bytes` (at least 64 KiB); what a walk holds, with one chunk and its
  /// encoding, below that and a twentieth of the table's memory.
  virtual std::unique_ptr<SnapshotWalk> begin_snapshot(std::size_t max_chunk_bytes) = 0;

  /// Adds what Encodable::encode() wrote. The bytes are hostile: kDamaged or kUnsupportedVersion
  /// leaves the table as it was; kDamaged also for a difference to a record that is not there.
  /// Loaded records do not count as unsaved. O(records).
  virtual Result<void> load_chunk(ByteView encoded) = 0;
  Result<void> load_delta(ByteView encoded) { return load_delta(encoded, KeyRange{}); }

  /// load_delta() of those keys alone, as if the delta held no others: for who checks a state piece
  /// by piece in a table that holds only the chunks of one.
  virtual Result<void> load_delta(ByteView encoded, const KeyRange& keys) = 0;

  /// From the lowest to the highest key of a chunk; nothing when it has none. The bytes are
  /// hostile: kDamaged or kUnsupportedVersion, not always when load_chunk() says so. O(records).
  virtual Result<std::optional<KeyRange>> keys_of_chunk(ByteView encoded) const = 0;

  /// To be called after the last load: does what loads put off, so that no later call pays for it.
  /// Whatever needs it earlier does it itself. O(n log n) at most.
  virtual void finish_loading() = 0;

  /// Forgets the record, as a change that is to be taken. Errors: kNotFound when there is none,
  /// kTooLarge without memory; nothing has changed then.
  virtual Result<void> erase(std::int64_t key) = 0;

  /// Forgets everything, as freshly constructed. Does not throw.
  virtual void clear() = 0;
};

}  // namespace telekv::kv
