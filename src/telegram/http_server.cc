#include "telegram/http_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <list>
#include <utility>

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using vault::Clock;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = std::size_t{16} << 10;

/// How often deadlines are looked at.
constexpr std::chrono::seconds kTick{1};

/// How long a refused peer that still sends is listened to, so that it reads why.
constexpr std::chrono::seconds kLinger{5};

/// Pause after accept fails: out of descriptors, mostly; some will come back.
constexpr std::chrono::milliseconds kAcceptPause{100};

using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::string_body>;
using Request = HttpServer::Request;
using Response = HttpServer::Response;

Request take_request(Parser& parser) {
  Request request;
  auto& message = parser.get();
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  return request;
}

Message make_message(Response response, bool keep_alive) {
  Message message;
  message.version(11);
  message.result(response.status);
  message.keep_alive(keep_alive);
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

/// The answer to what is no request; status 0 when the peer is simply gone.
Response refusal(const beast::error_code& failure) {
  if (failure == http::error::body_limit) return {.status = 413, .body = "body too large\n"};
  if (failure == http::error::header_limit) return {.status = 431, .body = "headers too large\n"};
  const auto& http_category = http::make_error_code(http::error::bad_method).category();
  const bool gone = failure.category() != http_category || failure == http::error::end_of_stream ||
                    failure == http::error::partial_message;
  if (gone) return {.status = 0};
  return {.status = 400, .body = "bad request\n"};
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const HttpServer::Header& h) {
    return beast::iequals({h.name.data(), h.name.size()}, {name.data(), name.size()});
  });
  return found == headers.end() ? std::string_view() : found->value;
}

/// Shared with the connections' coroutines, which may outlive the server.
class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::any_io_executor executor, Clock& clock, Handler handler)
      : executor_(executor),
        clock_(&clock),
        handler_(std::move(handler)),
        acceptor_(executor),
        drained_(executor, asio::steady_timer::time_point::max()) {}

  beast::error_code open(const tcp::endpoint& endpoint);
  void stop();
  asio::awaitable<void> drain(std::chrono::seconds limit);
  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return sessions_.size(); }

 private:
  class Session;

  asio::awaitable<void> accept();
  bool make_room();
  void start_session(tcp::socket socket);
  void forget(std::list<Session*>::iterator place);
  asio::awaitable<void> enforce_deadlines();
  void start(asio::awaitable<void> task, asio::cancellation_slot slot = {});

  asio::any_io_executor executor_;
  Clock* clock_;
  Handler handler_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::list<Session*> sessions_;
  bool enforcing_ = false;
  asio::cancellation_signal enforcer_stop_;
  bool stopped_ = false;
  bool draining_ = false;
  bool drain_over_ = false;
  Clock::Time drain_until_{};
  asio::steady_timer drained_;
};

// ---- one connection ----------------------------------------------------------------------------

class HttpServer::Impl::Session {
 public:
  enum class Phase : std::uint8_t {
    kIdle,       ///< between requests
    kReceiving,  ///< a part of a request is here
    kAnswering,  ///< the handler has it, or the answer is on its way
    kLeaving,    ///< cut
  };

