// What the clicker does only after a question, and what only the operator may ask for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bot/conversation.h"
#include "bot/taps.h"

namespace telekv::bot {
namespace {

using telegram::UserId;
using ::testing::HasSubstr;

std::string button(TapKind kind, std::int64_t asked) { return tap_data({kind, UserId{asked}}); }

class Forgetting : public Conversation {
 protected:
  Forgetting() {
    register_with(kAnna, "Аня", 21);
    register_with(kBoris, "Борис", 1);
  }
};

TEST_F(Forgetting, AsksByTwoButtons) {
  const Outcome outcome = say(kAnna, "/forget");
  ASSERT_TRUE(outcome.reply);
  EXPECT_EQ(plain(outcome.reply->text), "Аня, удалить имя и 21 клик? Вернуть их будет нельзя.");
  EXPECT_EQ(std::get<telegram::InlineKeyboard>(*outcome.reply->keyboard),
            (telegram::InlineKeyboard{{{"Удалить", button(TapKind::kForget, kAnna)},
                                       {"Оставить", button(TapKind::kKeep, kAnna)}}}));
  EXPECT_EQ(users_.size(), 2u);
  EXPECT_TRUE(clicker_.handle(group_message(kAnna, "/forget")).reply->keyboard) << "in a group too";
}

TEST_F(Forgetting, DeletesWhenConfirmedAndSaysSoOnceThatIsSaved) {
  const Outcome outcome = tap(kAnna, button(TapKind::kForget, kAnna));
  EXPECT_FALSE(users_.find(kAnna));
  EXPECT_FALSE(outcome.reply);
  EXPECT_EQ(outcome.tap_answer, "Удаляю…");
  ASSERT_TRUE(outcome.reply_once_saved);
  EXPECT_THAT(outcome.reply_once_saved->text, HasSubstr("Удалено"));
  EXPECT_EQ(outcome.reply_once_saved->chat, group_.id);
  EXPECT_EQ(outcome.reply_once_saved->to, UserId{kAnna});
  EXPECT_EQ(outcome.reply_once_saved->edits, telegram::MessageId{77}) << "in the question's place";
  EXPECT_EQ(answer(kAnna, "Клик"), "Вы не зарегистрированы");
}

TEST_F(Forgetting, SaysSoInTheirOwnChatWhereThePlaceOfTheQuestionIsNotKnown) {
  const Outcome outcome =
      clicker_.handle(telegram::CallbackQuery{.id = "q",
                                              .from = {.id = UserId{kAnna}},
                                              .data = button(TapKind::kForget, kAnna),
                                              .is_on_message = true});
  ASSERT_TRUE(outcome.reply_once_saved);
  EXPECT_EQ(outcome.reply_once_saved->chat, telegram::ChatId{kAnna});
  EXPECT_FALSE(outcome.reply_once_saved->edits);
}

// Any client can send any data with any message of the bot's.
TEST_F(Forgetting, IsNotConfirmedWhereTheMessageIsNotKnownToCarryTheButton) {
  for (const TapKind kind : {TapKind::kForget, TapKind::kKeep}) {
    const Outcome outcome = clicker_.handle(telegram::CallbackQuery{
        .id = "q",
        .from = {.id = UserId{kAnna}},
        .data = button(kind, kAnna),
        .message = telegram::MessagePlace{.chat = group_, .id = telegram::MessageId{77}}});
    EXPECT_FALSE(outcome.reply || outcome.reply_once_saved || outcome.save_soon);
    EXPECT_EQ(outcome.tap_answer, "");
  }
  EXPECT_EQ(users_.size(), 2u);
}

TEST_F(Forgetting, OfSomebodyElseIsNobodysToConfirm) {
  for (const TapKind kind : {TapKind::kForget, TapKind::kKeep}) {
    const Outcome outcome = tap(kBoris, button(kind, kAnna), "en");
    EXPECT_EQ(outcome.tap_answer, "This question is for somebody else.");
    EXPECT_FALSE(outcome.reply);
    EXPECT_FALSE(outcome.reply_once_saved);
  }
  EXPECT_EQ(users_.size(), 2u);
}

TEST_F(Forgetting, CanBeCalledOff) {
  const Outcome outcome = tap(kAnna, button(TapKind::kKeep, kAnna));
  EXPECT_EQ(users_.size(), 2u);
  ASSERT_TRUE(outcome.reply);
  EXPECT_EQ(outcome.reply->text, "Ничего не удалено.");
  EXPECT_EQ(outcome.reply->edits, telegram::MessageId{77});
}

TEST_F(Forgetting, CalledOffByManyTapsHasOneAnswer) {
  const telegram::Reply kept = *tap(kAnna, button(TapKind::kKeep, kAnna)).reply;
  const telegram::Reply again = *tap(kAnna, button(TapKind::kKeep, kAnna)).reply;
  EXPECT_TRUE(kept.is_outdated_by(again));
  EXPECT_FALSE(kept.is_outdated_by(*tap(kBoris, button(TapKind::kKeep, kBoris)).reply));
  EXPECT_FALSE(say(kAnna, "/forget").reply->is_outdated_by(again)) << "asked anew";
  telegram::Reply elsewhere = again;
  elsewhere.edits = telegram::MessageId{78};
  EXPECT_FALSE(kept.is_outdated_by(elsewhere)) << "that question keeps its buttons otherwise";
}

TEST_F(Forgetting, TwiceSaysThatThereIsNothingLeft) {
  tap(kAnna, button(TapKind::kForget, kAnna));
  const Outcome again = tap(kAnna, button(TapKind::kForget, kAnna));
  EXPECT_FALSE(again.reply_once_saved);
  EXPECT_THAT(again.tap_answer, HasSubstr("нечего"));
}

// A restore may have taken the record away, and a later one may bring it back.
TEST_F(Forgetting, IsRememberedAlsoOfWhomTheTableDoesNotKnow) {
  constexpr std::int64_t kNobody = kAnna + 1'000;
  users_.take_changes();
  tap(kNobody, button(TapKind::kForget, kNobody));
  const auto changes = users_.take_changes();
  ASSERT_NE(changes, nullptr);
  EXPECT_EQ(changes->erased_keys(), std::vector<std::int64_t>{kNobody});
}

TEST_F(Forgetting, BeginsAnewWithNothing) {
  tap(kAnna, button(TapKind::kForget, kAnna));
  EXPECT_TRUE(say(kAnna, "/start").save_soon);
  EXPECT_EQ(answer(kAnna, "Клик"), "Кликов: 1");
}

TEST_F(Forgetting, ReadsNothingIntoWhatIsNoButtonOfTheBots) {
  for (const char* data : {"", "forget", "forget:", "forget:1e9", "drop table users", "c:1"}) {
    const Outcome outcome = tap(kAnna, data);
    EXPECT_EQ(outcome.tap_answer, "") << data;
    EXPECT_FALSE(outcome.reply || outcome.reply_once_saved || outcome.wish) << data;
  }
  EXPECT_EQ(users_.size(), 2u);
}

using TheOperator = Conversation;

TEST_F(TheOperator, ForcesABackup) {
  for (const char* text : {"admin", "/snapshot", "/snapshot@my_bot now"}) {
    const Outcome outcome = say(kOperator, text);
    ASSERT_TRUE(outcome.wish) << text;
    EXPECT_EQ(outcome.wish->kind, Wish::Kind::kSnapshot) << text;
    EXPECT_EQ(outcome.wish->chat, telegram::ChatId{kOperator}) << text;
    EXPECT_FALSE(outcome.reply) << text;
  }
}

TEST_F(TheOperator, AsksInTheirOwnLanguage) {
  const Outcome outcome = say(kOperator, "/snapshots");
  ASSERT_TRUE(outcome.wish);
  EXPECT_EQ(outcome.wish->kind, Wish::Kind::kListPoints);
  EXPECT_EQ(outcome.wish->language, texts::Language::kRussian);
  EXPECT_EQ(say(kOperator, "/status", "Olga", "en").wish->language, texts::Language::kEnglish);
  EXPECT_EQ(say(kOperator, "/status").wish->kind, Wish::Kind::kStatus);
}

TEST_F(TheOperator, BringsARestorePointBackOnlyByConfirming) {
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

TEST_F(TheOperator, IsToldHowToRestore) {
  for (const char* text :
       {"/restore", "/restore yes", "/restore -1", "/restore 7 no", "/restore 7 yes please",
        "/restore 99999999999999999999", "/restore 7x yes"}) {
    const Outcome outcome = say(kOperator, text, "Olga", "en");
    EXPECT_FALSE(outcome.wish) << text;
    ASSERT_TRUE(outcome.reply) << text;
    EXPECT_THAT(outcome.reply->text, HasSubstr("/restore NUMBER")) << text;
  }
}

TEST_F(TheOperator, GetsAReadableExportOnlyByAButtonOfTheirOwn) {
  EXPECT_EQ(say(kOperator, "/export").wish->kind, Wish::Kind::kExport);
  const Outcome confirmed = tap(kOperator, button(TapKind::kExportPlain, kOperator));
  ASSERT_TRUE(confirmed.wish);
  EXPECT_EQ(confirmed.wish->kind, Wish::Kind::kExportPlain);
  EXPECT_EQ(confirmed.wish->chat, telegram::ChatId{kOperator}) << "wherever the button is";
  EXPECT_EQ(confirmed.tap_answer, "Готовлю файл…");
  EXPECT_FALSE(tap(kAnna, button(TapKind::kExportPlain, kOperator)).wish);
  EXPECT_FALSE(tap(kAnna, button(TapKind::kExportPlain, kAnna)).wish);
  const telegram::CallbackQuery on_no_button{.id = "q",
                                             .from = {.id = UserId{kOperator}},
                                             .data = button(TapKind::kExportPlain, kOperator)};
  EXPECT_FALSE(clicker_.handle(on_no_button).wish);
}

TEST_F(TheOperator, IsNobodyElse) {
  answer(kAnna, "/start");
  const std::string unknown = answer(kAnna, "what?");
  for (const char* text : {"admin", "/status", "/snapshot", "/snapshots", "/restore", "/restore 1",
                           "/restore 1 yes", "/export"}) {
    clock_.advance(std::chrono::seconds(60));
    const Outcome outcome = say(kAnna, text);
    EXPECT_FALSE(outcome.wish) << text;
    EXPECT_EQ(text_of(outcome), unknown) << text;
    EXPECT_EQ(answer(kAnna, text), "(nothing)") << "no oftener than any unknown input: " << text;
  }
}

}  // namespace
}  // namespace telekv::bot
