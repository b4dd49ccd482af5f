// Roots: the messages whose documents are manifests. Reads and verifies them, posts candidates and
// writes the own one. Knows their form, not the protocol that orders these calls (vault.h).
// Runs on the vault's thread; a root is at most Channel::kMaxDocumentBytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "telekv.pb.h"
#include "vault/channel.h"
#include "vault/retry.h"
#include "vault/root_form.h"
#include "vault/sealer.h"

namespace telekv::vault {

class Roots {
 public:
  /// `writer` is this process's nonce. What `sealer` does not open, `other` may. The references
  /// must outlive the object.
  Roots(Channel& channel, const Sealer& sealer, const std::optional<Sealer>& other, Random& random,
        std::uint64_t writer);

  /// Downloads and verifies the root that message `id` carries now. kNotFound when the message is
  /// gone; kDamaged, kWrongKey, kUnsupportedVersion when it does not verify.
  Channel::Async<Root> read(MessageId id, Patience patience);

  /// The same for a document that is already known.
  Channel::Async<Root> read_document(MessageId id, FileRef file, Patience patience);

  /// Posts a candidate that claims nothing yet. Posts again after an unknown outcome, so an orphan
  /// may stay in the chat.
  Channel::Async<MessageId> post_candidate(std::vector<MessageId> predecessors, Patience patience);

  /// Makes message `id` the active root with this content, in one edit; the manifest's standing,
  /// ballot and writer are filled in here. Returns the document's size in bytes. kOutcomeUnknown is
  /// returned at once: the caller must not edit that message again.
  Channel::Async<std::uint64_t> write_active(MessageId id, format::Manifest manifest,
                                             Patience patience);

 private:
  Result<Document> seal(const format::Manifest& manifest);
  Result<Root> open(MessageId id, ByteView object) const;

  Channel* channel_;
  const Sealer* sealer_;
  const std::optional<Sealer>* other_;
  Random* random_;
  std::uint64_t writer_;
};

}  // namespace telekv::vault
