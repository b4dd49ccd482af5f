// What bots do to messages, and with which words they are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

using testing::HasSubstr;

TEST(SendMessage, AnswersTheMessageWithItsFieldsInTelegramsOrder) {
  Telegram telegram;
  const auto message = telegram.result("sendMessage", {{"chat_id", kAnyaId}, {"text", "Привет 𝕏"}});
  EXPECT_EQ(boost::json::serialize(message),
            R"({"message_id":1,"from":{"id":123456789,"is_bot":true,"first_name":"Bot 123456789",)"
            R"("username":"emulated_123456789_bot"},"chat":{"id":5123456789,"first_name":"Аня",)"
            R"("type":"private"},"date":1790000000,"text":"Привет 𝕏"})");
}

TEST(SendMessage, CleansTheText) {
  Telegram telegram;
  const auto message = telegram.result("sendMessage", {{"chat_id", kAnyaId},
                                                       {"text",
                                                        "  a\tb\r\n\xE2\x80\xAE"
                                                        "c \n "}});
  EXPECT_EQ(message.at("text").as_string(), "a b\nc");
}

TEST(SendMessage, BoundsTheTextInCodePoints) {
  Telegram telegram;
  std::string text;
  for (int i = 0; i < 4096; ++i) text += "Ж";
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", text}}), "");
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", text + "x"}}),
            "Bad Request: message is too long");
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", " \n "}}),
            "Bad Request: message text is empty");
  EXPECT_EQ(
      telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", std::string(33000, 'x')}}),
      "Bad Request: text is too long");
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", "\xFF"}}),
            "Bad Request: text must be encoded in UTF-8");
}

// A bot under load would fill the memory otherwise.
TEST(SendMessage, KeepsTheNewestOfAChatWhenThereAreTooMany) {
  Telegram telegram;
  telegram.world.set_most_messages(100);
  const std::string pinned = telegram.send(kAnya, "pinned");
  telegram.result("pinChatMessage", {{"chat_id", kAnyaId}, {"message_id", pinned}});
  const std::string document = telegram.send_document(kAnya, "content");
  const std::string of_admin = telegram.send(kAdmin, "quiet chat");
  std::string last;
  for (int i = 0; i < 1'000; ++i) last = telegram.send(kAnya, "text");
  const auto edit = [&](const std::string& chat, const std::string& id) {
    return telegram.error("editMessageText",
                          {{"chat_id", chat}, {"message_id", id}, {"text", "x" + id}});
  };
  EXPECT_EQ(edit(kAnyaId, pinned), "");
  EXPECT_EQ(edit(kAdminId, of_admin), "");
  EXPECT_EQ(edit(kAnyaId, last), "");
  EXPECT_EQ(edit(kAnyaId, std::to_string(std::stoi(last) - 20)),
            "Bad Request: message to edit not found");
  EXPECT_EQ(telegram.error("deleteMessage", {{"chat_id", kAnyaId}, {"message_id", document}}), "");
  EXPECT_LE(telegram.world.message_count(), 120u);
}

TEST(SendMessage, NeedsAChatThatThePersonOpened) {
  Telegram telegram;
  telegram.world.put_person({77, "Stranger", "", "", ""}).value();
  EXPECT_EQ(telegram.error("sendMessage", {{"text", "x"}}), "Bad Request: chat_id is empty");
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", "78"}, {"text", "x"}}),
            "Bad Request: chat not found");
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", "77"}, {"text", "x"}}),
            "Forbidden: bot can't initiate conversation with a user");
  telegram.world.person_sends(telegram.bot, 77, "/start", telegram.now).value();
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", "77"}, {"text", "x"}}), "");
  telegram.world.set_blocked(telegram.bot, 77, true, telegram.now).value();
  EXPECT_EQ(telegram.error("sendMessage", {{"chat_id", "77"}, {"text", "x"}}),
            "Forbidden: bot was blocked by the user");
}

TEST(SendMessage, RemembersTheReplyKeyboardAndNeverEchoesIt) {
  Telegram telegram;
  const auto message = telegram.result(
      "sendMessage",
      {{"chat_id", kAnyaId},
       {"text", "x"},
       {"reply_markup", R"({"resize_keyboard":true,"keyboard":[["Клик",{"text":"Top"}]]})"}});
  EXPECT_FALSE(message.as_object().contains("reply_markup"));
  EXPECT_EQ(boost::json::parse(telegram.bot.chats.at(kAnya).reply_keyboard),
            boost::json::parse(
                R"({"keyboard":[[{"text":"Клик"},{"text":"Top"}]],"resize_keyboard":true})"));
  telegram.result(
      "sendMessage",
      {{"chat_id", kAnyaId}, {"text", "x"}, {"reply_markup", R"({"remove_keyboard":true})"}});
  EXPECT_EQ(telegram.bot.chats.at(kAnya).reply_keyboard, "");
}

