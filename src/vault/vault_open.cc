// The vault's opening: from what the chat names to a table that is proven (step 1), and back to an
// older state when the newest one does not verify or the operator asks for it.
#include <algorithm>
#include <string_view>
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

namespace {

// A writer that is still running may change the chain under an opener, who then starts again.
constexpr int kOpenAttempts = 10;

Error cannot_decide() {
  return Error{ErrorCode::kNeedsDecision,
               "the vault's chat shows no root, but also no proof that the store is new",
               "set ROOT_ID to the root's message id, or start with --init for an empty store"};
}

std::string describe_loss(const format::Manifest& manifest, const format::RestorePoint& point,
                          std::string_view what) {
  const format::State& newest = manifest.state();
  const format::State& older = point.state();
  return "restore point " + std::to_string(point.number()) + std::string(what) + ": commits " +
         std::to_string(older.sequence() + 1) + " to " + std::to_string(newest.sequence()) +
         " are not in it (updates: at most " +
         std::to_string(newest.applied_updates() - older.applied_updates()) + ")";
}

}  // namespace

Channel::Async<OpenReport> Vault::open(Clock::Time deadline) {
  const Clock::Time started = clock_->now();
  const Patience patience = until(deadline);
  only_reads_ = false;
  Result<Readings> readings = co_await survey_.read_pointers(patience);
  if (!readings) co_return readings.error();
  if (readings->refused) {
    Result<void> unpinned = co_await unpin(readings->pin, patience);
    if (!unpinned) co_return unpinned.error();
    readings = co_await survey_.read_pointers(patience);
    if (!readings) co_return readings.error();
  }
  // The register has shown that the chat is the vault's, but the pin is the better pointer.
  if (readings->hidden && readings->registered != MessageId{}) {
    Result<MessageId> below = co_await pinned_root(patience);
    if (!below) co_return below.error();
    readings = co_await survey_.read_pointers(patience);
    if (!readings) co_return readings.error();
  }
  if (Result<void> usable = judge(*readings); !usable) co_return usable.error();
  Result<std::uint64_t> downloaded = co_await adopt_survey(*readings, patience);
  if (!downloaded) co_return downloaded.error();
  if (readings->latest) succeed_ring(*readings->latest);
  Result<std::uint64_t> claimed = co_await claim(readings->seen, OnLonger::kAbsorb, patience);
  if (!claimed) co_return claimed.error();
  opened_ = true;
  co_return describe_opening(*readings, *downloaded, started);
}

Channel::Async<OpenReport> Vault::read(Clock::Time deadline) {
  const Clock::Time started = clock_->now();
  const Patience patience = until(deadline);
  only_reads_ = true;
  Result<Readings> readings = co_await survey(patience);
  if (!readings) co_return readings.error();
  Result<std::uint64_t> downloaded = co_await adopt_survey(*readings, patience);
  if (!downloaded) co_return downloaded.error();
  OpenReport report = describe_opening(*readings, *downloaded, started);
  if (readings->best) report.root = readings->best->id;
  co_return report;
}

OpenReport Vault::describe_opening(const Readings& readings, std::uint64_t downloaded,
                                   Clock::Time started) const {
  return {.created = !readings.best && manifest_.state().sequence() == 0,
          .fallback = fallback_,
          .root = root_,
          .sequence = manifest_.state().sequence(),
          .records = state_->size(),
          .downloaded_bytes = downloaded,
          .applied_update_id = applied_.last(),
          .duration = clock_->now() - started};
}

Channel::Async<Readings> Vault::survey(Patience patience) {
  Result<Readings> readings = co_await survey_.read_pointers(patience);
  if (!readings) co_return readings;
  if (Result<void> usable = judge(*readings); !usable) co_return usable.error();
  co_return readings;
}

Result<void> Vault::judge(const Readings& readings) const {
  note_passed_over(readings);
  note_unpinned(readings);
  const bool decides =
      readings.best || readings.proven_absent || options_.when_absent == WhenAbsent::kStartEmpty;
  return decides ? Result<void>{} : cannot_decide();
}

