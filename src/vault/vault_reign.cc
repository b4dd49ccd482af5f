// The vault's way to being the writer: opening, taking over, checking (steps 1-8 and 12).
#include <algorithm>
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// Of the roots a state continues, the newest are kept by name: a bound on the manifest's size.
constexpr std::size_t kMaxPredecessors = 64;

// A pin that does not stay after this many attempts is an outage, not a lost pin.
constexpr int kPinAttempts = 5;

// Each attempt at a claim posts a message: a chat that never agrees must not be filled with them.
constexpr int kClaimAttempts = 10;

void add_once(std::vector<MessageId>& ids, MessageId id) {
  const auto at = std::lower_bound(ids.begin(), ids.end(), id);
  if (id != MessageId{} && (at == ids.end() || *at != id)) ids.insert(at, id);
}

bool contains(const std::vector<MessageId>& ids, MessageId id) {
  return std::binary_search(ids.begin(), ids.end(), id);
}

Error superseded(MessageId id) {
  return Error{ErrorCode::kSuperseded,
               "another process has taken the vault over (root in message " +
                   std::to_string(to_int(id)) + ")",
               "keep only one copy of this bot running"};
}

Error cannot_decide() {
  return Error{ErrorCode::kNeedsDecision,
               "the vault's chat shows no root, but also no proof that the store is new",
               "set ROOT_ID to the root's message id, or start with --init for an empty store"};
}

Error pin_keeps_moving() {
  return Error{ErrorCode::kUnavailable, "the chat's pin moves faster than it can be followed",
               "keep only one copy of this bot running"};
}

Error always_hidden() {
  return Error{ErrorCode::kUnavailable, "a newer pinned message hides the root again and again",
               "do not pin messages in the vault's chat"};
}

}  // namespace

/// What the chat's pointers lead to.
struct Vault::Readings {
  std::vector<MessageId> seen;  // every root read or tried, ascending
  std::optional<Root> best;     // the longest active root
  bool proven_absent = true;    // every pointer was read and names nothing
};

// ---- opening ----

Channel::Async<OpenReport> Vault::open(Clock::Time deadline) {
  const Clock::Time started = clock_->now();
  const Patience patience = until(deadline);
  Result<Readings> readings = co_await read_named_roots(patience);
  if (!readings) co_return readings.error();
  if (!readings->best && !readings->proven_absent &&
      options_.when_absent != WhenAbsent::kStartEmpty) {
    co_return cannot_decide();
  }
  Result<std::uint64_t> downloaded = co_await adopt(*readings, patience);
  if (!downloaded) co_return downloaded.error();
  Result<std::uint64_t> claimed = co_await claim(readings->seen, patience);
  if (!claimed) co_return claimed.error();
  opened_ = true;
  co_return OpenReport{.created = !readings->best && manifest_.sequence() == 0,
                       .root = root_,
                       .sequence = manifest_.sequence(),
                       .records = state_->size(),
                       .downloaded_bytes = *downloaded,
                       .applied_update_id = applied_update_id_,
                       .duration = clock_->now() - started};
}

// Step 1. Two independent pointers, because Telegram may fail to show a pin.
Channel::Async<Vault::Readings> Vault::read_named_roots(Patience patience) {
  const auto read_pin = [this] { return channel_->pinned(); };
  Result<std::optional<Pinned>> pinned = co_await retry(patience, OnUnknown::kRepeat, read_pin);
  if (!pinned) co_return pinned.error();
  const auto read_pointer = [this] { return channel_->pointer(); };
  Result<std::optional<MessageId>> pointer =
      co_await retry(patience, OnUnknown::kRepeat, read_pointer);
  if (!pointer) co_return pointer.error();

  Readings readings;
  std::vector<MessageId> named;
  const std::optional<Pinned>& pin = *pinned;
  if (pin && pin->document && pin->document_name == kRootName) {
    Result<Root> root = co_await roots_.read_document(pin->id, *pin->document, patience);
    if (!root && !may_skip(pin->id, root.error())) co_return root.error();
    add_once(readings.seen, pin->id);
    if (!root) {
      readings.proven_absent = false;
    } else if (root->manifest.standing() == format::Manifest::ACTIVE) {
      readings.best = std::move(*root);
    } else {
      for (const std::int64_t id : root->manifest.predecessors()) add_once(named, MessageId{id});
    }
  } else if (pin) {
    readings.proven_absent = false;
  }
  if (*pointer) add_once(named, **pointer);
  if (options_.root_id) add_once(named, *options_.root_id);
  Result<void> followed = co_await follow(readings, std::move(named), patience);
  if (!followed) co_return followed.error();
  co_return readings;
}

