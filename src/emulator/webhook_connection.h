// A kept-alive connection to a bot's webhook on this machine: one POST at a time, over HTTP or
// verified TLS. A webhook elsewhere gets nothing and says why. Nothing but webhook_connection.cc
// knows the HTTP library.
//
// One io_context thread. It has no deadline of its own: who posts ends it with cut(). Answers are
// bounded.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "emulator/webhook_url.h"

namespace telekv::emulator {

struct WebhookAnswer {
  int status = 0;                  ///< 0: there was no answer, and `error` says why
  std::string error;               ///< "" for a 2xx
  std::int64_t retry_after_s = 0;  ///< 0 when absent
  std::string content_type;
  std::string body;
};

class WebhookConnection {
 public:
  /// Connects at the first post. `certificate`: PEM that HTTPS trusts instead of the system's
  /// authorities; may be empty.
  static std::unique_ptr<WebhookConnection> create(const boost::asio::any_io_executor& executor,
                                                   WebhookUrl url, const std::string& certificate);
  virtual ~WebhookConnection() = default;

  /// Delivers one update. The object must live until the end.
  virtual boost::asio::awaitable<WebhookAnswer> post(std::string secret_token,
                                                     std::string json) = 0;

  /// Ends a post that is going on.
  virtual void cut() = 0;

  /// Whether the next post may use this connection: the answer was whole and both sides stay.
  virtual bool reusable() = 0;
};

}  // namespace telekv::emulator
