// The clicker's rules, as conversations.
#include "bot/clicker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bot/conversation.h"

namespace telekv::bot {
namespace {

using telegram::ChatId;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using AClicker = Conversation;

TEST_F(AClicker, GreetsAndShowsTheTwoKeys) {
  const Outcome outcome = say(kAnna, "/start");
  ASSERT_TRUE(outcome.reply);
  EXPECT_EQ(outcome.reply->chat, ChatId{kAnna});
  EXPECT_EQ(outcome.reply->text, "Приветствую Аня") << "without marks: nothing follows the name";
  EXPECT_EQ(keys(outcome), (telegram::ReplyKeyboard{{"Клик"}, {"Рейтинг"}}));
  EXPECT_TRUE(outcome.save_soon);
}

TEST_F(AClicker, SpeaksTheLanguageOfWhoeverWrites) {
  const Outcome greeting = say(kBoris, "/start", "Bob", "en");
  EXPECT_EQ(plain(greeting.reply->text), "Hello Bob");
  EXPECT_EQ(keys(greeting), (telegram::ReplyKeyboard{{"Click"}, {"Rating"}}));
  EXPECT_EQ(plain(say(kBoris, "Click", "Bob", "en-GB").reply->text), "Clicks: 1");
  EXPECT_EQ(plain(say(kBoris, "Rating", "Bob", "en").reply->text),
            "Total: 1\n1: Bob - 1\n\n🥇 Bob");
  EXPECT_EQ(plain(say(kAnna, "Click", "Ann", "en").reply->text), "You are not registered");
  EXPECT_EQ(answer(kAnna, "/start", "Аня", ""), "Приветствую Аня") << "no language: Russian";
}

TEST_F(AClicker, UnderstandsTheKeysOfEitherLanguageFromEverybody) {
  answer(kAnna, "/start");
  EXPECT_EQ(answer(kAnna, "Click"), "Кликов: 1");
  EXPECT_EQ(answer(kAnna, "/click"), "Кликов: 2");
  EXPECT_EQ(say(kAnna, "Клик", "Аня", "en").reply->text, "Clicks: 3");
  EXPECT_THAT(answer(kAnna, "Rating"), StartsWith("Всего: 1\n"));
  EXPECT_THAT(answer(kAnna, "/top"), StartsWith("Всего: 1\n"));
}

TEST_F(AClicker, CountsClicks) {
  answer(kAnna, "/start");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 1");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 2");
  EXPECT_FALSE(say(kAnna, "Клик").save_soon);
  EXPECT_EQ(clicker_.clicks(), 3u);
}

TEST_F(AClicker, KeepsTheCountWhenSomebodyStartsAgainAndTakesTheNewName) {
  answer(kAnna, "/start");
  answer(kAnna, "Клик");
  const Outcome again = say(kAnna, "/start ref42", "Анна");
  EXPECT_EQ(plain(again.reply->text), "Приветствую Анна");
  EXPECT_FALSE(again.save_soon);
  EXPECT_THAT(answer(kAnna, "Рейтинг"), StartsWith("Всего: 1\n1: Анна - 1"));
}

TEST_F(AClicker, RanksByClicksThenById) {
  answer(kAnna, "/start", "Аня");
  answer(kBoris, "/start", "Борис");
  answer(kOperator, "/start", "Олег");
  answer(kBoris, "Клик");
  EXPECT_EQ(answer(kAnna, "Рейтинг"),
            "Всего: 3\n1: Борис - 1\n2: Аня - 0\n3: Олег - 0\n\n🥇 Борис");
}

TEST_F(AClicker, ShowsFifteenOfManyAndTheCallersOwnPlaceBelow) {
  for (int i = 0; i < 40; ++i) register_with(kAnna + i, "Кто-то", 40);
  register_with(kBoris, "Борис", 2);
  EXPECT_THAT(answer(kAnna, "Рейтинг"), Not(HasSubstr("Вы:")));
  const std::string rating = answer(kBoris, "Рейтинг");
  EXPECT_THAT(rating, StartsWith("Всего: 41\n1: Кто-то - 40\n"));
  EXPECT_THAT(rating, HasSubstr("\n15: Кто-то - 40\n\nВы: место 41, 2 клика\n"));
  EXPECT_THAT(rating, Not(HasSubstr("\n16: ")));
}

TEST_F(AClicker, TellsSomebodysOwnStandingAndHowFarTheNextPlaceIs) {
  register_with(kAnna, "Аня", 50);
  register_with(kAnna + 1, "Вера", 50);
  register_with(kBoris, "Борис", 45);
  register_with(kOperator, "Олег", 44);
  EXPECT_EQ(answer(kAnna, "/me"), "Вы: 50 кликов, место 1 из 4\nВыше никого нет.");
  EXPECT_EQ(answer(kAnna + 1, "/me"), answer(kAnna, "/me")) << "equal clicks, equal places";
  EXPECT_EQ(answer(kBoris, "/me"), "Вы: 45 кликов, место 3 из 4\nДо места 1: ещё 5 кликов");
  EXPECT_EQ(answer(kOperator, "/me"), "Вы: 44 клика, место 4 из 4\nДо места 3: ещё 1 клик");
  EXPECT_EQ(say(kOperator, "/me", "Oleg", "en").reply->text,
            "You: 44 clicks, place 4 of 4\nTo place 3: 1 click more");
}

TEST_F(AClicker, TellsWhatItCanDoAndWhatItKeepsAlsoTheUnregistered) {
  EXPECT_THAT(answer(kAnna, "/help"), HasSubstr("/forget"));
  EXPECT_THAT(say(kAnna, "/help", "Ann", "en").reply->text, HasSubstr("delete your data"));
  EXPECT_THAT(answer(kAnna, "/privacy"), HasSubstr("зашифрованные"));
  Clicker unsealed(users_, clock_, {.sealed = false});
  telegram::Message message = message_of(kAnna, "/privacy");
  EXPECT_THAT(unsealed.handle(message).reply->text, HasSubstr("незашифрованные"));
}

TEST_F(AClicker, TellsTheUnregisteredSo) {
  for (const char* text : {"Клик", "Рейтинг", "/click", "/top", "/me", "/forget", "hello"}) {
    const Outcome outcome = say(kAnna, text);
    ASSERT_TRUE(outcome.reply) << text;
    EXPECT_EQ(outcome.reply->text, "Вы не зарегистрированы") << text;
    EXPECT_FALSE(outcome.wish) << text;
    EXPECT_EQ(keys(outcome), (telegram::ReplyKeyboard{{"/start"}})) << text;
  }
  EXPECT_EQ(users_.size(), 0u);
}

TEST_F(AClicker, HelpsOnceAMinuteWhoeverSendsWhatItDoesNotKnow) {
  answer(kAnna, "/start");
  EXPECT_THAT(answer(kAnna, "what?"), StartsWith("Нажмите «Клик» или «Рейтинг»."));
  EXPECT_EQ(answer(kAnna, "what?"), "(nothing)");
  EXPECT_EQ(answer(kAnna, "/foo"), "(nothing)");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 1") << "what is understood is always answered";
  EXPECT_EQ(answer(kBoris, "what?"), "Вы не зарегистрированы");
  EXPECT_EQ(answer(kBoris, "what?"), "(nothing)");
  EXPECT_EQ(answer(kBoris, "Клик"), "Вы не зарегистрированы");
  clock_.advance(std::chrono::seconds(60));
  EXPECT_THAT(answer(kAnna, "what?"), StartsWith("Нажмите"));
}

TEST_F(AClicker, LetsTheOperatorPlayToo) {
  answer(kOperator, "/start");
  EXPECT_EQ(answer(kOperator, "Клик"), "Кликов: 1");
}

TEST_F(AClicker, IgnoresServiceMessagesAndBotsAndChannels) {
  EXPECT_FALSE(say(kAnna, "").reply);
  telegram::Message own_pin = message_of(kAnna, "/start");
  own_pin.from->is_bot = true;
  EXPECT_FALSE(clicker_.handle(own_pin).reply);
  telegram::Message post = message_of(kAnna, "/start");
  post.chat.type = telegram::ChatType::kChannel;
  EXPECT_FALSE(clicker_.handle(post).reply);
  post.from.reset();
  EXPECT_FALSE(clicker_.handle(post).reply);
  EXPECT_EQ(users_.size(), 0u);
  // A linked channel's post comes into its group from user 777000, who is no bot.
  telegram::Message linked = message_of(kAnna, "/start");
  linked.sender_chat = telegram::ChatId{-1'000'000'000'042};
  EXPECT_FALSE(clicker_.handle(linked).reply);
  EXPECT_EQ(users_.size(), 0u);
}

TEST_F(AClicker, StaysAtTheLargestCount) {
  register_with(kAnna, "Аня", UINT64_MAX);
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 18446744073709551615");
}

TEST_F(AClicker, KeepsNamesThatWouldBreakTheRatingOutOfIt) {
  answer(kAnna, "/start", "A\n99: B - 1000000");
  answer(kBoris, "/start", "\u202Eevil");
  answer(kOperator, "/start", "");
  EXPECT_THAT(answer(kAnna, "Рейтинг"),
              StartsWith("Всего: 3\n1: A 99: B - 1000000 - 0\n2: Без имени - 0\n3: evil - 0\n"));
  EXPECT_THAT(say(kAnna, "Rating", "A", "en").reply->text, HasSubstr("No name"));
}

// ---- groups ----

TEST_F(AClicker, InAGroupCountsForWhoeverWritesAndNamesThem) {
  answer(kAnna, "/start", "Аня");
  answer(kAnna, "Клик");
  EXPECT_EQ(in_group(kAnna, "/click"), "Аня: 2 клика");
  EXPECT_EQ(in_group(kAnna, "/click@My_Bot"), "Аня: 3 клика");
  EXPECT_EQ(in_group(kBoris, "/click"), "Вы не зарегистрированы");
  EXPECT_EQ(in_group(kBoris, "/start", "Борис"), "Приветствую Борис");
  EXPECT_EQ(in_group(kBoris, "/me"), "Борис: 0 кликов, место 2 из 2\nДо места 1: ещё 3 клика");
  EXPECT_THAT(in_group(kBoris, "/top"), StartsWith("Всего: 2\n1: Аня - 3\n2: Борис - 0"));
  EXPECT_EQ(users_.size(), 2u) << "the group itself is nobody";
}

TEST_F(AClicker, LosesNobodyWhenAGroupBecomesASupergroup) {
  in_group(kAnna, "/start", "Аня");
  EXPECT_EQ(in_group(kAnna, "/click"), "Аня: 1 клик");
  group_ = {.id = ChatId{-1001234567890}, .type = telegram::ChatType::kSupergroup};
  EXPECT_EQ(in_group(kAnna, "/click"), "Аня: 2 клика");
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 3");
}

TEST_F(AClicker, InAGroupIsSilentAboutAllButItsCommands) {
  in_group(kAnna, "/start", "Аня");
  for (const char* text : {"hello", "Клик", "Рейтинг", "Click", "admin", "/foo", "/top@other_bot",
                           "/status", "/snapshot", "/export"}) {
    EXPECT_EQ(in_group(kAnna, text), "(nothing)") << text;
    EXPECT_EQ(in_group(kOperator, text), "(nothing)") << text;
  }
}

TEST_F(AClicker, InAGroupShowsNoKeyboard) {
  for (const char* text : {"/click", "/start", "/top"}) {
    const Outcome outcome = clicker_.handle(group_message(kAnna, text));
    ASSERT_TRUE(outcome.reply) << text;
    EXPECT_FALSE(outcome.reply->keyboard) << text;
  }
}

TEST_F(AClicker, InAGroupKeepsTheAnswersToDifferentPeopleApart) {
  in_group(kAnna, "/start", "Аня");
  in_group(kBoris, "/start", "Борис");
  const telegram::Reply annas = *clicker_.handle(group_message(kAnna, "/click")).reply;
  const telegram::Reply annas_next = *clicker_.handle(group_message(kAnna, "/click")).reply;
  const telegram::Reply boriss = *clicker_.handle(group_message(kBoris, "/click")).reply;
  EXPECT_TRUE(annas.is_outdated_by(annas_next));
  EXPECT_FALSE(annas.is_outdated_by(boriss));
}

TEST_F(AClicker, IgnoresWhatIsForAnotherBot) {
  answer(kAnna, "/start");
  EXPECT_EQ(answer(kAnna, "/click@other_bot"), "(nothing)");
  EXPECT_EQ(answer(kAnna, "/click@my_bot"), "Кликов: 1");
}

}  // namespace
}  // namespace telekv::bot
