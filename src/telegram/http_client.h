// HTTP/1.1 over TLS (verified) or, for loopback roots, over plain TCP: a bounded pool of kept-alive
// connections to one API root.
//
// One thread: the executor's. TLS is 1.2 or newer, checked against the system's trust store
// (SSL_CERT_FILE and SSL_CERT_DIR are honoured) and against the host name. Every step has a
// deadline. A kept-alive connection that turns out to be dead is replaced once, when nothing was
// sent or the request is Repeat::kSafe and no byte of an answer came; everything else is the
// caller's decision.
//
// To cut a long poll at shutdown, cancel the coroutine that awaits it:
//   co_await (api.get_updates(query) || stopped.wait());               // awaitable operators, or
//   co_spawn(executor, loop(), bind_cancellation_slot(signal.slot(), handler));
//   signal.emit(terminal);
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "telegram/api_root.h"
#include "telegram/http.h"
#include "telegram/proxy.h"

namespace telekv::telegram {

class HttpClient final : public Http {
 public:
  struct Options {
    std::size_t max_connections =
        8;  ///< in use at once, at least 1; further exchanges wait in order
    std::chrono::milliseconds connect_deadline{std::chrono::seconds(10)};  ///< resolve to handshake
    std::chrono::milliseconds idle_limit{std::chrono::seconds(30)};        ///< kept alive no longer
    std::optional<Proxy> proxy = std::nullopt;  ///< on the way to an https root; others go straight
  };

  /// Opens nothing yet. kUnavailable when the system's trust store cannot be loaded.
  static Result<std::unique_ptr<HttpClient>> create(boost::asio::any_io_executor executor,
                                                    ApiRoot root, Options options);
  static Result<std::unique_ptr<HttpClient>> create(boost::asio::any_io_executor executor,
                                                    ApiRoot root);
  ~HttpClient() override;

  /// The executor's context must outlive the client and every exchange.
  Async<HttpResponse> exchange(HttpRequest request) override;

 private:
  class Impl;
  explicit HttpClient(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace telekv::telegram
