#include "emulator/server.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <memory>
#include <unordered_set>
#include <utility>

#include "emulator/control_api.h"
#include "emulator/page_channel.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

// HttpReader.h takes 256 KiB, but Beast throws at a field beyond 16 bits of length. The buffer has
// the same bound, because the trailer of a chunked body knows no other.
constexpr std::uint32_t kMaxHeaderBytes = 64u << 10;
constexpr auto kIdleTimeout = std::chrono::seconds(500);  // HttpServer.h
constexpr auto kLingerTimeout = std::chrono::seconds(5);
constexpr auto kSilenceCheck = std::chrono::seconds(1);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

// The chat page's WebSocket (docs/emulator.md).
constexpr std::string_view kPageEventsPath = "/emulator/events";

using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::string_body>;

std::string_view reason_of(int status) {
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

std::string make_head(const HttpReply& reply, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  head += reason_of(reply.status);
  head += "\r\nServer: telegram-emulator\r\nContent-Type: ";
  head += reply.content_type;
  head += "\r\nContent-Length: ";
  head += std::to_string(reply.size());
  head += keep_alive ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n";
  head += reply.extra_headers;
  head += "\r\n";
  return head;
}

HttpRequest take_request(Parser& parser) {
  const auto text = [&](http::field field) {
    const auto value = parser.get()[field];
    return std::string(value.data(), value.size());
  };
  HttpRequest request;
  request.method = std::string(parser.get().method_string());
  request.target = std::string(parser.get().target());
  request.content_type = text(http::field::content_type);
  request.content_encoding = text(http::field::content_encoding);
  request.host = text(http::field::host);
  request.origin = text(http::field::origin);
  request.body = std::move(parser.get().body());
  return request;
}

class Session;

// The connections that are open, so that those that are silent for too long can be closed: a look
// every second costs a busy connection nothing, a timer for each operation a good part of its time.
class Sessions {
 public:
  void add(Session* session) { open_.insert(session); }
  void remove(Session* session) { open_.erase(session); }

  void close_the_silent() const;

 private:
  std::unordered_set<Session*> open_;
};

class Session {
 public:
  Session(tcp::socket socket, Service& service, std::shared_ptr<Sessions> sessions)
      : socket_(std::move(socket)), service_(service), sessions_(std::move(sessions)) {
    sessions_->add(this);
  }
  ~Session() { sessions_->remove(this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  asio::awaitable<void> run() {
    beast::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    while (co_await serve_one()) {
    }
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void close_if_silent(Clock::time_point now) {
    beast::error_code ignored;
    if (now >= deadline_) socket_.close(ignored);
  }

 private:
  void allow(Clock::duration time) { deadline_ = Clock::now() + time; }

  // What of a reply is sent: to HEAD, no body, or it would be read as the next answer.
  enum class Part { kHead, kWhole };

  // Whether the connection goes on.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    const beast::error_code no_header = co_await read_header(&parser);
    if (no_header) co_return co_await refuse(no_header);
    if (beast::websocket::is_upgrade(parser.get()) && parser.get().target() == kPageEventsPath) {
      co_await upgrade(&parser);
      co_return false;
    }
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const asio::const_buffer bytes = asio::buffer(kContinue);
      auto [error, size] = co_await asio::async_write(socket_, bytes, no_throw);
      if (error) co_return false;
    }
    const beast::error_code no_body = co_await read_rest(&parser);
    if (no_body) co_return co_await refuse(no_body);

    const bool keep_alive = parser.keep_alive();
    HttpRequest request = take_request(parser);
    deadline_ = Clock::time_point::max();  // a long poll's own deadline rules while it waits
    HttpReply reply = co_await service_.handle(&request);
    if (reply.delivery == Delivery::kCut) {
      beast::error_code ignored;
      socket_.close(ignored);
      co_return false;
    }
    const bool is_head = parser.get().method() == http::verb::head;
    const bool written = co_await write(&reply, keep_alive, is_head ? Part::kHead : Part::kWhole);
    co_return written&& keep_alive;
  }

  asio::awaitable<beast::error_code> read_header(Parser* parser) {
    allow(kIdleTimeout);
    return read_until(parser, [parser] { return parser->is_header_done(); });
  }

  asio::awaitable<beast::error_code> read_rest(Parser* parser) {
    parser->eager(true);
    return read_until(parser, [parser] { return parser->is_done(); });
  }

  // As http::async_read does, which goes through the queue of handlers twice a request even where
  // everything has been read already.
  template <class IsEnough>
  asio::awaitable<beast::error_code> read_until(Parser* parser, IsEnough is_enough) {
    beast::error_code error;
    while (!is_enough()) {
      if (buffer_.size() > 0) {
        buffer_.consume(parser->put(buffer_.data(), error));
        if (!error) continue;
        if (error != http::error::need_more) co_return error;
      }
      const std::size_t room = beast::read_size(buffer_, kMaxHeaderBytes);
      if (room == 0) co_return http::make_error_code(http::error::buffer_overflow);
      const asio::mutable_buffer space = buffer_.prepare(room);
      auto [failure, size] = co_await socket_.async_read_some(space, no_throw);
      buffer_.commit(size);
      if (failure == asio::error::eof) {
        if (!parser->got_some()) co_return http::make_error_code(http::error::end_of_stream);
        parser->put_eof(error);
        if (error) co_return error;
      } else if (failure) {
        co_return failure;
      }
    }
    co_return beast::error_code();
  }

  // A WebSocket takes the connection over; nobody but the emulator's own page gets one, because a
  // browser lets every site open it.
  asio::awaitable<void> upgrade(Parser* parser) {
    HttpReply refusal = control_error(403, "only for the emulator's own page");
    if (is_from_own_page(take_request(*parser))) {
      if (std::shared_ptr<PageWatch> watch = service_.page_events().open()) {
        co_await serve_page(beast::tcp_stream(std::move(socket_)), parser->release(),
                            std::move(watch), service_.page_events());
        co_return;
      }
      refusal = control_error(503, "too many pages are open; close one");
    }
    co_await write(&refusal, false, Part::kWhole);
  }

  asio::awaitable<bool> write(const HttpReply* reply, bool keep_alive, Part part) {
    const std::string head = make_head(*reply, keep_alive);
    std::array<asio::const_buffer, 2> buffers{asio::buffer(head)};
    if (part == Part::kWhole) {
      buffers[1] = reply->file ? asio::buffer(*reply->file) : asio::buffer(reply->body);
      if (reply->cut_after_bytes) {
        buffers[1] = asio::buffer(buffers[1], static_cast<std::size_t>(*reply->cut_after_bytes));
      }
    }
    allow(kIdleTimeout);
    auto [error, size] = co_await asio::async_write(socket_, buffers, no_throw);
    co_return !error && !reply->cut_after_bytes;
  }

  // What cannot be read gets an answer where one is due, and the connection ends.
  asio::awaitable<bool> refuse(beast::error_code error) {
    HttpReply reply;
    if (error == http::error::body_limit) {
      reply.status = 413;
      reply.body = R"({"ok":false,"error_code":413,"description":"Request Entity Too Large"})";
    } else if (error == http::error::header_limit) {
      reply.status = 431;
      reply.body =
          R"({"ok":false,"error_code":431,"description":"Request Header Fields Too Large"})";
    } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      reply.status = 400;
      reply.body = R"({"ok":false,"error_code":400,"description":"Bad Request"})";
    } else {
      co_return false;
    }
    const bool written = co_await write(&reply, false, Part::kWhole);
    if (written) co_await drain();
    co_return false;
  }

  // A client that is still sending would take a reset for the answer: read on for a while.
  asio::awaitable<void> drain() {
    beast::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    allow(kLingerTimeout);
    std::array<char, 65536> sink;
    for (std::uint64_t total = 0; total < 4 * kMaxBodyBytes;) {
      const asio::mutable_buffer bytes = asio::buffer(sink);
      auto [error, size] = co_await socket_.async_read_some(bytes, no_throw);
      if (error) break;
      total += size;
    }
  }

  tcp::socket socket_;
  Clock::time_point deadline_ = Clock::time_point::max();
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  Service& service_;
  std::shared_ptr<Sessions> sessions_;
};

void Sessions::close_the_silent() const {
  for (Session* session : open_) session->close_if_silent(Clock::now());
}

asio::awaitable<void> watch(std::shared_ptr<Sessions> sessions) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (;;) {
    pause.expires_after(kSilenceCheck);
    co_await pause.async_wait(no_throw);
    sessions->close_the_silent();
  }
}

