// What the vault does beside its commits: writing the next base, proving by a drill that what is in
// the chat can be restored, and bringing a restore point back.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <utility>

#include "vault/caught.h"
#include "vault/finally.h"
#include "vault/indivisible.h"
#include "vault/pool.h"
#include "vault/vault.h"

namespace telekv::vault {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr std::chrono::hours kDrillEvery{24};

std::vector<MessageId> messages_of_state(const format::State& state) {
  std::vector<MessageId> ids = messages_of(state.base());
  for (const format::Object& segment : state.segments()) {
    ids.push_back(MessageId{segment.message_id()});
  }
  return ids;
}

// A document that cannot be downloaded for so long is lost for all that is known.
bool is_lost(const Error& error) {
  return is_broken(error) || error.code == ErrorCode::kUnavailable;
}

constexpr const char* kNearlyOver = "given up, because the program is about to end";

}  // namespace

// ---- the next base ----

Channel::Async<format::Base> Vault::run_base(Patience patience) {
  const auto run = base_run_ = std::make_shared<BaseRun>();
  const Finally ended([&] {
    if (base_run_ == run) base_run_.reset();
  });
  const Chain::BaseIdentity base_identity{to_int(root_), writer_, manifest_.state().sequence()};
  co_return co_await chain_.write_base(run, *state_, base_identity, patience);
}

Channel::Async<void> Vault::write_base(Clock::Time deadline) {
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  if (hurried_) co_return Error{ErrorCode::kCancelled, "no base is begun before the end"};
  if (base_run_ || base_ready_) co_return Result<void>{};
  Result<format::Base> base = co_await run_base(until(deadline));
  if (!base) {
    note_penalty(base.error());
    co_return base.error();
  }
  base_ready_ = *std::move(base);
  co_return Result<void>{};
}

void Vault::hurry() {
  hurried_ = true;
  if (base_run_) base_run_->give_up();
  if (drill_given_up_) *drill_given_up_ = true;
  if (hurry_restore_) hurry_restore_->set();
}

// For who needs the table's only walk, or loads another state: under that one the base would be
// wrong. What of it is still being uploaded comes to nothing.
void Vault::end_base() {
  if (base_run_) std::exchange(base_run_, nullptr)->give_up();
  if (base_ready_) objects_.release(messages_of(*std::exchange(base_ready_, std::nullopt)));
}

// ---- drill ----

bool Vault::drill_due() const {
  if (!options_.make_scratch || drill_given_up_ || !witnessed_) return false;
  const format::State& state = committed_.state();
  if (state.sequence() == 0) return false;
  const bool new_base = state.base().sequence() > verified_sequence_;
  return new_base || has_passed(kDrillEvery, verified_at_, clock_->unix_time().count());
}

// What is lost comes from memory again: by the next base, and the history by the next commit.
Channel::Async<void> Vault::drill(Clock::Time deadline) {
  if (drill_given_up_ || !options_.make_scratch) co_return Result<void>{};
  if (Result<void> quiet = co_await keep_quiet(deadline); !quiet) co_return quiet;
  if (hurried_) co_return Error{ErrorCode::kCancelled, "no drill is begun before the end"};
  const auto given_up = std::make_shared<bool>(false);
  drill_given_up_ = given_up;
  const Finally ended([this] { drill_given_up_.reset(); });
  co_return co_await drill_now(given_up, until(deadline));
}

Channel::Async<void> Vault::drill_now(std::shared_ptr<const bool> given_up, Patience patience) {
  patience.given_up = given_up.get();
  const format::State state = committed_.state();
  const format::Object history = committed_.history();
  std::vector<MessageId> held = messages_of_state(state);
  if (committed_.has_history()) held.push_back(MessageId{history.message_id()});
  objects_.hold(held);
  const Finally release([&] { objects_.release(held); });
  Result<void> restores = co_await chain_.rehearse(state, options_.make_scratch(), patience);
  Result<void> proven = restores;
  if (restores) proven = co_await prove_history(history, patience);
  if (*given_up) co_return Error{ErrorCode::kCancelled, "the drill was given up"};
  if (!proven) {
    if (!restores && is_lost(restores.error())) base_wanted_ = true;
    note_penalty(proven.error());
    co_return proven;
  }
  verified_sequence_ = state.sequence();
  verified_at_ = clock_->unix_time().count();
  prune_due_ = true;
  note(Note::Weight::kInfo, "drill passed: sequence " + std::to_string(state.sequence()) +
                                " restores, " + std::to_string(state.records()) + " records");
  co_return Result<void>{};
}

