// Every phrase in every language.
#include "bot/phrases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace telekv::bot::texts {
namespace {

std::vector<Phrase> all_phrases() {
  std::vector<Phrase> all;
  for (int i = 0; i < static_cast<int>(Phrase::kCount_); ++i) all.push_back(static_cast<Phrase>(i));
  return all;
}

/// The places of a phrase: {0}, {1} ...
std::set<char> places(std::string_view phrase) {
  std::set<char> found;
  for (std::size_t i = 0; i + 2 < phrase.size(); ++i) {
    if (phrase[i] == '{' && phrase[i + 2] == '}') found.insert(phrase[i + 1]);
  }
  return found;
}

bool has_cyrillic(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto lead = static_cast<unsigned char>(c);
    return lead == 0xd0 || lead == 0xd1;
  });
}

TEST(Phrases, AreThereInBothLanguages) {
  for (const Phrase phrase : all_phrases()) {
    const std::string_view russian = say(phrase, Language::kRussian);
    const std::string_view english = say(phrase, Language::kEnglish);
    EXPECT_FALSE(russian.empty()) << static_cast<int>(phrase);
    EXPECT_FALSE(english.empty()) << russian;
    EXPECT_FALSE(has_cyrillic(english)) << english;
  }
}

TEST(Phrases, AreInRussianWhereTheyAreMeantToBe) {
  for (const Phrase phrase : all_phrases()) {
    EXPECT_TRUE(has_cyrillic(say(phrase, Language::kRussian))) << say(phrase, Language::kEnglish);
  }
}

TEST(Phrases, HaveTheSamePlacesInBothLanguagesCountedFromZero) {
  for (const Phrase phrase : all_phrases()) {
    const std::set<char> russian = places(say(phrase, Language::kRussian));
    EXPECT_EQ(russian, places(say(phrase, Language::kEnglish))) << say(phrase, Language::kEnglish);
    char expected = '0';
    for (const char place : russian) EXPECT_EQ(place, expected++);
  }
}

TEST(Phrases, FitIntoWhatTheyAreShownOn) {
  for (const Language language : kLanguages) {
    for (int i = static_cast<int>(Phrase::kMenuStart); i <= static_cast<int>(Phrase::kMenuSnapshot);
         ++i) {
      // Bot API: 256 characters; the register adds " · root 123" to the last one.
      EXPECT_LE(say(static_cast<Phrase>(i), language).size(), 100u);
    }
    for (const Phrase told_by_a_button :
         {Phrase::kForgetting, Phrase::kNothingToForget, Phrase::kKept, Phrase::kNotYourQuestion}) {
      EXPECT_LE(say(told_by_a_button, language).size(), 200u);
    }
  }
}

TEST(Phrases, KeepTheWordingOfTheBotBefore) {
  const auto russian = [](Phrase phrase) { return say(phrase, Language::kRussian); };
  EXPECT_EQ(russian(Phrase::kGreeting), "Приветствую {0}");
  EXPECT_EQ(russian(Phrase::kClicks), "Кликов: {0}");
  EXPECT_EQ(russian(Phrase::kTotal), "Всего: {0}");
  EXPECT_EQ(russian(Phrase::kNotRegistered), "Вы не зарегистрированы");
  EXPECT_EQ(russian(Phrase::kClickKey), "Клик");
  EXPECT_EQ(russian(Phrase::kRatingKey), "Рейтинг");
}

TEST(Phrases, TakeValuesAsTheyAre) {
  EXPECT_EQ(say(Phrase::kNoSuchPoint, Language::kEnglish, {"{0}"}),
            "There is no point {0}. The list: /snapshots");
  EXPECT_EQ(say(Phrase::kOwnPlace, Language::kEnglish, {"{1}", "2", "3 clicks"}),
            "{1}: place 2, 3 clicks");
}

TEST(Nouns, GoWithTheirNumber) {
  const auto russian = [](std::uint64_t count) {
    return counted(count, Noun::kClick, Language::kRussian);
  };
  EXPECT_EQ(russian(0), "0 кликов");
  EXPECT_EQ(russian(1), "1 клик");
  EXPECT_EQ(russian(2), "2 клика");
  EXPECT_EQ(russian(4), "4 клика");
  EXPECT_EQ(russian(5), "5 кликов");
  for (const std::uint64_t teen : {11u, 12u, 14u, 111u, 112u, 1014u}) {
    EXPECT_EQ(form_for(teen, Noun::kClick, Language::kRussian), "кликов") << teen;
  }
  EXPECT_EQ(russian(21), "21 клик");
  EXPECT_EQ(russian(102), "102 клика");
  EXPECT_EQ(counted(1, Noun::kClick, Language::kEnglish), "1 click");
  EXPECT_EQ(counted(0, Noun::kClick, Language::kEnglish), "0 clicks");
  EXPECT_EQ(counted(21, Noun::kClick, Language::kEnglish), "21 clicks");
}

TEST(Nouns, HaveAllTheirForms) {
  for (int i = 0; i < static_cast<int>(Noun::kCount_); ++i) {
    const auto noun = static_cast<Noun>(i);
    const auto bars = [&](Language language) {
      const std::string_view all = forms(noun, language);
      return std::count(all.begin(), all.end(), '|');
    };
    EXPECT_EQ(bars(Language::kRussian), 2) << forms(noun, Language::kRussian);
    EXPECT_EQ(bars(Language::kEnglish), 1) << forms(noun, Language::kEnglish);
    for (const Language language : kLanguages) {
      for (const std::uint64_t count : {1u, 2u, 5u}) {
        EXPECT_FALSE(form_for(count, noun, language).empty());
      }
    }
  }
}

TEST(Numbers, AreGroupedAsTheirReadersWriteThem) {
  EXPECT_EQ(grouped(999, Language::kEnglish), "999");
  EXPECT_EQ(grouped(1000, Language::kEnglish), "1,000");
  EXPECT_EQ(grouped(1234567, Language::kEnglish), "1,234,567");
  EXPECT_EQ(grouped(1000, Language::kRussian), "1000");
  EXPECT_EQ(grouped(12345, Language::kRussian), "12\u00a0345");
  EXPECT_EQ(grouped(UINT64_MAX, Language::kEnglish), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace telekv::bot::texts