// Reads roots by message id; from a candidate goes on to its predecessors.
Channel::Async<void> Vault::follow(Readings& readings, std::vector<MessageId> ids,
                                   Patience patience) {
  while (!ids.empty()) {
    const MessageId id = ids.back();
    ids.pop_back();
    if (contains(readings.seen, id)) continue;
    add_once(readings.seen, id);
    Result<Root> root = co_await roots_.read(id, patience);
    if (!root && may_skip(id, root.error())) {
      readings.proven_absent = false;
      continue;
    }
    if (!root) co_return root.error();
    if (root->manifest.standing() == format::Manifest::CANDIDATE) {
      for (const std::int64_t predecessor : root->manifest.predecessors()) {
        add_once(ids, MessageId{predecessor});
      }
    } else if (!readings.best || is_longer(root->manifest, readings.best->manifest)) {
      readings.best = std::move(*root);
    }
  }
  co_return Result<void>{};
}

// A root that is gone names nothing. A damaged one stops the opening, unless the operator has named
// another to go on from.
bool Vault::may_skip(MessageId id, const Error& error) const {
  return error.code == ErrorCode::kNotFound ||
         (error.code == ErrorCode::kDamaged && options_.root_id && *options_.root_id != id);
}

// Makes the table and the manifest in memory those of the best root that was read.
Channel::Async<std::uint64_t> Vault::adopt(const Readings& readings, Patience patience) {
  const format::Manifest adopted = readings.best ? readings.best->manifest : format::Manifest{};
  std::uint64_t downloaded = 0;
  if (readings.best) {
    Result<std::uint64_t> loaded = co_await chain_.load(adopted, patience);
    if (!loaded) co_return loaded.error();
    downloaded = *loaded;
  } else {
    state_->clear();
  }
  manifest_ = adopted;
  last_sequence_ = manifest_.sequence();
  applied_update_id_ = manifest_.applied_update_id();
  applied_updates_ = manifest_.applied_updates();
  describe_state();
  co_return downloaded;
}

// ---- taking over ----

// Steps 2-8; also the rotation to a fresh root from memory. Returns the root's size in bytes.
Channel::Async<std::uint64_t> Vault::claim(std::vector<MessageId> known, Patience patience) {
  for (int attempt = 1;; ++attempt) {
    const auto may_try_again = [&] {
      return attempt < kClaimAttempts && clock_->now() < patience.deadline;
    };
    const std::size_t named = known.size();
    Result<MessageId> candidate = co_await roots_.post_candidate(known, patience);
    if (!candidate) co_return candidate.error();
    Result<void> looked = co_await look_under(*candidate, known, patience);
    if (!looked) co_return looked.error();
    if (known.size() > named) {
      if (!may_try_again()) co_return pin_keeps_moving();
      continue;
    }
    const auto pin = [this, &candidate] { return channel_->pin(*candidate); };
    Result<void> pinned = co_await retry(patience, OnUnknown::kRepeat, pin);
    if (!pinned) co_return pinned.error();

    Result<std::vector<MessageId>> continued = co_await reread(known, *candidate, patience);
    if (!continued) co_return continued.error();
    manifest_.clear_predecessors();
    const std::size_t first = continued->size() - std::min(continued->size(), kMaxPredecessors);
    for (std::size_t i = first; i < continued->size(); ++i) {
      manifest_.add_predecessors(to_int((*continued)[i]));
    }
    manifest_.set_committed_at(clock_->unix_time().count());

    Result<std::uint64_t> written = co_await roots_.write_active(*candidate, manifest_, patience);
    add_once(known, *candidate);
    if (!written) {
      const bool again = written.error().code == ErrorCode::kOutcomeUnknown ||
                         written.error().code == ErrorCode::kNotFound;
      if (again && may_try_again()) continue;
      co_return written.error();
    }

    root_ = *candidate;
    const auto set_pointer = [this] { return channel_->set_pointer(root_); };
    Result<void> pointed = co_await retry(patience, OnUnknown::kRepeat, set_pointer);
    if (!pointed) co_return pointed.error();

    Result<Standing> now = co_await standing(patience);
    if (!now) co_return now.error();
    if (*now == Standing::kHiddenByForeign && may_try_again()) continue;
    if (*now == Standing::kHiddenByForeign) co_return always_hidden();
    rotation_due_ = false;
    note_committed();
    co_await unpin_absorbed(std::move(known));
    co_return *written;
  }
}

