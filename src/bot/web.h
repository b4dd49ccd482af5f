// What the program serves on PORT: /healthz and /metrics from the first moment on, and the webhook
// once updates are taken. Everything else is 404.
//
//   /healthz   200 while updates are taken; 503 while the store is loaded and while it stops
//   /metrics   Prometheus' text format
//
// One thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kv/error.h"
#include "telegram/http_server.h"
#include "telegram/webhook_endpoint.h"
#include "vault/clock.h"

namespace telekv::bot {

class Web {
 public:
  static constexpr std::string_view kHealthPath = "/healthz";
  static constexpr std::string_view kMetricsPath = "/metrics";

  /// `metrics` answers what /metrics shows.
  explicit Web(std::function<std::string()> metrics) : metrics_(std::move(metrics)) {}

  /// With `tls` nothing but TLS. kInvalidArgument when the port cannot be had. `clock` must outlive
  /// the object.
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
  telegram::HttpServer::Response health() const;

  std::function<std::string()> metrics_;
  State state_ = State::kLoading;
  std::optional<telegram::WebhookEndpoint> webhook_;
  std::unique_ptr<telegram::HttpServer> server_;
};

}  // namespace telekv::bot
