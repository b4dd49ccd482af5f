// What the vault does when the update queue begins beyond what its state holds (steps 14 and 15):
// somebody has confirmed updates that this process does not have. Looks wherever a pointer leads.
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

namespace {

// Pins lie in layers, each seen when the one above is gone. More than old and new writers of one
// take-over means a chat full of pins, which is for its operator.
constexpr int kPinsLookedUnder = 16;

/// Whether a state may hold what is missing after `applied`. One that does not is a fork: what a
/// superseded writer of `interval` mode wrote last.
bool reaches_beyond(const format::Manifest& manifest, const AppliedUpdates& applied) {
  const std::int64_t last = manifest.state().applied().last();
  return last > applied.last() || applied.last() - last >= AppliedUpdates::kWindow;
}

}  // namespace

Channel::Async<GapOutcome> Vault::resolve_gap(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet.error();
  Result<GapOutcome> outcome = co_await resolve_gap_now(until(deadline));
  if (!outcome) note_penalty(outcome.error());
  co_return outcome;
}

// The own root is unpinned to see what is below, and pinned again by CHECK, as after a lost pin;
// the register names it meanwhile.
Channel::Async<GapOutcome> Vault::resolve_gap_now(Patience patience) {
  Result<void> checked = co_await check_now(patience);
  if (!checked) co_return checked.error();

  MessageIds named;
  for (const std::int64_t id : manifest_.predecessors()) named.add(MessageId{id});
  Result<std::optional<MessageId>> pointer = co_await survey_.read_register(patience);
  if (!pointer) co_return pointer.error();
  if (*pointer && **pointer != root_) named.add(**pointer);
  for (int depth = 0; depth < kPinsLookedUnder; ++depth) {
    Readings readings;
    readings.seen.add(root_);
    Result<void> followed =
        co_await survey_.follow(readings, std::exchange(named, {}), Depth::kAll, patience);
    if (!followed) co_return followed.error();
    Result<bool> absorbed = co_await absorb_longer(std::move(readings), patience);
    if (!absorbed) co_return absorbed.error();
    if (*absorbed) co_return GapOutcome::kAbsorbed;

    Result<void> unpinned = co_await unpin(root_, patience);
    if (!unpinned) co_return unpinned.error();
    const auto read_pin = [this] { return channel_->pinned(); };
    Result<std::optional<Pinned>> below = co_await retry(patience, OnUnknown::kRepeat, read_pin);
    if (!below) co_return below.error();
    if (!*below) break;
    const MessageId id = (*below)->id;
    if (id == root_) continue;  // the chat shows what has been unpinned already
    const bool hides = !is_root(**below);  // a message that the operator has pinned
    if (!hides && id > root_) break;       // CHECK will say so
    if (hides || absorbed_.contains(id)) {
      Result<void> cleared = co_await unpin(id, patience);
      if (!cleared) co_return cleared.error();
    }
    if (hides) continue;
    named.add(id);
    absorbed_.add(id);
  }
  checked = co_await check_now(patience);
  if (!checked) co_return checked.error();
  co_return GapOutcome::kNothingLonger;
}

// Steps 5 to 8 with a history that is longer than the own one. One that does not verify is as good
// as none: what it held shows as lost.
Channel::Async<bool> Vault::absorb_longer(Readings readings, Patience patience) {
  if (!readings.best || !is_longer(readings.best->manifest, manifest_)) co_return false;
  if (!reaches_beyond(readings.best->manifest, applied_)) co_return false;
  const MessageId longer = readings.best->id;
  if (witnessed_) co_return superseded_by(longer);
  Result<Chain::Parts> parts = co_await chain_.download(readings.best->manifest.state(), patience);
  const bool broken = !parts && (parts.error().code == ErrorCode::kDamaged ||
                                 parts.error().code == ErrorCode::kNotFound);
  if (broken) {
    note(Note::Weight::kWarning, "the queue points at a longer history, the root in message " +
                                     std::to_string(to_int(longer)) +
                                     ", but it cannot be restored: " + describe(parts.error()));
    co_return false;
  }
  if (!parts) co_return parts.error();
  note(Note::Weight::kWarning, "the queue points at a longer history: the root in message " +
                                   std::to_string(to_int(longer)));
  opened_ = false;
  Result<std::uint64_t> adopted =
      co_await adopt_parts(readings.best->manifest, *std::move(parts), patience);
  if (!adopted) co_return adopted.error();
  MessageIds known = readings.seen;
  Result<std::uint64_t> claimed = co_await claim(std::move(known), patience);
  if (!claimed) co_return claimed.error();
  opened_ = true;
  co_return true;
}

std::uint64_t Vault::accept_gap(UpdateStamp next) {
  const std::uint64_t lost = applied_.give_up_before(next);
  applied_updates_ += lost;
  manifest_.set_lost_updates(manifest_.lost_updates() + lost);
  note(Note::Weight::kWarning,
       std::to_string(lost) + " updates were confirmed, but are in no state that was found");
  return lost;
}

}  // namespace telekv::vault
