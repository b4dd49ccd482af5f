// Sealed objects in the chat: chunks of a base, segments, histories. Seals them, writes them into
// free slots of the ring (posting a message only when there is none), downloads and verifies them.
//
// The vault's thread; encoding, sealing and opening go to the pool. Several calls may be under way.
// An object is at most Channel::kMaxDocumentBytes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "telekv.pb.h"
#include "vault/channel.h"
#include "vault/retry.h"
#include "vault/ring.h"
#include "vault/sealer.h"

namespace telekv::vault {

/// The messages that may not be edited; nothing: none may be edited now.
using MessagesToKeep = std::optional<std::set<MessageId>>;

/// Asked before each edit of a slot.
using AskMessagesToKeep = std::function<Channel::Async<MessagesToKeep>(Patience patience)>;

class Objects {
 public:
  /// The largest body an object can have.
  static constexpr std::size_t kMaxBodyBytes = Channel::kMaxDocumentBytes - Sealer::kOverhead;

  /// The references must outlive the object; `messages_to_keep` is called on the vault's thread.
  Objects(Channel& channel, const Sealer& sealer, Random& random, boost::asio::any_io_executor pool,
          Ring& ring, AskMessagesToKeep messages_to_keep);

  /// Stores what `encode` returns, which runs on the pool and touches nothing that may change. The
  /// message is held until release(): no other object takes its place.
  Channel::Async<format::Object> put(ObjectIdentity identity, std::function<Bytes()> encode,
                                     Patience patience);

  /// Writes an empty object over whatever message `id` carries.
  Channel::Async<void> overwrite(MessageId id, ObjectIdentity identity, Patience patience);

  /// The body of a stored object. kDamaged when it is not what `object` says, kNotFound when the
  /// chat does not have it.
  Channel::Async<Bytes> fetch(format::Object object, ObjectKind kind, Patience patience);

  /// All of `objects`, several at a time; in their order. The first error ends it.
  Channel::Async<std::vector<Bytes>> fetch_all(std::vector<format::Object> objects, ObjectKind kind,
                                               Patience patience);

  /// Where encoding, sealing and opening run.
  const boost::asio::any_io_executor& pool() const { return pool_; }

  void hold(const std::vector<MessageId>& ids) { held_.insert(ids.begin(), ids.end()); }
  void release(const std::vector<MessageId>& ids);

 private:
  struct Sealed {
    SharedBytes bytes;
    Bytes hash;
  };
  Channel::Async<Posted> place(Document document, Patience patience);
  Channel::Async<Posted> edit_or_post(Document document, Patience patience);

  Channel* channel_;
  const Sealer* sealer_;
  Random* random_;
  boost::asio::any_io_executor pool_;
  Ring* ring_;
  AskMessagesToKeep messages_to_keep_;
  std::multiset<MessageId> held_;
};

/// Downloads are done in groups of at most so many objects and bytes, a bound on the memory.
inline constexpr std::size_t kParallelDownloads = 4;

/// The first objects of `objects`, of `kind`, that may be downloaded together.
std::size_t first_group(std::span<const format::Object> objects);

}  // namespace telekv::vault
