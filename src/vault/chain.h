// The chain from a stored state to the table and back: the base's chunks, the segments and the tail
// after them. Runs on the vault's thread; encoding, sealing and opening go to the pool. A base is
// walked in slices, so the thread goes on serving between them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kv/durable.h"
#include "telekv.pb.h"
#include "vault/objects.h"

namespace telekv::vault {

/// A base on its way. A table has one walk at a time, and under another state the base would be
/// wrong: whoever needs the walk's place, or loads another state, gives the run up.
struct BaseRun {
  std::unique_ptr<kv::SnapshotWalk> walk = {};
  bool given_up = false;

  void give_up() {
    walk.reset();
    given_up = true;
  }
};

class Chain {
 public:
  /// A segment's content, kept in memory: merging segments needs no download.
  using Segments = std::vector<std::shared_ptr<const format::Deltas>>;

  struct Loaded {
    std::uint64_t downloaded_bytes = 0;
    Segments segments;  ///< as the state names them
  };

  /// A state's objects, downloaded and opened.
  struct Parts {
    format::State state;
    std::vector<Bytes> chunks;
    Segments segments;
  };

  explicit Chain(Objects& objects) : objects_(&objects) {}

  Channel::Async<Parts> download(format::State state, Patience patience);

  /// Proves that a stored state restores, one chunk of its base in memory at a time. `scratch` is
  /// filled in the pool and is nobody else's. What fill() would say, or why it cannot be
  /// downloaded.
  Channel::Async<void> rehearse(format::State state, std::unique_ptr<kv::Durable> scratch,
                                Patience patience);

  /// Makes `table` hold exactly the state of `parts`, and proves it by the digest. After an error
  /// the table is empty.
  static Result<Loaded> fill(Parts parts, kv::Durable& table);

  /// Where a base is in the history, and who writes it.
  struct BaseIdentity {
    std::int64_t epoch;
    std::uint64_t writer;
    std::uint64_t sequence;  ///< of the last changes taken before
  };

  /// Uploads the whole table as a base. Its chunks are held (Objects::hold) until the caller
  /// releases them; after an error none is. kCancelled when `run` has been given up, as soon as the
  /// call under way has ended; the table is not touched after that.
  Channel::Async<format::Base> write_base(std::shared_ptr<BaseRun> run, kv::Durable& table,
                                          BaseIdentity identity, Patience patience);

 private:
  Channel::Async<std::vector<Bytes>> fetch_base(const format::Base& base, Patience patience);
  Channel::Async<Segments> fetch_segments(const format::State& state, Patience patience);

  Objects* objects_;
};

/// Proves that a state restores without the memory of a second table: the scratch table holds one
/// piece of the keys after the other, a chunk's with what the deltas make of them, and their
/// digests together are the state's. Chunks whose keys lie among each other, as those of one range
/// of a walk do, make one piece. Nothing here is anybody else's: it can be moved from thread to
/// thread between the steps. After an error it is of no use; the error is what Chain::fill() would
/// say, but for a chunk that begins below a piece before, which no walk gives.
class Rehearsal {
 public:
  Rehearsal(format::State state, Chain::Segments segments, std::unique_ptr<kv::Durable> scratch);

  /// The next chunk of the base, some tenths of a second.
  Result<void> add(ByteView chunk);

  /// After the last one: whether everything is proven.
  Result<void> finish();

 private:
  Result<void> end_piece(std::int64_t last);

  format::State state_;
  Chain::Segments segments_;
  std::unique_ptr<kv::Durable> scratch_;
  kv::KeyRange rest_ = {};                         ///< the keys above the pieces that are proven
  std::optional<std::int64_t> loaded_up_to_ = {};  ///< the highest key of the piece in `scratch_`
  std::uint64_t records_ = 0;
  kv::Digest digest_{};
};

/// The messages of a base's chunks.
std::vector<MessageId> messages_of(const format::Base& base);

}  // namespace telekv::vault
