// The vault's way to being the writer: taking over (steps 2-8) and CHECK.
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

Error pin_keeps_moving() {
  return Error{ErrorCode::kUnavailable, "the chat's pin moves faster than it can be followed",
               "keep only one copy of this bot running"};
}

Error always_hidden() {
  return Error{ErrorCode::kUnavailable, "a newer pinned message hides the root again and again",
               "do not pin messages in the vault's chat"};
}

Error always_turned_back() {
  return Error{ErrorCode::kUnavailable, "the register names an older root again and again",
               "keep only one copy of this bot running"};
}

Error always_deleted() {
  return Error{ErrorCode::kUnavailable, "each new root is deleted again",
               "see who or what deletes messages in the vault's chat"};
}

}  // namespace

// Steps 2-8; also the rotation to a fresh root from memory. Returns the root's size in bytes.
Channel::Async<std::uint64_t> Vault::claim(MessageIds known, OnLonger on_longer,
                                           Patience patience) {
  Backoff backoff(*random_, {});
  for (int attempt = 1;; ++attempt) {
    const auto may_try_again = [&] {
      return attempt < kClaimAttempts && clock_->now() < patience.deadline;
    };
    if (attempt > 1) {
      const auto pause = backoff.next(pin_keeps_moving());
      if (clock_->now() + pause > patience.deadline) co_return pin_keeps_moving();
      co_await clock_->sleep_for(pause);
    }
    Result<Candidate> candidate = co_await candidate_over(known, patience);
    if (!candidate) co_return candidate.error();
    known = candidate->predecessors;
    const MessageId own = candidate->id;
    Result<void> looked = co_await look_under(own, known, on_longer, patience);
    if (!looked) co_return co_await withdraw(own, looked.error(), patience);
    if (known.size() > candidate->predecessors.size()) {
      if (!may_try_again()) co_return pin_keeps_moving();
      continue;
    }
    const auto pin = [this, own] { return channel_->pin(own); };
    Result<void> pinned = co_await retry(patience, OnUnknown::kRepeat, pin);
    if (!pinned) {
      const bool gone = pinned.error().code == ErrorCode::kNotFound;
      if (!may_pass(pinned.error())) co_await discard(own);
      if (gone && may_try_again()) continue;
      co_return pinned.error();
    }

    Result<MessageIds> continued = co_await reread(known, own, on_longer, patience);
    if (!continued) co_return co_await withdraw(own, continued.error(), patience);
    name_predecessors(*continued);
    manifest_.mutable_state()->set_committed_at(clock_->unix_time().count());
    manifest_.set_delivery(options_.delivery == Delivery::kWebhook ? format::Manifest::WEBHOOK
                                                                   : format::Manifest::POLLING);
    ring_.write(*manifest_.mutable_ring());

    note_writing();
    reusable_.reset();
    Result<std::uint64_t> written = co_await roots_.write_active(own, manifest_, patience);
    if (written || is_not_done(written.error())) reusable_ = *candidate;
    known.add(own);
    if (!written) {
      const bool again = written.error().code == ErrorCode::kOutcomeUnknown ||
                         written.error().code == ErrorCode::kNotFound;
      if (again && may_try_again()) continue;
      co_return written.error();
    }

    root_ = own;
    root_posted_ = candidate->posted;
    const auto set_pointer = [this] { return channel_->set_pointer(root_); };
    Result<void> pointed = co_await retry(patience, OnUnknown::kRepeat, set_pointer);
    if (!pointed) co_return pointed.error();

    Result<Standing> now = co_await standing(patience);
    if (!now) co_return now.error();
    reusable_.reset();
    if (*now != Standing::kOwn && may_try_again()) continue;
    if (*now == Standing::kHiddenByForeign) co_return always_hidden();
    if (*now == Standing::kTurnedBack) co_return always_turned_back();
    if (*now == Standing::kDeleted) co_return always_deleted();
    rotation_due_ = false;
    absorbing_ = false;
    for (const MessageId id : candidates_) {
      if (id != root_) absorbed_.add(id);
    }
    candidates_ = {};
    note_committed();
    for (const MessageId id : *continued) {
      if (id != root_) absorbed_.add(id);
    }
    co_await unpin_absorbed(std::move(known));
    co_return *written;
  }
}

