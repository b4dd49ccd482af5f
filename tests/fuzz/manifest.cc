// Any bytes as the body of a root or of a history: what is read from them is bounded and whole.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzz.h"
#include "telekv.pb.h"
#include "vault/applied_updates.h"
#include "vault/history.h"
#include "vault/ring.h"
#include "vault/root_form.h"

namespace {

using namespace telekv;

void read_ring(const format::Ring& stored) {
  const Result<vault::Ring> ring = vault::Ring::parse(stored);
  if (!ring) return;
  fuzz::require(ring->slots() <= vault::Ring::kMaxSlots);
  format::Ring written;
  ring->write(written);
  const Result<vault::Ring> again = vault::Ring::parse(written);
  fuzz::require(again.has_value() && again->slots() == ring->slots());
  vault::Ring next;
  next.succeed(*ring);
  fuzz::require(next.slots() == ring->slots());
}

void read_applied(const format::AppliedUpdates& stored) {
  Result<vault::AppliedUpdates> applied = vault::AppliedUpdates::from_message(stored);
  if (!applied) return;
  const Result<vault::AppliedUpdates> again =
      vault::AppliedUpdates::from_message(applied->to_message());
  fuzz::require(again.has_value() && again->last() == applied->last() &&
                again->holes() == applied->holes());
  const std::int64_t next = applied->last() < (std::int64_t{1} << 53) ? applied->last() + 2 : 1;
  const vault::UpdateStamp update{.id = next};
  if (!applied->contains(update)) applied->add(update, vault::Delivery::kWebhook);
  fuzz::require(applied->contains(update));
}

void read_history(format::History history, const vault::TombstoneList& newer) {
  std::vector<std::int64_t> erased = vault::erased_after(history, newer, 0);
  fuzz::require(std::is_sorted(erased.begin(), erased.end()));
  vault::drop_unneeded_tombstones(history);
  vault::prune(history, 3, std::chrono::hours(24));
  fuzz::require(history.points_size() <= 3);
}

// The header that was sealed with the manifest is the writer's, so it is made from the manifest.
void read_root(const format::Manifest& manifest, ByteView bytes) {
  const vault::ObjectIdentity identity{.kind = vault::ObjectKind::kRoot,
                                       .epoch = manifest.ballot(),
                                       .writer = manifest.writer(),
                                       .sequence = manifest.state().sequence()};
  const Result<vault::Root> root = vault::parse_root(vault::MessageId{1}, identity, bytes);
  if (!root) return;
  fuzz::require(root->manifest.required_features_size() == 0);
  fuzz::require(!vault::is_longer(root->manifest, manifest));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  format::Manifest manifest;
  if (manifest.ParseFromString(bytes)) {
    read_root(manifest, bytes);
    read_ring(manifest.ring());
    read_applied(manifest.state().applied());
  }
  format::History history;
  if (history.ParseFromString(bytes)) read_history(std::move(history), manifest.tombstones());
  return 0;
}
