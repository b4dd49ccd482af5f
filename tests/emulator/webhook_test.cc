// Webhooks: the methods, and deliveries to a real loopback server in virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <functional>
#include <memory>

#include "emulator/service.h"
#include "emulator/telegram.h"
#include "emulator/webhook_sender.h"

namespace telekv::emulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// ---- methods -----------------------------------------------------------------------------------

class WebhookMethods : public testing::Test {
 protected:
  Telegram::Values with(const std::string& name, const std::string& value) {
    Telegram::Values values = {{"url", "https://example.org/hook"}};
    values.emplace_back(name, value);
    telegram_.pass(1);
    return values;
  }
  boost::json::value set(const std::string& url, const Telegram::Values& more = {}) {
    telegram_.pass(1);
    Telegram::Values values = {{"url", url}};
    values.insert(values.end(), more.begin(), more.end());
    return telegram_.call("setWebhook", values);
  }
  std::string told(const boost::json::value& answer) {
    return std::string(answer.at("description").as_string());
  }
  boost::json::value info() { return telegram_.result("getWebhookInfo", {}); }

  Telegram telegram_;
};

TEST_F(WebhookMethods, AWebhookIsSetReplacedAndDeleted) {
  EXPECT_EQ(told(telegram_.call("deleteWebhook", {})), "Webhook is already deleted");
  EXPECT_EQ(told(set("https://example.org/hook")), "Webhook was set");
  EXPECT_EQ(told(set("https://example.org/hook")), "Webhook is already set");
  EXPECT_EQ(told(set("https://example.org/other")), "Webhook was set");
  EXPECT_EQ(told(set("https://example.org/other", {{"secret_token", "x"}})), "Webhook was set");
  EXPECT_EQ(told(set("https://example.org/other", {{"max_connections", "3"}})), "Webhook was set");
  EXPECT_EQ(told(telegram_.call("deleteWebhook", {})), "Webhook was deleted");
  EXPECT_EQ(told(set("")), "Webhook is already deleted");
  EXPECT_EQ(told(set("http://127.0.0.1:8080/hook")), "Webhook was set");
  EXPECT_EQ(told(set("")), "Webhook was deleted");
}

TEST_F(WebhookMethods, InfoTellsWhatIsSetAndWhatWaits) {
  EXPECT_EQ(info(), boost::json::parse(
                        R"({"url":"","has_custom_certificate":false,"pending_update_count":0})"));
  telegram_.world.person_sends(telegram_.bot, kAnya, "x", telegram_.now).value();
  set("https://example.org/hook",
      {{"max_connections", "7"}, {"allowed_updates", R"(["message","poll"])"}});
  EXPECT_EQ(info(), boost::json::parse(
                        R"({"url":"https://example.org/hook","has_custom_certificate":false,
                        "pending_update_count":1,"max_connections":7,"ip_address":"<unknown>",
                        "allowed_updates":["message","poll"]})"));
  telegram_.world.note_failed_delivery(telegram_.bot, 503, "Wrong response", telegram_.now);
  EXPECT_EQ(info().at("last_error_message").as_string(), "Wrong response");
  EXPECT_EQ(info().at("last_error_date").as_int64(), telegram_.now / 1000);
  set("https://example.org/other");
  EXPECT_FALSE(info().as_object().contains("last_error_date")) << "of another webhook";
  EXPECT_EQ(info().at("max_connections").as_int64(), 40);
  EXPECT_TRUE(info().as_object().contains("allowed_updates")) << "they persist";
}

