#include "bot/service.h"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>
#include <string>
#include <utility>

#include "bot/claim_code.h"
#include "bot/texts.h"

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A host's network may come up after the program; longer than this, a supervisor should decide.
constexpr seconds kReachDeadline{10};
// Restoring a large store over a slow line, penalties included.
constexpr seconds kOpenDeadline{300};
constexpr seconds kCommitDeadline{60};
// A registration is saved this soon, so that a new player is never lost with the interval.
constexpr milliseconds kSaveSoon{500};
constexpr seconds kLastRepliesDeadline{3};
constexpr seconds kUnreadablePause{1};

// Bot API: a queue holds at most 100,000 updates, and ids are drawn anew after a week without any.
// So a lower id within this window is a repetition, and one further down belongs to a new series.
constexpr std::int64_t kRepetitionWindow = 100'000;

/// Whether the run has to end: nothing the program can do would make the next save succeed.
bool is_fatal(const Error& error) {
  switch (error.code) {
    case ErrorCode::kSuperseded:
    case ErrorCode::kUnauthorized:
    case ErrorCode::kWrongKey:
    case ErrorCode::kDamaged:
    case ErrorCode::kUnsupportedVersion:
      return true;
    default:
      return false;
  }
}

/// Inside `||` an exception would count as a failure that the other side may still make good, and
/// be waited out; as an error it ends the wait.
template <class T>
asio::awaitable<Result<T>> caught(asio::awaitable<Result<T>> operation) {
  try {
    co_return co_await std::move(operation);
  } catch (const std::exception& failure) {
    co_return Error{ErrorCode::kRejected,
                    std::string("an unexpected exception: ") + failure.what()};
  }
}

milliseconds to_milliseconds(vault::Clock::Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

}  // namespace

Service::Service(Config config)
    : config_(std::move(config)),
      stopping_(io_.get_executor()),
      save_due_(io_.get_executor()),
      saver_done_(io_.get_executor()) {}

ExitCode Service::run() {
  asio::co_spawn(io_, watch_signals(), asio::detached);
  asio::co_spawn(io_, main(), [this](const std::exception_ptr& failure) {
    if (failure) stop(Error{ErrorCode::kRejected, "an unexpected exception ended the run"});
    io_.stop();
  });
  io_.run();
  pool_.join();
  return exit_code_;
}

