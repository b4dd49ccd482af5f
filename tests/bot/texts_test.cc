// What the operator is told about restore points.
#include "bot/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telekv::bot::texts {
namespace {

using ::testing::HasSubstr;

const vault::PointInfo kPoint{
    .number = 3, .sequence = 90, .committed_at = 1'790'000'000, .records = 1234, .bytes = 5};

TEST(Texts, SpeakTheOperatorsLanguage) {
  EXPECT_EQ(language_of("ru"), Language::kRussian);
  EXPECT_EQ(language_of("ru-RU"), Language::kRussian);
  EXPECT_EQ(language_of(""), Language::kRussian);
  EXPECT_EQ(language_of("en"), Language::kEnglish);
  EXPECT_EQ(language_of("rum"), Language::kEnglish);
}

TEST(Texts, ListRestorePointsWithTheirDateAndSize) {
  const std::string english = restore_points(Language::kEnglish, {kPoint});
  EXPECT_THAT(english, HasSubstr("3: 2026-09-21 14:13 UTC, users: 1234"));
  EXPECT_THAT(english, HasSubstr("/restore NUMBER"));
  EXPECT_THAT(restore_points(Language::kRussian, {kPoint}), HasSubstr("пользователей: 1234"));
  EXPECT_THAT(restore_points(Language::kEnglish, {}), HasSubstr("no restore points"));
}

TEST(Texts, AskBeforeARestoreAndSayHowToConfirm) {
  EXPECT_THAT(restore_question(Language::kEnglish, kPoint), HasSubstr("/restore 3 yes"));
  EXPECT_THAT(restore_question(Language::kRussian, kPoint), HasSubstr("/restore 3 да"));
  EXPECT_TRUE(is_yes("yes") && is_yes("да"));
  EXPECT_FALSE(is_yes("no"));
  EXPECT_FALSE(is_yes(""));
}

TEST(Texts, SayWhatARestoreHasDone) {
  const vault::RestoreReport report{
      .point = kPoint, .sequence = 101, .records = 1230, .forgotten = 4};
  EXPECT_THAT(restored(Language::kEnglish, report), HasSubstr("Users now: 1230"));
  EXPECT_THAT(restored(Language::kRussian, report), HasSubstr("101"));
  EXPECT_THAT(no_such_point(Language::kEnglish, 8), HasSubstr("no point 8"));
  EXPECT_THAT(restore_failed(Language::kRussian, "why"), HasSubstr("why"));
}

}  // namespace
}  // namespace telekv::bot::texts
