// Another key for everything in the chat.
//
// No message ever goes from one key to the other, because an edit may land at any later time. The
// root under the new key is complete before anybody is shown it, and its pin puts the new key in
// force: whenever that lands, it shows either this root or one that was sent later. Until then
// nothing of what the old key opens is touched; from then on a root under the old key is passed
// over where the new one names it as its predecessor (Survey).
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

namespace {

// Each attempt posts a message.
constexpr int kRootAttempts = 10;

Error not_shown() {
  return Error{ErrorCode::kUnavailable, "the chat does not show the root any more",
               "keep only one copy of this bot running, and do not pin messages in its chat"};
}

/// What fails once the new key may be in force.
Error keep_both(std::string so_far, const Error& error) {
  return Error{error.code, std::move(so_far) + ": " + error.message,
               "keep both keys, and run this again with the same two", error.retry_after_s};
}

}  // namespace

Channel::Async<RekeyReport> Vault::rekey(Sealer sealer, CopyTable copy, Clock::Time deadline) {
  Result<void> settled = co_await settle(deadline);
  if (!settled) co_return settled.error();
  Result<kv::Durable*> table = copy();
  if (!table) co_return table.error();
  take_key(std::move(sealer), **table);

  const Patience patience = until(deadline);
  const Clock::Time posted = clock_->now();
  Result<MessageId> fresh = co_await write_fresh_root(patience);
  if (!fresh) co_return fresh.error();
  Result<Standing> still_writer = co_await standing(patience);
  if (!still_writer) co_return still_writer.error();
  note(Note::Weight::kWarning,
       "from here on the new key may be in force: keep both until this has come to its end");
  Result<void> in_force = co_await put_in_force(*fresh, patience);
  if (!in_force) co_return keep_both("the new key is in force, or may be", in_force.error());
  root_posted_ = posted;
  co_return co_await overwrite_rest(patience);
}

Channel::Async<RekeyReport> Vault::finish_rekey(Clock::Time deadline) {
  Result<void> settled = co_await settle(deadline);
  if (!settled) co_return settled.error();
  ring_.gather();
  Result<CommitReport> committed = co_await make_point(deadline);
  if (!committed) co_return committed.error();
  co_return co_await overwrite_rest(until(deadline));
}

// No queue tells whether a longer history is hidden somewhere, and nobody could go on from it
// afterwards.
Channel::Async<void> Vault::settle(Clock::Time deadline) {
  Result<GapOutcome> searched = co_await resolve_gap(deadline);
  if (!searched) co_return searched.error();
  Result<CommitReport> saved = co_await commit(deadline);
  if (!saved) co_return saved.error();
  co_return co_await check(deadline);
}

// From now on the memory is no successor of the own root, which must not be edited any more.
void Vault::take_key(Sealer sealer, kv::Durable& table) {
  broken_ = Error{ErrorCode::kDamaged, "a change of the key has not come to its end"};
  end_base();
  sealer_ = std::move(sealer);
  state_ = &table;
  history_.Clear();
  manifest_.clear_history();
  manifest_.clear_tombstones();
}

// What it needs is posted, because nobody has told yet that nothing longer needs the slots. All of
// them go into one bank: overwriting may land late.
Channel::Async<MessageId> Vault::write_fresh_root(Patience patience) {
  Result<std::uint64_t> base = co_await write_required_base(patience);
  if (!base) co_return base.error();
  keep_point();
  Result<std::uint64_t> history = co_await write_history(patience);
  if (!history) co_return history.error();
  MessageIds continued = roots_continued();
  continued.add(root_);
  name_predecessors(continued);
  ring_.gather();
  ring_.write(*manifest_.mutable_ring());
  for (int attempt = 1;; ++attempt) {
    std::vector<MessageId> old_root{root_};
    Result<MessageId> fresh = co_await roots_.post_candidate(std::move(old_root), patience);
    if (!fresh) co_return fresh.error();
    Result<std::uint64_t> written = co_await roots_.write_active(*fresh, manifest_, patience);
    if (written) co_return *fresh;
    absorbed_.add(*fresh);
    const ErrorCode code = written.error().code;
    const bool again = code == ErrorCode::kOutcomeUnknown || code == ErrorCode::kNotFound;
    if (!again || attempt == kRootAttempts) co_return written.error();
  }
}

