#include "vault/webhook_gate.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "vault/caught.h"

namespace telekv::vault {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

/// Counts a delivery for as long as it waits.
class Waiting {
 public:
  explicit Waiting(std::size_t& count) : count_(&count) { ++*count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --*count_; }

 private:
  std::size_t* count_;
};

}  // namespace

WebhookGate::WebhookGate(Vault& vault, Saver& saver, Clock& clock, Event& stopping, Options options)
    : vault_(&vault),
      saver_(&saver),
      clock_(&clock),
      stopping_(&stopping),
      options_(options),
      serves_(options.durability == Durability::kInterval) {}

Channel::Async<void> WebhookGate::run() {
  auto settling = caught(settle());
  auto settled = co_await (std::move(settling) || stopping_->wait());
  if (settled.index() == 0) {
    const Result<void>& outcome = std::get<0>(settled);
    if (!outcome && !stopping_->is_set()) co_return outcome;
    serves_ = outcome.has_value();
    co_await stopping_->wait();
  }
  serves_ = false;
  co_return Result<void>{};
}

// Step 12: what a predecessor began before the take-over has had its effect by now.
Channel::Async<void> WebhookGate::settle() {
  co_await clock_->sleep_for(options_.settle);
  for (;;) {
    const Result<CommitReport> checked = co_await saver_->save();
    if (checked) break;
    if (ends_the_run(checked.error())) co_return checked.error();
  }
  vault_->note_witness();
  co_return Result<void>{};
}

asio::awaitable<bool> WebhookGate::deliver(UpdateStamp update, std::function<void()> apply) {
  const bool strict = options_.durability == Durability::kStrict;
  if (!serves_ || stopping_->is_set() || (strict && waiting_ >= kMaxWaiting)) co_return false;
  if (!vault_->is_applied(update)) {
    apply();
    vault_->note_applied(update);
  }
  if (!strict) co_return true;
  const Waiting counted(waiting_);
  const Result<CommitReport> saved = co_await saver_->save();
  co_return saved.has_value();
}

}  // namespace telekv::vault
