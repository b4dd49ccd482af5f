// Whole messages: the rating, and what the operator is told about restore points.
#include "bot/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bot/conversation.h"
#include "bot/operator_texts.h"

namespace telekv::bot::texts {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Texts, SpeakTheReadersLanguage) {
  EXPECT_EQ(language_of("ru"), Language::kRussian);
  EXPECT_EQ(language_of("ru-RU"), Language::kRussian);
  EXPECT_EQ(language_of(""), Language::kRussian);
  EXPECT_EQ(language_of("en"), Language::kEnglish);
  EXPECT_EQ(language_of("rum"), Language::kEnglish);
}

using Counts = std::vector<std::pair<std::string_view, std::uint64_t>>;

std::string rating_of(const Counts& counts, Language language = Language::kRussian) {
  std::vector<kv::Ranked<User>> top;
  for (const auto& [name, clicks] : counts) {
    const bool ties = !top.empty() && top.back().record.clicks == clicks;
    const std::uint64_t rank = ties ? top.back().rank : top.size() + 1;
    top.push_back(
        {rank, static_cast<kv::Key>(top.size() + 1), User{.name = name, .clicks = clicks}});
  }
  return plain(rating(1000, top, std::nullopt, language));
}

TEST(TheRating, HasALineAPlayerInTheShapeOfTheBotBeforeAndMedalsBelow) {
  EXPECT_EQ(rating_of({{"Аня", 57}, {"Борис", 41}, {"Вера", 12}, {"Глеб", 9}}),
            "Всего: 1000\n1: Аня - 57\n2: Борис - 41\n3: Вера - 12\n4: Глеб - 9\n"
            "\n🥇 Аня\n🥈 Борис\n🥉 Вера");
}

TEST(TheRating, GivesEqualPlacesToEqualCounts) {
  EXPECT_THAT(
      rating_of({{"A", 5}, {"B", 5}, {"C", 4}, {"D", 3}, {"E", 3}, {"F", 3}, {"G", 0}, {"H", 0}}),
      EndsWith("\n\n🥇 A, B\n🥉 C\nПоровну: 1–2, 4–6"));
  EXPECT_THAT(rating_of({{"A", 9}, {"B", 5}, {"C", 5}, {"D", 5}, {"E", 5}}, Language::kEnglish),
              EndsWith("\n\n🥇 A\n🥈 B, C, D, …\nTied: 2–5"));
}

TEST(TheRating, GivesNoMedalForNothing) {
  EXPECT_EQ(rating_of({{"Аня", 0}, {"Борис", 0}}),
            "Всего: 1000\n1: Аня - 0\n2: Борис - 0\n\nПока никто не кликнул: будьте первыми.");
  EXPECT_THAT(rating_of({{"Аня", 1}, {"Борис", 0}}), Not(HasSubstr("🥈")));
}

TEST(TheRating, SeparatesThousands) {
  EXPECT_THAT(rating_of({{"A", 1234567}}, Language::kEnglish), HasSubstr("1: A - 1,234,567\n"));
  EXPECT_THAT(rating_of({{"A", 1234567}}), HasSubstr("1: A - 1\u00a0234\u00a0567\n"));
}

TEST(TheRating, FitsIntoAMessageHoweverLongTheNamesAre) {
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "金";
  const std::string_view name = longest;
  Counts counts;
  for (std::uint64_t i = 0; i < 15; ++i) counts.emplace_back(name, UINT64_MAX - i / 2);
  EXPECT_LE(rating_of(counts).size(), 4096u) << "Bot API: 4096 characters";
}

TEST(Menus, EndWithTheCommandThatCarriesTheRegister) {
  for (const Language language : kLanguages) {
    EXPECT_EQ(operator_commands(language).back().command, "snapshot");
    EXPECT_EQ(player_commands(language).front().command, "start");
    EXPECT_EQ(operator_commands(language).size(), player_commands(language).size() + 5);
  }
}

const vault::PointInfo kPoint{
    .number = 3, .sequence = 90, .committed_at = 1'790'000'000, .records = 1234, .bytes = 5};

TEST(OperatorTexts, ListRestorePointsWithTheirDateAndSize) {
  const std::string english = restore_points({kPoint}, Language::kEnglish);
  EXPECT_THAT(english, HasSubstr("3: 2026-09-21 14:13 UTC, users: 1,234"));
  EXPECT_THAT(english, HasSubstr("/restore NUMBER"));
  EXPECT_THAT(restore_points({kPoint}, Language::kRussian), HasSubstr("пользователей: 1234"));
  EXPECT_THAT(restore_points({}, Language::kEnglish), HasSubstr("no restore points"));
}

TEST(OperatorTexts, AskBeforeARestoreAndSayHowToConfirm) {
  EXPECT_THAT(restore_question(kPoint, Language::kEnglish), HasSubstr("/restore 3 yes"));
  EXPECT_THAT(restore_question(kPoint, Language::kRussian), HasSubstr("/restore 3 да"));
  EXPECT_TRUE(is_yes("yes") && is_yes("да"));
  EXPECT_FALSE(is_yes("no"));
  EXPECT_FALSE(is_yes(""));
}

TEST(OperatorTexts, SayWhatARestoreHasDone) {
  const vault::RestoreReport report{
      .point = kPoint, .sequence = 101, .records = 1230, .forgotten = 4};
  EXPECT_THAT(restored(report, Language::kEnglish), HasSubstr("Users now: 1,230"));
  EXPECT_THAT(restored(report, Language::kRussian), HasSubstr("101"));
  EXPECT_THAT(no_such_point(8, Language::kEnglish), HasSubstr("no point 8"));
  EXPECT_THAT(restore_failed("why", Language::kRussian), HasSubstr("why"));
}

}  // namespace
}  // namespace telekv::bot::texts