TEST_F(WebhookMethods, ArgumentsAreCheckedAsTheServerChecksThem) {
  const auto error = [&](const std::string& name, const std::string& value) {
    return telegram_.error("setWebhook", with(name, value));
  };
  EXPECT_EQ(error("secret_token", std::string(257, 'x')), "Bad Request: secret token is too long");
  EXPECT_EQ(error("secret_token", "a b"),
            "Bad Request: secret token contains unallowed characters");
  EXPECT_EQ(error("secret_token", std::string(256, 'x')), "");
  EXPECT_EQ(told(set("http://example.org/")),
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
  EXPECT_EQ(info().at("url").as_string(), "") << "the old one is gone all the same";
  for (const auto& [given, meant] : std::vector<std::pair<std::string, std::int64_t>>{
           {"0", 1}, {"-3", 1}, {"101", 100}, {"x", 1}, {"100", 100}}) {
    EXPECT_EQ(error("max_connections", given), "");
    EXPECT_EQ(info().at("max_connections").as_int64(), meant) << given;
  }
}

TEST_F(WebhookMethods, ACertificateIsTakenAsAPart) {
  for (const Upload& file :
       {Upload{"certificate", "c.pem", "-----BEGIN"}, Upload{"f", "c.pem", "-----BEGIN"}}) {
    telegram_.pass(1);
    EXPECT_EQ(
        telegram_.error("setWebhook",
                        {{"url", "https://example.org/"}, {"certificate", "attach://f"}}, {file}),
        "");
    EXPECT_TRUE(info().at("has_custom_certificate").as_bool());
    telegram_.call("deleteWebhook", {});
  }
  telegram_.pass(1);
  const std::string large((3u << 20) + 1, 'x');
  EXPECT_EQ(telegram_.error("setWebhook", {{"url", "https://example.org/"}},
                            {{"certificate", "c.pem", large}}),
            "Bad Request: certificate size is too big (3145729 bytes)");
}

TEST_F(WebhookMethods, SettingItAgainWithinASecondIsTooOften) {
  set("https://example.org/1");
  const auto answer = telegram_.call("setWebhook", {{"url", "https://example.org/2"}});
  EXPECT_EQ(answer.at("error_code").as_int64(), 429);
  EXPECT_EQ(answer.at("parameters").at("retry_after").as_int64(), 1);
  EXPECT_EQ(told(telegram_.call("deleteWebhook", {})), "Webhook was deleted") << "at any time";
  telegram_.pass(1);
  EXPECT_EQ(told(telegram_.call("setWebhook", {{"url", "https://example.org/2"}})),
            "Webhook was set");
}

TEST_F(WebhookMethods, PendingUpdatesAreDroppedOnRequest) {
  telegram_.world.person_sends(telegram_.bot, kAnya, "x", telegram_.now).value();
  set("https://example.org/1");
  EXPECT_EQ(telegram_.bot.queue.size(), 1u);
  set("https://example.org/1", {{"drop_pending_updates", "true"}});
  EXPECT_EQ(telegram_.bot.queue.size(), 0u);
  telegram_.world.person_sends(telegram_.bot, kAnya, "x", telegram_.now).value();
  telegram_.call("deleteWebhook", {{"drop_pending_updates", "true"}});
  EXPECT_EQ(telegram_.bot.queue.size(), 0u);
}

// ---- deliveries --------------------------------------------------------------------------------

// The bot's side. It keeps every delivery and answers when it is told to.
class BotServer {
 public:
  struct Delivery {
    std::string head;
    boost::json::value update;
    std::shared_ptr<tcp::socket> socket;
  };

  explicit BotServer(asio::io_context& io)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    accept();
  }
  ~BotServer() { close(); }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/hook?x=1";
  }
  std::vector<Delivery>& deliveries() { return deliveries_; }
  int connections() const { return connections_; }
  int hung_up() const { return hung_up_; }

  void answer(std::size_t delivery, const std::string& status = "200 OK",
              const std::string& headers = "", const std::string& body = "") {
    say(delivery, "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n" + headers + "\r\n" + body);
  }
  void say(std::size_t delivery, const std::string& bytes) {
    asio::write(*deliveries_.at(delivery).socket, asio::buffer(bytes));
  }
  void hang_up(std::size_t delivery) { deliveries_.at(delivery).socket->close(); }

  /// Nobody listens from now on, and every connection ends.
  void close() {
    acceptor_.close();
    for (auto& delivery : deliveries_) {
      boost::system::error_code ignored;
      delivery.socket->close(ignored);
    }
  }

 private:
  struct Connection {
    explicit Connection(tcp::socket accepted)
        : socket(std::make_shared<tcp::socket>(std::move(accepted))) {}
    std::shared_ptr<tcp::socket> socket;
    std::array<char, 16384> piece{};
    std::string text;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      ++connections_;
      receive(std::make_shared<Connection>(std::move(socket)));
      accept();
    });
  }

  void receive(const std::shared_ptr<Connection>& connection) {
    connection->socket->async_read_some(
        asio::buffer(connection->piece),
        [this, connection](const boost::system::error_code& error, std::size_t length) {
          if (error) {
            ++hung_up_;
            return;
          }
          connection->text.append(connection->piece.data(), length);
          take_request(*connection);
          receive(connection);
        });
  }

  void take_request(Connection& connection) {
    std::string& text = connection.text;
    constexpr std::string_view kName = "Content-Length: ";
    const std::size_t head = text.find("\r\n\r\n");
    const std::size_t at = text.find(kName);
    if (head == std::string::npos || at == std::string::npos) return;
    std::size_t length = 0;
    std::from_chars(text.data() + at + kName.size(), text.data() + head, length);
    if (text.size() < head + 4 + length) return;
    deliveries_.push_back({text.substr(0, head + 4),
                           boost::json::parse(text.substr(head + 4, length)), connection.socket});
    text.erase(0, head + 4 + length);
  }

  tcp::acceptor acceptor_;
  std::vector<Delivery> deliveries_;
  int connections_ = 0;
  int hung_up_ = 0;
};

