#include "bot/service.h"

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <utility>

#include "bot/background.h"
#include "bot/process_memory.h"
#include "bot/status_report.h"
#include "telegram/polled_page.h"
#include "vault/caught.h"

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds kLastRepliesDeadline{3};

}  // namespace

Service::Service(Config config)
    : config_(std::move(config)),
      stopping_(io_.get_executor()),
      flood_budget_(clock_, config_.flood_limits),
      web_({.metrics = [this] { return metrics(); },
            .unsaved_age = [this] { return unsaved_age(); },
            .status = [this](std::string_view health,
                             seconds after) { return status(health, after); }},
           {.status = config_.status,
            .max_unsaved_age = Web::max_unsaved_age(config_.backup_interval)}) {}

ExitCode Service::run() {
  run_in_background(io_.get_executor(), watch_signals());
  asio::co_spawn(io_, main(), [this](const std::exception_ptr& failure) {
    io_.stop();
    if (failure) std::rethrow_exception(failure);
  });
  while (!io_.stopped()) run_until_an_exception();
  pool_.join();
  return exit_code_;
}

// What is left goes on to its end, the final save too.
void Service::run_until_an_exception() {
  try {
    io_.run();
  } catch (const std::exception& failure) {
    stop(Error{ErrorCode::kRejected, std::string("an unexpected exception: ") + failure.what()});
  }
}

asio::awaitable<void> Service::watch_signals() {
  asio::signal_set signals(io_, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  spdlog::info("stopping: asked by a signal");
  stopping_.set();
}

// Of several failures the first is the cause.
void Service::stop(const Error& error) {
  if (exit_code_ == ExitCode::kSuccess) {
    spdlog::error("{}", describe(error));
    exit_code_ = exit_code_for(error);
    if (alerts_) alerts_->tell_of_end(error);
  }
  stopping_.set();
}

asio::awaitable<void> Service::main() {
  auto started = co_await (vault::caught(start()) || stopping_.wait());
  if (started.index() == 1) co_return;  // asked to stop before anything was served
  if (const Result<void>& result = std::get<0>(started); !result) {
    stop(result.error());
    co_return;
  }
  co_await serve();
  co_await wind_down();
}

// The saver outlives whoever takes updates, and has its own bound on how long it may take to end.
asio::awaitable<void> Service::serve() {
  serving_ = true;
  serving_since_ = clock_.now();
  run_in_background(io_.get_executor(), sampler_->run(stopping_));
  web_.set(Web::State::kReady);
  run_in_background(io_.get_executor(), watch_->run(stopping_));
  std::optional<Result<void>> saver_end;
  vault::Event saver_ended(io_.get_executor());
  asio::co_spawn(io_, vault::caught(saver_->run()),
                 [&](const std::exception_ptr& /*never*/, Result<void> end) {
                   saver_end = std::move(end);
                   saver_ended.set();
                 });
  auto taking = vault::caught(take_updates());
  auto taken = co_await (std::move(taking) || saver_ended.wait());
  if (taken.index() == 0 && !std::get<0>(taken)) stop(std::get<0>(taken).error());
  stopping_.set();
  web_.set(Web::State::kStopping);
  co_await saver_ended.wait();
  report_saver_end(*saver_end);
}

asio::awaitable<Result<void>> Service::take_updates() {
  if (!gate_) co_return co_await loop_->run();
  Result<void> set = co_await set_webhook();
  if (!set) co_return set;
  co_return co_await gate_->run();
}

// A reply goes with the confirmation where it would be sent at once anyway: that saves a call.
asio::awaitable<telegram::WebhookEndpoint::Verdict> Service::deliver(telegram::Update update) {
  telegram::WebhookEndpoint::Verdict verdict;
  if (!outbox_->has_room()) co_return verdict;
  const vault::UpdateStamp stamp = telegram::stamp_of(update);
  std::optional<telegram::Reply> reply;
  auto apply = [&] { reply = handler_->apply_quietly(update); };
  auto delivering = gate_->deliver(stamp, std::move(apply));
  verdict.taken = co_await std::move(delivering);
  if (!reply) co_return verdict;
  if (verdict.taken && outbox_->hand_over(*reply)) {
    verdict.call = telegram::send_message_call(reply->chat, reply->text, reply->keyboard);
  } else {
    outbox_->push(*std::move(reply));
  }
  co_return verdict;
}

void Service::report_saver_end(const Result<void>& end) {
  const vault::VaultStats stats = vault_->stats();
  if (end) {
    early_saves_->tell_the_rest();
    spdlog::info("saved {} users, sequence {}", users_->size(), stats.sequence);
  } else if (end.error().code != ErrorCode::kCancelled && vault::ends_the_run(end.error())) {
    stop(end.error());
  } else {
    const bool strict = config_.durability == vault::Durability::kStrict;
    spdlog::error("the final save failed: {}; unsaved changes: {}{}", describe(end.error()),
                  stats.unsaved_records,
                  strict ? "; Telegram will deliver their updates again" : "");
    if (exit_code_ == ExitCode::kSuccess) exit_code_ = ExitCode::kFinalSaveFailed;
  }
}

// Whatever still runs refers to the table and the vault, so it must end before they do.
asio::awaitable<void> Service::wind_down() {
  co_await desk_->close();
  co_await web_.close(kLastRepliesDeadline);
  co_await (outbox_->drained() || clock_.sleep_for(kLastRepliesDeadline));
  log_totals();
}

void Service::log_totals() const {
  const telegram::Outbox::Counters& replies = outbox_->counters();
  spdlog::info("{} replies sent, {} dropped, {} delayed by flood control", replies.sent,
               replies.dropped, replies.rate_limited);
  if (const std::uint64_t copies = channel_->stray_copies()) {
    spdlog::warn("{} forwarded copies could not be deleted; they may be deleted by hand", copies);
  }
}

StoreFacts Service::facts() const {
  return {.users = users_->size(),
          .clicks = clicker_->clicks(),
          .resident_bytes = resident_bytes(),
          .table_bytes = users_->memory_bytes(),
          .vault = vault_->stats(),
          .last_save = watch_ ? watch_->last_save() : std::nullopt,
          .channel = metered_->counters(),
          .replies = outbox_->counters(),
          .unreadable_updates = handler_->unreadable()};
}

std::string Service::metrics() const {
  std::optional<StoreFacts> known;
  if (serving_) known = facts();
  return metrics_text(known, clock_.now(), clock_.unix_time());
}

vault::Clock::Duration Service::unsaved_age() const {
  return bot::unsaved_age(vault_->stats(), clock_.now());
}

std::string Service::status(std::string_view health, seconds after) const {
  StatusReport report{.health = health, .unix_now = clock_.unix_time(), .now = clock_.now()};
  if (!serving_) return status_json(report);
  const StoreFacts known = facts();
  report.running = report.now - serving_since_;
  report.facts = &known;
  report.sampler = &*sampler_;
  report.after = after;
  return status_json(report);
}

texts::StatusFacts Service::status() const {
  return {.users = users_->size(),
          .clicks_a_minute = watch_->clicks_a_minute(),
          .resident_bytes = resident_bytes(),
          .table_bytes = users_->memory_bytes(),
          .vault = vault_->stats(),
          .last_save = watch_->last_save(),
          .channel = metered_->counters(),
          .now = clock_.now(),
          .unix_now = clock_.unix_time()};
}

}  // namespace telekv::bot
