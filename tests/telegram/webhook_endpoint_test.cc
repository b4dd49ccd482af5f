// The webhook: who may deliver an update, and when Telegram may forget it.
#include "telegram/webhook_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <vector>

#include "peer.h"
#include "telegram/api.h"
#include "vault/virtual_clock.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;
using testing::HasSubstr;
using Request = HttpServer::Request;
using Response = HttpServer::Response;

constexpr const char* kSecret = "a-Secret_1";
constexpr const char* kUpdate =
    R"({"update_id":17,"message":{"message_id":1,"chat":{"id":5,"type":"private"},"text":"tap"}})";

Request delivery(std::string body = kUpdate) {
  Request request;
  request.method = "POST";
  request.path = "/hook";
  request.headers = {{"Content-Type", "application/json"},
                     {"X-Telegram-Bot-Api-Secret-Token", kSecret}};
  request.body = std::move(body);
  return request;
}

class WebhookEndpointTest : public testing::Test {
 protected:
  asio::awaitable<WebhookEndpoint::Verdict> take(Update update) {
    taken_.push_back(std::move(update));
    if (held_) {
      boost::system::error_code committed;
      co_await commit_.async_wait(asio::redirect_error(asio::use_awaitable, committed));
    }
    co_return WebhookEndpoint::Verdict{.taken = safe_, .call = call_};
  }

  Response call(Request request) {
    std::optional<Response> response;
    asio::co_spawn(io_, webhook_.handle(std::move(request)),
                   [&](const std::exception_ptr& thrown, Response r) {
                     EXPECT_FALSE(thrown);
                     response = std::move(r);
                   });
    io_.restart();
    io_.poll();
    return response.value();
  }

  /// Runs the loop until `condition`.
  template <class Condition>
  void until(Condition condition) {
    io_.restart();
    while (!condition()) {
      if (io_.run_one_for(std::chrono::seconds(20)) == 0) FAIL() << "nothing happens any more";
    }
  }

  asio::io_context io_;
  asio::steady_timer commit_{io_, asio::steady_timer::time_point::max()};
  std::vector<Update> taken_;
  bool held_ = false;
  bool safe_ = true;
  std::string call_;
  WebhookEndpoint webhook_{"/hook", *WebhookSecret::parse(kSecret),
                           [this](Update update) { return take(std::move(update)); }};
};

TEST_F(WebhookEndpointTest, ConfirmsWhatTheSinkHasMadeSafe) {
  const auto response = call(delivery());
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.body, "") << "a body could be taken for a reply";
  ASSERT_EQ(taken_.size(), 1u);
  EXPECT_EQ(to_int(taken_[0].id), 17);
  EXPECT_EQ(std::get<Message>(taken_[0].content).text, "tap");
}

TEST_F(WebhookEndpointTest, HasWhatIsNotSafeSentAgainSoon) {
  safe_ = false;
  const auto response = call(delivery());
  EXPECT_EQ(response.status, 503u);
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0].name, "Retry-After");
  EXPECT_EQ(response.headers[0].value, "1");
}

TEST_F(WebhookEndpointTest, AnswersWithTheSinksCallOnceTheUpdateIsTaken) {
  EXPECT_EQ(call(delivery()).body, "");
  call_ = send_message_call(ChatId{5}, "Clicks: 1", ReplyKeyboard{{"Click"}});
  const Response taken = call(delivery());
  EXPECT_EQ(taken.status, 200u);
  EXPECT_EQ(taken.content_type, "application/json");
  EXPECT_EQ(taken.body,
            R"({"chat_id":5,"text":"Clicks: 1","reply_markup":{"keyboard":[[{"text":"Click"}]],)"
            R"("resize_keyboard":true,"is_persistent":true},"method":"sendMessage"})");
  safe_ = false;
  const Response later = call(delivery());
  EXPECT_EQ(later.status, 503u);
  EXPECT_EQ(later.body, "later\n");
}

TEST_F(WebhookEndpointTest, ShowsTheSinkAMalformedUpdateOrItWouldComeForADay) {
  const auto response = call(delivery("{\"update_id\":18,\"message\":\"\xFF\"}"));
  EXPECT_EQ(response.status, 200u);
  ASSERT_EQ(taken_.size(), 1u);
  EXPECT_EQ(to_int(taken_[0].id), 18);
  EXPECT_TRUE(std::holds_alternative<MalformedUpdate>(taken_[0].content));
}

TEST_F(WebhookEndpointTest, RefusesWhatNobodyCouldConfirm) {
  for (const char* body : {"", "null", "[]", "{}", "{\"update_id\":\"17\"}", "{\"update_id\":-1}",
                           "<html>", "{\"ok\":true,\"result\":[{\"update_id\":1}]}"}) {
    EXPECT_EQ(call(delivery(body)).status, 400u) << body;
  }
  EXPECT_TRUE(taken_.empty());
}

TEST_F(WebhookEndpointTest, KnowsOnlyItsPathAndPost) {
  for (const char* path : {"/", "/hook/", "/HOOK", "//hook", "/hook%20", "/hoo", ""}) {
    auto request = delivery();
    request.path = path;
    EXPECT_EQ(call(request).status, 404u) << path;
  }
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"}) {
    auto request = delivery();
    request.method = method;
    const auto response = call(request);
    EXPECT_EQ(response.status, 405u) << method;
    EXPECT_EQ(response.headers.at(0).value, "POST");
  }
  EXPECT_TRUE(taken_.empty());
}

