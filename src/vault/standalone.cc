#include "vault/standalone.h"

#include "telekv.pb.h"
#include "vault/channel.h"

namespace telekv::vault {

Result<Bytes> seal_standalone(const StandaloneState& state, const Sealer& sealer,
                              const Sealer::Nonce& nonce) {
  constexpr std::int64_t kBallot = 1;  // of an active root, so not 0
  format::Manifest manifest;
  manifest.set_standing(format::Manifest::ACTIVE);
  manifest.set_ballot(kBallot);
  manifest.set_writer(state.writer);
  format::State& content = *manifest.mutable_state();
  content.set_records(state.records);
  content.set_digest(state.digest.data(), state.digest.size());
  content.set_committed_at(state.made_at);
  for (const std::shared_ptr<const kv::Encodable>& take : state.takes) {
    content.set_sequence(content.sequence() + 1);
    format::Delta& delta = *content.add_tail();
    delta.set_sequence(content.sequence());
    *delta.mutable_columns() = take->encode();
  }
  const ObjectIdentity identity{.kind = ObjectKind::kRoot,
                                .epoch = kBallot,
                                .writer = manifest.writer(),
                                .sequence = content.sequence()};
  Bytes document = sealer.seal(identity, manifest.SerializeAsString(), nonce);
  if (document.size() > Channel::kMaxDocumentBytes) {
    return Error{ErrorCode::kTooLarge,
                 "one document would have " + std::to_string(document.size()) +
                     " bytes, the limit is " + std::to_string(Channel::kMaxDocumentBytes)};
  }
  return document;
}

}  // namespace telekv::vault
