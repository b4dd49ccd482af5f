// What the vault does when the update queue begins beyond what its state holds (steps 13 and 14):
// somebody has confirmed updates that this process does not have. Looks wherever a pointer leads.
#include <utility>
#include <vector>

#include "vault/indivisible.h"
#include "vault/vault.h"

namespace telekv::vault {

namespace {

// A chat may hold more pins of others than are worth unpinning: that is for its operator.
constexpr int kPinsLookedUnder = 16;

// A chat that goes on showing what was unpinned is not waited for longer.
constexpr int kUnpinAttempts = 16;

/// Whether a state may hold what is missing after `applied`. One that does not is a fork: what a
/// superseded writer of `interval` mode wrote last.
bool reaches_beyond(const format::Manifest& manifest, const AppliedUpdates& applied) {
  const format::AppliedUpdates& theirs = manifest.state().applied();
  if (theirs.last() == 0) return false;
  const bool other_series = theirs.undated() && !applied.undated();
  return other_series || !applied.contains({.id = theirs.last(), .date = theirs.last_date()});
}

}  // namespace

Channel::Async<GapOutcome> Vault::resolve_gap(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet.error();
  Indivisible change(broken_);
  Result<GapOutcome> outcome = co_await resolve_gap_now(until(deadline));
  change.done();
  if (!outcome) note_penalty(outcome.error());
  co_return outcome;
}

// What an earlier writer had confirmed is in a state that has had its witness. Otherwise the chat
// is asked what lies below the own root; a superseded writer that the register does not stop either
// may pass its CHECK meanwhile, and save.
Channel::Async<GapOutcome> Vault::resolve_gap_now(Patience patience) {
  Result<bool> absorbed = co_await absorb_named(patience);
  if (!absorbed) co_return absorbed.error();
  if (*absorbed) co_return GapOutcome::kAbsorbed;
  if (witnessed_) co_return GapOutcome::kNothingLonger;

  absorbed = co_await absorb_from_below(patience);
  if (!absorbed) co_return absorbed.error();
  if (*absorbed) co_return GapOutcome::kAbsorbed;

  absorbed = co_await absorb_named(patience);
  if (!absorbed) co_return absorbed.error();
  co_return *absorbed ? GapOutcome::kAbsorbed : GapOutcome::kNothingLonger;
}

// Whoever has turned the register to a root below before the own one was pinned may take itself for
// the writer, and unpin it; and while the own root is unpinned only the register leads to it. So a
// register that names another root is left with a fresh root above all.
Channel::Async<bool> Vault::absorb_named(Patience patience) {
  Result<void> checked = co_await check_now(patience);
  if (!checked) co_return checked.error();
  Result<std::optional<MessageId>> pointer = co_await survey_.read_register(patience);
  if (!pointer) co_return pointer.error();
  if (witnessed_ && *pointer > root_) co_return superseded_by(**pointer);
  MessageIds named = roots_continued();
  if (*pointer) named.add(**pointer);
  Result<bool> absorbed =
      co_await absorb_from(std::move(named), pointer->value_or(MessageId{}), patience);
  if (!absorbed || *absorbed) co_return absorbed;
  if (!witnessed_ && *pointer != root_) {
    Result<std::uint64_t> rotated = co_await rotate("the register names another one", patience);
    if (!rotated) co_return rotated.error();
  }
  co_return false;
}

MessageIds Vault::roots_continued() const {
  MessageIds ids = absorbed_;
  for (const std::int64_t id : manifest_.predecessors()) ids.add(MessageId{id});
  return ids;
}

Channel::Async<bool> Vault::absorb_from(MessageIds roots, MessageId registered, Patience patience) {
  Readings readings;
  readings.registered = registered;
  readings.seen.add(root_);
  Result<void> followed =
      co_await survey_.follow(readings, std::move(roots), Depth::kAll, patience);
  if (!followed) co_return followed.error();
  note_passed_over(readings);
  co_return co_await absorb_longer(std::move(readings), patience);
}

// The own root is unpinned to see what is below; CHECK pins it again, as after a lost pin. An unpin
// without an answer may land when that is done, so a fresh root has to follow. What the own root
// does not name stays pinned: its writer may become active at any moment, and die.
Channel::Async<bool> Vault::absorb_from_below(Patience patience) {
  const auto& predecessors = manifest_.predecessors();
  const std::vector<std::int64_t> named(predecessors.begin(), predecessors.end());
  for (const std::int64_t id : named) {
    Result<void> unpinned = co_await unpin(MessageId{id}, patience);
    if (!unpinned) co_return unpinned.error();
  }
  const auto unpin_own = [this]() -> Channel::Async<void> {
    unpinned_own_ = true;
    Result<void> unpinned = co_await channel_->unpin(root_);
    if (!unpinned && unpinned.error().code == ErrorCode::kOutcomeUnknown) rotation_due_ = true;
    co_return unpinned;
  };
  for (int attempt = 0; attempt < kUnpinAttempts; ++attempt) {
    Result<void> unpinned = co_await retry(patience, OnUnknown::kRepeat, unpin_own);
    if (!unpinned) co_return unpinned.error();
    Result<MessageId> below = co_await pinned_root(patience);
    if (!below) co_return below.error();
    if (*below == root_) continue;  // the chat shows what has been unpinned already
    // A root above the own one is for CHECK to see.
    if (*below == MessageId{} || *below > root_) break;
    absorbed_.add(*below);
    MessageIds roots;
    roots.add(*below);
    co_return co_await absorb_from(std::move(roots), MessageId{}, patience);
  }
  co_return false;
}

// The root that the chat shows, 0 for none. The chat shows the newest pin only, so what anybody
// else has pinned is unpinned: it may hide the root of the writer.
Channel::Async<MessageId> Vault::pinned_root(Patience patience) {
  for (int hidden = 0; hidden < kPinsLookedUnder; ++hidden) {
    Result<std::optional<Pinned>> pinned = co_await survey_.read_pin(patience);
    if (!pinned) co_return pinned.error();
    if (!*pinned) break;
    const MessageId id = (*pinned)->id;
    if (is_root(**pinned)) co_return id;
    note(Note::Weight::kWarning, "message " + std::to_string(to_int(id)) +
                                     " has been unpinned, because it hid what is pinned below it");
    Result<void> unpinned = co_await unpin(id, patience);
    if (!unpinned) co_return unpinned.error();
  }
  co_return MessageId{};
}

// Steps 5 to 8 with a history that is longer than the own one. One that does not verify is as good
// as none: what it held shows as lost. Below a root that had its witness lies what a superseded
// writer has saved late: never confirmed in `strict`, and in `interval` what that may lose.
Channel::Async<bool> Vault::absorb_longer(Readings readings, Patience patience) {
  if (!readings.best || !is_longer(readings.best->manifest, manifest_)) co_return false;
  if (!reaches_beyond(readings.best->manifest, applied_)) co_return false;
  const MessageId longer = readings.best->id;
  if (witnessed_ && longer > root_) co_return superseded_by(longer);
  if (witnessed_) co_return false;
  Result<Chain::Parts> parts = co_await download_again(readings.best->manifest.state(), patience);
  if (!parts && is_broken(parts.error())) {
    note(Note::Weight::kWarning, "the queue points at a longer history, the root in message " +
                                     std::to_string(to_int(longer)) +
                                     ", but it cannot be restored: " + describe(parts.error()));
    co_return false;
  }
  if (!parts) co_return parts.error();
  note(Note::Weight::kWarning, "the queue points at a longer history: the root in message " +
                                   std::to_string(to_int(longer)));
  const std::uint64_t handed_out = last_sequence_;
  Result<std::uint64_t> adopted =
      co_await adopt_parts(readings.best->manifest, *std::move(parts), patience);
  if (!adopted) co_return adopted.error();
  if (const std::uint64_t follows = last_sequence_; follows < handed_out) {
    last_sequence_ = handed_out;
    add_delta_after(follows);
  }
  for (const MessageId id : readings.seen) {
    if (id != root_) absorbed_.add(id);
  }
  ring_.keep_clear_of(*Ring::parse(readings.best->manifest.ring()));
  ring_.merge(readings.slots);
  // If this claim fails, every later commit has to go on with it.
  rotation_due_ = true;
  absorbing_ = true;
  MessageIds known = readings.seen;
  Result<std::uint64_t> claimed = co_await claim(std::move(known), OnLonger::kAbsorb, patience);
  if (!claimed) co_return claimed.error();
  co_return true;
}

std::uint64_t Vault::accept_gap(UpdateStamp next) {
  const std::uint64_t lost = applied_.give_up_before(next);
  applied_updates_ += lost;
  lost_updates_ += lost;
  note(Note::Weight::kWarning,
       "updates lost: " + std::to_string(lost) + ", confirmed, but in no state that was found");
  return lost;
}

}  // namespace telekv::vault
