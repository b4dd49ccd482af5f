#include "bot/names.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

namespace telekv::bot {
namespace {

TEST(ADisplayName, IsTheNameWhenItIsHarmless) {
  for (const char* name :
       {"Аня", "John O'Neil", "Zoë", "김철수", "🔥Саша💎", "👨‍👩‍👧", "محمد"}) {
    EXPECT_EQ(display_name(name), name);
  }
}

TEST(ADisplayName, HasNoLineBreaksControlsOrDirectionMarks) {
  EXPECT_EQ(display_name("a\nb\r\tc"), "a b c");
  EXPECT_EQ(display_name("  a \u00a0 b  "), "a b");
  EXPECT_EQ(display_name("a\u202Eb\u2066c\u200Fd"), "abcd");
  EXPECT_EQ(display_name(std::string("a\0b", 3)), "ab");
}

TEST(ADisplayName, IsNeverEmpty) {
  for (const char* name : {"", "   ", "\u200b\u200e", "\xff\xfe"}) {
    EXPECT_EQ(display_name(name), "Без имени");
  }
}

TEST(ADisplayName, HasAtMost64CodePoints) {
  std::string expected;
  std::string long_name;
  for (int i = 0; i < 2000; ++i) long_name += "я";
  for (int i = 0; i < 64; ++i) expected += "я";
  EXPECT_EQ(display_name(long_name), expected);
}

TEST(ADisplayName, SkipsBytesThatAreNotUtf8) {
  EXPECT_EQ(display_name("a\xc3"), "a");
  EXPECT_EQ(display_name("a\xed\xa0\x80z"), "az");      // a surrogate
  EXPECT_EQ(display_name("a\xc0\xafz"), "az");          // an overlong slash
  EXPECT_EQ(display_name("a\xf4\x90\x80\x80z"), "az");  // beyond U+10FFFF
}

TEST(ADisplayName, OfAnyBytesIsValidUtf8InOneLine) {
  rc::check("any bytes", [](const std::string& raw) {
    const std::string name = display_name(raw);
    boost::system::error_code invalid;
    boost::json::parse(boost::json::serialize(boost::json::value(name)), invalid);
    RC_ASSERT(!invalid);
    RC_ASSERT(!name.empty());
    RC_ASSERT(name.find('\n') == std::string::npos);
    RC_ASSERT(name.size() <= 256u);
    RC_ASSERT(display_name(name) == name);
  });
}

}  // namespace
}  // namespace telekv::bot