void Vault::note_passed_over(const Readings& readings) const {
  for (const std::string& root : readings.passed_over) {
    note(Note::Weight::kWarning, "passed over a root: " + root);
  }
}

void Vault::note_unpinned(const Readings& readings) const {
  if (!readings.best || readings.pin != MessageId{}) return;
  note(Note::Weight::kWarning, "no root is pinned: root " +
                                   std::to_string(to_int(readings.best->id)) +
                                   " was found by the register or ROOT_ID");
}

Channel::Async<MessageId> Vault::read_names(Clock::Time deadline) {
  const Patience patience = until(deadline);
  only_reads_ = true;
  Result<Readings> readings = co_await survey(patience);
  if (!readings) co_return readings.error();
  if (!readings->best) {
    co_return Error{ErrorCode::kNotFound, "the chat holds no store"};
  }
  manifest_ = readings->best->manifest;
  Result<void> history = co_await load_history(manifest_, patience);
  if (!history) co_return history.error();
  co_return readings->best->id;
}

// The chain of a root that a running writer has left behind may be overwritten while it is read, so
// a broken one is read again from the pointers on. Where nothing has moved it is read again as
// well, because a download can be at fault, before an older state takes its place.
Channel::Async<std::uint64_t> Vault::adopt_survey(const Readings& first, Patience patience) {
  Readings readings = first;
  int unmoved = 0;
  for (int attempt = 1;; ++attempt) {
    if (!readings.best) {
      start_empty();
      co_return std::uint64_t{0};
    }
    const format::Manifest& newest = readings.best->manifest;
    if (options_.start_from_point) co_return co_await adopt_chosen_point(newest, patience);
    Result<std::uint64_t> adopted = co_await adopt(newest, patience);
    if (adopted || !is_broken(adopted.error())) co_return adopted;
    Error why = adopted.error();
    Result<Readings> again = co_await survey(patience);
    if (!again) co_return again.error();
    const bool moved =
        again->best && (again->best->id != readings.best->id ||
                        again->best->manifest.state().sequence() != newest.state().sequence());
    unmoved = moved ? 0 : unmoved + 1;
    if (unmoved == kDownloads || attempt == kOpenAttempts) {
      co_return co_await adopt_newest_point(newest, std::move(why), patience);
    }
    if (!moved) co_await clock_->sleep_for(kDownloadAgainAfter);
    readings = *std::move(again);
  }
}

// The same where the root itself has just been read.
Channel::Async<std::uint64_t> Vault::adopt_or_fall_back(const format::Manifest& manifest,
                                                        Patience patience) {
  Result<Chain::Parts> parts = co_await download_again(manifest.state(), patience);
  Error why;
  if (parts) {
    Result<std::uint64_t> adopted = co_await adopt_parts(manifest, *std::move(parts), patience);
    if (adopted || !is_broken(adopted.error())) co_return adopted;
    why = adopted.error();
  } else {
    why = parts.error();
    if (!is_broken(why)) co_return why;
  }
  co_return co_await adopt_newest_point(manifest, std::move(why), patience);
}

// Again where it is broken, because a download can be at fault.
Channel::Async<Chain::Parts> Vault::download_again(const format::State& state, Patience patience) {
  for (int attempt = 1;; ++attempt) {
    Result<Chain::Parts> parts = co_await chain_.download(state, patience);
    if (parts || !is_broken(parts.error()) || attempt == kDownloads) co_return parts;
    co_await clock_->sleep_for(kDownloadAgainAfter);
  }
}

void Vault::start_empty() {
  state_->clear();
  manifest_.Clear();
  segments_.clear();
  history_.Clear();
  applied_ = {};
  applied_updates_ = 0;
  lost_updates_ = 0;
  last_sequence_ = 0;
  began_at_ = clock_->unix_time().count();
  broken_.reset();
  describe_state();
}

