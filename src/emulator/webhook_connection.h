// A kept-alive connection to a bot's webhook: one POST at a time. Plain HTTP only; a webhook behind
// TLS gets nothing and says why. Nothing but webhook_connection.cc knows the HTTP library.
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
  /// Connects at the first post.
  static std::unique_ptr<WebhookConnection> create(const boost::asio::any_io_executor& executor,
                                                   WebhookUrl url);
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
