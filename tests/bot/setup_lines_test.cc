#include "bot/setup_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace telekv::bot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const SettingList kSettings = {{"BOT_TOKEN", "7:AA_b-c"}, {"TELEKV_KEY", "ff"}, {"ADMIN_ID", "42"}};

/// Where the service that is installed with the program looks for its settings.
std::string file_of_the_service() {
  constexpr std::string_view kName = "EnvironmentFile=";
  std::ifstream unit(CLICKER_SERVICE);
  for (std::string line; std::getline(unit, line);) {
    if (line.starts_with(kName)) return line.substr(kName.size());
  }
  return "no " + std::string(kName) + " in the service";
}

TEST(SetupLines, OfAShellComeFirstAndTheOthersReferToThem) {
  const std::string lines = as_shell_lines(kSettings);
  EXPECT_THAT(lines, StartsWith("export BOT_TOKEN=7:AA_b-c\n"
                                "export TELEKV_KEY=ff\n"
                                "export ADMIN_ID=42\n#\n"));
  EXPECT_THAT(lines, HasSubstr(" -e BOT_TOKEN -e TELEKV_KEY -e ADMIN_ID telekv\n"));
  EXPECT_THAT(lines, HasSubstr("heroku config:set BOT_TOKEN=\"$BOT_TOKEN\" "
                               "TELEKV_KEY=\"$TELEKV_KEY\" ADMIN_ID=\"$ADMIN_ID\"\n"));
  EXPECT_THAT(lines, HasSubstr(" | sudo install -D -m 600 /dev/stdin " + file_of_the_service() +
                               " && sudo systemctl enable --now clicker"));
  EXPECT_EQ(lines.find("7:AA_b-c", lines.find("7:AA_b-c") + 1), std::string::npos);
}

TEST(SetupLines, QuoteWhatAShellWouldRead) {
  EXPECT_THAT(as_shell_lines({{"TELEKV_KEY", "passphrase:it's $HOME"}}),
              StartsWith("export TELEKV_KEY='passphrase:it'\\''s $HOME'\n"));
  EXPECT_THAT(as_shell_lines({{"TELEKV_KEY", "a\nb"}}), StartsWith("export TELEKV_KEY='a\nb'\n"));
}

TEST(SetupLines, OfAFileAreNamesAndValuesAlone) {
  EXPECT_EQ(*as_environment_file(kSettings), "BOT_TOKEN=7:AA_b-c\nTELEKV_KEY=ff\nADMIN_ID=42\n");
}

TEST(SetupLines, OfAFileHoldNothingThatItsReadersTakeDifferently) {
  for (const char* value : {"a b", "it's", "\"", "a\nb", "$HOME", "a#b", "\\"}) {
    const Result<std::string> file = as_environment_file({{"TELEKV_KEY", value}});
    ASSERT_FALSE(file) << value;
    EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(file.error().message, HasSubstr("TELEKV_KEY"));
    EXPECT_THAT(describe(file.error()), Not(HasSubstr(value)));
  }
}

TEST(SetupLines, ForAFileNameIt) {
  const std::string lines = as_lines_for_file("clicker.env");
  EXPECT_THAT(lines, HasSubstr("set -a; . ./clicker.env; set +a; clicker\n"));
  EXPECT_THAT(lines, HasSubstr("--env-file clicker.env telekv\n"));
  EXPECT_THAT(lines,
              HasSubstr("sudo install -D -m 600 clicker.env " + file_of_the_service() + " &&"));
  EXPECT_THAT(as_lines_for_file("/tmp/my settings"), HasSubstr(". '/tmp/my settings';"));
}

}  // namespace
}  // namespace telekv::bot