// Makes the table and the manifest in memory those of a root.
Channel::Async<std::uint64_t> Vault::adopt(const format::Manifest& manifest, Patience patience) {
  Result<Chain::Parts> parts = co_await chain_.download(manifest.state(), patience);
  if (!parts) co_return parts.error();
  co_return co_await adopt_parts(manifest, *std::move(parts), patience);
}

// The rest is downloaded first.
Channel::Async<std::uint64_t> Vault::adopt_parts(const format::Manifest& manifest,
                                                 Chain::Parts parts, Patience patience) {
  Result<AppliedUpdates> applied = AppliedUpdates::from_message(manifest.state().applied());
  if (!applied) co_return applied.error();
  Result<void> history = co_await load_history(manifest, patience);
  if (!history) co_return history.error();
  Result<Chain::Loaded> loaded = fill_table(std::move(parts));
  if (!loaded) co_return loaded.error();
  manifest_ = manifest;
  segments_ = std::move(loaded->segments);
  applied_ = *std::move(applied);
  applied_updates_ = manifest_.state().applied_updates();
  lost_updates_ = manifest_.lost_updates();
  last_sequence_ = manifest_.state().sequence();
  verified_sequence_ = last_sequence_;
  verified_at_ = clock_->unix_time().count();
  began_at_ = 0;
  fallback_.reset();
  passed_over_.reset();
  describe_state();
  co_return loaded->downloaded_bytes;
}

// After an error the table is lost, and nothing may be committed.
Result<Chain::Loaded> Vault::fill_table(Chain::Parts parts) {
  end_base();
  Result<Chain::Loaded> loaded = Chain::fill(std::move(parts), *state_);
  broken_.reset();
  if (!loaded) broken_ = loaded.error();
  return loaded;
}

// Without its history a state is whole, but has no restore points. One that may come back must not
// be given up by who goes on to write.
Channel::Async<void> Vault::load_history(const format::Manifest& manifest, Patience patience) {
  history_problem_.reset();
  if (!manifest.has_history()) {
    history_.Clear();
    history_changed_ = false;
    co_return Result<void>{};
  }
  Result<Bytes> body = co_await fetch_history(manifest.history(), patience);
  const bool goes_on = body || is_broken(body.error()) ||
                       (only_reads_ && body.error().code == ErrorCode::kUnavailable);
  if (!goes_on) co_return body.error();
  if (!body) {
    history_problem_ = body.error();
  } else if (!history_.ParseFromString(*body)) {
    history_problem_ = Error{ErrorCode::kDamaged, "their history cannot be read"};
  }
  history_changed_ = history_problem_.has_value();
  if (history_problem_) {
    history_.Clear();
    note(Note::Weight::kWarning, std::string("the restore points ") +
                                     (only_reads_ ? "cannot be read: " : "are lost: ") +
                                     describe(*history_problem_));
  }
  co_return Result<void>{};
}

// Again where it is broken, as above.
Channel::Async<Bytes> Vault::fetch_history(format::Object object, Patience patience) {
  for (int attempt = 1;; ++attempt) {
    format::Object wanted = object;
    Result<Bytes> body = co_await objects_.fetch(std::move(wanted), ObjectKind::kHistory, patience);
    if (body || !is_broken(body.error()) || attempt == kDownloads) co_return body;
    co_await clock_->sleep_for(kDownloadAgainAfter);
  }
}

// The applied position goes back with the state: what the queue still has is applied again, and
// what it has not shows as a gap.
Channel::Async<std::uint64_t> Vault::adopt_newest_point(const format::Manifest& manifest, Error why,
                                                        Patience patience) {
  note(Note::Weight::kWarning, "the newest state cannot be restored: " + describe(why));
  Result<void> history = co_await load_history(manifest, patience);
  if (!history) co_return history.error();
  for (int i = history_.points_size() - 1; i >= 0; --i) {
    const format::RestorePoint point = history_.points(i);
    Result<std::uint64_t> adopted = co_await adopt_point(manifest, point, patience);
    if (adopted || !is_broken(adopted.error())) co_return adopted;
    note(Note::Weight::kWarning, "restore point " + std::to_string(point.number()) +
                                     " cannot be restored: " + describe(adopted.error()));
  }
  co_return why;
}

