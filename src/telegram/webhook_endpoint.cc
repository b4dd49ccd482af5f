#include "telegram/webhook_endpoint.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "telegram/update_parser.h"

namespace telekv::telegram {

namespace asio = boost::asio;
using Request = HttpServer::Request;
using Response = HttpServer::Response;

namespace {

Response answer(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

/// "application/json" in any case, with or without parameters.
bool is_json(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return std::equal(content_type.begin(), content_type.end(), kJson.begin(), kJson.end(),
                    [](char given, char wanted) {
                      return (given >= 'A' && given <= 'Z' ? given - 'A' + 'a' : given) == wanted;
                    });
}

}  // namespace

WebhookEndpoint::WebhookEndpoint(std::string path, WebhookSecret secret, Sink sink)
    : path_(std::move(path)), secret_(std::move(secret)), sink_(std::move(sink)) {}

asio::awaitable<Response> WebhookEndpoint::handle(Request request) {
  if (request.path != path_) co_return answer(404, "not found\n");
  if (request.method != "POST") {
    auto refused = answer(405, "method not allowed\n");
    refused.headers.push_back({"Allow", "POST"});
    co_return refused;
  }
  if (!secret_.matches(request.header("X-Telegram-Bot-Api-Secret-Token"))) {
    co_return answer(401, "unauthorized\n");
  }
  if (!is_json(request.header("Content-Type"))) co_return answer(415, "JSON is expected\n");
  auto update = parse_update(request.body);
  if (!update) co_return answer(400, "this is no update\n");

  auto taking = sink_(std::move(*update));
  Verdict verdict = co_await std::move(taking);
  if (verdict.taken) {
    auto taken = answer(200, std::move(verdict.call));
    if (!taken.body.empty()) taken.content_type = "application/json";
    co_return taken;
  }
  auto later = answer(503, "later\n");
  later.headers.push_back({"Retry-After", "1"});
  co_return later;
}

}  // namespace telekv::telegram
