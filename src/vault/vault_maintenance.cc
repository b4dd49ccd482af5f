// What the vault does beside its commits: writing the next base, proving by a drill that what is in
// the chat can be restored, and bringing a restore point back.
#include <utility>

#include "vault/vault.h"

namespace telekv::vault {

namespace asio = boost::asio;

namespace {

// How often a caller that needs the walk's place looks whether the background has ended.
constexpr std::chrono::milliseconds kEndPoll{20};

constexpr std::chrono::hours kDrillEvery{24};

std::vector<MessageId> messages_of_state(const format::State& state) {
  std::vector<MessageId> ids = messages_of(state.base());
  for (const format::Object& segment : state.segments()) {
    ids.push_back(MessageId{segment.message_id()});
  }
  return ids;
}

}  // namespace

// ---- the next base ----

Channel::Async<void> Vault::write_base(Clock::Time deadline) {
  if (base_cancelled_ || base_ready_) co_return Result<void>{};
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  const auto cancelled = base_cancelled_ = std::make_shared<bool>(false);
  const Chain::BaseIdentity base_identity{to_int(root_), writer_, manifest_.state().sequence()};
  Result<format::Base> base =
      co_await chain_.write_base(*state_, base_identity, cancelled, until(deadline));
  base_cancelled_.reset();
  if (base && *cancelled) {
    objects_.release(messages_of(*base));
    co_return Error{ErrorCode::kCancelled, "writing the base was given up"};
  }
  if (!base) {
    note_penalty(base.error());
    co_return base.error();
  }
  base_ready_ = *std::move(base);
  co_return Result<void>{};
}

void Vault::cancel_maintenance() {
  if (base_cancelled_) *base_cancelled_ = true;
  if (drill_cancelled_) *drill_cancelled_ = true;
}

// For who needs the table's only walk, or loads another state: under that one the base would be
// wrong.
asio::awaitable<void> Vault::end_base() {
  if (base_cancelled_) *base_cancelled_ = true;
  while (base_cancelled_) co_await clock_->sleep_for(kEndPoll);
  if (base_ready_) objects_.release(messages_of(*std::exchange(base_ready_, std::nullopt)));
}

// ---- drill ----

bool Vault::drill_due() const {
  if (!options_.make_scratch || drill_cancelled_ || !witnessed_) return false;
  const format::State& state = committed_.state();
  if (state.sequence() <= verified_sequence_) return false;
  const bool new_base = state.base().sequence() > verified_sequence_;
  return new_base || clock_->unix_time() - std::chrono::seconds(verified_at_) >= kDrillEvery;
}

Channel::Async<void> Vault::drill(Clock::Time deadline) {
  if (drill_cancelled_ || !options_.make_scratch) co_return Result<void>{};
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  const auto cancelled = drill_cancelled_ = std::make_shared<bool>(false);
  const format::State state = committed_.state();
  const std::vector<MessageId> held = messages_of_state(state);
  objects_.hold(held);
  const std::unique_ptr<kv::Durable> scratch = options_.make_scratch();
  Result<Chain::Loaded> loaded = co_await chain_.load(state, *scratch, until(deadline));
  objects_.release(held);
  drill_cancelled_.reset();
  if (*cancelled) co_return Error{ErrorCode::kCancelled, "the drill was given up"};
  if (!loaded) {
    if (is_broken(loaded.error())) base_wanted_ = true;
    note_penalty(loaded.error());
    co_return loaded.error();
  }
  verified_sequence_ = state.sequence();
  verified_at_ = clock_->unix_time().count();
  prune_due_ = true;
  note(Note::Weight::kInfo, "drill passed: sequence " + std::to_string(state.sequence()) +
                                " restores, " + std::to_string(state.records()) + " records");
  co_return Result<void>{};
}

// ---- restore ----

Channel::Async<RestoreReport> Vault::restore(std::uint64_t number, Clock::Time deadline) {
  if (find_point(history_, number) == nullptr) {
    co_return no_such_point(number);
  }
  const format::RestorePoint point = *find_point(history_, number);
  const std::vector<MessageId> held = messages_of_state(point.state());
  objects_.hold(held);
  restored_sequence_ = point.state().sequence();
  Result<RestoreReport> report = co_await restore_held(point, deadline);
  restored_sequence_ = kNoRestore;
  objects_.release(held);
  co_return report;
}

// The point that is made first may push this one out.
Channel::Async<RestoreReport> Vault::restore_held(const format::RestorePoint& point,
                                                  Clock::Time deadline) {
  Result<CommitReport> kept = co_await make_point(deadline);
  if (!kept) co_return kept.error();
  Result<Chain::Parts> parts = co_await chain_.download(point.state(), until(deadline));
  if (!parts) co_return parts.error();
  if (options_.make_scratch) {
    const std::unique_ptr<kv::Durable> scratch = options_.make_scratch();
    if (Result<Chain::Loaded> tried = Chain::fill(*parts, *scratch); !tried) {
      co_return tried.error();
    }
  }
  co_await end_base();
  // From here to the first delta nothing is awaited: updates come before or after, never between.
  // What has changed since the point is undone; only whom it has forgotten is kept.
  (void)take_changes();
  Result<Chain::Loaded> loaded = fill_table(*std::move(parts));
  if (!loaded) co_return loaded.error();
  const std::vector<std::int64_t> erased =
      erased_after(history_, manifest_.tombstones(), point.state().sequence());
  Result<std::uint64_t> continued = continue_from(point.state(), *std::move(loaded), erased);
  if (!continued) co_return continued.error();
  Result<CommitReport> committed = co_await make_point(deadline);
  if (!committed) co_return committed.error();
  co_return RestoreReport{.point = describe_point(point),
                          .sequence = committed->sequence,
                          .records = committed->records,
                          .forgotten = erased.size()};
}

}  // namespace telekv::vault
