#include "vault/vault.h"

#include <utility>

#include "vault/pool.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

std::uint64_t bytes_of(const format::Base& base) {
  std::uint64_t bytes = 0;
  for (const format::Object& chunk : base.chunks()) bytes += chunk.size();
  return bytes;
}

std::uint64_t bytes_of_tail(const format::Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const format::InlineDelta& delta : manifest.tail()) bytes += delta.columns().size();
  return bytes;
}

}  // namespace

Vault::Vault(Channel& channel, Clock& clock, Random& random, kv::Durable& state, Sealer sealer,
             asio::any_io_executor pool, VaultOptions options)
    : channel_(&channel),
      clock_(&clock),
      random_(&random),
      state_(&state),
      sealer_(std::move(sealer)),
      pool_(pool),
      options_(options),
      writer_(random.next_u64()),
      roots_(channel, sealer_, random, writer_),
      chain_(channel, sealer_, random, state, std::move(pool)) {}

void Vault::note_applied(std::int64_t update_id) {
  applied_update_id_ = update_id;
  ++applied_updates_;
}

bool Vault::has_uncommitted() const {
  return unsaved_records() > 0 || base_required_ || applied_updates_ != committed_updates_;
}

Channel::Async<CommitReport> Vault::commit(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet.error();
  Result<CommitReport> report = co_await commit_now(until(deadline));
  if (!report) note_penalty(report.error());
  co_return report;
}

// A penalty that ends after an operation's deadline outlives the operation, and a call inside it
// makes it longer.
Channel::Async<void> Vault::keep_quiet(Clock::Time deadline) {
  const Clock::Duration left = quiet_until_ - clock_->now();
  if (left <= Clock::Duration::zero()) co_return Result<void>{};
  if (quiet_until_ > deadline) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    co_return Error{ErrorCode::kRateLimited, "Telegram has asked not to be called for now",
                    "waiting as long as Telegram asks", static_cast<std::uint32_t>(seconds)};
  }
  co_await clock_->sleep_for(left);
  co_return Result<void>{};
}

void Vault::note_penalty(const Error& error) {
  if (error.code != ErrorCode::kRateLimited) return;
  quiet_until_ = clock_->now() + std::chrono::seconds(error.retry_after_s);
}

Channel::Async<CommitReport> Vault::commit_now(Patience patience) {
  const Clock::Time started = clock_->now();
  CommitReport report;
  if (has_uncommitted()) {
    if (base_required_ || bytes_of_tail(manifest_) > options_.tail_bound_bytes ||
        state_->unsaved() > options_.delta_bound_records) {
      Result<std::uint64_t> base = co_await write_new_base(patience);
      if (!base) co_return base.error();
      report.base_bytes = *base;
    }
    co_await append_delta();
    Result<std::uint64_t> root = co_await write_root(patience);
    if (!root) co_return root.error();
    report.root_bytes = *root;
    co_await release_unnamed();
  }
  report.sequence = manifest_.sequence();
  report.records = manifest_.records();
  report.duration = clock_->now() - started;
  co_return report;
}

// The changes taken here need no delta: the base is begun after them, so it holds them. When it
// fails they are in neither, and the manifest must go on promising only what it can restore.
Channel::Async<std::uint64_t> Vault::write_new_base(Patience patience) {
  format::Manifest before = manifest_;
  const bool changed = take_changes() != nullptr;
  if (!changed && base_required_) manifest_.set_sequence(++last_sequence_);
  base_required_ = true;

  std::vector<MessageId> posted;
  Result<format::Base> base =
      co_await chain_.write_base(to_int(root_), writer_, manifest_.sequence(), posted, patience);
  if (!base) {
    unnamed_.insert(unnamed_.end(), posted.begin(), posted.end());
    manifest_ = std::move(before);
    co_return base.error();
  }
  for (const format::Object& chunk : manifest_.previous_base().chunks()) {
    unnamed_.push_back(MessageId{chunk.message_id()});
  }
  *manifest_.mutable_previous_base() = manifest_.base();
  *manifest_.mutable_base() = std::move(*base);
  manifest_.clear_tail();
  base_required_ = false;
  co_return bytes_of(manifest_.base());
}

asio::awaitable<void> Vault::append_delta() {
  std::shared_ptr<const kv::Encodable> changes = take_changes();
  if (!changes) co_return;
  format::InlineDelta* delta = manifest_.add_tail();
  delta->set_sequence(manifest_.sequence());
  auto encode = [changes] { return changes->encode(); };
  *delta->mutable_columns() = co_await run_on(pool_, std::move(encode));
}

// Steps 11 and 12. After an ambiguous edit the old root may still turn back at any later time, and
// a root that was deleted cannot be edited: both move to a fresh root.
Channel::Async<std::uint64_t> Vault::write_root(Patience patience) {
  if (rotation_due_) co_return co_await rotate(patience);
  manifest_.set_committed_at(clock_->unix_time().count());
  Result<std::uint64_t> written = co_await roots_.write_active(root_, manifest_, patience);
  if (!written) {
    const bool lost = written.error().code == ErrorCode::kOutcomeUnknown ||
                      written.error().code == ErrorCode::kNotFound;
    if (!lost) co_return written.error();
    co_return co_await rotate(patience);
  }
  Result<Standing> now = co_await standing(patience);
  if (!now) co_return now.error();
  if (*now == Standing::kHiddenByForeign) co_return co_await rotate(patience);
  note_committed();
  co_return *written;
}

// Best effort by nature: Telegram deletes only messages younger than 48 hours. What stays behind is
// sealed and named by nothing. After a failure that passes, the rest waits for the next commit.
asio::awaitable<void> Vault::release_unnamed() {
  while (!unnamed_.empty()) {
    const Result<void> recycled = co_await channel_->recycle(unnamed_.back());
    if (!recycled && may_pass(recycled.error())) co_return;
    unnamed_.pop_back();
  }
}

std::shared_ptr<const kv::Encodable> Vault::take_changes() {
  std::shared_ptr<const kv::Encodable> changes = state_->take_changes();
  if (changes) {
    manifest_.set_sequence(++last_sequence_);
    taken_records_ += changes->records();
  }
  describe_state();
  return changes;
}

void Vault::note_committed() {
  if (!base_required_) taken_records_ = 0;
  committed_updates_ = manifest_.applied_updates();
}

// The manifest speaks of the table as it was at the last take.
void Vault::describe_state() {
  const kv::Digest digest = state_->digest();
  manifest_.set_digest(digest.data(), digest.size());
  manifest_.set_records(state_->size());
  manifest_.set_applied_update_id(applied_update_id_);
  manifest_.set_applied_updates(applied_updates_);
}

}  // namespace telekv::vault
