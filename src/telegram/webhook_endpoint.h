// Where Telegram delivers updates: one POST, one update, and the status says whether it may be
// forgotten. Stands behind an HttpServer, alone or beside other paths:
//
//   WebhookEndpoint webhook(path, secret, sink);
//   auto handler = [&](HttpServer::Request request) { return webhook.handle(std::move(request)); };
//
// One thread. Telegram sends the updates of one chat one after the other, chats in parallel, and
// repeats what got no 2xx (or no answer in 60 s) until it expires: the sink must know an update
// that it has seen. Who cannot show the secret learns nothing but that the path exists.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "telegram/http_server.h"
#include "telegram/types.h"
#include "telegram/webhook_secret.h"

namespace telekv::telegram {

class WebhookEndpoint {
 public:
  struct Verdict {
    bool taken = false;     ///< the update may be forgotten (200); or must come again (503)
    std::string call = {};  ///< a call for Telegram to carry out with that 200, as JSON; or empty
  };

  /// Takes an update, also a MalformedUpdate. Strict durability answers only after the commit.
  using Sink = std::function<boost::asio::awaitable<Verdict>(Update)>;

  /// `path`: of the URL given to setWebhook, compared as it is, e.g. "/webhook".
  WebhookEndpoint(std::string path, WebhookSecret secret, Sink sink);

  const std::string& path() const { return path_; }

  /// 404: another path. 405: no POST. 401: not the secret. 415: no JSON. 400: an update without a
  /// readable id, which nobody could confirm. The object must live until the answer.
  boost::asio::awaitable<HttpServer::Response> handle(HttpServer::Request request);

 private:
  std::string path_;
  WebhookSecret secret_;
  Sink sink_;
};

}  // namespace telekv::telegram
