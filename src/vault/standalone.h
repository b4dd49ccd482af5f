// A whole state as one document: a root that names nothing else, with every record in its tail.
// Whatever reads downloaded documents reads it; no chat is needed, and no chat ever shows it as its
// root, because its ballot is not its message's id.
//
// Pure; any thread. O(records).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kv/durable.h"
#include "vault/sealer.h"

namespace telekv::vault {

struct StandaloneState {
  /// All that the table's takes gave, in their order; empty: so is the table. A reader refuses a
  /// take of more than kv::kMaxMessageRows rows.
  std::vector<std::shared_ptr<const kv::Encodable>> takes;
  std::uint64_t records = 0;
  kv::Digest digest{};       ///< of the table after the last take
  std::int64_t made_at = 0;  ///< seconds since the Unix epoch
  std::uint64_t writer = 0;  ///< random
};

/// The document's bytes. kTooLarge above Channel::kMaxDocumentBytes.
Result<Bytes> seal_standalone(const StandaloneState& state, const Sealer& sealer,
                              const Sealer::Nonce& nonce);

}  // namespace telekv::vault
