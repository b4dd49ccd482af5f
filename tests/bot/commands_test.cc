// What a text asks for.
#include "bot/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telekv::bot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Command command(std::string_view text) { return parse_request(text).command; }

TEST(ARequest, IsACommandWhateverFollowsIt) {
  EXPECT_EQ(command("/start"), Command::kStart);
  EXPECT_EQ(command("/start ref"), Command::kStart);
  EXPECT_EQ(command("/start\nref"), Command::kStart);
  EXPECT_EQ(command("/start@my_bot ref"), Command::kStart);
  EXPECT_EQ(command("/starting"), Command::kUnknown);
  EXPECT_EQ(command("/"), Command::kUnknown);
  EXPECT_EQ(command(" /start"), Command::kUnknown);
}

TEST(ARequest, NamesTheBotItIsFor) {
  EXPECT_EQ(parse_request("/top").addressee, "");
  EXPECT_EQ(parse_request("/top@my_bot x@y").addressee, "my_bot");
  EXPECT_EQ(parse_request("/top x@y").addressee, "");
  EXPECT_EQ(parse_request("hi@my_bot").addressee, "");
  EXPECT_TRUE(is_same_user_name("My_Bot", "my_bot"));
  EXPECT_FALSE(is_same_user_name("my_bot", "my_bot2"));
}

TEST(ARequest, IsAKeyInEitherLanguage) {
  for (const char* text : {"Клик", "Click", "/click"}) EXPECT_EQ(command(text), Command::kClick);
  for (const char* text : {"Рейтинг", "Rating", "/top"}) EXPECT_EQ(command(text), Command::kRating);
  EXPECT_EQ(command("Клик!"), Command::kUnknown);
  EXPECT_FALSE(parse_request("Клик").is_command);
  EXPECT_TRUE(parse_request("/foo").is_command);
}

TEST(ARequest, IsTheOperatorsOrAnybodys) {
  for (const char* text :
       {"admin", "/snapshot", "/snapshots", "/restore 1", "/status", "/export"}) {
    EXPECT_TRUE(is_operators(command(text))) << text;
  }
  for (const char* text : {"Admin", "/me", "/help", "/privacy", "/forget", "what?", ""}) {
    EXPECT_FALSE(is_operators(command(text))) << text;
  }
}

TEST(Arguments, AreTheWordsBehindTheFirst) {
  EXPECT_THAT(arguments_of("/restore"), IsEmpty());
  EXPECT_THAT(arguments_of("/restore  7\nyes "), ElementsAre("7", "yes"));
  EXPECT_EQ(number_of("7"), 7u);
  for (const char* word : {"", "-1", "7x", "99999999999999999999"}) {
    EXPECT_FALSE(number_of(word)) << word;
  }
}

}  // namespace
}  // namespace telekv::bot