class WebhookDelivery : public WebhookMethods {
 protected:
  WebhookDelivery()
      : server_(io_),
        sender_(
            io_.get_executor(), telegram_.world,
            {.now = [this] { return telegram_.now; },
             .commit = [this] { ++commits_; },
             .run_reply = [this](Bot&, const WebhookAnswer& a) { replies_.push_back(a.body); }}) {
    World::Observer observer;
    observer.update_queued = [this](BotId bot) { sender_.notice(bot); };
    observer.webhook_changed = [this](BotId bot) { sender_.notice(bot); };
    telegram_.world.set_observer(std::move(observer));
  }

  void set_webhook(const Telegram::Values& more = {}) {
    ASSERT_EQ(told(set(server_.url(), more)), "Webhook was set");
  }

  std::int64_t write(PersonId from = kAnya) {
    return telegram_.world.person_sends(telegram_.bot, from, "Клик", telegram_.now)
        .value()
        .update_id;
  }
  std::int64_t tap(PersonId from = kAnya) {
    const auto message = std::stoi(telegram_.send(from, "x"));
    return telegram_.world.person_taps(telegram_.bot, from, message, "c", telegram_.now)
        .value()
        .update_id;
  }

  /// Runs the loop until `condition`.
  void until(const std::function<bool()>& condition) {
    io_.restart();
    while (!condition()) {
      if (io_.run_one_for(std::chrono::seconds(20)) == 0) FAIL() << "nothing happens any more";
    }
  }
  void until_delivered(std::size_t count) {
    until([&] { return server_.deliveries().size() >= count; });
    ASSERT_EQ(server_.deliveries().size(), count);
  }
  /// Runs what is ready, and what that makes ready.
  void settle() {
    io_.restart();
    for (int i = 0; i < 20; ++i) io_.poll();
  }
  void pass(std::int64_t seconds) {
    telegram_.pass(seconds);
    sender_.notice_clock();
    settle();
  }
  std::int64_t id(std::size_t delivery) {
    return server_.deliveries().at(delivery).update.at("update_id").as_int64();
  }
  std::vector<std::int64_t> delivered() {
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < server_.deliveries().size(); ++i) ids.push_back(id(i));
    return ids;
  }
  std::size_t waiting() const { return telegram_.bot.queue.size(); }
  const auto& confirmed() const { return telegram_.bot.queue.confirmed().list(); }
  std::string last_error() { return telegram_.bot.webhook.last_error; }

  asio::io_context io_;
  BotServer server_;
  WebhookSender sender_;
  int commits_ = 0;
  std::vector<std::string> replies_;
};

