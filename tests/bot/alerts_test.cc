// What the operator hears of unasked, and when.
#include "bot/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bot/post.h"
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

struct SomeAlerts : vault::World, ::testing::Test {
  void pass(vault::Clock::Duration time) { clock.run_for(context, time); }

  Post post{clock};
  telegram::Api api{post, test_token()};
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
  EXPECT_THAT(post.texts(),
              ElementsAre(HasSubstr("bad hash"), HasSubstr("failing for 3 min: no network")));
  pass(minutes(57));
  alerts.tell_of_failed_drill({ErrorCode::kDamaged, "again"});
  pass(seconds(1));
  EXPECT_THAT(post.texts(), SizeIs(3));
}

TEST_F(SomeAlerts, TellWhyTheRunEndsWhereItIsAboutTheData) {
  alerts.tell_of_end({ErrorCode::kSuperseded, "newer root"});
  alerts.tell_of_end({ErrorCode::kWrongKey, "sealed with another key"});
  pass(seconds(1));
  EXPECT_THAT(post.texts(),
              ElementsAre(HasSubstr("другая копия"), HasSubstr("sealed with another key")));
  for (const ErrorCode code :
       {ErrorCode::kUnauthorized, ErrorCode::kUnavailable, ErrorCode::kCancelled}) {
    alerts.tell_of_end({code, "x"});
  }
  pass(seconds(1));
  EXPECT_THAT(post.texts(), SizeIs(2));
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
  watch->events({}).failed({ErrorCode::kUnavailable, "no network"});
  pass(seconds(14));
  EXPECT_THAT(post.texts(), IsEmpty());
  pass(seconds(11));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("no network")));
  pass(minutes(30));
  EXPECT_THAT(post.texts(), SizeIs(1));
  pass(minutes(31));
  EXPECT_THAT(post.texts(), SizeIs(2));
}

TEST_F(AWatch, DoesNotWaitForTheFirstAttemptToEnd) {
  alerts.speak(texts::Language::kEnglish);
  process->apply(1, 1, "one");
  pass(seconds(70));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("the first attempt is still under way")));
}

TEST_F(AWatch, IsSilentWhereEverythingIsSaved) {
  process->apply(1, 1, "one");
  std::optional<Result<vault::CommitReport>> saved;
  begin(process->vault.commit(deadline()), saved);
  pass(seconds(1));
  ASSERT_TRUE(saved && *saved);
  watch->events([](const vault::CommitReport&) {}).saved(**saved);
  pass(minutes(10));
  EXPECT_THAT(post.texts(), IsEmpty());
  EXPECT_EQ(watch->last_save()->sequence, (*saved)->sequence);
}

TEST_F(AWatch, TellsOfABaseThatDoesNotComeThrough) {
  alerts.speak(texts::Language::kEnglish);
  for (int i = 1; i <= 2; ++i) {
    process->apply(i, i, std::string(Watch::kOverdueBytes / 2, 'x'));
    std::optional<Result<vault::CommitReport>> saved;
    begin(process->vault.commit(deadline()), saved);
    pass(seconds(10));
    ASSERT_TRUE(saved && *saved);
    EXPECT_THAT(post.texts(), SizeIs(i - 1));
  }
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("The full copy has not come through")));
}

// The saver, the vault and the watch, put together as the service does.
struct ASavingBot : AWatch {
  ASavingBot() {
    options.make_scratch = [] { return std::make_unique<vault::MapState>(); };
    alerts.speak(texts::Language::kEnglish);
    saver.emplace(process->vault, clock, process->random, context.get_executor(), stopping,
                  vault::SaverOptions{.commit_deadline = seconds(20)},
                  watch->events([this](const vault::CommitReport&) { ++saves; }));
    begin(saver->run(), saver_end);
  }
  ~ASavingBot() override {
    stopping.set();
    clock.run(context);
  }

  std::optional<vault::Saver> saver;
  std::optional<Result<void>> saver_end;
  int saves = 0;
};

TEST_F(ASavingBot, TellsTheOperatorWhyItCannotSaveOnceAnHourUntilItCan) {
  bool chat_is_down = true;
  process->channel.on_call = [&](const vault::Call& call) {
    if (!chat_is_down || call.kind != vault::CallKind::kReplace) return vault::Fault{};
    return vault::Fault{.kind = vault::Fault::Kind::kRefuse,
                        .error = {ErrorCode::kUnavailable, "the chat is down"}};
  };
  process->apply(1, 1, "one");
  pass(seconds(58));
  EXPECT_THAT(post.texts(), IsEmpty());
  pass(minutes(30));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("failing for 65 s: the chat is down")));
  EXPECT_EQ(post.calls[0].body.at("chat_id").as_int64(), telegram::to_int(kOperator));
  pass(minutes(40));
  EXPECT_THAT(post.texts(), SizeIs(2));
  EXPECT_EQ(saves, 0);

  chat_is_down = false;
  pass(minutes(5));
  EXPECT_EQ(saves, 1);
  EXPECT_EQ(watch->last_save()->records, 1u);
  pass(std::chrono::hours(3));
  EXPECT_THAT(post.texts(), SizeIs(2));
}

TEST_F(ASavingBot, TellsTheOperatorOfAStateThatDidNotProveItself) {
  watch->events({}).drill_failed({ErrorCode::kDamaged, "bad hash"});
  pass(seconds(1));
  EXPECT_THAT(post.texts(), ElementsAre(HasSubstr("bad hash")));
}

}  // namespace
}  // namespace telekv::bot
