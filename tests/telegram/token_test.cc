// The bot's token: its shape is checked, its secret is not shown.
#include <gtest/gtest.h>

#include "telegram/api.h"

namespace telekv::telegram {
namespace {

constexpr std::string_view kSecret = "AAH-abcdefghij_KLMNOPQRSTUVWXYZ0123";

std::string token_text(std::string_view id) { return std::string(id) + ":" + std::string(kSecret); }

TEST(Token, KnowsTheBotsIdAlsoBeyond32Bits) {
  const auto token = Token::parse(token_text("4503599627370495"));
  ASSERT_TRUE(token);
  EXPECT_EQ(to_int(token->bot_id()), 4503599627370495);
}

TEST(Token, RefusesOtherShapesWithoutShowingThem) {
  for (const std::string& text :
       {std::string(), std::string("123456"), std::string("123:short"), token_text(""),
        token_text("0"), token_text("-5"), token_text("1x"), token_text("18014398509481984"),
        token_text("99999999999999999999"), token_text("1") + "/getMe", token_text("1") + " ",
        token_text("1") + std::string(80, 'a'), token_text("1") + "\r\n"}) {
    const auto token = Token::parse(text);
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(describe(token.error()).find(kSecret), std::string::npos);
    EXPECT_NE(token.error().hint.find("BotFather"), std::string::npos);
  }
}

TEST(Token, RedactsEveryOccurrence) {
  const auto token = Token::parse(token_text("7"));
  ASSERT_TRUE(token);
  const std::string text = "GET /bot" + token_text("7") + "/getMe and " + std::string(kSecret);
  EXPECT_EQ(token->redact(text), "GET /bot7:***/getMe and ***");
}

}  // namespace
}  // namespace telekv::telegram
