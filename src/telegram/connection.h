// One connection to the API root: opened, used for one exchange at a time, kept alive in between.
// Part of HttpClient; the only place that knows Beast.
//
// One thread. Every step ends by the deadline it is given. A connection on which anything went
// wrong is not reusable and only waits to be destroyed, which closes it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "telegram/api_root.h"
#include "telegram/http.h"
#include "telegram/proxy.h"

namespace telekv::telegram {

using Deadline = std::chrono::steady_clock::time_point;

/// The TLS settings that all connections share: 1.2 or newer, verified against the system's store.
class TlsContext {
 public:
  /// kUnavailable when the trust store cannot be loaded.
  static Result<std::shared_ptr<TlsContext>> create();
  virtual ~TlsContext() = default;
};

/// How far an exchange came, for whoever must decide about trying again.
struct Progress {
  bool sent = false;      ///< at least a byte of the request
  bool answered = false;  ///< at least a byte of the answer
};

class Connection {
 public:
  /// Resolves, connects and shakes hands, through `proxy` if there is one. Errors are kUnavailable
  /// or kCancelled. `tls` is null for plain HTTP, which then connects to loopback addresses only
  /// and through no proxy.
  static Async<std::unique_ptr<Connection>> open(boost::asio::any_io_executor executor,
                                                 ApiRoot root, std::shared_ptr<TlsContext> tls,
                                                 std::optional<Proxy> proxy, Deadline deadline);
  virtual ~Connection() = default;

  /// `progress` is written also when the exchange fails; it must live until the end.
  virtual Async<HttpResponse> exchange(HttpRequest request, Deadline deadline,
                                       Progress* progress) = 0;

  /// The last exchange is complete, and both sides keep the connection.
  virtual bool is_kept_alive() const = 0;

  /// Kept alive by both sides, nothing waiting to be read, and not idle since before `oldest`.
  virtual bool reusable(Deadline oldest) = 0;
};

}  // namespace telekv::telegram
