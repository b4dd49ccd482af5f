// One connection of the HTTP/1.1 server, plain or TLS: keep-alive, chunked and Content-Length
// bodies, a bound on everything read and a deadline on every read and write. One coroutine each,
// all on one io_context thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <unordered_set>

#include "emulator/service.h"

namespace telekv::emulator {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

class Session {
 public:
  virtual ~Session() = default;
  virtual void close_if_silent(std::chrono::steady_clock::time_point now) = 0;
};

// The connections that are open, so that those that are silent for too long can be closed: a look
// every second costs a busy connection nothing, a timer for each operation a good part of its time.
class Sessions {
 public:
  void add(Session* session) { open_.insert(session); }
  void remove(Session* session) { open_.erase(session); }

  /// Never ends.
  static boost::asio::awaitable<void> watch(std::shared_ptr<Sessions> sessions);

 private:
  void close_the_silent() const;

  std::unordered_set<Session*> open_;
};

/// Serves the connection until either side ends it.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Service& service,
                                   std::shared_ptr<Sessions> sessions);

/// The same over TLS: a handshake that takes longer than `handshake` ends the connection.
boost::asio::awaitable<void> serve_tls(TlsStream stream, std::chrono::milliseconds handshake,
                                       Service& service, std::shared_ptr<Sessions> sessions);

}  // namespace telekv::emulator