// The pin is read once more before the candidate covers it: posting may have taken long, and the
// register alone may have been turned back by a late call. A candidate that does not name what it
// covers is left unpinned, because its writer may die before it becomes active.
Channel::Async<void> Vault::look_under(MessageId candidate, std::vector<MessageId>& known,
                                       Patience patience) {
  const auto read_pin = [this] { return channel_->pinned(); };
  Result<std::optional<Pinned>> read = co_await retry(patience, OnUnknown::kRepeat, read_pin);
  if (!read) co_return read.error();
  const std::optional<Pinned>& pinned = *read;
  if (pinned && pinned->document && pinned->document_name == kRootName && pinned->id != candidate) {
    add_once(known, pinned->id);
  }
  co_return Result<void>{};
}

// Also the way out of a root that must not be edited again; until it has come through, every later
// commit has to take it.
Channel::Async<std::uint64_t> Vault::rotate(Patience patience) {
  rotation_due_ = true;
  std::vector<MessageId> known{root_};
  co_return co_await claim(std::move(known), patience);
}

// Steps 4 and 5: what others committed since the first reading is absorbed while opening. A running
// writer that finds somebody else's longer history has lost its reign and steps back; its own
// cannot be longer than its memory. `known` becomes all roots that were read; returned are those
// and what the longest of them continues.
Channel::Async<std::vector<MessageId>> Vault::reread(std::vector<MessageId>& known,
                                                     MessageId candidate, Patience patience) {
  const auto read_pointer = [this] { return channel_->pointer(); };
  Result<std::optional<MessageId>> pointer =
      co_await retry(patience, OnUnknown::kRepeat, read_pointer);
  if (!pointer) co_return pointer.error();
  std::vector<MessageId> named = known;
  if (*pointer) add_once(named, **pointer);

  Readings readings;
  Result<void> followed = co_await follow(readings, std::move(named), patience);
  if (!followed) co_return followed.error();
  for (const MessageId id : readings.seen) add_once(known, id);
  std::vector<MessageId> continued = known;
  if (!readings.best) co_return continued;
  const format::Manifest& best = readings.best->manifest;
  for (const std::int64_t id : best.predecessors()) add_once(continued, MessageId{id});

  const bool own = opened_ && best.writer() == writer_;
  if (own || !is_longer(best, manifest_)) co_return continued;
  if (opened_) {
    const auto unpin = [this, candidate] { return channel_->unpin(candidate); };
    Result<void> unpinned = co_await retry(patience, OnUnknown::kRepeat, unpin);
    co_return unpinned ? superseded(readings.best->id) : unpinned.error();
  }
  Result<std::uint64_t> adopted = co_await adopt(readings, patience);
  if (!adopted) co_return adopted.error();
  co_return continued;
}

// An absorbed root that stays pinned does no harm: the chat shows the newest pin. So failing to
// unpin one is not worth failing the claim, nor another call in an outage or a penalty.
asio::awaitable<void> Vault::unpin_absorbed(std::vector<MessageId> known) {
  for (const MessageId id : known) {
    if (id == root_) continue;
    const Result<void> unpinned = co_await channel_->unpin(id);
    if (!unpinned && may_pass(unpinned.error())) co_return;
  }
}

Channel::Async<void> Vault::check(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  Result<void> checked = co_await check_now(until(deadline));
  if (!checked) note_penalty(checked.error());
  co_return checked;
}

// A rotation that failed half-way may have left its own candidate pinned, which is no other
// writer's: only going on with the rotation tells.
Channel::Async<void> Vault::check_now(Patience patience) {
  if (!rotation_due_) {
    Result<Standing> now = co_await standing(patience);
    if (!now) co_return now.error();
    if (*now == Standing::kOwn) co_return Result<void>{};
  }
  Result<std::uint64_t> rotated = co_await rotate(patience);
  if (!rotated) co_return rotated.error();
  co_return Result<void>{};
}

// Step 12, CHECK. A lower pin or none means that the own pin was lost, never that somebody else
// won.
Channel::Async<Vault::Standing> Vault::standing(Patience patience) {
  const auto read_pin = [this] { return channel_->pinned(); };
  const auto pin_own = [this] { return channel_->pin(root_); };
  for (int attempt = 0; attempt < kPinAttempts; ++attempt) {
    Result<std::optional<Pinned>> read = co_await retry(patience, OnUnknown::kRepeat, read_pin);
    if (!read) co_return read.error();
    const std::optional<Pinned>& pinned = *read;
    if (pinned && pinned->id == root_) co_return Standing::kOwn;
    if (pinned && pinned->id > root_) {
      if (pinned->document && pinned->document_name == kRootName) co_return superseded(pinned->id);
      co_return Standing::kHiddenByForeign;
    }
    Result<void> pinned_again = co_await retry(patience, OnUnknown::kRepeat, pin_own);
    if (!pinned_again) co_return pinned_again.error();
  }
  co_return Error{ErrorCode::kUnavailable, "the root was pinned, but the chat does not show it",
                  "check that the bot may pin messages in the vault's chat"};
}

}  // namespace telekv::vault
