#include "vault/polling_loop.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "vault/caught.h"

namespace telekv::vault {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

// Elements without an id move no offset as long as none is known, so the next poll brings them back
// at once.
constexpr std::chrono::seconds kUnreadablePause{1};

std::int64_t last_id(const UpdatePage& page) {
  std::int64_t last = 0;
  for (const UpdateStamp& update : page.updates) last = std::max(last, update.id);
  return last;
}

}  // namespace

PollingLoop::PollingLoop(Vault& vault, Saver& saver, UpdateQueue& queue, UpdateSink& sink,
                         Clock& clock, Random& random, Event& stopping, Options options)
    : vault_(&vault),
      saver_(&saver),
      queue_(&queue),
      sink_(&sink),
      clock_(&clock),
      stopping_(&stopping),
      options_(options),
      backoff_(random, {}) {}

Channel::Async<void> PollingLoop::run() {
  while (!stopping_->is_set()) {
    auto polling = caught(queue_->poll(offset_.send_once()));
    auto polled = co_await (std::move(polling) || stopping_->wait());
    if (polled.index() == 1) break;
    Result<void> taken = Result<void>{};
    if (Result<UpdatePage>& page = std::get<0>(polled); page) {
      auto content = std::make_shared<const UpdatePage>(*std::move(page));
      taken = co_await take(std::move(content));
    } else {
      taken = page.error();
    }
    if (taken) {
      backoff_.reset();
      continue;
    }
    Error error = taken.error();
    Result<void> overcome = co_await after_failure(std::move(error));
    if (!overcome && !stopping_->is_set()) co_return overcome;
  }
  co_return Result<void>{};
}

// After an error the page was not confirmed: it will be polled again.
Channel::Async<void> PollingLoop::take(std::shared_ptr<const UpdatePage> page) {
  if (page->updates.empty() && page->unreadable == 0) co_return Result<void>{};
  Result<Next> next = co_await settle_gap(*page);
  if (!next) co_return next.error();
  // What is applied from the stop on could miss the last save; it is polled again at the next
  // start.
  if (*next == Next::kPollAgain || stopping_->is_set()) co_return Result<void>{};

  PollOffset next_offset = offset_;
  if (!page->updates.empty()) {
    vault_->note_witness();
    apply(*page);
    next_offset.move_behind(last_id(*page));
  } else if (offset_.known()) {
    next_offset.skip(page->unreadable);
    vault_->accept_gap({.id = *next_offset.known()});
  } else {
    co_await pause(kUnreadablePause);
    co_return Result<void>{};
  }
  if (options_.durability == Durability::kStrict) {
    Result<void> durable = co_await make_durable();
    if (!durable) co_return durable;
  }
  offset_ = next_offset;
  co_await (sink_->room() || stopping_->wait());
  co_return Result<void>{};
}

Channel::Async<PollingLoop::Next> PollingLoop::settle_gap(const UpdatePage& page) {
  if (!has_gap(page)) co_return Next::kApply;
  const Turn::Held held = co_await saver_->turn().take();
  Result<GapOutcome> outcome = co_await vault_->resolve_gap(clock_->now() + options_.gap_deadline);
  if (!outcome) co_return outcome.error();
  co_return *outcome == GapOutcome::kAbsorbed ? Next::kPollAgain : Next::kApply;
}

// Whether updates are missing before or inside the page, more than those that came without an id.
bool PollingLoop::has_gap(const UpdatePage& page) const {
  if (vault_->is_witness_blind()) return true;
  AppliedUpdates applied = vault_->applied();
  std::uint64_t missing = 0;
  for (const UpdateStamp& update : page.updates) {
    const AppliedUpdates::Gap gap = applied.gap_before(update);
    if (gap.new_series) return true;
    missing += applied.give_up_before(update);
    if (!applied.contains(update)) applied.add(update, Delivery::kPolling);
  }
  return missing > page.unreadable;
}

void PollingLoop::apply(const UpdatePage& page) {
  for (std::size_t i = 0; i < page.updates.size(); ++i) {
    const UpdateStamp& update = page.updates[i];
    if (vault_->applied().gap_before(update).missing > 0) vault_->accept_gap(update);
    if (vault_->is_applied(update)) continue;
    sink_->apply(page, i);
    vault_->note_applied(update);
  }
}

// Ends with an error only when no later attempt could succeed, and when the loop is to stop.
Channel::Async<void> PollingLoop::make_durable() {
  for (;;) {
    const Result<CommitReport> saved = co_await saver_->save();
    if (saved) co_return Result<void>{};
    if (ends_the_run(saved.error())) co_return saved.error();
  }
}

// A conflict proves nothing by itself: only the vault knows who the writer is.
Channel::Async<void> PollingLoop::after_failure(Error error) {
  if (ends_the_run(error)) co_return error;
  if (error.code == ErrorCode::kConflict) {
    const Result<CommitReport> checked = co_await saver_->save();
    if (!checked && ends_the_run(checked.error())) co_return checked.error();
  }
  co_await pause(backoff_.next(error));
  co_return Result<void>{};
}

asio::awaitable<void> PollingLoop::pause(Clock::Duration duration) {
  co_await (clock_->sleep_for(duration) || stopping_->wait());
}

}  // namespace telekv::vault