// A claim that begins again goes on with the message of the one before, as one that was only slow
// would: in an outage of days every attempt would leave another.
Channel::Async<Vault::Candidate> Vault::candidate_over(const MessageIds& known, Patience patience) {
  const auto is_named = [this](MessageId id) {
    return id == reusable_->id || reusable_->predecessors.contains(id);
  };
  if (reusable_ && std::all_of(known.begin(), known.end(), is_named)) co_return *reusable_;
  const Clock::Time posted = clock_->now();
  std::vector<MessageId> predecessors(known.begin(), known.end());
  Result<MessageId> id = co_await roots_.post_candidate(std::move(predecessors), patience);
  if (!id) co_return id.error();
  candidates_.add(*id);
  reusable_ = Candidate{.id = *id, .predecessors = known, .posted = posted};
  co_return *reusable_;
}

// What cannot be pinned is of no use.
asio::awaitable<void> Vault::discard(MessageId candidate) {
  reusable_.reset();
  const Result<void> deleted = co_await channel_->recycle(candidate);
  if (deleted) candidates_.remove(candidate);
}

// What the chat showed may have come under another key just now: whoever reads that cannot read
// what covers it. With the message its pin goes.
Channel::Async<std::uint64_t> Vault::withdraw(MessageId candidate, Error why, Patience patience) {
  if (why.code == ErrorCode::kWrongKey) {
    reusable_.reset();
    const auto recycle = [this, candidate] { return channel_->recycle(candidate); };
    Result<void> deleted = co_await retry(patience, OnUnknown::kRepeat, recycle);
    if (!deleted) co_return deleted.error();
    candidates_.remove(candidate);
  }
  co_return why;
}

void Vault::name_predecessors(const MessageIds& continued) {
  manifest_.clear_predecessors();
  std::size_t passed = continued.size() - std::min(continued.size(), kMaxPredecessors);
  for (const MessageId id : continued) {
    if (passed > 0) {
      --passed;
    } else {
      manifest_.add_predecessors(to_int(id));
    }
  }
}

// The pin is read once more before the candidate covers it: posting may have taken long, and the
// register alone may have been turned back by a late call. A candidate that does not name what it
// covers is left unpinned, because its writer may die before it becomes active; so is one whose
// writer cannot open that. To a running writer a higher root says what it says to CHECK, unless it
// was left by the own claim before.
Channel::Async<void> Vault::look_under(MessageId candidate, MessageIds& known, OnLonger on_longer,
                                       Patience patience) {
  Result<MessageId> below = co_await pinned_root(patience);
  if (!below) co_return below.error();
  const bool replaced = on_longer == OnLonger::kStepBack && *below > root_;
  if (replaced && !candidates_.contains(*below)) co_return superseded_by(*below);
  if (*below == candidate || known.contains(*below)) co_return Result<void>{};
  known.add(*below);
  Readings readings;
  MessageIds shown;
  shown.add(*below);
  co_return co_await survey_.follow(readings, std::move(shown), Depth::kCandidates, patience);
}

// Also the way out of a root that must not be edited again; until it has come through, every later
// commit has to take it.
Channel::Async<std::uint64_t> Vault::rotate(std::string_view why, Patience patience) {
  if (!rotation_due_) {
    note(Note::Weight::kInfo,
         "root " + std::to_string(to_int(root_)) + " is left for a fresh one: " + std::string(why));
  }
  rotation_due_ = true;
  MessageIds known;
  known.add(root_);
  const OnLonger on_longer = absorbing_ ? OnLonger::kAbsorb : OnLonger::kStepBack;
  co_return co_await claim(std::move(known), on_longer, patience);
}

