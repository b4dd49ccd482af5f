// Another key for everything in the chat.
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

// The root is edited in place: its successor could not read it. That this process is the writer has
// just been checked, and nobody can go on from objects that the new key does not open.
Channel::Async<CommitReport> Vault::rekey(Sealer sealer, kv::Durable& table, Clock::Time deadline) {
  Result<CommitReport> saved = co_await commit(deadline);
  if (!saved) co_return saved.error();
  Result<void> checked = co_await check(deadline);
  if (!checked) co_return checked.error();
  end_base();

  witnessed_ = true;
  sealer_ = std::move(sealer);
  state_ = &table;
  history_.Clear();
  history_changed_ = false;
  manifest_.clear_history();
  manifest_.clear_tombstones();
  manifest_.clear_predecessors();
  base_required_ = true;
  Result<CommitReport> committed = co_await commit(deadline);
  if (!committed && committed.error().code == ErrorCode::kWrongKey) {
    // A rotation, which only an edit without an answer calls for, has read an older root.
    co_return Error{ErrorCode::kOutcomeUnknown, "the root's edit got no answer",
                    "run this again; when the old key is refused, the new one is in force"};
  }
  if (!committed) co_return committed.error();
  Result<void> overwritten = co_await overwrite_unnamed(until(deadline));
  if (!overwritten) co_return overwritten.error();
  co_return committed;
}

// Roots of predecessors too, where Telegram does not delete them any more.
Channel::Async<void> Vault::overwrite_unnamed(Patience patience) {
  while (!absorbed_.empty()) {
    const MessageId id = absorbed_.take_last();
    const auto recycle = [this, id] { return channel_->recycle(id); };
    Result<void> recycled = co_await retry(patience, OnUnknown::kRepeat, recycle);
    if (!recycled && may_pass(recycled.error())) co_return recycled.error();
    if (!recycled) ring_.add_frozen(id);
  }
  for (const MessageId id : ring_.all_but(named_messages())) {
    Result<void> overwritten =
        co_await objects_.overwrite(id, identity(ObjectKind::kSegment, 0), patience);
    const bool gone = !overwritten && (overwritten.error().code == ErrorCode::kNotFound ||
                                       overwritten.error().code == ErrorCode::kRejected);
    if (gone) ring_.remove(id);
    if (!overwritten && !gone) co_return overwritten.error();
  }
  co_return Result<void>{};
}

}  // namespace telekv::vault
