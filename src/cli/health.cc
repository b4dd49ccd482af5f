#include "cli/health.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "bot/run_to_end.h"
#include "bot/web.h"
#include "telegram/http_client.h"

namespace telekv::cli {
namespace {

// Below what Docker grants a health check by itself.
constexpr std::chrono::seconds kDeadline{5};

Result<telegram::ApiRoot> local_root(const Environment& environment) {
  const char* port = environment("PORT");
  if (port == nullptr || *port == '\0') {
    return bot::wrong("PORT is not set: where does the clicker serve /healthz?",
                      "set it as for the clicker");
  }
  Result<telegram::ApiRoot> root =
      telegram::parse_api_root(std::string("http://127.0.0.1:") + port);
  if (!root) return bot::wrong("PORT must be a number from 1 to 65535");
  return root;
}

Result<telegram::HttpResponse> get(telegram::ApiRoot root, telegram::HttpRequest request) {
  boost::asio::io_context io(1);
  Result<std::unique_ptr<telegram::HttpClient>> client =
      telegram::HttpClient::create(io.get_executor(), std::move(root));
  if (!client) return client.error();
  return bot::run_to_end(io, (*client)->exchange(std::move(request)));
}

}  // namespace

Result<Answer> ask_health(const Surroundings& surroundings) {
  Result<telegram::ApiRoot> root = local_root(surroundings.environment);
  if (!root) return root.error();
  const std::string address = root->to_string();
  telegram::HttpRequest request;
  request.method = telegram::HttpRequest::Method::kGet;
  request.target = bot::Web::kHealthPath;
  request.deadline = kDeadline;
  const Result<telegram::HttpResponse> response = get(*std::move(root), std::move(request));
  if (!response || response->status != 200) {
    const std::string what =
        response ? response->body.substr(0, response->body.find('\n')) : response.error().message;
    return Error{ErrorCode::kUnavailable, "the clicker at " + address + " is not ready: " + what};
  }
  return Answer{.report = {{"ready", true}}};
}

}  // namespace telekv::cli