// Steps 4 and 5: what others committed since the first reading is absorbed while opening. A running
// writer that finds somebody else's longer history has lost its reign and steps back; its own root,
// which is never longer than its memory, it need not read. `known` becomes all roots that were
// read; returned are those and what the longest of them continues.
Channel::Async<MessageIds> Vault::reread(MessageIds& known, MessageId candidate, OnLonger on_longer,
                                         Patience patience) {
  Result<std::optional<MessageId>> pointer = co_await survey_.read_register(patience);
  if (!pointer) co_return pointer.error();
  Readings readings;
  readings.registered = pointer->value_or(MessageId{});
  if (on_longer == OnLonger::kStepBack && readings.registered > root_) {
    co_return co_await step_back(candidate, readings.registered, patience);
  }
  MessageIds named = known;
  named.add(readings.registered);
  readings.seen = candidates_;  // what the own claim may have left in them is in memory
  MessageIds continued = known;
  for (const std::int64_t id : manifest_.predecessors()) readings.continued.add(MessageId{id});
  for (const MessageId id : readings.continued) continued.add(id);
  if (on_longer == OnLonger::kStepBack) readings.seen.add(root_);
  Result<void> followed =
      co_await survey_.follow(readings, std::move(named), Depth::kCandidates, patience);
  if (!followed) co_return followed.error();
  for (const MessageId id : readings.seen) {
    if (id == candidate) continue;
    known.add(id);
    continued.add(id);
  }
  if (on_longer == OnLonger::kStepBack) {
    const MessageId successor = successor_in(readings);
    if (successor != MessageId{}) co_return co_await step_back(candidate, successor, patience);
  }
  if (!readings.best) co_return continued;
  const Root& latest = *readings.latest;
  const format::Manifest& best = readings.best->manifest;
  for (const std::int64_t id : best.predecessors()) continued.add(MessageId{id});

  // What continues a point is longer than what it took the place of, though that may have gone on.
  const format::Manifest& found = passed_over_ ? *passed_over_ : manifest_;
  if (on_longer == OnLonger::kAbsorb && is_longer(best, found)) {
    note(Note::Weight::kInfo, "root " + std::to_string(to_int(readings.best->id)) +
                                  " has gone on to sequence " +
                                  std::to_string(best.state().sequence()) + ": its state is taken");
    Result<std::uint64_t> adopted = std::uint64_t{0};
    if (passed_over_ && options_.start_from_point) {
      adopted = co_await adopt_chosen_point(best, patience);
    } else {
      adopted = co_await adopt_or_fall_back(best, patience);
    }
    if (!adopted) co_return adopted.error();
  }
  // An unparsable ring was an error of the reading.
  const bool own = latest.manifest.writer() == writer_;
  if (root_ == MessageId{} && !own) {
    succeed_ring(latest);
  } else if (best.writer() != writer_) {
    ring_.keep_clear_of(*Ring::parse(best.ring()));
  }
  ring_.merge(readings.slots);
  co_return continued;
}

Channel::Async<MessageIds> Vault::step_back(MessageId candidate, MessageId successor,
                                            Patience patience) {
  reusable_.reset();  // a late unpinning would hit it
  Result<void> unpinned = co_await unpin(candidate, patience);
  co_return unpinned ? superseded_by(successor) : unpinned.error();
}

// What its writer began may still take effect, so the bank is the one after its.
void Vault::succeed_ring(const Root& latest) {
  ring_ = Ring();
  ring_.succeed(*Ring::parse(latest.manifest.ring()));
}

// The root that has taken a running writer's place, 0 for none.
MessageId Vault::successor_in(const Readings& readings) const {
  if (!readings.best) return MessageId{};
  const Root& latest = *readings.latest;
  if (latest.manifest.writer() != writer_ && latest.id > root_) return latest.id;
  const format::Manifest& best = readings.best->manifest;
  if (best.writer() == writer_) return MessageId{};
  format::Manifest own = manifest_;
  own.set_ballot(to_int(root_));
  return is_longer(best, own) ? readings.best->id : MessageId{};
}

