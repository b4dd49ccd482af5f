// The clicker's rules, as conversations.
#include "bot/clicker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace telekv::bot {
namespace {

using telegram::ChatId;
using telegram::UserId;
using ::testing::HasSubstr;

// Ids start above 2^32, up to the 52 bits that the Bot API allows.
constexpr std::int64_t kAnna = (std::int64_t{1} << 32) + 5;
constexpr std::int64_t kBoris = (std::int64_t{1} << 52) - 1;
constexpr std::int64_t kOperator = std::int64_t{7} << 40;

class AClicker : public ::testing::Test {
 protected:
  Outcome say(std::int64_t who, std::string text, std::string name = "Аня",
              std::string language = "ru") {
    telegram::Message message;
    message.chat = {.id = ChatId{who}, .type = telegram::ChatType::kPrivate};
    message.from = telegram::User{
        .id = UserId{who}, .first_name = std::move(name), .language_code = std::move(language)};
    message.text = std::move(text);
    return clicker_.handle(message);
  }
  std::string answer(std::int64_t who, std::string text, std::string name = "Аня") {
    const Outcome outcome = say(who, std::move(text), std::move(name));
    return outcome.reply ? outcome.reply->text : "(nothing)";
  }

  kv::Table<User> users_{kv::TableOptions{}};
  Clicker clicker_{users_, UserId{kOperator}};
};

TEST_F(AClicker, GreetsAndShowsTheTwoKeys) {
  const Outcome outcome = say(kAnna, "/start");
  ASSERT_TRUE(outcome.reply);
  EXPECT_EQ(outcome.reply->chat, ChatId{kAnna});
  EXPECT_EQ(outcome.reply->text, "Приветствую Аня");
  EXPECT_EQ(outcome.reply->keyboard, (telegram::ReplyKeyboard{{"Клик"}, {"Рейтинг"}}));
  EXPECT_TRUE(outcome.save_soon);
}

TEST_F(AClicker, CountsClicks) {
  answer(kAnna, "/start");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 1");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 2");
  EXPECT_FALSE(say(kAnna, "Клик").save_soon);
}

TEST_F(AClicker, KeepsTheCountWhenSomebodyStartsAgainAndTakesTheNewName) {
  answer(kAnna, "/start");
  answer(kAnna, "Клик");
  const Outcome again = say(kAnna, "/start ref42", "Анна");
  EXPECT_EQ(again.reply->text, "Приветствую Анна");
  EXPECT_FALSE(again.save_soon);
  EXPECT_EQ(answer(kAnna, "Рейтинг"), "Всего: 1\n1: Анна - 1");
}

TEST_F(AClicker, RanksByClicksThenById) {
  answer(kAnna, "/start", "Аня");
  answer(kBoris, "/start", "Борис");
  answer(kOperator, "/start", "Олег");
  answer(kBoris, "Клик");
  EXPECT_EQ(answer(kAnna, "Рейтинг"), "Всего: 3\n1: Борис - 1\n2: Аня - 0\n3: Олег - 0");
}

TEST_F(AClicker, ShowsFifteenOfMany) {
  for (int i = 0; i < 40; ++i) answer(kAnna + i, "/start");
  const std::string rating = answer(kAnna, "Рейтинг");
  EXPECT_THAT(rating, HasSubstr("Всего: 40\n1: "));
  EXPECT_EQ(std::count(rating.begin(), rating.end(), '\n'), 15);
}

TEST_F(AClicker, TellsTheUnregisteredSo) {
  for (const char* text :
       {"Клик", "Рейтинг", "hello", "admin", "/snapshot", "/snapshots", "/restore 1 yes"}) {
    const Outcome outcome = say(kAnna, text);
    ASSERT_TRUE(outcome.reply) << text;
    EXPECT_EQ(outcome.reply->text, "Вы не зарегистрированы") << text;
    EXPECT_FALSE(outcome.wish) << text;
  }
  EXPECT_EQ(users_.size(), 0u);
}

TEST_F(AClicker, ForcesABackupForTheOperator) {
  for (const char* text : {"admin", "/snapshot", "/snapshot@my_bot now"}) {
    const Outcome outcome = say(kOperator, text);
    ASSERT_TRUE(outcome.wish) << text;
    EXPECT_EQ(outcome.wish->kind, Wish::Kind::kSnapshot) << text;
    EXPECT_EQ(outcome.wish->chat, ChatId{kOperator}) << text;
    EXPECT_FALSE(outcome.reply) << text;
  }
}

