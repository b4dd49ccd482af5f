// A server on the loopback interface inside the test's own event loop. What it says is up to the
// test, byte by byte, so that it can misbehave in ways no HTTP library would.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace telekv::telegram {

namespace test {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

struct Received {
  std::string head;  ///< request line and headers
  std::string body;
};

/// The next request on a connection, nullopt at its end. `buffer` keeps what came too early.
template <class Stream>
asio::awaitable<std::optional<Received>> receive(Stream& stream, std::string& buffer) {
  const std::string_view end_of_head = "\r\n\r\n";
  auto [failure, length] =
      co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), end_of_head, kToken);
  if (failure) co_return std::nullopt;
  Received received{buffer.substr(0, length), ""};
  buffer.erase(0, length);
  std::size_t expected = 0;
  const std::string_view name = "Content-Length: ";
  if (const auto at = received.head.find(name); at != std::string::npos) {
    const char* digits = received.head.data() + at + name.size();
    std::from_chars(digits, received.head.data() + received.head.size(), expected);
  }
  if (buffer.size() < expected) {
    const std::size_t missing = expected - buffer.size();
    const auto [cut, more] = co_await asio::async_read(stream, asio::dynamic_buffer(buffer),
                                                       asio::transfer_exactly(missing), kToken);
    if (cut) co_return std::nullopt;
  }
  received.body = buffer.substr(0, expected);
  buffer.erase(0, expected);
  co_return received;
}

template <class Stream>
asio::awaitable<void> say(Stream& stream, std::string text) {
  co_await asio::async_write(stream, asio::buffer(text), kToken);
}

inline std::string ok(std::string_view body, std::string_view headers = "") {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
  return text.append(std::to_string(body.size()))
      .append("\r\n")
      .append(headers)
      .append("\r\n")
      .append(body);
}

/// Waits until the other side hangs up.
template <class Stream>
asio::awaitable<void> until_closed(Stream& stream) {
  std::string ignored(std::size_t{64} << 10, '\0');
  for (;;) {
    const auto [failure, length] = co_await stream.async_read_some(asio::buffer(ignored), kToken);
    if (failure) co_return;
  }
}

class Server {
 public:
  using Session = std::function<asio::awaitable<void>(tcp::socket socket, int number)>;

  /// `session` runs for every connection; `number` counts from 1.
  Server(asio::io_context& io, Session session)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        session_(std::move(session)) {
    asio::co_spawn(io, accept(), asio::detached);
  }

  std::string root(std::string_view scheme = "http", std::string_view host = "127.0.0.1") const {
    std::string text(scheme);
    return text.append("://").append(host).append(":").append(
        std::to_string(acceptor_.local_endpoint().port()));
  }

  int connections() const { return connections_; }

  /// From now on nobody listens at the port.
  void stop() { acceptor_.close(); }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto [failure, socket] = co_await acceptor_.async_accept(kToken);
      if (failure) co_return;
      auto session = session_(std::move(socket), ++connections_);
      asio::co_spawn(acceptor_.get_executor(), std::move(session), asio::detached);
    }
  }

  tcp::acceptor acceptor_;
  Session session_;
  int connections_ = 0;
};

}  // namespace test
}  // namespace telekv::telegram
