#include "vault/saver.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "vault/caught.h"

namespace telekv::vault {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

struct Saver::Group {
  explicit Group(const asio::any_io_executor& executor) : done(executor) {}
  Event done;
  std::optional<Result<CommitReport>> outcome;
};

namespace {

Error saver_ended() { return Error{ErrorCode::kCancelled, "nothing is saved any more"}; }

Error stopped_in_vain() {
  return Error{ErrorCode::kCancelled, "the last save did not come through in time"};
}

}  // namespace

bool ends_the_run(const Error& error) {
  switch (error.code) {
    case ErrorCode::kSuperseded:
    case ErrorCode::kUnauthorized:
    case ErrorCode::kWrongKey:
    case ErrorCode::kDamaged:
    case ErrorCode::kUnsupportedVersion:
    case ErrorCode::kCancelled:
      return true;
    default:
      return false;
  }
}

Saver::Saver(Vault& vault, Clock& clock, Random& random, asio::any_io_executor executor,
             Event& stopping, SaverOptions options, SaverEvents events)
    : vault_(&vault),
      clock_(&clock),
      executor_(std::move(executor)),
      stopping_(&stopping),
      options_(options),
      events_(std::move(events)),
      turn_(executor_),
      due_(executor_),
      backoff_(random, {}),
      maintenance_ended_(executor_),
      maintenance_backoff_(random, {}) {
  maintenance_ended_.set();
}

Channel::Async<void> Saver::run() {
  auto working = caught(work());
  auto ended = co_await (std::move(working) || stop_deadline_passed());
  Result<void> outcome = ended.index() == 0 ? std::get<0>(ended) : Result<void>(stopped_in_vain());
  ended_ = true;
  stopping_->set();
  const Error why = outcome ? saver_ended() : outcome.error();
  answer(saving_, why);
  answer(waiting_, why);
  co_await end_maintenance();
  co_return outcome;
}

asio::awaitable<void> Saver::stop_deadline_passed() {
  co_await stopping_->wait();
  co_await clock_->sleep_for(options_.stop_deadline);
}

Channel::Async<void> Saver::work() {
  if (options_.durability == Durability::kInterval) save_within(options_.interval);
  for (;;) {
    co_await wait_for_work();
    if (stopping_->is_set()) co_return co_await save_finally();
    Result<void> saved = co_await save_when_needed();
    if (!saved) co_return saved;
    start_maintenance();
  }
}

asio::awaitable<void> Saver::wait_for_work() {
  while (!stopping_->is_set()) {
    due_.clear();
    const std::optional<Clock::Time> begin = next_begin();
    if (!begin) {
      co_await (due_.wait() || stopping_->wait());
      continue;
    }
    const Clock::Duration wait = *begin - clock_->now();
    if (wait <= Clock::Duration::zero()) co_return;
    co_await (clock_->sleep_for(wait) || due_.wait() || stopping_->wait());
  }
}

std::optional<Clock::Time> Saver::next_begin() const {
  if (waiting_) return not_before_;
  if (!next_save_) return std::nullopt;
  return std::max(*next_save_, not_before_);
}

void Saver::save_within(Clock::Duration delay) {
  const Clock::Time at = clock_->now() + delay;
  if (next_save_ && *next_save_ <= at) return;
  next_save_ = at;
  due_.set();
}

Channel::Async<CommitReport> Saver::save() {
  if (ended_) co_return saver_ended();
  if (!waiting_) waiting_ = std::make_shared<Group>(executor_);
  const std::shared_ptr<Group> group = waiting_;
  due_.set();
  co_await group->done.wait();
  if (!group->outcome) co_return saver_ended();
  co_return *group->outcome;
}

void Saver::answer(std::shared_ptr<Group>& group, const Result<CommitReport>& outcome) {
  if (!group) return;
  group->outcome = outcome;
  group->done.set();
  group.reset();
}

// An error is one that ends the run.
Channel::Async<void> Saver::save_when_needed() {
  next_save_.reset();
  if (options_.durability == Durability::kInterval) save_within(options_.interval);
  if (!waiting_ && !vault_->has_uncommitted()) co_return Result<void>{};
  not_before_ = clock_->now() + options_.spacing;
  const Result<CommitReport> saved = co_await save_now(options_.commit_deadline);
  if (saved) {
    backoff_.reset();
    co_return Result<void>{};
  }
  if (ends_the_run(saved.error())) co_return saved.error();
  if (events_.failed) events_.failed(saved.error());
  not_before_ = std::max(not_before_, clock_->now() + backoff_.next(saved.error()));
  save_within(Clock::Duration::zero());
  co_return Result<void>{};
}

// Who asks while the turn is waited for still gets into this commit; who asks later may have
// applied something that it does not hold.
Channel::Async<CommitReport> Saver::save_now(Clock::Duration patience) {
  const Turn::Held held = co_await turn_.take();
  co_return co_await save_in_turn(patience);
}

Channel::Async<CommitReport> Saver::save_in_turn(Clock::Duration patience) {
  const Clock::Time deadline = clock_->now() + patience;
  saving_ = std::exchange(waiting_, nullptr);
  Result<CommitReport> report = co_await vault_->commit(deadline);
  const bool written = report && report->root_bytes > 0;
  if (report && !written) {
    const Result<void> checked = co_await vault_->check(deadline);
    if (!checked) report = checked.error();
  }
  answer(saving_, report);
  if (report && written && events_.saved) events_.saved(*report);
  co_return report;
}

// Neither spacing nor the pause after a failure holds it back; a penalty does. What an operator's
// command is committing just now is not uncommitted, but not saved either.
Channel::Async<void> Saver::save_finally() {
  vault_->hurry();
  const Turn::Held held = co_await turn_.take();
  if (!waiting_ && !vault_->has_uncommitted()) co_return Result<void>{};
  const Result<CommitReport> saved = co_await save_in_turn(options_.stop_deadline);
  co_return saved ? Result<void>{} : saved.error();
}

// ---- maintenance ----

void Saver::start_maintenance() {
  if (!maintenance_ended_.is_set() || clock_->now() < no_maintenance_before_) return;
  if (!vault_->base_due() && !vault_->drill_due()) return;
  maintenance_ended_.clear();
  auto running = caught(maintain());
  const auto ended = [this](const std::exception_ptr& /*cancelled*/, Result<void> outcome) {
    maintenance_ended_.set();
    if (outcome) {
      maintenance_backoff_.reset();
    } else if (!stopping_->is_set()) {
      no_maintenance_before_ = clock_->now() + maintenance_backoff_.next(outcome.error());
    }
  };
  asio::co_spawn(executor_, std::move(running),
                 asio::bind_cancellation_slot(maintenance_given_up_.slot(), ended));
}

// The next commit puts a new base into the chain.
Channel::Async<void> Saver::maintain() {
  if (vault_->base_due()) {
    Result<void> written = co_await vault_->write_base(clock_->now() + options_.base_deadline);
    if (!written) {
      if (events_.failed && !stopping_->is_set()) events_.failed(written.error());
      co_return written;
    }
    save_within(Clock::Duration::zero());
  }
  if (!vault_->drill_due()) co_return Result<void>{};
  Result<void> proven = co_await vault_->drill(clock_->now() + options_.drill_deadline);
  if (!proven && proven.error().code != ErrorCode::kCancelled && events_.drill_failed) {
    events_.drill_failed(proven.error());
  }
  co_return proven;
}

// It refers to the vault and the table, so it must end before they do.
asio::awaitable<void> Saver::end_maintenance() {
  if (maintenance_ended_.is_set()) co_return;
  vault_->hurry();
  maintenance_given_up_.emit(asio::cancellation_type::terminal);
  co_await maintenance_ended_.wait();
}

}  // namespace telekv::vault
