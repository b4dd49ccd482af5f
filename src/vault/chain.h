// The chain from a stored state to the table and back: the base's chunks, the segments and the tail
// after them. Runs on the vault's thread; encoding, sealing and opening go to the pool. A base is
// walked in slices, so the thread goes on serving between them.
#pragma once

#include <cstdint>
#include <memory>
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

/// Proves that a downloaded state restores without the memory of a second table: the scratch table
/// holds one piece of the keys after the other, a chunk's with what the deltas make of them, and
/// their digests together are the state's. Nothing here is anybody else's: it can be moved from
/// thread to thread between the steps.
class Rehearsal {
 public:
  Rehearsal(std::shared_ptr<const Chain::Parts> parts, std::unique_ptr<kv::Durable> scratch);

  /// One piece, some tenths of a second; true when that was the last and everything is proven.
  /// Not to be called again after that, nor after an error, which is what Chain::fill() would say.
  Result<bool> step();

 private:
  struct Piece {
    kv::KeyRange keys = {};
    std::vector<ByteView> chunks = {};
  };

  Result<void> cut_into_pieces();

  std::shared_ptr<const Chain::Parts> parts_;
  std::unique_ptr<kv::Durable> scratch_;
  std::vector<Piece> pieces_;
  std::size_t next_ = 0;
  std::uint64_t records_ = 0;
  kv::Digest digest_{};
};

/// The messages of a base's chunks.
std::vector<MessageId> messages_of(const format::Base& base);

}  // namespace telekv::vault