asio::awaitable<void> Service::watch_signals() {
  asio::signal_set signals(io_, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  spdlog::info("stopping: asked by a signal");
  stopping_.set();
}

void Service::stop(Error error) {
  spdlog::error("{}", describe(error));
  exit_code_ = exit_code_for(error);
  stopping_.set();
}

asio::awaitable<void> Service::main() {
  auto started = co_await (caught(start()) || stopping_.wait());
  if (started.index() == 1) co_return;  // asked to stop before anything was served
  if (const Result<void>& result = std::get<0>(started); !result) {
    stop(result.error());
    co_return;
  }
  asio::co_spawn(io_, save_regularly(),
                 asio::bind_cancellation_slot(
                     saver_given_up_.slot(),
                     [this](const std::exception_ptr& failure) { saver_ended(failure); }));
  co_await poll_updates();
  co_await (saver_done_.wait() || clock_.sleep_for(kStopDeadline));
  if (!saver_done_.is_set()) {
    spdlog::error("the final save did not finish in time; {} changes are unsaved",
                  vault_->unsaved_records());
    exit_code_ = ExitCode::kFinalSaveFailed;
    // It refers to the table and the vault, so it must end before they do.
    saver_given_up_.emit(asio::cancellation_type::terminal);
    co_await saver_done_.wait();
  }
  co_await (outbox_->drained() || clock_.sleep_for(kLastRepliesDeadline));
  log_totals();
}

void Service::log_totals() const {
  const Outbox::Counters& replies = outbox_->counters();
  spdlog::info("{} replies sent, {} dropped, {} delayed by flood control", replies.sent,
               replies.dropped, replies.rate_limited);
  if (const std::uint64_t copies = channel_->stray_copies()) {
    spdlog::warn("{} forwarded copies could not be deleted; they may be deleted by hand", copies);
  }
}

// ---- start ----

asio::awaitable<Result<void>> Service::start() {
  Result<std::unique_ptr<telegram::HttpClient>> http =
      telegram::HttpClient::create(io_.get_executor(), config_.api_root);
  if (!http) co_return http.error();
  http_ = std::move(*http);
  api_.emplace(*http_, config_.token);
  outbox_.emplace(*api_, clock_, random_, io_.get_executor());
  polling_.emplace(*api_, telegram::Polling::Options{});

  if (Result<void> checked = co_await check_token(); !checked) co_return checked;
  if (!config_.admin_id) {
    if (Result<void> claimed = co_await wait_for_operator(); !claimed) co_return claimed;
  }
  if (Result<void> opened = co_await open_vault(); !opened) co_return opened;
  co_return co_await publish_commands();
}

asio::awaitable<Result<void>> Service::check_token() {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  const auto get_me = [this] { return api_->get_me(); };
  const Result<telegram::User> me =
      co_await vault::retry(patience, vault::OnUnknown::kRepeat, get_me);
  if (!me) co_return me.error();
  spdlog::info("bot @{} ({}) at {}", me->username, telegram::to_int(me->id),
               config_.api_root.to_string());
  // A webhook left by an earlier program would keep every update away from polling. If it stays,
  // polling says so at every attempt.
  const auto delete_webhook = [this] { return api_->delete_webhook(); };
  const Result<void> deleted =
      co_await vault::retry(patience, vault::OnUnknown::kRepeat, delete_webhook);
  if (!deleted) spdlog::warn("the webhook could not be removed: {}", describe(deleted.error()));
  co_return Result<void>{};
}

// Without an operator there is no chat to keep the data in, so nobody is served until one has sent
// the code. What players send meanwhile is answered as such and forgotten. In a group the code is
// no longer a secret, and the group is not where the next start would look for the data.
asio::awaitable<Result<void>> Service::wait_for_operator() {
  const std::string code = make_claim_code(random_);
  spdlog::warn("ADMIN_ID is not set: send {} to the bot to become its operator", code);
  vault::Backoff backoff(random_, {});
  while (!config_.admin_id) {
    const Result<telegram::UpdatePage> page = co_await polling_->next();
    if (!page) {
      if (is_fatal(page.error())) co_return page.error();
      spdlog::warn("getting updates failed: {}", describe(page.error()));
      co_await clock_.sleep_for(backoff.next(page.error()));
      continue;
    }
    backoff.reset();
    for (const telegram::Update& update : page->updates) {
      const auto* message = std::get_if<telegram::Message>(&update.content);
      if (!message || !message->from || message->from->is_bot || message->text.empty()) continue;
      const bool in_private = message->chat.type == telegram::ChatType::kPrivate;
      if (!config_.admin_id && in_private && is_same_code(code, message->text)) {
        config_.admin_id = message->from->id;
        if (!config_.vault_chat) config_.vault_chat = message->chat.id;
        outbox_->push(
            {.chat = message->chat.id, .text = texts::operator_claimed(message->from->id)});
        spdlog::info("the operator is {}; set ADMIN_ID={} to keep it so",
                     telegram::to_int(message->from->id), telegram::to_int(message->from->id));
      } else {
        outbox_->push({.chat = message->chat.id, .text = std::string(texts::kNotReadyYet)});
      }
    }
    polling_->taken(*page);
    co_await outbox_->room();
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Service::open_vault() {
  kv::TableOptions table;
  table.hash_seed = random_.next_u64();
  if (config_.key) table.digest_key = config_.key->digest_key();
  users_.emplace(table);
  channel_.emplace(*api_, *config_.vault_chat, texts::operator_commands());
  vault_.emplace(*channel_, clock_, random_, *users_,
                 config_.key ? vault::Sealer::with_key(*config_.key) : vault::Sealer::plaintext(),
                 pool_.get_executor(), config_.vault);
  clicker_.emplace(*users_, *config_.admin_id);

  const Result<vault::OpenReport> opened = co_await vault_->open(clock_.now() + kOpenDeadline);
  if (!opened) co_return opened.error();
  if (opened->created) {
    spdlog::info("a new store: root in message {}", vault::to_int(opened->root));
  } else {
    spdlog::info("restored {} users, sequence {}, {} bytes in {} ms; root in message {}",
                 opened->records, opened->sequence, opened->downloaded_bytes,
                 to_milliseconds(opened->duration).count(), vault::to_int(opened->root));
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Service::publish_commands() {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  const auto set_commands = [this] {
    return api_->set_my_commands(texts::player_commands(), std::nullopt);
  };
  const Result<void> set = co_await vault::retry(patience, vault::OnUnknown::kRepeat, set_commands);
  // The menu is a comfort: players can type what it offers.
  if (!set) spdlog::warn("the command menu could not be set: {}", describe(set.error()));
  co_return Result<void>{};
}

// ---- updates ----

asio::awaitable<void> Service::poll_updates() {
  vault::Backoff backoff(random_, {});
  while (!stopping_.is_set()) {
    auto polled = co_await (caught(polling_->next()) || stopping_.wait());
    if (polled.index() == 1) break;
    const Result<telegram::UpdatePage>& page = std::get<0>(polled);
    if (!page) {
      if (!co_await wait_after_poll_error(page.error(), backoff)) break;
      continue;
    }
    backoff.reset();
    apply(*page);
    polling_->taken(*page);
    // Elements without an id move no offset, so the next poll may bring them back at once.
    if (page->updates.empty() && page->unreadable > 0) {
      co_await (clock_.sleep_for(kUnreadablePause) || stopping_.wait());
    }
    co_await (outbox_->room() || stopping_.wait());
  }
  save_due_.set();
}

// Whether polling can go on. A conflict proves nothing by itself: only the vault knows who the
// writer is.
asio::awaitable<bool> Service::wait_after_poll_error(Error error, vault::Backoff& backoff) {
  if (is_fatal(error)) {
    stop(std::move(error));
    co_return false;
  }
  spdlog::warn("getting updates failed: {}", describe(error));
  if (error.code == ErrorCode::kConflict) {
    check_wanted_ = true;
    save_within(vault::Clock::Duration::zero());
  }
  co_await (clock_.sleep_for(backoff.next(error)) || stopping_.wait());
  co_return true;
}

void Service::apply(const telegram::UpdatePage& page) {
  if (page.unreadable > 0) {
    unreadable_updates_ += page.unreadable;
    spdlog::warn("{} updates without a readable id were skipped", page.unreadable);
  }
  report_gap(page);
  for (std::size_t i = 0; i < page.updates.size(); ++i) {
    const std::size_t ahead = i + kv::TableCore::kExpectAhead;
    if (ahead < page.updates.size()) expect(page.updates[ahead]);
    const telegram::Update& update = page.updates[i];
    if (is_repeated(update.id)) continue;
    apply(update);
    vault_->note_applied({.id = telegram::to_int(update.id)});
  }
}

void Service::expect(const telegram::Update& update) {
  if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    users_->expect(telegram::to_int(message->chat.id));
  }
}

void Service::apply(const telegram::Update& update) {
  if (const auto* malformed = std::get_if<telegram::MalformedUpdate>(&update.content)) {
    ++unreadable_updates_;
    spdlog::warn("update {} was skipped: {} ({} so far)", telegram::to_int(update.id),
                 malformed->reason, unreadable_updates_);
  } else if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    Outcome outcome = clicker_->handle(*message);
    if (outcome.reply) outbox_->push(std::move(*outcome.reply));
    if (outcome.request == Request::kSaveSoon) save_within(kSaveSoon);
    if (outcome.request == Request::kSnapshot) {
      snapshot_requests_.push_back(message->chat.id);
      save_within(vault::Clock::Duration::zero());
    }
  } else if (const auto* query = std::get_if<telegram::CallbackQuery>(&update.content)) {
    asio::co_spawn(io_, end_spinner(query->id), asio::detached);
  }
}

// The clicker shows no inline buttons, but an old message of an earlier bot may have some.
asio::awaitable<void> Service::end_spinner(std::string query_id) {
  const Result<void> ended = co_await api_->answer_callback_query(std::move(query_id), {});
  if (!ended) spdlog::debug("a button's spinner goes on: {}", describe(ended.error()));
}

bool Service::is_repeated(telegram::UpdateId id) const {
  const std::int64_t last = vault_->applied().last();
  const std::int64_t candidate = telegram::to_int(id);
  return last != 0 && candidate <= last && last - candidate < kRepetitionWindow;
}

// The first page tells how many updates were confirmed that no saved state holds: what a crash of
// an interval-mode process cost at most, because some of them may have changed nothing.
void Service::report_gap(const telegram::UpdatePage& page) {
  if (!first_page_ || page.updates.empty()) return;
  first_page_ = false;
  const std::int64_t last = vault_->applied().last();
  const std::int64_t lost = telegram::to_int(page.updates.front().id) - last - 1;
  if (last != 0 && lost > 0 && lost < kRepetitionWindow) {
    spdlog::warn("{} updates were confirmed before the last stop but never saved", lost);
  }
}

// ---- saving ----

void Service::save_within(vault::Clock::Duration delay) {
  next_save_ = std::min(next_save_, clock_.now() + delay);
  save_due_.set();  // wakes the saver, which looks at next_save_ again
}

asio::awaitable<void> Service::save_regularly() {
  next_save_ = clock_.now() + config_.backup_interval;
  while (!stopping_.is_set()) {
    save_due_.clear();
    const auto wait = std::max(next_save_, save_paused_until_) - clock_.now();
    if (wait > vault::Clock::Duration::zero()) {
      co_await (clock_.sleep_for(wait) || save_due_.wait());
      continue;
    }
    next_save_ = clock_.now() + config_.backup_interval;
    co_await save_and_report();
  }
  co_await save_finally();
}

// A saver that died must not leave a bot behind that goes on counting what nobody saves.
void Service::saver_ended(const std::exception_ptr& failure) {
  if (failure && exit_code_ == ExitCode::kSuccess) {
    stop(Error{ErrorCode::kRejected, "an unexpected exception ended the saving"});
  }
  saver_done_.set();
}

// Idle costs nothing: without changed users, a wish of the operator or a doubt nothing is called.
asio::awaitable<void> Service::save_and_report() {
  if (vault_->unsaved_records() == 0 && snapshot_requests_.empty()) {
    if (!std::exchange(check_wanted_, false)) co_return;
    const Result<void> checked = co_await vault_->check(clock_.now() + kCommitDeadline);
    if (!checked) handle_save_error(checked.error());
    co_return;
  }
  check_wanted_ = false;  // a commit checks too
  const Result<vault::CommitReport> saved = co_await vault_->commit(clock_.now() + kCommitDeadline);
  answer_snapshot_requests(saved);
  if (saved) {
    save_backoff_.reset();
    spdlog::debug("saved {} users, sequence {}, {} bytes in {} ms", saved->records, saved->sequence,
                  saved->root_bytes + saved->object_bytes, to_milliseconds(saved->duration).count());
  } else {
    handle_save_error(saved.error());
  }
}

void Service::handle_save_error(const Error& error) {
  if (is_fatal(error)) {
    saving_is_hopeless_ = true;
    stop(error);
  } else {
    save_paused_until_ = clock_.now() + save_backoff_.next(error);
    spdlog::warn("saving failed, will be tried again: {}", describe(error));
  }
}

void Service::answer_snapshot_requests(const Result<vault::CommitReport>& committed) {
  for (const telegram::ChatId chat : std::exchange(snapshot_requests_, {})) {
    std::string text =
        committed ? texts::snapshot_saved({.users = committed->records,
                                           .bytes = committed->root_bytes + committed->object_bytes,
                                           .duration = to_milliseconds(committed->duration),
                                           .sequence = committed->sequence})
                  : texts::snapshot_failed(describe(committed.error()));
    outbox_->push({.chat = chat, .text = std::move(text)});
  }
}

asio::awaitable<void> Service::save_finally() {
  // After a fatal error of the vault another attempt cannot succeed, and its line has been logged.
  // When it was getUpdates that failed, the vault may still work.
  if (saving_is_hopeless_ || !vault_->has_uncommitted()) co_return;
  const Result<vault::CommitReport> saved = co_await vault_->commit(clock_.now() + kStopDeadline);
  if (saved) {
    spdlog::info("saved {} users, sequence {}", saved->records, saved->sequence);
  } else if (saved.error().code != ErrorCode::kCancelled) {  // given up: that has been logged
    spdlog::error("the final save failed: {}; {} changes are unsaved", describe(saved.error()),
                  vault_->unsaved_records());
    if (exit_code_ == ExitCode::kSuccess) exit_code_ = ExitCode::kFinalSaveFailed;
  }
}

}  // namespace telekv::bot