// Whoever has come through a claim before the pin landed is in the register, and may have confirmed
// what this root does not have; whoever comes later is pinned above it.
Channel::Async<void> Vault::put_in_force(MessageId fresh, Patience patience) {
  const auto pin = [this, fresh] { return channel_->pin(fresh); };
  Result<void> pinned = co_await retry(patience, OnUnknown::kRepeat, pin);
  if (!pinned) co_return pinned.error();
  Result<std::optional<MessageId>> registered = co_await survey_.read_register(patience);
  if (!registered) co_return registered.error();
  Result<std::optional<Pinned>> shown = co_await survey_.read_pin(patience);
  if (!shown) co_return shown.error();
  MessageId successor = *registered > root_ ? **registered : MessageId{};
  if (*shown && (*shown)->id > fresh && is_root(**shown)) successor = (*shown)->id;
  if (successor != MessageId{}) {
    Result<MessageIds> stepped_back = co_await step_back(fresh, successor, patience);
    co_return stepped_back.error();
  }
  absorbed_.add(root_);
  root_ = fresh;
  const auto set_pointer = [this] { return channel_->set_pointer(root_); };
  Result<void> pointed = co_await retry(patience, OnUnknown::kRepeat, set_pointer);
  if (!pointed) co_return pointed.error();
  witnessed_ = true;  // nobody can go on from what only the old key opens
  Result<Standing> now = co_await standing(patience);
  if (!now) co_return now.error();
  if (*now != Standing::kOwn) co_return not_shown();
  broken_.reset();
  note_committed();
  co_return Result<void>{};
}

// Whoever takes the vault over meanwhile may soon need what would be overwritten.
Channel::Async<RekeyReport> Vault::overwrite_rest(Patience patience) {
  constexpr const char* kSoFar = "the new key is in force, but the old one still opens messages";
  RekeyReport report{.sequence = manifest_.state().sequence(),
                     .records = manifest_.state().records()};
  Result<void> deleted = co_await delete_absorbed(patience);
  if (!deleted) co_return keep_both(kSoFar, deleted.error());
  for (const MessageId id : ring_.all_but(named_messages())) {
    Result<Standing> now = co_await standing(patience);
    if (now && *now != Standing::kOwn) now = not_shown();
    if (!now) co_return keep_both(kSoFar, now.error());
    Result<bool> wiped = co_await wipe(id, patience);
    if (!wiped) co_return keep_both(kSoFar, wiped.error());
    if (!*wiped) report.left.push_back(id);
  }
  co_return report;
}

// Where Telegram does not delete roots of predecessors any more they are overwritten.
Channel::Async<void> Vault::delete_absorbed(Patience patience) {
  while (!absorbed_.empty()) {
    const MessageId id = absorbed_.take_last();
    const auto recycle = [this, id] { return channel_->recycle(id); };
    Result<void> recycled = co_await retry(patience, OnUnknown::kRepeat, recycle);
    if (!recycled && may_pass(recycled.error())) co_return recycled;
    if (!recycled) ring_.add_frozen(id);
  }
  co_return Result<void>{};
}

// Whether nothing of what the message carried is left: overwritten, deleted, or gone before.
Channel::Async<bool> Vault::wipe(MessageId id, Patience patience) {
  Result<void> overwritten =
      co_await objects_.overwrite(id, identity(ObjectKind::kSegment, 0), patience);
  if (overwritten || overwritten.error().code == ErrorCode::kNotFound) co_return true;
  if (overwritten.error().code != ErrorCode::kRejected) co_return overwritten.error();
  const auto recycle = [this, id] { return channel_->recycle(id); };
  Result<void> recycled = co_await retry(patience, OnUnknown::kRepeat, recycle);
  if (!recycled && may_pass(recycled.error())) co_return recycled.error();
  co_return recycled.has_value();
}

}  // namespace telekv::vault