TEST_F(WebhookDelivery, AnUpdateComesAsTelegramSendsIt) {
  set_webhook({{"secret_token", "s-1"}});
  const auto update = write();
  until_delivered(1);
  const auto& delivery = server_.deliveries()[0];
  EXPECT_THAT(delivery.head, testing::StartsWith("POST /hook?x=1 HTTP/1.1\r\n"));
  for (const char* header :
       {"Host: 127.0.0.1", "X-Telegram-Bot-Api-Secret-Token: s-1", "Content-Type: application/json",
        "Connection: keep-alive", "Accept-Encoding: gzip, deflate"}) {
    EXPECT_THAT(delivery.head, HasSubstr("\r\n" + std::string(header) + "\r\n"));
  }
  EXPECT_EQ(delivery.update, boost::json::parse(telegram_.bot.queue.find(update)->json));
  EXPECT_EQ(waiting(), 1u) << "not confirmed yet";
  server_.answer(0);
  until([&] { return waiting() == 0; });
  EXPECT_THAT(confirmed(), ElementsAre(Pair(update, update)));
  EXPECT_GT(commits_, 0);
}

TEST_F(WebhookDelivery, WithoutASecretThereIsNoHeader) {
  set_webhook();
  write();
  until_delivered(1);
  EXPECT_THAT(server_.deliveries()[0].head, testing::Not(HasSubstr("Secret")));
}

TEST_F(WebhookDelivery, WhatWaitedBeforeTheWebhookWasSetIsDelivered) {
  const auto first = write();
  write();
  set_webhook();
  until_delivered(1);
  EXPECT_EQ(id(0), first);
}