Channel::Async<void> Vault::prove_history(format::Object history, Patience patience) {
  if (history.message_id() == 0) co_return Result<void>{};
  const std::int64_t message = history.message_id();
  Result<Bytes> body = co_await fetch_history(std::move(history), patience);
  if (body) co_return Result<void>{};
  const bool is_current = manifest_.history().message_id() == message;
  if (is_current && is_lost(body.error())) history_changed_ = true;
  co_return body.error();
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
  const Finally ended([&] {
    restored_sequence_ = kNoRestore;
    objects_.release(held);
  });
  co_return co_await restore_held(point, deadline);
}

// The point of the present state, which is made first, may push the old one out.
Channel::Async<RestoreReport> Vault::restore_held(const format::RestorePoint& point,
                                                  Clock::Time deadline) {
  Result<Chain::Parts> downloaded =
      co_await download_unless_stopped(point.state(), until(deadline));
  if (!downloaded) co_return downloaded.error();
  const auto parts = std::make_shared<Chain::Parts>(*std::move(downloaded));
  if (options_.make_scratch) {
    Result<void> tried = co_await rehearse(parts);
    if (!tried) co_return tried.error();
  }
  Result<CommitReport> kept = co_await make_point(deadline);
  if (!kept) co_return kept.error();
  // From here to the first delta nothing is awaited: updates come before or after, never between.
  Indivisible change(broken_);
  add_late_changes_to_point(point.number());
  Result<Chain::Loaded> loaded = fill_table(std::move(*parts));
  if (!loaded) co_return loaded.error();
  const std::vector<std::int64_t> erased =
      erased_after(history_, manifest_.tombstones(), point.state().sequence());
  Result<std::uint64_t> continued = continue_from(point.state(), *std::move(loaded), erased);
  if (!continued) co_return continued.error();
  const std::uint64_t forgotten = point.state().records() - state_->size();
  change.done();
  Result<CommitReport> committed = co_await make_point(deadline);
  RestoreReport report{.point = describe_point(point),
                       .sequence = manifest_.state().sequence(),
                       .records = manifest_.state().records(),
                       .forgotten = forgotten};
  if (!committed) report.unsaved = committed.error();
  co_return report;
}

// In the pool, a piece at a time: what else the pool is asked for comes in between.
Channel::Async<void> Vault::rehearse(std::shared_ptr<const Chain::Parts> parts) {
  const auto rehearsal =
      std::make_shared<Rehearsal>(parts->state, parts->segments, options_.make_scratch());
  for (const Bytes& chunk : parts->chunks) {
    std::function<Result<void>()> add = [rehearsal, parts, &chunk] {
      return rehearsal->add(chunk);
    };
    Result<void> added = co_await run_on(pool_, std::move(add));
    if (!added) co_return added;
    if (hurried_) co_return Error{ErrorCode::kCancelled, kNearlyOver};
  }
  std::function<Result<void>()> finish = [rehearsal] { return rehearsal->finish(); };
  co_return co_await run_on(pool_, std::move(finish));
}

// Reads only, so it can be left at any moment.
Channel::Async<Chain::Parts> Vault::download_unless_stopped(format::State state,
                                                            Patience patience) {
  Event hurry(co_await asio::this_coro::executor);
  if (hurried_) hurry.set();
  hurry_restore_ = &hurry;
  const Finally ended([this] { hurry_restore_ = nullptr; });
  auto download = chain_.download(std::move(state), patience);
  auto first = co_await (caught(std::move(download)) || hurry.wait());
  if (first.index() == 1) {
    co_return Error{ErrorCode::kCancelled, kNearlyOver};
  }
  co_return std::get<0>(std::move(first));
}

// What was applied while the point of the present state was being saved belongs into it, too. When
// that is the one to be restored, which must stay what it is, they make another.
void Vault::add_late_changes_to_point(std::uint64_t restored) {
  const std::uint64_t follows = manifest_.state().sequence();
  const std::shared_ptr<const kv::Encodable> changes = take_changes();
  if (!changes) return;
  format::Delta& delta = *manifest_.mutable_state()->add_tail();
  delta.set_sequence(last_sequence_);
  delta.set_gap(last_sequence_ - follows - 1);
  *delta.mutable_columns() = changes->encode();
  auto& newest = *history_.mutable_points()->rbegin();
  if (newest.number() == restored) {
    add_point(history_, manifest_.state());
  } else {
    *newest.mutable_state() = manifest_.state();
  }
  history_changed_ = true;
}

}  // namespace telekv::vault