TEST_F(WebhookEndpointTest, TellsNobodyWithoutTheSecretAnything) {
  const std::string secret = kSecret;
  const std::vector<std::string> guesses = {"",           "a",
                                            secret + "x", secret.substr(0, secret.size() - 1),
                                            "A-Secret_1", secret + std::string(1, '\0'),
                                            " " + secret, std::string(10000, 'a')};
  for (const auto& guess : guesses) {
    for (const char* body : {kUpdate, "garbage"}) {
      auto request = delivery(body);
      request.headers[0].value = "text/plain";
      request.headers[1].value = guess;
      const auto response = call(request);
      EXPECT_EQ(response.status, 401u) << guess.substr(0, 20);
      EXPECT_EQ(response.body, "unauthorized\n");
    }
  }
  auto request = delivery();
  request.headers.pop_back();
  EXPECT_EQ(call(request).status, 401u);
  EXPECT_TRUE(taken_.empty());
}

TEST_F(WebhookEndpointTest, TakesJsonOnly) {
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/json ;x"}) {
    auto request = delivery();
    request.headers[0].value = type;
    EXPECT_EQ(call(request).status, 200u) << type;
  }
  for (const char* type :
       {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json"}) {
    auto request = delivery();
    request.headers[0].value = type;
    EXPECT_EQ(call(request).status, 415u) << type;
  }
}

// ---- behind the server -------------------------------------------------------------------------

class ServedWebhookTest : public WebhookEndpointTest {
 protected:
  ServedWebhookTest() {
    server_ = *HttpServer::listen(io_.get_executor(), clock_, {.address = "127.0.0.1"},
                                  [this](Request request) -> asio::awaitable<Response> {
                                    if (request.path == "/healthz") {
                                      Response healthy;
                                      healthy.body = "ok";
                                      co_return healthy;
                                    }
                                    auto handled = webhook_.handle(std::move(request));
                                    co_return co_await std::move(handled);
                                  });
  }
  ~ServedWebhookTest() override {
    server_.reset();
    commit_.cancel();
    io_.restart();
    io_.poll();
  }

  /// As Telegram sends it.
  static std::string post(std::string_view body, std::string_view secret = kSecret) {
    return std::string("POST /hook HTTP/1.1\r\nHost: example.org\r\n")
        .append("X-Telegram-Bot-Api-Secret-Token: ")
        .append(secret)
        .append("\r\nContent-Type: application/json\r\nContent-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n")
        .append(body);
  }
  static std::string update(int id) { return "{\"update_id\":" + std::to_string(id) + "}"; }

  test::Peer connect() { return {io_, server_->port()}; }
  std::string answer(test::Peer& peer) {
    until([&] { return peer.has_answer(); });
    return peer.take_answer();
  }

  vault::VirtualClock clock_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ServedWebhookTest, StrictModeHoldsEveryAnswerUntilOneCommitFreesThemAll) {
  held_ = true;
  std::vector<test::Peer> peers;
  for (int id = 1; id <= 100; ++id) {
    peers.push_back(connect());
    peers.back().say(post(update(id)));
  }
  auto health = connect();
  health.say("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(test::body_of(answer(health)), "ok") << "served beside a hundred that wait";
  until([&] { return taken_.size() == 100; });
  for (const auto& peer : peers) EXPECT_EQ(peer.received(), "");
  commit_.cancel();
  for (auto& peer : peers) EXPECT_EQ(test::status_of(answer(peer)), "200");
}

TEST_F(ServedWebhookTest, RefusalsLeaveTheConnectionUsable) {
  auto peer = connect();
  std::vector<std::string> statuses;
  for (const auto& request :
       {post(update(1)), post(update(2), "guess"), post("garbage"), post(update(3))}) {
    peer.say(request);
    statuses.push_back(test::status_of(answer(peer)));
  }
  EXPECT_THAT(statuses, ElementsAre("200", "401", "400", "200"));
  EXPECT_EQ(taken_.size(), 2u);
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(ServedWebhookTest, TheLargestUpdateFits) {
  auto peer = connect();
  const std::string text(std::size_t{512} << 10, 'x');
  peer.say(post(R"({"update_id":1,"x":")" + text + "\"}"));
  EXPECT_EQ(test::status_of(answer(peer)), "200");
}

TEST(WebhookSecretTest, AcceptsWhatTelegramAccepts) {
  for (const std::string& good :
       {std::string("a"), std::string("AZaz09_-"), std::string(256, 'x')}) {
    const auto secret = WebhookSecret::parse(good);
    ASSERT_TRUE(secret) << good;
    EXPECT_EQ(secret->reveal(), good);
    EXPECT_TRUE(secret->matches(good));
  }
  for (const std::string& bad : {std::string(), std::string(257, 'x'), std::string("my secret"),
                                 std::string("a\nb"), std::string("ключ"), std::string("a+b")}) {
    const auto secret = WebhookSecret::parse(bad);
    ASSERT_FALSE(secret) << bad;
    EXPECT_EQ(secret.error().code, ErrorCode::kInvalidArgument);
    if (bad.empty()) continue;
    EXPECT_THAT(describe(secret.error()), testing::Not(HasSubstr(bad)));
  }
}

}  // namespace
}  // namespace telekv::telegram