// The operator's choice where the newest state cannot be downloaded.
Channel::Async<std::uint64_t> Vault::adopt_chosen_point(const format::Manifest& manifest,
                                                        Patience patience) {
  Result<void> history = co_await load_history(manifest, patience);
  if (!history) co_return history.error();
  const format::RestorePoint* chosen = find_point(history_, *options_.start_from_point);
  if (chosen == nullptr) co_return no_such_point(*options_.start_from_point);
  const format::RestorePoint point = *chosen;
  co_return co_await adopt_point(manifest, point, patience);
}

// The history of points is that of `manifest`, the table becomes the point's.
Channel::Async<std::uint64_t> Vault::adopt_point(const format::Manifest& manifest,
                                                 const format::RestorePoint& point,
                                                 Patience patience) {
  Result<AppliedUpdates> applied = AppliedUpdates::from_message(point.state().applied());
  if (!applied) co_return applied.error();
  Result<Chain::Parts> parts = co_await download_again(point.state(), patience);
  if (!parts) co_return parts.error();
  Result<Chain::Loaded> loaded = fill_table(*std::move(parts));
  if (!loaded) co_return loaded.error();
  if (only_reads_ && options_.start_from_point) {
    note(Note::Weight::kInfo, describe_loss(manifest, point, " is read"));
  } else {
    note(Note::Weight::kWarning, describe_loss(manifest, point, " is restored instead"));
  }
  const std::vector<std::int64_t> erased =
      erased_after(history_, manifest.tombstones(), point.state().sequence());
  manifest_ = manifest;
  applied_ = *std::move(applied);
  applied_updates_ = manifest.state().applied_updates();
  lost_updates_ = manifest.lost_updates();
  last_sequence_ = manifest.state().sequence();
  fallback_ = describe_point(point);
  passed_over_ = manifest;
  co_return continue_from(point.state(), *std::move(loaded), erased);
}

Error Vault::no_such_point(std::uint64_t number) {
  return Error{ErrorCode::kNotFound, "there is no restore point " + std::to_string(number),
               "/snapshots and `telekv snapshots` list those there are"};
}

// The next sequence is above everything handed out, whatever the state's own is.
format::Delta& Vault::add_delta_after(std::uint64_t follows) {
  format::State& state = *manifest_.mutable_state();
  state.set_sequence(++last_sequence_);
  format::Delta& delta = *state.add_tail();
  delta.set_sequence(last_sequence_);
  delta.set_gap(last_sequence_ - follows - 1);
  return delta;
}

// Goes on from a state that has just been loaded, as the newest commit of this history: later
// sequences are above everything handed out, and `erased` keys stay erased.
Result<std::uint64_t> Vault::continue_from(format::State state, Chain::Loaded loaded,
                                           const std::vector<std::int64_t>& erased) {
  const std::uint64_t follows = state.sequence();
  *manifest_.mutable_state() = std::move(state);
  segments_ = std::move(loaded.segments);
  for (const std::int64_t key : erased) {
    const Result<void> gone = state_->erase(key);
    if (gone || gone.error().code == ErrorCode::kNotFound) continue;
    broken_ = gone.error();
    return gone.error();
  }
  const std::shared_ptr<const kv::Encodable> changes = state_->take_changes();
  if (follows != last_sequence_ || changes) {
    format::Delta& delta = add_delta_after(follows);
    if (changes) *delta.mutable_columns() = changes->encode();
  }
  describe_state();
  return loaded.downloaded_bytes;
}

}  // namespace telekv::vault