Channel::Async<void> Vault::unpin(MessageId id, Patience patience) {
  const auto call = [this, id] { return channel_->unpin(id); };
  co_return co_await retry(patience, OnUnknown::kRepeat, call);
}

// An absorbed root that stays pinned does no harm: the chat shows the newest pin. So failing to
// unpin one is not worth failing the claim, nor another call in an outage or a penalty.
asio::awaitable<void> Vault::unpin_absorbed(MessageIds known) {
  for (const MessageId id : known) {
    if (id == root_) continue;
    const Result<void> unpinned = co_await channel_->unpin(id);
    if (!unpinned && may_pass(unpinned.error())) co_return;
  }
}

Channel::Async<void> Vault::check(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  Result<void> checked = co_await check_now(until(deadline));
  note_outcome(checked);
  co_return checked;
}

// A rotation that failed half-way may have left its own candidate pinned, which is no other
// writer's: only going on with the rotation tells.
Channel::Async<void> Vault::check_now(Patience patience) {
  std::string_view why;  // said once, when the rotation begins
  if (!rotation_due_) {
    Result<Standing> now = co_await standing(patience);
    if (!now) co_return now.error();
    if (*now == Standing::kOwn) co_return Result<void>{};
    why = why_left(*now);
  }
  Result<std::uint64_t> left = co_await rotate(why, patience);
  if (!left) co_return left.error();
  co_return Result<void>{};
}

std::string_view Vault::why_left(Standing standing) {
  switch (standing) {
    case Standing::kHiddenByForeign:
      return "a newer pin hides it";
    case Standing::kTurnedBack:
      return "the register does not name it";
    case Standing::kDeleted:
      return "it was deleted";
    case Standing::kOwn:
      break;
  }
  return "";
}

// CHECK. Whoever has come through a claim is in the register: it tells where the chat shows an old
// pin, and where a successor is looking under its own (vault_gap.cc) or has lost it. A lower root
// there has come through late, and may pass its CHECK while the pin above it is away; before the
// witness that is for the gap to find out. Otherwise a lower pin or none means that the own pin was
// lost, or the root with it.
Channel::Async<Vault::Standing> Vault::standing(Patience patience) {
  const auto pin_own = [this] { return channel_->pin(root_); };
  const bool gap_unpinned_it = std::exchange(unpinned_own_, false);
  for (int attempt = 0; attempt < kPinAttempts; ++attempt) {
    Result<std::optional<Pinned>> read = co_await survey_.read_pin(patience);
    if (!read) co_return read.error();
    const std::optional<Pinned>& pinned = *read;
    if (pinned && pinned->id > root_) {
      if (is_root(*pinned)) co_return superseded_by(pinned->id);
      co_return Standing::kHiddenByForeign;
    }
    Result<std::optional<MessageId>> pointer = co_await survey_.read_register(patience);
    if (!pointer) co_return pointer.error();
    if (*pointer > root_) co_return superseded_by(**pointer);
    if (witnessed_ && *pointer != root_) co_return Standing::kTurnedBack;
    if (pinned && pinned->id == root_) co_return Standing::kOwn;
    if (!gap_unpinned_it) {
      note(Note::Weight::kInfo,
           "root " + std::to_string(to_int(root_)) + " is not pinned any more: it is pinned again");
    }
    Result<void> pinned_again = co_await retry(patience, OnUnknown::kRepeat, pin_own);
    if (!pinned_again && pinned_again.error().code == ErrorCode::kNotFound) {
      co_return Standing::kDeleted;
    }
    if (!pinned_again) co_return pinned_again.error();
  }
  co_return Error{ErrorCode::kUnavailable, "the root was pinned, but the chat does not show it",
                  "check that the bot may pin messages in the vault's chat"};
}

}  // namespace telekv::vault
