// HTTP/1.1 over TLS, or over plain TCP for a port behind a proxy that ends TLS: the webhook is
// served by it, and whatever stands beside it (metrics, health).
//
// One thread: the executor's. Every peer is hostile: header, body, number of connections and the
// time of each step are bounded (the constants below); what breaks a bound is answered where HTTP
// has an answer, and its connection is closed. Deadlines are checked once a second of `clock`. A
// connection has one request at a time with the handler; pipelined ones wait. O(bytes) a request.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kv/error.h"
#include "vault/clock.h"

namespace telekv::telegram {

class ServerTls;

class HttpServer {
 public:
  /// One update is at most 512 KiB (TDLib TQueue.cpp); more is answered 413.
  static constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20;
  /// Request line and headers; more is answered 431.
  static constexpr std::size_t kMaxHeaderBytes = std::size_t{16} << 10;
  /// Telegram's max_connections is at most 100; a few are for people and their tools. One more
  /// takes the place of the longest idle one, or of the slowest to send its request; is everyone
  /// being answered, it is closed.
  static constexpr std::size_t kMaxConnections = 104;
  /// How long a connection may be silent between two requests.
  static constexpr std::chrono::seconds kIdleLimit{75};
  /// From a request's first byte to its last; and for a TLS handshake.
  static constexpr std::chrono::seconds kRequestDeadline{20};
  /// For the handler. Telegram waits 60 s for an answer; later nobody listens.
  static constexpr std::chrono::seconds kHandlerDeadline{65};
  /// For the peer to take an answer.
  static constexpr std::chrono::seconds kWriteDeadline{20};

  struct Header {
    std::string name;
    std::string value;
  };

  struct Request {
    std::string method;  ///< "POST"
    std::string path;    ///< as sent: neither decoded nor normalised
    std::string query;   ///< what follows the question mark, as sent
    std::vector<Header> headers;
    std::string body;

    /// The first header of that name (in any case), "" when there is none.
    std::string_view header(std::string_view name) const;
  };

  struct Response {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::vector<Header> headers = {};  ///< beside Content-Type, Content-Length and Connection
    std::string body = {};             ///< not sent to HEAD
  };

  /// Answers one request. It reports failure by a status and throws nothing. Past kHandlerDeadline,
  /// or after the end of a drain, it is left to finish by itself and its answer goes nowhere, so
  /// what it refers to must live until it is done.
  using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

  struct Endpoint {
    std::string address = "0.0.0.0";  ///< numeric, IPv4 or IPv6
    std::uint16_t port = 0;           ///< 0: a free one
  };

  /// Accepts from now on; with `tls` (server_tls.h) nothing but TLS. `clock` must outlive the
  /// server and what the executor still runs of it. kInvalidArgument: no such address;
  /// kUnavailable: the port cannot be had.
  static Result<std::unique_ptr<HttpServer>> listen(boost::asio::any_io_executor executor,
                                                    vault::Clock& clock, const Endpoint& endpoint,
                                                    Handler handler,
                                                    std::shared_ptr<const ServerTls> tls = {});

  /// Cuts every connection at once.
  ~HttpServer();

  std::uint16_t port() const;

  /// Open connections.
  std::size_t connections() const;

  /// Stops accepting and closes idle connections; requests that have begun are answered, each on a
  /// connection that then closes. Returns when none is left, or cuts the rest after `limit`.
  boost::asio::awaitable<void> drain(std::chrono::seconds limit);

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace telekv::telegram
