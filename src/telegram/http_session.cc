#include "telegram/http_session.h"

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <type_traits>
#include <utility>

#include "telegram/as_tuple.h"

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::size_t kReadBytes = std::size_t{16} << 10;

/// How long a refused peer that still sends is listened to, so that it reads why.
constexpr std::chrono::seconds kLinger{5};

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

template <class Stream>
class StreamSession final : public HttpSession {
 public:
  static constexpr bool kIsTls = !std::is_same_v<Stream, tcp::socket>;

  template <class... Arguments>
  explicit StreamSession(std::shared_ptr<Host> host, Arguments&&... arguments)
      : HttpSession(std::move(host)), stream_(std::forward<Arguments>(arguments)...) {}

  static asio::awaitable<void> run(std::unique_ptr<StreamSession> session) {
    bool goes_on = true;
    if constexpr (kIsTls) goes_on = co_await session->shake_hands();
    // Not `while (co_await ...) {}`: GCC 12 resumes that at a wrong place.
    while (goes_on) goes_on = co_await session->serve_one();
    if constexpr (kIsTls) co_await session->take_leave();
  }

 private:
  bool is_open() { return beast::get_lowest_layer(stream_).is_open(); }

  void close() override {
    beast::error_code ignored;  // closed is closed
    beast::get_lowest_layer(stream_).close(ignored);
  }

  asio::awaitable<bool> shake_hands() {
    enter(Phase::kReceiving, HttpServer::kRequestDeadline);
    const auto [failure] =
        co_await stream_.async_handshake(asio::ssl::stream_base::server, kAsTuple);
    co_return !failure && is_open();
  }

  /// So that the peer can tell an end from a cut.
  asio::awaitable<void> take_leave() {
    if (phase() == Phase::kLeaving) co_return;
    enter(Phase::kAnswering, kLinger);
    (void)co_await stream_.async_shutdown(kAsTuple);
  }

  /// Whether the connection goes on.
  asio::awaitable<bool> serve_one() {
    const bool begun = co_await first_bytes();
    if (!begun) co_return false;
    Parser parser;
    parser.header_limit(HttpServer::kMaxHeaderBytes);
    parser.body_limit(HttpServer::kMaxBodyBytes);
    const auto failure = co_await receive(&parser);
    if (failure) {
      co_await refuse(failure);
      co_return false;
    }
    if (!is_open()) co_return false;  // cut while the request was on its way
    const bool wants_body = parser.get().method() != http::verb::head;
    const bool peer_stays = parser.keep_alive();
    enter(Phase::kAnswering, HttpServer::kHandlerDeadline);
    auto request = take_request(parser);
    auto answer = host().handler()(std::move(request));
    auto response = co_await std::move(answer);
    if (!is_open()) co_return false;
    const bool stays = peer_stays && !host().is_draining();
    const bool sent = co_await send(std::move(response), stays, wants_body);
    co_return sent&& stays;
  }

  /// Waits for the next request to begin.
  asio::awaitable<bool> first_bytes() {
    if (buffer_.size() == 0) {
      if (host().is_draining()) co_return false;
      enter(Phase::kIdle, HttpServer::kIdleLimit);
      const asio::mutable_buffer room = buffer_.prepare(kReadBytes);
      const auto [failure, length] = co_await stream_.async_read_some(room, kAsTuple);
      if (failure) co_return false;
      buffer_.commit(length);
    }
    enter(Phase::kReceiving, HttpServer::kRequestDeadline);
    co_return true;
  }

  asio::awaitable<beast::error_code> receive(Parser* parser) {
    const auto [bad_header, header_size] =
        co_await http::async_read_header(stream_, buffer_, *parser, kAsTuple);
    if (bad_header) co_return bad_header;
    if (beast::iequals(parser->get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const asio::const_buffer bytes = asio::buffer(kContinue);
      const auto [failure, size] = co_await asio::async_write(stream_, bytes, kAsTuple);
      if (failure) co_return failure;
    }
    const auto [bad_body, body_size] =
        co_await http::async_read(stream_, buffer_, *parser, kAsTuple);
    co_return bad_body;
  }

  asio::awaitable<bool> send(Response response, bool stays, bool wants_body) {
    enter(Phase::kAnswering, HttpServer::kWriteDeadline);
    auto message = make_message(std::move(response), stays);
    http::response_serializer<http::string_body> serializer(message);
    beast::error_code failure;
    if (wants_body) {
      std::tie(failure, std::ignore) = co_await http::async_write(stream_, serializer, kAsTuple);
    } else {
      std::tie(failure, std::ignore) =
          co_await http::async_write_header(stream_, serializer, kAsTuple);
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
    if constexpr (!kIsTls) stream_.shutdown(tcp::socket::shutdown_send, failure);
    std::array<char, kReadBytes> ignored;
    const asio::mutable_buffer room = asio::buffer(ignored);
    while (!failure) {
      std::tie(failure, std::ignore) = co_await stream_.async_read_some(room, kAsTuple);
    }
  }

  Stream stream_;
  beast::flat_buffer buffer_{HttpServer::kMaxHeaderBytes + kReadBytes};
};

using TlsStream = asio::ssl::stream<tcp::socket>;

}  // namespace

HttpSession::HttpSession(std::shared_ptr<Host> host) : host_(std::move(host)) {
  enter(Phase::kIdle, HttpServer::kIdleLimit);
  host_->join(*this);
}

HttpSession::~HttpSession() { host_->leave(*this); }

void HttpSession::enter(Phase phase, vault::Clock::Duration limit) {
  phase_ = phase;
  since_ = host_->clock().now();
  deadline_ = since_ + limit;
}

void HttpSession::cut() {
  phase_ = Phase::kLeaving;
  close();
}

// The session counts from here on, not from when its coroutine begins to run.
asio::awaitable<void> HttpSession::serve(std::shared_ptr<Host> host, tcp::socket socket,
                                         const std::shared_ptr<const ServerTls>& tls) {
  if (!tls) {
    using Session = StreamSession<tcp::socket>;
    return Session::run(std::make_unique<Session>(std::move(host), std::move(socket)));
  }
  using Session = StreamSession<TlsStream>;
  return Session::run(
      std::make_unique<Session>(std::move(host), std::move(socket), tls->context()));
}

}  // namespace telekv::telegram