TEST(SendMessage, ChecksInlineKeyboards) {
  Telegram telegram;
  const auto send = [&](const std::string& data) {
    return telegram.error(
        "sendMessage", {{"chat_id", kAnyaId},
                        {"text", "x"},
                        {"reply_markup", R"({"inline_keyboard":[[{"text":"+1","callback_data":")" +
                                             data + R"("}]]})"}});
  };
  EXPECT_EQ(send(std::string(64, 'x')), "");
  EXPECT_EQ(send(std::string(65, 'x')), "Bad Request: BUTTON_DATA_INVALID");
  EXPECT_EQ(
      telegram.error("sendMessage", {{"chat_id", kAnyaId}, {"text", "x"}, {"reply_markup", "[1]"}}),
      "Bad Request: object expected as reply markup");
}

TEST(MessageIds, AreSharedByAllPrivateChatsOfABot) {
  Telegram telegram;
  EXPECT_EQ(telegram.send(kAnya, "a"), "1");
  EXPECT_EQ(telegram.send(kAdmin, "b"), "2");
  EXPECT_EQ(telegram.send(kAnya, "c"), "3");
}

TEST(EditMessageText, KeepsTheIdAndTellsWhen) {
  Telegram telegram;
  const std::string id = telegram.send(kAnya, "Кликов: 1");
  telegram.pass(100 * 86400);  // a bot's own messages have no time limit
  const auto edited = telegram.result(
      "editMessageText", {{"chat_id", kAnyaId}, {"message_id", id}, {"text", "Кликов: 2"}});
  EXPECT_EQ(Telegram::id_of(edited), id);
  EXPECT_EQ(edited.at("date").as_int64() + 100 * 86400, edited.at("edit_date").as_int64());
  EXPECT_EQ(edited.at("text").as_string(), "Кликов: 2");
}

TEST(EditMessageText, RefusesTheSameContentAndMessagesThatAreNotEditable) {
  Telegram telegram;
  const auto edit = [&](const std::string& id) {
    return telegram.error("editMessageText",
                          {{"chat_id", kAnyaId}, {"message_id", id}, {"text", "x"}});
  };
  EXPECT_THAT(edit(telegram.send(kAnya, "x")), HasSubstr("Bad Request: message is not modified:"));
  EXPECT_EQ(edit("99"), "Bad Request: message to edit not found");
  EXPECT_EQ(edit(telegram.send(kAdmin, "y")), "Bad Request: message to edit not found");
  EXPECT_EQ(edit("0"), "Bad Request: message to edit not found");
  const auto theirs = telegram.world.person_sends(telegram.bot, kAnya, "y", telegram.now).value();
  EXPECT_EQ(edit(std::to_string(theirs.message_id)), "Bad Request: message can't be edited");
  const auto keyboard = telegram.result(
      "sendMessage",
      {{"chat_id", kAnyaId}, {"text", "y"}, {"reply_markup", R"({"keyboard":[["a"]]})"}});
  EXPECT_EQ(edit(Telegram::id_of(keyboard)), "Bad Request: message can't be edited");
}

TEST(Pins, GetChatShowsThePinnedMessageThatWasSentLast) {
  Telegram telegram;
  const auto pinned = [&]() -> std::string {
    const auto chat = telegram.result("getChat", {{"chat_id", kAdminId}});
    const auto* message = chat.as_object().if_contains("pinned_message");
    return message == nullptr ? "" : Telegram::id_of(*message);
  };
  const auto run = [&](const char* method, const std::string& id) {
    return telegram.error(method, {{"chat_id", kAdminId}, {"message_id", id}});
  };
  const std::string older = telegram.send(kAdmin, "older");
  const std::string newer = telegram.send(kAdmin, "newer");
  EXPECT_EQ(pinned(), "");
  EXPECT_EQ(run("pinChatMessage", newer), "");
  EXPECT_EQ(run("pinChatMessage", older), "");  // pinned later, but sent earlier
  EXPECT_EQ(pinned(), newer);
  EXPECT_EQ(run("unpinChatMessage", newer), "");
  EXPECT_EQ(pinned(), older);
  EXPECT_EQ(run("deleteMessage", older), "");
  EXPECT_EQ(pinned(), "");
  EXPECT_EQ(telegram.error("unpinChatMessage", {{"chat_id", kAdminId}}),
            "Bad Request: message to unpin not found");
  EXPECT_EQ(run("pinChatMessage", older), "Bad Request: message to pin not found");
}

TEST(Pins, TheBotReadsItsOwnPinAsAnUpdate) {
  Telegram telegram;
  const std::string id = telegram.send(kAdmin, "root");
  telegram.result("pinChatMessage", {{"chat_id", kAdminId}, {"message_id", id}});
  const auto updates = telegram.updates();
  ASSERT_EQ(updates.size(), 1u);
  const auto& notice = updates[0].at("message");
  EXPECT_EQ(notice.at("from").at("id").as_int64(), kBot);
  EXPECT_EQ(Telegram::id_of(notice.at("pinned_message")), id);
  telegram.result("pinChatMessage", {{"chat_id", kAdminId}, {"message_id", id}});
  EXPECT_EQ(telegram.bot.queue.size(), 1u) << "a second pin of the same message says nothing";
}

