// What the operator hears of unasked, and when.
#include "bot/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "bot/watch.h"
#include "vault/seeded_random.h"
#include "vault/world.h"

namespace telekv::bot {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using telegram::UserId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr UserId kOperator{std::int64_t{7} << 40};

class Mailbox final : public telegram::Http {
 public:
  std::vector<std::string> texts;

  telegram::Async<telegram::HttpResponse> exchange(telegram::HttpRequest request) override {
    std::string body;
    for (const auto& part : request.body) body += *part;
    const boost::json::value json = boost::json::parse(body);
    EXPECT_EQ(json.at("chat_id").as_int64(), telegram::to_int(kOperator));
    texts.emplace_back(json.at("text").as_string());
    telegram::HttpResponse response;
    response.status = 200;
    response.content_type = "application/json";
    response.body =
        R"({"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}})";
    co_return response;
  }
};

struct SomeAlerts : vault::World, ::testing::Test {
  void pass(vault::Clock::Duration time) { clock.run_for(context, time); }

  Mailbox mailbox;
  telegram::Api api{
      mailbox, telegram::Token::parse("17179869195:AAthis_is_a_secret_of_the_tests_000").value()};
  vault::SeededRandom jitter{1};
  telegram::FloodBudget budget{clock, telegram::FloodLimits::none()};
  telegram::Outbox outbox{api, budget, clock, jitter, context.get_executor()};
  Alerts alerts{outbox, clock, kOperator};
};

TEST_F(SomeAlerts, AreToldOnceAnHourForEachCause) {
  alerts.speak(texts::Language::kEnglish);
  for (int i = 0; i < 3; ++i) {
    alerts.tell_of_failed_drill({ErrorCode::kDamaged, "bad hash"});
    alerts.tell_of_failing_saves(seconds(200), "no network");
    pass(minutes(1));
  }
  EXPECT_THAT(mailbox.texts,
              ElementsAre(HasSubstr("bad hash"), HasSubstr("failing for 3 min: no network")));
  pass(minutes(57));
  alerts.tell_of_failed_drill({ErrorCode::kDamaged, "again"});
  pass(seconds(1));
  EXPECT_THAT(mailbox.texts, SizeIs(3));
}

TEST_F(SomeAlerts, TellWhyTheRunEndsWhereItIsAboutTheData) {
  alerts.tell_of_end({ErrorCode::kSuperseded, "newer root"});
  alerts.tell_of_end({ErrorCode::kWrongKey, "sealed with another key"});
  pass(seconds(1));
  EXPECT_THAT(mailbox.texts,
              ElementsAre(HasSubstr("другая копия"), HasSubstr("sealed with another key")));
  for (const ErrorCode code :
       {ErrorCode::kUnauthorized, ErrorCode::kUnavailable, ErrorCode::kCancelled}) {
    alerts.tell_of_end({code, "x"});
  }
  pass(seconds(1));
  EXPECT_THAT(mailbox.texts, SizeIs(2));
}

struct AWatch : SomeAlerts {
  AWatch() {
    process = opened();
    watch.emplace(process->vault, clicker, alerts, clock, seconds(5));
    begin(run_watch(), ended);
  }
  ~AWatch() override {
    stopping.set();
    clock.run(context);
  }
  boost::asio::awaitable<bool> run_watch() {
    co_await watch->run(stopping);
    co_return true;
  }
  void click(int times) {
    telegram::Message message;
    message.chat = {.id = telegram::ChatId{5}, .type = telegram::ChatType::kPrivate};
    message.from = telegram::User{.id = UserId{5}};
    message.text = "Клик";
    for (int i = 0; i < times; ++i) (void)clicker.handle(message);
  }

  vault::Event stopping{context.get_executor()};
  std::unique_ptr<vault::Process> process;
  kv::Table<User> users{kv::TableOptions{}};
  Clicker clicker{users, clock, {}};
  std::optional<Watch> watch;
  std::optional<bool> ended;
};

TEST_F(AWatch, CountsTheClicksOfTheLastMinute) {
  ASSERT_TRUE(users.insert(5, {}));
  for (int i = 0; i < 30; ++i) {
    click(2);
    pass(seconds(1));
  }
  EXPECT_NEAR(static_cast<double>(watch->clicks_a_minute()), 120, 5) << "half a minute, scaled up";
  pass(seconds(30));
  EXPECT_NEAR(static_cast<double>(watch->clicks_a_minute()), 60, 5);
  pass(seconds(70));
  EXPECT_EQ(watch->clicks_a_minute(), 0u);
}

TEST_F(AWatch, TellsOfSavesThatHaveFailedForTenIntervalsAndAMinute) {
  process->apply(1, 1, "one");
  pass(seconds(45));
  watch->note_failed_save({ErrorCode::kUnavailable, "no network"});
  pass(seconds(14));
  EXPECT_THAT(mailbox.texts, IsEmpty());
  pass(seconds(11));
  EXPECT_THAT(mailbox.texts, ElementsAre(HasSubstr("no network")));
  pass(minutes(30));
  EXPECT_THAT(mailbox.texts, SizeIs(1));
  pass(minutes(31));
  EXPECT_THAT(mailbox.texts, SizeIs(2));
}

TEST_F(AWatch, DoesNotWaitForTheFirstAttemptToEnd) {
  alerts.speak(texts::Language::kEnglish);
  process->apply(1, 1, "one");
  pass(seconds(70));
  EXPECT_THAT(mailbox.texts, ElementsAre(HasSubstr("the first attempt is still under way")));
}

TEST_F(AWatch, IsSilentWhereEverythingIsSaved) {
  process->apply(1, 1, "one");
  std::optional<Result<vault::CommitReport>> saved;
  begin(process->vault.commit(deadline()), saved);
  pass(seconds(1));
  ASSERT_TRUE(saved && *saved);
  watch->note_saved(**saved);
  pass(minutes(10));
  EXPECT_THAT(mailbox.texts, IsEmpty());
  EXPECT_EQ(watch->last_save()->sequence, (*saved)->sequence);
}

}  // namespace
}  // namespace telekv::bot