  Session(std::shared_ptr<Impl> server, tcp::socket socket)
      : server_(std::move(server)), socket_(std::move(socket)) {
    enter(Phase::kIdle, kIdleLimit);
    place_ = server_->sessions_.insert(server_->sessions_.end(), this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { server_->forget(place_); }

  static asio::awaitable<void> run(std::unique_ptr<Session> session) {
    // Not `while (co_await ...) {}`: GCC 12 resumes that at a wrong place.
    for (bool goes_on = true; goes_on;) goes_on = co_await session->serve_one();
  }

  Phase phase() const { return phase_; }
  Clock::Time since() const { return since_; }
  Clock::Time deadline() const { return deadline_; }

  /// Ends whatever the connection waits for; the coroutine then ends by itself.
  void cut() {
    phase_ = Phase::kLeaving;
    beast::error_code ignored;  // closed is closed
    socket_.close(ignored);
  }

 private:
  void enter(Phase phase, Clock::Duration limit) {
    phase_ = phase;
    since_ = server_->clock_->now();
    deadline_ = since_ + limit;
  }

  /// Whether the connection goes on.
  asio::awaitable<bool> serve_one() {
    const bool begun = co_await first_bytes();
    if (!begun) co_return false;
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    const auto failure = co_await receive(&parser);
    if (failure) {
      co_await refuse(failure);
      co_return false;
    }
    if (!socket_.is_open()) co_return false;  // cut while the request was on its way
    const bool wants_body = parser.get().method() != http::verb::head;
    const bool peer_stays = parser.keep_alive();
    enter(Phase::kAnswering, kHandlerDeadline);
    auto request = take_request(parser);
    auto answer = server_->handler_(std::move(request));
    auto response = co_await std::move(answer);
    if (!socket_.is_open()) co_return false;
    const bool stays = peer_stays && !server_->draining_;
    const bool sent = co_await send(std::move(response), stays, wants_body);
    co_return sent&& stays;
  }

  /// Waits for the next request to begin.
  asio::awaitable<bool> first_bytes() {
    if (buffer_.size() == 0) {
      if (server_->draining_) co_return false;
      enter(Phase::kIdle, kIdleLimit);
      const asio::mutable_buffer room = buffer_.prepare(kReadBytes);
      const auto [failure, length] = co_await socket_.async_read_some(room, kToken);
      if (failure) co_return false;
      buffer_.commit(length);
    }
    enter(Phase::kReceiving, kRequestDeadline);
    co_return true;
  }

  asio::awaitable<beast::error_code> receive(Parser* parser) {
    const auto [bad_header, header_size] =
        co_await http::async_read_header(socket_, buffer_, *parser, kToken);
    if (bad_header) co_return bad_header;
    if (beast::iequals(parser->get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const asio::const_buffer bytes = asio::buffer(kContinue);
      const auto [failure, size] = co_await asio::async_write(socket_, bytes, kToken);
      if (failure) co_return failure;
    }
    const auto [bad_body, body_size] = co_await http::async_read(socket_, buffer_, *parser, kToken);
    co_return bad_body;
  }

  asio::awaitable<bool> send(Response response, bool stays, bool wants_body) {
    enter(Phase::kAnswering, kWriteDeadline);
    auto message = make_message(std::move(response), stays);
    http::response_serializer<http::string_body> serializer(message);
    beast::error_code failure;
    if (wants_body) {
      std::tie(failure, std::ignore) = co_await http::async_write(socket_, serializer, kToken);
    } else {
      std::tie(failure, std::ignore) =
          co_await http::async_write_header(socket_, serializer, kToken);
    }
    co_return !failure;
  }

  /// Says what is wrong where there is somebody to hear it. A peer that still sends would take a
  /// reset for the answer, so it is listened to for a while.
  asio::awaitable<void> refuse(beast::error_code failure) {
    auto answer = refusal(failure);
    if (answer.status == 0) co_return;
    const bool sent = co_await send(std::move(answer), false, true);
    if (!sent) co_return;
    enter(Phase::kAnswering, kLinger);
    socket_.shutdown(tcp::socket::shutdown_send, failure);
    std::array<char, kReadBytes> ignored;
    const asio::mutable_buffer room = asio::buffer(ignored);
    while (!failure) {
      std::tie(failure, std::ignore) = co_await socket_.async_read_some(room, kToken);
    }
  }

  std::shared_ptr<Impl> server_;
  tcp::socket socket_;
  beast::flat_buffer buffer_{kMaxHeaderBytes + kReadBytes};
  Phase phase_{};
  Clock::Time since_{};
  Clock::Time deadline_{};
  std::list<Session*>::iterator place_;
};

// ---- the server --------------------------------------------------------------------------------

beast::error_code HttpServer::Impl::open(const tcp::endpoint& endpoint) {
  beast::error_code failure;
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
    auto [failure, socket] = co_await acceptor_.async_accept(kToken);
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
  const auto least_wanted =
      std::min_element(sessions_.begin(), sessions_.end(), [](const Session* a, const Session* b) {
        return std::pair(a->phase(), a->since()) < std::pair(b->phase(), b->since());
      });
  if ((*least_wanted)->phase() >= Session::Phase::kAnswering) return false;
  (*least_wanted)->cut();
  return true;
}

void HttpServer::Impl::start_session(tcp::socket socket) {
  beast::error_code ignored;  // an option of convenience
  socket.set_option(tcp::no_delay(true), ignored);
  start(Session::run(std::make_unique<Session>(shared_from_this(), std::move(socket))));
  if (!enforcing_) {
    enforcing_ = true;
    start(enforce_deadlines(), enforcer_stop_.slot());
  }
}

void HttpServer::Impl::forget(std::list<Session*>::iterator place) {
  sessions_.erase(place);
  if (sessions_.empty()) drained_.cancel();
}

asio::awaitable<void> HttpServer::Impl::enforce_deadlines() {
  while (!sessions_.empty() && !stopped_) {
    co_await clock_->sleep_for(kTick);
    const auto now = clock_->now();
    drain_over_ = draining_ && now >= drain_until_;
    for (Session* session : sessions_) {
      if (drain_over_ || now >= session->deadline()) session->cut();
    }
    if (drain_over_) drained_.cancel();
  }
  enforcing_ = false;
}

asio::awaitable<void> HttpServer::Impl::drain(std::chrono::seconds limit) {
  beast::error_code ignored;
  acceptor_.close(ignored);
  draining_ = true;
  drain_until_ = clock_->now() + limit;
  for (Session* session : sessions_) {
    if (session->phase() == Session::Phase::kIdle) session->cut();
  }
  while (!sessions_.empty() && !drain_over_) co_await drained_.async_wait(kToken);
}

void HttpServer::Impl::stop() {
  beast::error_code ignored;
  acceptor_.close(ignored);
  stopped_ = true;
  for (Session* session : sessions_) session->cut();
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
                                                       const Endpoint& endpoint, Handler handler) {
  beast::error_code failure;
  const auto address = asio::ip::make_address(endpoint.address, failure);
  if (failure) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "cannot listen: \"" + endpoint.address + "\" is no IP address"};
  }
  auto impl = std::make_shared<Impl>(std::move(executor), clock, std::move(handler));
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