asio::awaitable<void> run_session(std::unique_ptr<Session> session) { co_await session->run(); }

class TcpServer final : public Server {
 public:
  TcpServer(asio::io_context& io, Service& service)
      : io_(io), acceptor_(io), service_(service), sessions_(std::make_shared<Sessions>()) {}

  beast::error_code open(std::uint16_t port) {
    beast::error_code error;
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) {
      asio::co_spawn(io_, accept(), asio::detached);
      asio::co_spawn(io_, watch(sessions_), asio::detached);
    }
    return error;
  }

  std::uint16_t port() const override {
    beast::error_code error;
    return acceptor_.local_endpoint(error).port();
  }

 private:
  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(no_throw);
      if (error) {  // out of descriptors, mostly: some will come back
        asio::steady_timer pause(io_, kAcceptPause);
        co_await pause.async_wait(no_throw);
        continue;
      }
      auto session = std::make_unique<Session>(std::move(socket), service_, sessions_);
      asio::co_spawn(io_, run_session(std::move(session)), asio::detached);
    }
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  Service& service_;
  std::shared_ptr<Sessions> sessions_;
};

}  // namespace

Answer<std::unique_ptr<Server>> Server::listen(asio::io_context& io, Service& service,
                                               std::uint16_t port) {
  auto server = std::make_unique<TcpServer>(io, service);
  if (const auto error = server->open(port)) {
    return ApiError{500, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                             error.message() + "; choose another --port, or 0 for a free one"};
  }
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace telekv::emulator