TEST(Pins, UnpinAllLeavesNone) {
  Telegram telegram;
  for (const char* text : {"a", "b"}) {
    telegram.result("pinChatMessage",
                    {{"chat_id", kAdminId}, {"message_id", telegram.send(kAdmin, text)}});
  }
  telegram.result("unpinAllChatMessages", {{"chat_id", kAdminId}});
  EXPECT_FALSE(
      telegram.result("getChat", {{"chat_id", kAdminId}}).as_object().contains("pinned_message"));
}

TEST(Forward, AnswersTheWholeMessageAndCannotBeEdited) {
  Telegram telegram;
  const std::string id = telegram.send_document(kAdmin, "bytes");
  const auto copy = telegram.result(
      "forwardMessage", {{"chat_id", kAnyaId}, {"from_chat_id", kAdminId}, {"message_id", id}});
  EXPECT_EQ(copy.at("document").at("file_name").as_string(), "root.bin");
  EXPECT_EQ(copy.at("forward_origin").at("sender_user").at("id").as_int64(), kBot);
  EXPECT_EQ(telegram.error(
                "editMessageCaption",
                {{"chat_id", kAnyaId}, {"message_id", Telegram::id_of(copy)}, {"caption", "x"}}),
            "Bad Request: message can't be edited");
  EXPECT_EQ(telegram.error("forwardMessage",
                           {{"chat_id", kAnyaId}, {"from_chat_id", kAdminId}, {"message_id", "9"}}),
            "Bad Request: message to forward not found");
}

TEST(Copy, AnswersOnlyTheId) {
  Telegram telegram;
  const std::string id = telegram.send_document(kAdmin, "bytes");
  const auto copy = telegram.result(
      "copyMessage", {{"chat_id", kAnyaId}, {"from_chat_id", kAdminId}, {"message_id", id}});
  EXPECT_EQ(boost::json::serialize(copy), R"({"message_id":2})");
}

TEST(Delete, WorksFor48Hours) {
  Telegram telegram;
  const std::string young = telegram.send(kAnya, "a");
  const std::string old = telegram.send(kAnya, "b");
  const auto remove = [&](const std::string& id) {
    return telegram.error("deleteMessage", {{"chat_id", kAnyaId}, {"message_id", id}});
  };
  telegram.pass(48 * 3600 - 1);
  EXPECT_EQ(remove(young), "");
  telegram.pass(1);
  EXPECT_THAT(remove(old), HasSubstr("Bad Request: message can't be deleted"));
  EXPECT_EQ(remove(young), "Bad Request: message to delete not found");
}

TEST(Commands, AreKeptPerScopeAndLanguage) {
  Telegram telegram;
  const std::string scope = R"({"type":"chat","chat_id":)" + kAdminId + "}";
  const std::string commands = R"([{"command":"status","description":"Состояние"}])";
  EXPECT_EQ(telegram.error("setMyCommands", {{"commands", commands}, {"scope", scope}}), "");
  EXPECT_EQ(telegram.result("getMyCommands", {{"scope", scope}}), boost::json::parse(commands));
  EXPECT_EQ(telegram.result("getMyCommands", {}), boost::json::array());
  EXPECT_EQ(telegram.result("getMyCommands", {{"scope", scope}, {"language_code", "ru"}}),
            boost::json::array());
  EXPECT_EQ(telegram.error("setMyCommands",
                           {{"commands", commands}, {"scope", R"({"type":"chat","chat_id":5})"}}),
            "Bad Request: chat not found");
  EXPECT_EQ(
      telegram.error("setMyCommands", {{"commands", R"([{"command":"A b","description":"x"}])"}}),
      "Bad Request: BOT_COMMAND_INVALID");
  EXPECT_EQ(telegram.error("setMyCommands", {{"commands", commands}, {"language_code", "rus"}}),
            "Bad Request: invalid language code specified");
  telegram.result("deleteMyCommands", {{"scope", scope}});
  EXPECT_EQ(telegram.result("getMyCommands", {{"scope", scope}}), boost::json::array());
}

TEST(CallbackQueries, AreAnsweredOnceAndInTime) {
  Telegram telegram;
  const auto message = std::stoi(telegram.send(kAnya, "x"));
  const auto tap = [&] {
    return telegram.world.person_taps(telegram.bot, kAnya, message, "c:1", telegram.now)
        .value()
        .callback_query_id;
  };
  const auto answer = [&](const std::string& id) {
    return telegram.error("answerCallbackQuery", {{"callback_query_id", id}, {"text", "ok"}});
  };
  const std::string first = tap();
  EXPECT_EQ(answer(first), "");
  EXPECT_EQ(telegram.bot.chats.at(kAnya).callback_answer.text, "ok");
  EXPECT_THAT(answer(first), HasSubstr("query is too old and response timeout expired"));
  const std::string late = tap();
  telegram.pass(151);
  EXPECT_THAT(answer(late), HasSubstr("query is too old and response timeout expired"));
}

}  // namespace
}  // namespace telekv::emulator
