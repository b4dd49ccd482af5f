// The chain from a manifest to the table and back: the base's chunks and the deltas after them.
// Runs on the vault's thread; encoding, sealing and opening go to the pool. A base is walked in
// slices, so the thread goes on serving between them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <vector>

#include "kv/durable.h"
#include "telekv.pb.h"
#include "vault/channel.h"
#include "vault/retry.h"
#include "vault/sealer.h"

namespace telekv::vault {

class Chain {
 public:
  /// The references must outlive the object; `state` is only touched on the calling thread.
  Chain(Channel& channel, const Sealer& sealer, Random& random, kv::Durable& state,
        boost::asio::any_io_executor pool);

  /// Makes the table hold exactly what `manifest` names, and proves it by the digest. Downloads
  /// nothing when the table holds it already. Returns the bytes downloaded. After an error the
  /// table is empty.
  Channel::Async<std::uint64_t> load(format::Manifest manifest, Patience patience);

  /// Uploads the whole table as a base begun at `sequence`, sealed under `epoch` and `writer`.
  /// After an error, `posted` holds the messages that nothing names.
  Channel::Async<format::Base> write_base(std::int64_t epoch, std::uint64_t writer,
                                          std::uint64_t sequence, std::vector<MessageId>& posted,
                                          Patience patience);

 private:
  Channel::Async<std::uint64_t> load_base(format::Base base, Patience patience);
  Channel::Async<Bytes> fetch_chunk(format::Object object, Patience patience);
  Channel::Async<format::Object> post_chunk(std::shared_ptr<const kv::Encodable> chunk,
                                            ObjectIdentity identity, Patience patience);
  Result<void> apply_tail(const format::Manifest& manifest, std::uint64_t from_sequence);

  Channel* channel_;
  const Sealer* sealer_;
  Random* random_;
  kv::Durable* state_;
  boost::asio::any_io_executor pool_;
};

}  // namespace telekv::vault
