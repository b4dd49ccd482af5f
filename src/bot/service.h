// The running clicker: takes updates, polled or delivered, applies them to the table, answers, and
// keeps the vault up to date. Owns every object of a run; one io_context thread owns all their
// state, one pool thread encodes and seals.
//
// Life of a run: token checked, operator known (or claimed by the one-time code), vault opened, and
// only then the first update is taken. SIGTERM and SIGINT stop taking updates, save what is unsaved
// within vault::SaverOptions::kStopDeadline and let waiting replies go.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bot/alerts.h"
#include "bot/clicker.h"
#include "bot/config.h"
#include "bot/early_saves.h"
#include "bot/exit_code.h"
#include "bot/exporter.h"
#include "bot/metrics.h"
#include "bot/operator_desk.h"
#include "bot/polled_updates.h"
#include "bot/sampler.h"
#include "bot/tap_answers.h"
#include "bot/update_handler.h"
#include "bot/watch.h"
#include "bot/web.h"
#include "kv/table.h"
#include "telegram/api.h"
#include "telegram/bot_channel.h"
#include "telegram/flood_budget.h"
#include "telegram/http_client.h"
#include "telegram/outbox.h"
#include "telegram/server_tls.h"
#include "vault/clock.h"
#include "vault/event.h"
#include "vault/metered_channel.h"
#include "vault/polling_loop.h"
#include "vault/random.h"
#include "vault/saver.h"
#include "vault/vault.h"
#include "vault/webhook_gate.h"

namespace telekv::bot {

class Service {
 public:
  explicit Service(Config config);

  /// Runs until a signal or a failure that only the operator can mend. Logs; never throws.
  ExitCode run();

 private:
  template <class T>
  using Async = boost::asio::awaitable<T>;

  Async<void> main();
  void run_until_an_exception();
  Async<void> watch_signals();
  void stop(const Error& error);

  // service_start.cc
  Async<Result<void>> start();
  Result<void> listen();
  Async<Result<void>> check_token();
  Async<void> delete_webhook();
  Async<Result<void>> wait_for_operator();
  void take_operator(const telegram::Message& message);
  Async<Result<void>> open_vault();
  void make_parts();
  void make_desk();
  Async<void> publish_commands();
  Async<Result<void>> set_webhook();

  Async<void> serve();
  Async<Result<void>> take_updates();
  Async<telegram::WebhookEndpoint::Verdict> deliver(telegram::Update update);
  void report_saver_end(const Result<void>& end);
  Async<void> wind_down();
  void log_totals() const;
  StoreFacts facts() const;
  std::string metrics() const;
  texts::StatusFacts status() const;
  vault::Clock::Duration unsaved_age() const;
  std::string status(std::string_view health, std::chrono::seconds after) const;

  Config config_;
  boost::asio::io_context io_{1};
  boost::asio::thread_pool pool_{1};
  vault::SystemClock clock_;
  vault::SystemRandom random_;
  vault::Event stopping_;
  ExitCode exit_code_ = ExitCode::kSuccess;
  std::string bot_name_;  // the user name, without "@"

  telegram::FloodBudget flood_budget_;
  std::unique_ptr<telegram::HttpClient> http_;
  std::optional<telegram::Api> api_;
  std::optional<telegram::Outbox> outbox_;
  Web web_;
  std::shared_ptr<const telegram::ServerTls> webhook_tls_;  // null: plain HTTP

  // From here on there once the vault is open.
  std::optional<telegram::BotChannel> channel_;
  std::optional<vault::MeteredChannel> metered_;
  kv::TableOptions table_options_{};
  std::optional<kv::Table<User>> users_;
  std::optional<vault::Vault> vault_;
  std::optional<Clicker> clicker_;
  std::optional<vault::Saver> saver_;
  std::optional<Alerts> alerts_;
  std::optional<Watch> watch_;
  std::optional<Exporter> exporter_;
  std::optional<OperatorDesk> desk_;
  std::optional<EarlySaves> early_saves_;
  std::optional<TapAnswers> tap_answers_;
  std::optional<UpdateHandler> handler_;
  std::optional<PolledUpdates> polled_;
  std::optional<vault::PollingLoop> loop_;
  std::optional<vault::WebhookGate> gate_;
  std::optional<Sampler> sampler_;
  vault::Clock::Time serving_since_{};
  bool serving_ = false;
};

}  // namespace telekv::bot
