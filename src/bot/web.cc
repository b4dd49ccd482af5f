#include "bot/web.h"

#include <utility>

namespace telekv::bot {

namespace asio = boost::asio;
using Request = telegram::HttpServer::Request;
using Response = telegram::HttpServer::Response;

namespace {

constexpr std::string_view kHealthy = "ok";
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

Response text(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response only_read() {
  Response refused = text(405, "method not allowed\n");
  refused.headers.push_back({"Allow", "GET, HEAD"});
  return refused;
}

}  // namespace

Web::Web(Sources sources, Options options)
    : sources_(std::move(sources)),
      options_(std::move(options)),
      status_page_(options_.status, [this](std::chrono::seconds after) {
        return sources_.status(health(), after);
      }) {}

Result<void> Web::listen(asio::any_io_executor executor, vault::Clock& clock, std::uint16_t port,
                         std::shared_ptr<const telegram::ServerTls> tls) {
  auto handler = [this](Request request) { return handle(std::move(request)); };
  telegram::HttpServer::Endpoint endpoint{.port = port};
  if (options_.status.only_this_machine) endpoint.address = "127.0.0.1";
  Result<std::unique_ptr<telegram::HttpServer>> server = telegram::HttpServer::listen(
      std::move(executor), clock, endpoint, std::move(handler), std::move(tls));
  if (!server) {
    return Error{ErrorCode::kInvalidArgument, "PORT: " + server.error().message,
                 "set PORT to a free one"};
  }
  server_ = std::move(*server);
  return {};
}

asio::awaitable<void> Web::close(std::chrono::seconds limit) {
  if (!server_) co_return;
  co_await server_->drain(limit);
  server_.reset();
}

asio::awaitable<Response> Web::handle(Request request) {
  const bool is_health = request.path == kHealthPath;
  const bool is_metrics = request.path == kMetricsPath;
  const bool is_status = StatusPage::owns(request.path);
  if (is_health || is_metrics || is_status) {
    if (request.method != "GET" && request.method != "HEAD") co_return only_read();
    if (is_status) co_return status_page_.answer(request);
    if (is_metrics) co_return metrics();
    const std::string_view health = this->health();
    co_return text(health == kHealthy ? 200 : 503, std::string(health) + '\n');
  }
  if (webhook_) co_return co_await webhook_->handle(std::move(request));
  co_return text(404, "not found\n");
}

Response Web::metrics() const {
  Response response = text(200, sources_.metrics());
  response.content_type = kMetricsType;
  return response;
}

std::string_view Web::health() const {
  switch (state_) {
    case State::kLoading:
      return "loading";
    case State::kReady:
      return sources_.unsaved_age() > options_.max_unsaved_age ? "unsaved" : kHealthy;
    case State::kStopping:
      return "stopping";
  }
  return "unknown";
}

}  // namespace telekv::bot
