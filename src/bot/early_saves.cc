#include "bot/early_saves.h"

#include <algorithm>
#include <utility>

#include "bot/background.h"

namespace telekv::bot {

namespace asio = boost::asio;

static_assert(EarlySaves::kApart < vault::SaverOptions{}.interval);

void EarlySaves::save_soon() {
  wanted_ = true;
  begin();
}

void EarlySaves::save_soon_and_tell(telegram::Reply reply) {
  const telegram::UserId who = reply.to;
  if (waiting_.size() >= kMaxWaiting && !waiting_.contains(who)) return;
  waiting_.insert_or_assign(who, std::move(reply));
  begin();
}

void EarlySaves::begin() {
  if (std::exchange(working_, true)) return;
  run_in_background(executor_, work());
}

asio::awaitable<void> EarlySaves::work() {
  while (wanted_ || !waiting_.empty()) {
    co_await wait_for_turn();
    wanted_ = false;
    saving_ = std::exchange(waiting_, {});
    if (saving_.empty()) {
      saver_->save_within(vault::Clock::Duration::zero());
      continue;
    }
    const bool saved = co_await save();
    if (!saved) co_return;
    tell(saving_);
  }
  working_ = false;
}

void EarlySaves::tell(Replies& replies) {
  for (auto& [who, reply] : std::exchange(replies, {})) outbox_->push(std::move(reply));
}

void EarlySaves::tell_the_rest() {
  tell(saving_);
  tell(waiting_);
}

asio::awaitable<void> EarlySaves::wait_for_turn() {
  const vault::Clock::Time now = clock_->now();
  last_ = std::max(now + kSoon, last_ + kApart);
  co_await clock_->sleep_for(last_ - now);
}

// A save that fails is tried again by the saver, and is waited for again here. When the run ends
// before, nothing is said here: what is not saved may come back.
asio::awaitable<bool> EarlySaves::save() {
  for (;;) {
    const Result<vault::CommitReport> saved = co_await saver_->save();
    if (saved) co_return true;
    if (vault::ends_the_run(saved.error())) co_return false;
  }
}

}  // namespace telekv::bot
