// What a bot says of itself, who is in a chat, and how a bot leaves a server.
#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

TEST(Profile, TextsAreKeptPerLanguageAndFallBackToTheOneWithout) {
  Telegram telegram;
  const std::pair<std::string, std::string> kTexts[] = {
      {"Description", "description"}, {"ShortDescription", "short_description"}, {"Name", "name"}};
  for (const auto& [method, field] : kTexts) {
    const auto get = [&, field = field, method = method](const std::string& language) {
      const auto result = telegram.result("getMy" + method, {{"language_code", language}});
      return std::string(result.at(field).as_string());
    };
    EXPECT_EQ(get(""), field == "name" ? "Bot 123456789" : "");
    telegram.result("setMy" + method, {{field, " text "}});
    telegram.result("setMy" + method, {{field, "текст"}, {"language_code", "ru"}});
    EXPECT_EQ(get(""), "text");
    EXPECT_EQ(get("ru"), "текст");
    EXPECT_EQ(get("de"), "text");
    telegram.result("setMy" + method, {{"language_code", "ru"}});
    EXPECT_EQ(get("ru"), "text");
    EXPECT_EQ(telegram.error("getMy" + method, {{"language_code", "RU"}}),
              "Bad Request: invalid language code specified");
  }
  EXPECT_EQ(telegram.result("getMe", {}).at("first_name").as_string(), "text");
}

TEST(Profile, TextsAreBounded) {
  Telegram telegram;
  const auto set = [&](const char* method, const char* field, std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += "Ж";
    return telegram.error(method, {{field, text}});
  };
  EXPECT_EQ(set("setMyName", "name", 64), "");
  EXPECT_NE(set("setMyName", "name", 65), "");
  EXPECT_NE(set("setMyName", "name", 0), "");
  EXPECT_EQ(set("setMyDescription", "description", 512), "");
  EXPECT_NE(set("setMyDescription", "description", 513), "");
  EXPECT_EQ(set("setMyShortDescription", "short_description", 120), "");
  EXPECT_NE(set("setMyShortDescription", "short_description", 121), "");
}

TEST(Members, OfAPrivateChatAreThePersonAndTheBot) {
  Telegram telegram;
  const auto member = [&](const std::string& id) {
    return telegram.call("getChatMember", {{"chat_id", kAnyaId}, {"user_id", id}});
  };
  EXPECT_EQ(boost::json::serialize(member(kAnyaId)),
            R"({"ok":true,"result":{"user":{"id":5123456789,"is_bot":false,"first_name":"Аня",)"
            R"("language_code":"ru"},"status":"member"}})");
  EXPECT_TRUE(member(std::to_string(kBot)).at("result").at("user").at("is_bot").as_bool());
  EXPECT_EQ(member(kAdminId).at("description").as_string(), "Bad Request: member not found");
  EXPECT_EQ(member("x").at("description").as_string(), "Bad Request: invalid user_id specified");
  EXPECT_EQ(telegram.result("getChatMemberCount", {{"chat_id", kAnyaId}}).as_int64(), 2);
  EXPECT_EQ(telegram.error("getChatMemberCount", {{"chat_id", "404"}}),
            "Bad Request: chat not found");
}

// The bot's calls as a server sees them.
Answer<void> call(Telegram& telegram, std::string_view method) {
  return telegram.world.admit(telegram.bot, method, telegram.now);
}

TEST(Close, IsRefusedToABotThatIsNotThereOrHasJustCome) {
  Telegram telegram;
  EXPECT_TRUE(call(telegram, "close").has_value());
  EXPECT_EQ(telegram.error("close", {}), "Bad Request: the bot has already been closed");
  call(telegram, "getMe").value();
  EXPECT_EQ(telegram.error("close", {}), "") << "the server itself has just started";
  telegram.pass(601);
  call(telegram, "getMe").value();
  telegram.pass(100);
  const auto refused = telegram.call("close", {});
  EXPECT_EQ(refused.at("error_code").as_int64(), 429);
  EXPECT_EQ(refused.at("parameters").at("retry_after").as_int64(), 500);
  telegram.pass(500);
  EXPECT_EQ(telegram.error("close", {}), "");
  EXPECT_EQ(telegram.error("close", {}), "Bad Request: the bot has already been closed");
}

TEST(LogOut, DropsUpdatesAndWebhookAndRefusesCallsForTenMinutes) {
  Telegram telegram;
  call(telegram, "getMe").value();
  telegram.world.person_sends(telegram.bot, kAnya, "x", telegram.now).value();
  telegram.result("setWebhook", {{"url", "http://127.0.0.1:1/"}});
  EXPECT_TRUE(telegram.result("logOut", {}).as_bool());
  EXPECT_EQ(telegram.bot.webhook.url, "");
  EXPECT_EQ(telegram.bot.queue.size(), 0u);
  telegram.pass(599);
  for (const char* method : {"getMe", "logOut", "close"}) {
    EXPECT_EQ(call(telegram, method).error().code, 400);
    EXPECT_EQ(call(telegram, method).error().description, "Logged out");
  }
  telegram.pass(1);
  EXPECT_TRUE(call(telegram, "getMe").has_value());
}

}  // namespace
}  // namespace telekv::emulator
