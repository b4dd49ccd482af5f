// What the program serves on PORT: /healthz, /metrics and /status from the first moment on, and the
// webhook once updates are taken. Everything else is 404.
//
//   /healthz   200 while updates are taken and saved; 503 while the store is loaded, while it
//              stops, and while an update waits for too long to be saved
//   /metrics   Prometheus' text format
//   /status    a page for the operator (status_page.h)
//
// One thread.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bot/status_page.h"
#include "kv/error.h"
#include "telegram/http_server.h"
#include "telegram/webhook_endpoint.h"
#include "vault/clock.h"

namespace telekv::bot {

class Web {
 public:
  static constexpr std::string_view kHealthPath = "/healthz";
  static constexpr std::string_view kMetricsPath = "/metrics";

  /// What is shown, asked whenever somebody wants to know.
  struct Sources {
    std::function<std::string()> metrics;
    std::function<vault::Clock::Duration()> unsaved_age;
    /// The status page's numbers.
    std::function<std::string(std::string_view health, std::chrono::seconds after)> status;
  };

  struct Options {
    StatusAccess status = {};
    /// An update that waits longer to be saved makes the program unhealthy.
    vault::Clock::Duration max_unsaved_age = vault::Clock::Duration::max();
  };

  /// How long an update may wait when it should be saved within `interval`: several attempts, and a
  /// penalty as Telegram usually has them.
  static constexpr vault::Clock::Duration max_unsaved_age(vault::Clock::Duration interval) {
    return std::max<vault::Clock::Duration>(10 * interval, std::chrono::seconds(60));
  }

  Web(Sources sources, Options options);

  /// On all addresses, or where only this machine reaches it (StatusAccess). With `tls` nothing but
  /// TLS. kInvalidArgument when the port cannot be had. `clock` must outlive the object.
  Result<void> listen(boost::asio::any_io_executor executor, vault::Clock& clock,
                      std::uint16_t port, std::shared_ptr<const telegram::ServerTls> tls = {});

  void serve_webhook(telegram::WebhookEndpoint endpoint) { webhook_.emplace(std::move(endpoint)); }

  enum class State : std::uint8_t { kLoading, kReady, kStopping };
  void set(State state) { state_ = state; }

  /// Lets begun requests be answered, for at most `limit`; then nobody is served any more.
  boost::asio::awaitable<void> close(std::chrono::seconds limit);

  boost::asio::awaitable<telegram::HttpServer::Response> handle(
      telegram::HttpServer::Request request);

 private:
  std::string_view health() const;
  telegram::HttpServer::Response metrics() const;

  Sources sources_;
  Options options_;
  StatusPage status_page_;
  State state_ = State::kLoading;
  std::optional<telegram::WebhookEndpoint> webhook_;
  std::unique_ptr<telegram::HttpServer> server_;
};

}  // namespace telekv::bot
