#include "telegram/http_server.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/string.hpp>
#include <exception>
#include <set>
#include <utility>

#include "telegram/as_tuple.h"
#include "telegram/http_session.h"

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using vault::Clock;

namespace {

/// How often deadlines are looked at.
constexpr std::chrono::seconds kTick{1};

/// Pause after accept fails: out of descriptors, mostly; some will come back.
constexpr std::chrono::milliseconds kAcceptPause{100};

using Request = HttpServer::Request;

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const HttpServer::Header& h) {
    return beast::iequals({h.name.data(), h.name.size()}, {name.data(), name.size()});
  });
  return found == headers.end() ? std::string_view() : found->value;
}

/// Shared with the connections' coroutines, which may outlive the server.
class HttpServer::Impl final : public HttpSession::Host,
                               public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::any_io_executor executor, Clock& clock, Handler handler,
       std::shared_ptr<const ServerTls> tls)
      : executor_(executor),
        clock_(&clock),
        handler_(std::move(handler)),
        tls_(std::move(tls)),
        acceptor_(executor),
        drained_(executor, asio::steady_timer::time_point::max()) {}

  boost::system::error_code open(const tcp::endpoint& endpoint);
  void stop();
  asio::awaitable<void> drain(std::chrono::seconds limit);
  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return sessions_.size(); }

  Clock& clock() override { return *clock_; }
  const Handler& handler() const override { return handler_; }
  bool is_draining() const override { return draining_; }
  void join(HttpSession& session) override { sessions_.insert(&session); }
  void leave(HttpSession& session) override;

 private:
  asio::awaitable<void> accept();
  bool make_room();
  void start_session(tcp::socket socket);
  asio::awaitable<void> enforce_deadlines();
  void start(asio::awaitable<void> task, asio::cancellation_slot slot = {});

  asio::any_io_executor executor_;
  Clock* clock_;
  Handler handler_;
  std::shared_ptr<const ServerTls> tls_;  // null: plain TCP
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::set<HttpSession*> sessions_;
  bool enforcing_ = false;
  asio::cancellation_signal enforcer_stop_;
  bool stopped_ = false;
  bool draining_ = false;
  bool drain_over_ = false;
  Clock::Time drain_until_{};
  asio::steady_timer drained_;
};

boost::system::error_code HttpServer::Impl::open(const tcp::endpoint& endpoint) {
  boost::system::error_code failure;
  acceptor_.open(endpoint.protocol(), failure);
  if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor_.bind(endpoint, failure);
  if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
  if (!failure) port_ = acceptor_.local_endpoint(failure).port();
  if (!failure) start(accept());
  return failure;
}

/// A handler that throws is a defect; it must not go unseen.
void HttpServer::Impl::start(asio::awaitable<void> task, asio::cancellation_slot slot) {
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot(
                     slot, [self = shared_from_this()](const std::exception_ptr& thrown) {
                       if (thrown) std::rethrow_exception(thrown);
                     }));
}

asio::awaitable<void> HttpServer::Impl::accept() {
  while (acceptor_.is_open()) {
    auto [failure, socket] = co_await acceptor_.async_accept(kAsTuple);
    if (!acceptor_.is_open()) break;
    if (failure) {
      co_await clock_->sleep_for(kAcceptPause);
    } else if (make_room()) {
      start_session(std::move(socket));
    }
  }
}

/// False when every connection has a request being answered.
bool HttpServer::Impl::make_room() {
  if (sessions_.size() < kMaxConnections) return true;
  const auto least_wanted = std::min_element(
      sessions_.begin(), sessions_.end(), [](const HttpSession* a, const HttpSession* b) {
        return std::pair(a->phase(), a->since()) < std::pair(b->phase(), b->since());
      });
  if ((*least_wanted)->phase() >= HttpSession::Phase::kAnswering) return false;
  (*least_wanted)->cut();
  return true;
}

void HttpServer::Impl::start_session(tcp::socket socket) {
  boost::system::error_code ignored;  // an option of convenience
  socket.set_option(tcp::no_delay(true), ignored);
  start(HttpSession::serve(shared_from_this(), std::move(socket), tls_));
  if (!enforcing_) {
    enforcing_ = true;
    start(enforce_deadlines(), enforcer_stop_.slot());
  }
}

void HttpServer::Impl::leave(HttpSession& session) {
  sessions_.erase(&session);
  if (sessions_.empty()) drained_.cancel();
}

asio::awaitable<void> HttpServer::Impl::enforce_deadlines() {
  while (!sessions_.empty() && !stopped_) {
    co_await clock_->sleep_for(kTick);
    const auto now = clock_->now();
    drain_over_ = draining_ && now >= drain_until_;
    for (HttpSession* session : sessions_) {
      if (drain_over_ || now >= session->deadline()) session->cut();
    }
    if (drain_over_) drained_.cancel();
  }
  enforcing_ = false;
}

asio::awaitable<void> HttpServer::Impl::drain(std::chrono::seconds limit) {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  draining_ = true;
  drain_until_ = clock_->now() + limit;
  for (HttpSession* session : sessions_) {
    if (session->phase() == HttpSession::Phase::kIdle) session->cut();
  }
  while (!sessions_.empty() && !drain_over_) co_await drained_.async_wait(kAsTuple);
}

void HttpServer::Impl::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  stopped_ = true;
  for (HttpSession* session : sessions_) session->cut();
  enforcer_stop_.emit(asio::cancellation_type::terminal);
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->stop(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }
std::size_t HttpServer::connections() const { return impl_->connections(); }

asio::awaitable<void> HttpServer::drain(std::chrono::seconds limit) {
  const auto impl = impl_;  // the server may be destroyed meanwhile
  auto draining = impl->drain(limit);
  co_await std::move(draining);
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::any_io_executor executor,
                                                       vault::Clock& clock,
                                                       const Endpoint& endpoint, Handler handler,
                                                       std::shared_ptr<const ServerTls> tls) {
  boost::system::error_code failure;
  const auto address = asio::ip::make_address(endpoint.address, failure);
  if (failure) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "cannot listen: \"" + endpoint.address + "\" is no IP address"};
  }
  auto impl =
      std::make_shared<Impl>(std::move(executor), clock, std::move(handler), std::move(tls));
  failure = impl->open({address, endpoint.port});
  if (failure) {
    return Error{.code = ErrorCode::kUnavailable,
                 .message = "cannot listen on port " + std::to_string(endpoint.port) + ": " +
                            failure.message(),
                 .hint = "choose another PORT"};
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace telekv::telegram
