#include "bot/web.h"

#include <utility>

namespace telekv::bot {

namespace asio = boost::asio;
using Request = telegram::HttpServer::Request;
using Response = telegram::HttpServer::Response;

namespace {

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

Result<void> Web::listen(asio::any_io_executor executor, vault::Clock& clock, std::uint16_t port,
                         std::shared_ptr<const telegram::ServerTls> tls) {
  auto handler = [this](Request request) { return handle(std::move(request)); };
  Result<std::unique_ptr<telegram::HttpServer>> server = telegram::HttpServer::listen(
      std::move(executor), clock, {.port = port}, std::move(handler), std::move(tls));
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
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path == kHealthPath) co_return reads ? health() : only_read();
  if (request.path == kMetricsPath) {
    if (!reads) co_return only_read();
    Response response = text(200, metrics_());
    response.content_type = kMetricsType;
    co_return response;
  }
  if (webhook_) co_return co_await webhook_->handle(std::move(request));
  co_return text(404, "not found\n");
}

Response Web::health() const {
  switch (state_) {
    case State::kLoading:
      return text(503, "loading\n");
    case State::kReady:
      return text(200, "ok\n");
    case State::kStopping:
      return text(503, "stopping\n");
  }
  return text(503, "unknown\n");
}

}  // namespace telekv::bot
