// The running clicker: polls updates, applies them to the table, answers, and keeps the vault up to
// date. Owns every object of a run; one io_context thread owns all their state, one pool thread
// encodes and seals.
//
// Life of a run: token checked, operator known (or claimed by the one-time code), vault opened, and
// only then the first update is taken. SIGTERM and SIGINT stop taking updates, save what is unsaved
// within kStopDeadline and let waiting replies go.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "bot/clicker.h"
#include "bot/config.h"
#include "vault/event.h"
#include "bot/exit_code.h"
#include "bot/outbox.h"
#include "kv/table.h"
#include "telegram/api.h"
#include "telegram/bot_channel.h"
#include "telegram/http_client.h"
#include "telegram/polling.h"
#include "vault/backoff.h"
#include "vault/clock.h"
#include "vault/random.h"
#include "vault/vault.h"

namespace telekv::bot {

class Service {
 public:
  /// Hosts kill a process about 30 s after asking it to stop.
  static constexpr std::chrono::seconds kStopDeadline{20};

  explicit Service(Config config);

  /// Runs until a signal or a failure that only the operator can mend. Logs; never throws.
  ExitCode run();

 private:
  template <class T>
  using Async = boost::asio::awaitable<T>;

  Async<void> main();
  void log_totals() const;
  Async<Result<void>> start();
  Async<Result<void>> check_token();
  Async<Result<void>> wait_for_operator();
  Async<Result<void>> open_vault();
  Async<Result<void>> publish_commands();
  Async<void> watch_signals();

  Async<void> poll_updates();
  Async<bool> wait_after_poll_error(Error error, vault::Backoff& backoff);
  void apply(const telegram::UpdatePage& page);
  void expect(const telegram::Update& update);
  void apply(const telegram::Update& update);
  Async<void> end_spinner(std::string query_id);
  bool is_repeated(telegram::UpdateId id) const;
  void report_gap(const telegram::UpdatePage& page);

  Async<void> save_regularly();
  Async<void> save_and_report();
  void save_within(vault::Clock::Duration delay);
  void saver_ended(const std::exception_ptr& failure);
  void handle_save_error(const Error& error);
  void answer_snapshot_requests(const Result<vault::CommitReport>& committed);
  Async<void> save_finally();
  void stop(Error error);

  Config config_;
  boost::asio::io_context io_{1};
  boost::asio::thread_pool pool_{1};
  vault::SystemClock clock_;
  vault::SystemRandom random_;
  vault::Event stopping_;
  ExitCode exit_code_ = ExitCode::kSuccess;

  std::unique_ptr<telegram::HttpClient> http_;
  std::optional<telegram::Api> api_;
  std::optional<telegram::BotChannel> channel_;
  std::optional<kv::Table<User>> users_;
  std::optional<vault::Vault> vault_;
  std::optional<Clicker> clicker_;
  std::optional<Outbox> outbox_;
  std::optional<telegram::Polling> polling_;

  bool first_page_ = true;
  std::uint64_t unreadable_updates_ = 0;
  bool check_wanted_ = false;  // somebody else reads the queue: ask the vault who is the writer
  vault::Event save_due_;
  vault::Clock::Time next_save_{};
  vault::Clock::Time save_paused_until_{};  // after a failure, whoever wants to save
  vault::Backoff save_backoff_{random_, {}};
  bool saving_is_hopeless_ = false;
  std::vector<telegram::ChatId> snapshot_requests_;  // chats that wait for a report
  vault::Event saver_done_;
  boost::asio::cancellation_signal saver_given_up_;
};

}  // namespace telekv::bot