TEST_F(WebhookDelivery, AChatIsServedInOrderOnKeptConnectionsAndOthersBesideIt) {
  set_webhook();
  const auto a1 = write(kAnya);
  const auto a2 = write(kAnya);
  const auto b1 = write(kAdmin);
  until_delivered(2);
  EXPECT_THAT(delivered(), ElementsAre(a1, b1));
  settle();
  EXPECT_EQ(server_.deliveries().size(), 2u);
  server_.answer(0, "204 No Content");
  until_delivered(3);
  EXPECT_EQ(id(2), a2);
  server_.answer(1);
  server_.answer(2);
  until([&] { return waiting() == 0; });
  for (std::size_t i = 3; i < 13; ++i) {
    write();
    until_delivered(i + 1);
    server_.answer(i);
    until([&] { return waiting() == 0; });
  }
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(WebhookDelivery, AMessageAndATapOfOnePersonAreNotOrdered) {
  set_webhook();
  const auto message = write();
  const auto tapped = tap();
  until_delivered(2);
  EXPECT_THAT(delivered(), testing::UnorderedElementsAre(message, tapped));
}

TEST_F(WebhookDelivery, NoMoreComeAtOnceThanMaxConnections) {
  set_webhook({{"max_connections", "2"}});
  for (PersonId person = 1; person <= 5; ++person) {
    telegram_.world.put_person({person, "P", "", "", ""}).value();
    write(person);
  }
  until_delivered(2);
  settle();
  EXPECT_EQ(server_.deliveries().size(), 2u);
  for (std::size_t i = 0; i < 5; ++i) {
    server_.answer(i);
    until([&] { return waiting() == 4 - i; });
    settle();
    EXPECT_EQ(server_.deliveries().size(), std::min<std::size_t>(5, i + 3));
  }
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(WebhookDelivery, ConfirmationsOutOfOrderAreToldAsIntervals) {
  set_webhook();
  std::vector<std::int64_t> updates;
  for (PersonId person = 1; person <= 5; ++person) {
    telegram_.world.put_person({person, "P", "", "", ""}).value();
    updates.push_back(write(person));
  }
  until_delivered(5);
  ASSERT_EQ(delivered(), updates);
  for (const auto i : std::vector<std::size_t>{3, 0, 4}) server_.answer(i);
  until([&] { return waiting() == 2; });
  EXPECT_THAT(confirmed(), ElementsAre(Pair(updates[0], updates[0]), Pair(updates[3], updates[4])));
  EXPECT_EQ(telegram_.bot.queue.highest_confirmed(), updates[4]);
}

TEST_F(WebhookDelivery, AFailureIsRepeatedAtOnceThenLaterAndHoldsItsChatOnly) {
  set_webhook();
  const auto update = write(kAnya);
  write(kAnya);
  until_delivered(1);
  server_.answer(0, "503 Busy");
  until_delivered(2);
  EXPECT_EQ(id(1), update);
  EXPECT_EQ(last_error(), "Wrong response from the webhook: 503 Busy");
  server_.answer(1, "302 Found", "Location: /elsewhere\r\n");
  until([&] { return last_error() == "Wrong response from the webhook: 302 Found"; });
  settle();
  EXPECT_EQ(server_.deliveries().size(), 2u);
  const auto other = write(kAdmin);
  until_delivered(3);
  EXPECT_EQ(id(2), other);
  pass(1);
  EXPECT_EQ(server_.deliveries().size(), 3u);
  pass(1);
  until_delivered(4);
  EXPECT_EQ(id(3), update);
  server_.answer(3);
  until_delivered(5);
  EXPECT_THAT(confirmed(), ElementsAre(Pair(update, update)));
}

TEST_F(WebhookDelivery, RetryAfterIsHonoured) {
  set_webhook();
  write();
  until_delivered(1);
  server_.answer(0, "503 Busy", "Retry-After: 10\r\n");
  until([&] { return !last_error().empty(); });
  pass(9);
  EXPECT_EQ(server_.deliveries().size(), 1u);
  pass(1);
  until_delivered(2);
}

TEST_F(WebhookDelivery, NoAnswerInAMinuteIsAFailure) {
  set_webhook();
  const auto update = write();
  until_delivered(1);
  pass(59);
  EXPECT_EQ(server_.hung_up(), 0);
  pass(1);
  until_delivered(2);
  EXPECT_EQ(id(1), update);
  EXPECT_EQ(server_.hung_up(), 1);
  EXPECT_EQ(last_error(), "Read timeout expired");
  EXPECT_TRUE(confirmed().empty());
}

TEST_F(WebhookDelivery, ACutOrSenselessAnswerIsAFailure) {
  set_webhook();
  write();
  std::size_t deliveries = 0;
  const std::vector<std::string> answers = {"", "garbage\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')};
  for (const auto& answer : answers) {
    until_delivered(++deliveries);
    server_.say(deliveries - 1, answer);
    server_.hang_up(deliveries - 1);
    until([&] { return !last_error().empty(); });
    telegram_.bot.webhook.last_error.clear();
    pass(120);
  }
  until_delivered(++deliveries);
  EXPECT_TRUE(confirmed().empty());
  server_.answer(deliveries - 1);
  until([&] { return waiting() == 0; });
}

TEST_F(WebhookDelivery, AConnectionThatTheBotClosesIsReplacedWithoutAnError) {
  set_webhook();
  write();
  until_delivered(1);
  server_.answer(0);
  until([&] { return waiting() == 0; });
  server_.hang_up(0);
  settle();
  write();
  until_delivered(2);
  EXPECT_EQ(last_error(), "");
  EXPECT_EQ(server_.connections(), 2);
  server_.answer(1, "200 OK", "Connection: close\r\n");
  until([&] { return waiting() == 0; });
  write();
  until_delivered(3);
  EXPECT_EQ(server_.connections(), 3);
}

TEST_F(WebhookDelivery, NobodyListeningIsAFailureLikeAnyOther) {
  set_webhook();
  server_.close();
  write();
  until([&] { return last_error() == "Connection refused"; });
  EXPECT_EQ(waiting(), 1u);
}

TEST_F(WebhookDelivery, AWebhookElsewhereGetsNothingAndSaysSo) {
  ASSERT_EQ(told(set("https://example.org/hook")), "Webhook was set");
  write();
  until([&] { return !last_error().empty(); });
  EXPECT_EQ(last_error(), "The emulator delivers on its machine only");
  EXPECT_EQ(waiting(), 1u);
}

TEST_F(WebhookDelivery, UpdatesExpireWhileTheyWait) {
  set_webhook();
  tap();
  until_delivered(1);
  server_.answer(0, "503 Busy", "Retry-After: 100\r\n");
  until([&] { return !last_error().empty(); });
  pass(100);
  until_delivered(2);
  server_.answer(1, "503 Busy", "Retry-After: 100\r\n");
  until([&] { return waiting() == 0; });
  EXPECT_TRUE(confirmed().empty()) << "the next attempt would come after 150 s";

  write();
  until_delivered(3);
  server_.answer(2, "503 Busy", "Retry-After: 3600\r\n");
  settle();
  pass(86'401);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(server_.deliveries().size(), 3u);
  const auto next = write();
  until_delivered(4);
  EXPECT_EQ(id(3), next);
}

TEST_F(WebhookDelivery, WhatExpiresOnItsWayIsConfirmedAllTheSame) {
  set_webhook();
  const auto tapped = tap();
  until_delivered(1);
  server_.answer(0, "503 Busy", "Retry-After: 140\r\n");
  settle();
  pass(140);
  until_delivered(2);
  pass(11);
  EXPECT_EQ(waiting(), 0u);
  server_.answer(1);
  until([&] { return !confirmed().empty(); });
  EXPECT_THAT(confirmed(), ElementsAre(Pair(tapped, tapped)));
}

TEST_F(WebhookDelivery, AnAnswerMayHoldACall) {
  set_webhook();
  write();
  until_delivered(1);
  server_.answer(0, "200 OK", "Content-Type: application/json\r\n", R"({"method":"sendMessage"})");
  until([&] { return waiting() == 0; });
  EXPECT_THAT(replies_, ElementsAre(R"({"method":"sendMessage"})"));
}

TEST_F(WebhookDelivery, AWebhookThatIsReplacedGetsNoMoreAndItsAnswersDoNotCount) {
  set_webhook();
  const auto update = write();
  until_delivered(1);
  set_webhook({{"secret_token", "another"}});
  until_delivered(2);
  EXPECT_EQ(id(1), update);
  EXPECT_THAT(server_.deliveries()[1].head, HasSubstr("another"));
  EXPECT_EQ(server_.hung_up(), 1);
  EXPECT_EQ(last_error(), "") << "the end of the old one is no failure of the new one";
  EXPECT_TRUE(confirmed().empty());
}

TEST_F(WebhookDelivery, ADeletedWebhookLeavesTheRestToGetUpdates) {
  set_webhook();
  const auto first = write();
  const auto second = write();
  until_delivered(1);
  telegram_.call("deleteWebhook", {});
  settle();
  EXPECT_EQ(server_.hung_up(), 1);
  write();
  pass(600);
  EXPECT_EQ(server_.deliveries().size(), 1u);
  const auto polled = telegram_.updates();
  ASSERT_EQ(polled.size(), 3u);
  EXPECT_EQ(polled[0].at("update_id").as_int64(), first);
  EXPECT_EQ(polled[1].at("update_id").as_int64(), second);
}

TEST_F(WebhookDelivery, AWebhookOfAnEarlierRunIsServedFromTheStart) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  Telegram earlier;
  earlier.now = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  earlier.result("setWebhook", {{"url", server_.url()}});
  earlier.world.person_sends(earlier.bot, kAnya, "Клик", earlier.now).value();
  const Service service(io_.get_executor(), earlier.world, earlier.files, nullptr, FloodKind::kOff,
                        [] {});
  until_delivered(1);
}

TEST_F(WebhookDelivery, TwentyThreeHoursOf410RemoveIt) {
  set_webhook();
  write();
  const TimeMs begin = telegram_.now;
  std::size_t deliveries = 0;
  while (!telegram_.bot.webhook.url.empty()) {
    until_delivered(++deliveries);
    server_.answer(deliveries - 1, "410 Gone", "Retry-After: 3000\r\n");
    until([&] { return server_.deliveries().size() == deliveries && !last_error().empty(); });
    settle();
    ASSERT_LT(telegram_.now, begin + 24 * 3600 * 1000LL);
    if (telegram_.bot.webhook.url.empty()) break;
    pass(3000);
  }
  EXPECT_GT(telegram_.now, begin + 23 * 3600 * 1000LL);
  write();
  pass(600);
  EXPECT_EQ(server_.deliveries().size(), deliveries);
  EXPECT_EQ(waiting(), 1u);
}

}  // namespace
}  // namespace telekv::emulator
