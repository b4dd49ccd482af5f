// One connection of an HttpServer: requests read, handed over and answered, one at a time, over
// plain TCP or TLS. Part of HttpServer; the only place that knows Beast.
//
// One thread. Whoever owns the server looks at deadlines and cuts; a session ends by itself then.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>

#include "telegram/http_server.h"
#include "telegram/server_tls.h"
#include "vault/clock.h"

namespace telekv::telegram {

class HttpSession {
 public:
  enum class Phase : std::uint8_t {
    kIdle,       ///< between requests
    kReceiving,  ///< a part of a request, or of the handshake, is here
    kAnswering,  ///< the handler has it, or the answer is on its way
    kLeaving,    ///< cut
  };

  /// What sessions need of their server.
  class Host {
   public:
    virtual ~Host() = default;
    virtual vault::Clock& clock() = 0;
    virtual const HttpServer::Handler& handler() const = 0;
    virtual bool is_draining() const = 0;
    virtual void join(HttpSession& session) = 0;
    virtual void leave(HttpSession& session) = 0;
  };

  explicit HttpSession(std::shared_ptr<Host> host);
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
  virtual ~HttpSession();

  /// Serves `socket` until it ends; `tls` is null for plain TCP.
  static boost::asio::awaitable<void> serve(std::shared_ptr<Host> host,
                                            boost::asio::ip::tcp::socket socket,
                                            const std::shared_ptr<const ServerTls>& tls);

  Phase phase() const { return phase_; }
  vault::Clock::Time since() const { return since_; }
  vault::Clock::Time deadline() const { return deadline_; }

  /// Ends whatever the connection waits for.
  void cut();

 protected:
  Host& host() const { return *host_; }
  void enter(Phase phase, vault::Clock::Duration limit);

 private:
  virtual void close() = 0;

  std::shared_ptr<Host> host_;
  Phase phase_{};
  vault::Clock::Time since_{};
  vault::Clock::Time deadline_{};
};

}  // namespace telekv::telegram