TEST_F(AClicker, ListsRestorePointsForTheOperator) {
  const Outcome outcome = say(kOperator, "/snapshots");
  ASSERT_TRUE(outcome.wish);
  EXPECT_EQ(outcome.wish->kind, Wish::Kind::kListPoints);
  EXPECT_EQ(outcome.wish->language, texts::Language::kRussian);
  EXPECT_EQ(say(kOperator, "/snapshots", "Olga", "en").wish->language, texts::Language::kEnglish);
}

TEST_F(AClicker, BringsARestorePointBackOnlyWhenTheOperatorConfirms) {
  const Outcome asked = say(kOperator, "/restore 7");
  ASSERT_TRUE(asked.wish);
  EXPECT_EQ(asked.wish->kind, Wish::Kind::kAskRestore);
  EXPECT_EQ(asked.wish->point, 7u);
  for (const char* text : {"/restore 7 yes", "/restore@my_bot  7\nда"}) {
    const Outcome confirmed = say(kOperator, text);
    ASSERT_TRUE(confirmed.wish) << text;
    EXPECT_EQ(confirmed.wish->kind, Wish::Kind::kRestore) << text;
    EXPECT_EQ(confirmed.wish->point, 7u) << text;
  }
}

TEST_F(AClicker, TellsTheOperatorHowToRestore) {
  for (const char* text :
       {"/restore", "/restore yes", "/restore -1", "/restore 7 no", "/restore 7 yes please",
        "/restore 99999999999999999999", "/restore 7x yes"}) {
    const Outcome outcome = say(kOperator, text, "Olga", "en");
    EXPECT_FALSE(outcome.wish) << text;
    ASSERT_TRUE(outcome.reply) << text;
    EXPECT_THAT(outcome.reply->text, HasSubstr("/restore NUMBER")) << text;
  }
}

TEST_F(AClicker, ShowsStrangersNothingOfTheOperatorsCommands) {
  answer(kAnna, "/start");
  for (const char* text :
       {"admin", "/snapshot", "/snapshots", "/restore", "/restore 1", "/restore 1 yes"}) {
    EXPECT_FALSE(say(kAnna, text).wish) << text;
    EXPECT_EQ(answer(kAnna, text), answer(kAnna, "what?")) << text;
  }
}

TEST_F(AClicker, LetsTheOperatorPlayToo) {
  answer(kOperator, "/start");
  EXPECT_EQ(answer(kOperator, "Клик"), "Кликов: 1");
}

TEST_F(AClicker, IgnoresServiceMessagesAndBots) {
  EXPECT_FALSE(say(kAnna, "").reply);
  telegram::Message own_pin;
  own_pin.chat = {.id = ChatId{kAnna}, .type = telegram::ChatType::kPrivate};
  own_pin.from = telegram::User{.id = UserId{1}, .is_bot = true, .first_name = "Clicker"};
  own_pin.text = "/start";
  EXPECT_FALSE(clicker_.handle(own_pin).reply);
  EXPECT_EQ(users_.size(), 0u);
}

TEST_F(AClicker, StaysAtTheLargestCount) {
  answer(kAnna, "/start");
  ASSERT_TRUE(users_.update(kAnna, [](User& user) { user.clicks = UINT64_MAX; }));
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 18446744073709551615");
}

TEST_F(AClicker, KeepsNamesThatWouldBreakTheRatingOutOfIt) {
  answer(kAnna, "/start", "A\n99: B - 1000000");
  answer(kBoris, "/start", "\u202Eevil");
  answer(kOperator, "/start", "");
  EXPECT_EQ(answer(kAnna, "Рейтинг"),
            "Всего: 3\n1: A 99: B - 1000000 - 0\n2: Без имени - 0\n3: evil - 0");
}

TEST(ACommand, EndsAtTheBotsNameOrAtASpace) {
  EXPECT_EQ(command_of("/start"), "/start");
  EXPECT_EQ(command_of("/start ref"), "/start");
  EXPECT_EQ(command_of("/start@my_bot ref"), "/start");
  EXPECT_EQ(command_of("/start\nref"), "/start");
  EXPECT_EQ(command_of("Клик @x"), "Клик @x");
  EXPECT_EQ(command_of(""), "");
}

}  // namespace
}  // namespace telekv::bot
