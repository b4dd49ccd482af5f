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

TEST(ADisplayName, ShowsSomething) {
  for (const char* name : {"\u3164", "\u2800\u2800", "\u115f\u1160", "\U000e0041", "\ufe0f"}) {
    EXPECT_EQ(display_name(name), "Без имени");
  }
  EXPECT_EQ(display_name("\U0001fae9"), "\U0001fae9") << "newer than the library's tables";
}

TEST(ADisplayName, PilesNoMarksUpOnALetter) {
  EXPECT_EQ(display_name("e\u0301\u0302\u0303\u0304\u0305x"), "e\u0301\u0302\u0303x");
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

std::string isolated(const std::string& name) { return "\u2068" + name + "\u2069"; }

TEST(AShownName, IsIsolatedFromTheTextAroundIt) {
  EXPECT_EQ(shown_name("Аня", "Nobody"), isolated("Аня"));
  EXPECT_EQ(shown_name("محمد", "Nobody"), isolated("محمد"));
  EXPECT_EQ(shown_name("a\u2069\u202eb\n", "Nobody"), isolated("ab")) << "also as it was imported";
}

TEST(AShownName, HasAStandInInTheReadersLanguage) {
  EXPECT_EQ(shown_name("", "Nobody"), isolated("Nobody"));
  EXPECT_EQ(shown_name("Без имени", "Nobody"), isolated("Nobody"));
}

TEST(AShownName, IsCutByItsWidth) {
  const std::string narrow(kShownColumns, 'x');
  EXPECT_EQ(shown_name(narrow, ""), isolated(narrow));
  EXPECT_EQ(shown_name(narrow + "x", ""), isolated(narrow.substr(1) + "…"));
  std::string wide;
  for (std::size_t i = 0; i < kShownColumns; ++i) wide += "金";
  EXPECT_EQ(shown_name(wide, ""), isolated(wide.substr(0, 11 * 3) + "…")) << "two columns each";
}

TEST(AShownName, CutsNoCharacterInTwo) {
  const std::string family = "👨‍👩‍👧";
  const std::string before(kShownColumns - 2, 'x');
  EXPECT_EQ(shown_name(before + family, ""), isolated(before + family));
  EXPECT_EQ(shown_name(before + "x" + family, ""), isolated(before + "x…"));
  const std::string accented = before + "xe\u0301";
  EXPECT_EQ(shown_name(accented, ""), isolated(accented));
  EXPECT_EQ(shown_name(accented + "y", ""), isolated(before + "x…"));
}

TEST(AShownName, OfAnyBytesIsBounded) {
  rc::check("any bytes", [](const std::string& raw) {
    const std::string name = shown_name(raw, "Nobody");
    RC_ASSERT(name.size() > 6u);
    RC_ASSERT(name.size() <= 256u + 9u);
    RC_ASSERT(name.find('\n') == std::string::npos);
  });
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
