// What is served on PORT.
#include "bot/web.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <utility>

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using Request = telegram::HttpServer::Request;
using Response = telegram::HttpServer::Response;

class OnThePort : public ::testing::Test {
 protected:
  Response ask(std::string method, std::string path, std::string body = {},
               std::string secret = {}) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = {{"Content-Type", "application/json"},
                       {"X-Telegram-Bot-Api-Secret-Token", std::move(secret)},
                       {"Authorization", authorization_}};
    request.body = std::move(body);
    auto asking = [](Web* web, Request asked,
                     std::optional<Response>* out) -> boost::asio::awaitable<void> {
      out->emplace(co_await web->handle(std::move(asked)));
    };
    std::optional<Response> response;
    boost::asio::io_context io;
    boost::asio::co_spawn(io, asking(&web_, std::move(request), &response), boost::asio::detached);
    io.run();
    return std::move(response).value();
  }

  std::string authorization_;
  vault::Clock::Duration unsaved_age_{};
  Web web_{{.metrics = [] { return std::string("telekv_ready 1\n"); },
            .unsaved_age = [this] { return unsaved_age_; },
            .status =
                [](std::string_view health, seconds after) {
                  return std::string(health) + " " + std::to_string(after.count());
                }},
           {.status = {.token = telegram::WebhookSecret::parse("0123456789abcdef").value()},
            .max_unsaved_age = seconds(60)}};
};

TEST_F(OnThePort, HealthIsBadWhileLoadingAndStopping) {
  EXPECT_EQ(ask("GET", "/healthz").status, 503u);
  web_.set(Web::State::kReady);
  EXPECT_EQ(ask("GET", "/healthz").status, 200u);
  EXPECT_EQ(ask("HEAD", "/healthz").status, 200u);
  EXPECT_EQ(ask("POST", "/healthz").status, 405u);
  web_.set(Web::State::kStopping);
  EXPECT_EQ(ask("GET", "/healthz").status, 503u);
}

TEST_F(OnThePort, HealthIsBadWhileUpdatesWaitForTooLongToBeSaved) {
  web_.set(Web::State::kReady);
  unsaved_age_ = seconds(60);
  EXPECT_EQ(ask("GET", "/healthz").status, 200u);
  unsaved_age_ = seconds(61);
  EXPECT_EQ(ask("GET", "/healthz").status, 503u);
  EXPECT_EQ(ask("GET", "/healthz").body, "unsaved\n");
  unsaved_age_ = seconds(0);
  EXPECT_EQ(ask("GET", "/healthz").body, "ok\n");
}

TEST_F(OnThePort, AnUpdateMayWaitForSeveralIntervalsAndAPenalty) {
  EXPECT_EQ(Web::max_unsaved_age(std::chrono::milliseconds(100)), seconds(60));
  EXPECT_EQ(Web::max_unsaved_age(seconds(5)), seconds(60));
  EXPECT_EQ(Web::max_unsaved_age(seconds(30)), seconds(300));
}

TEST_F(OnThePort, TheStatusPageTellsTheHealthToWhoHasTheToken) {
  EXPECT_EQ(ask("GET", "/status/data").status, 401u);
  authorization_ = "Bearer 0123456789abcdef";
  EXPECT_EQ(ask("GET", "/status/data").body, "loading 0");
  EXPECT_EQ(ask("HEAD", "/status").status, 200u);
  EXPECT_EQ(ask("POST", "/status").status, 405u);
}

TEST_F(OnThePort, MetricsAreThereFromTheFirstMoment) {
  const Response response = ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body, "telekv_ready 1\n");
  EXPECT_EQ(ask("DELETE", "/metrics").status, 405u);
}

TEST_F(OnThePort, TheWebhookIsThereOnlyOnceUpdatesAreTaken) {
  EXPECT_EQ(ask("POST", "/hook", R"({"update_id":5})", "secret").status, 404u);
  std::vector<std::int64_t> taken;
  web_.serve_webhook(telegram::WebhookEndpoint(
      "/hook", telegram::WebhookSecret::parse("secret").value(),
      [&taken](
          telegram::Update update) -> boost::asio::awaitable<telegram::WebhookEndpoint::Verdict> {
        taken.push_back(telegram::to_int(update.id));
        co_return telegram::WebhookEndpoint::Verdict{.taken = true};
      }));
  EXPECT_EQ(ask("POST", "/hook", R"({"update_id":5})", "secret").status, 200u);
  EXPECT_EQ(ask("POST", "/hook", R"({"update_id":6})", "guess").status, 401u);
  EXPECT_EQ(ask("GET", "/elsewhere").status, 404u);
  EXPECT_EQ(taken, (std::vector<std::int64_t>{5}));
}

}  // namespace
}  // namespace telekv::bot
