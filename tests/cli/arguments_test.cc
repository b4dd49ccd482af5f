#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "cli/settings.h"
#include "stored_store.h"

namespace telekv::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

template <class... Words>
auto parse(Words... words) {
  const char* const arguments[] = {"telekv", words...};
  return parse_arguments(1 + sizeof...(words), arguments);
}

template <class Options, class... Words>
Options parsed(Words... words) {
  const auto outcome = parse(words...);
  if (!outcome) ADD_FAILURE() << describe(outcome.error());
  return std::get<Options>(std::get<Invocation>(*outcome).command);
}

template <class... Words>
std::string refusal(Words... words) {
  const auto outcome = parse(words...);
  if (outcome) return "(accepted)";
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
  return describe(outcome.error());
}

TEST(Arguments, NameACommandAndWhatItNeeds) {
  EXPECT_THAT(parsed<InspectOptions>("inspect", "a", "-").source.files, ElementsAre("a", "-"));
  EXPECT_TRUE(parsed<InspectOptions>("inspect", "--chat").source.chat);
  EXPECT_TRUE(parsed<VerifyOptions>("verify", "--chat").source.chat);
  EXPECT_THAT(parsed<SnapshotsOptions>("snapshots", "a", "b").source.files, ElementsAre("a", "b"));
  const auto exporting = parsed<ExportOptions>("export", "--format", "csv", "--chat");
  EXPECT_EQ(exporting.format, ExportFormat::kCsv);
  EXPECT_EQ(exporting.output, "-");
  EXPECT_EQ(parsed<ImportOptions>("import", "-").file, "-");
  EXPECT_TRUE(parsed<ImportOptions>("import", "a", "--replace").replace);
  EXPECT_TRUE(parsed<RestoreOptions>("restore", "--at", "7", "--dry-run").dry_run);
  parsed<HealthOptions>("health");
  EXPECT_TRUE(parsed<VerifyOptions>("verify", "--plaintext", "a").source.plaintext);
  EXPECT_TRUE(std::get<Invocation>(*parse("verify", "--json", "a")).json);
}

TEST(Arguments, ThatDoNotFitAreRefusedInOneLine) {
  EXPECT_THAT(refusal(), HasSubstr("subcommand"));
  EXPECT_NE(refusal("inspect"), "(accepted)");
  EXPECT_NE(refusal("import"), "(accepted)");
  EXPECT_NE(refusal("restore"), "(accepted)");
  EXPECT_NE(refusal("export", "--chat"), "(accepted)");
  EXPECT_NE(refusal("export", "--chat", "--format", "xml"), "(accepted)");
  EXPECT_NE(refusal("import", "a", "b"), "(accepted)");
  EXPECT_THAT(refusal("verify"), HasSubstr("either --chat or files"));
  EXPECT_THAT(refusal("verify", "--chat", "a"), HasSubstr("either --chat or files"));
  for (const std::string& line : {refusal(), refusal("export", "--chat", "--format", "xml")}) {
    EXPECT_THAT(line, Not(HasSubstr("\n")));
  }
}

TEST(Arguments, WithASecretAmongThemDoNotShowItAgain) {
  EXPECT_THAT(refusal("verify", "--chat", "--telekv-key", kKey), Not(HasSubstr(kKey)));
  EXPECT_THAT(refusal("import", "a", "17179869195:AAsecret"), Not(HasSubstr("AAsecret")));
}

TEST(Arguments, AreExplainedOnRequest) {
  const auto help = parse("--help");
  ASSERT_TRUE(help);
  const std::string text = std::get<bot::PrintAndExit>(*help).text;
  for (const char* word : {"inspect", "verify", "export", "import", "snapshots", "restore", "rekey",
                           "keygen", "TELEKV_KEY", "Exit codes", "`ps`"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
  const auto of_one = parse("export", "--help");
  ASSERT_TRUE(of_one);
  EXPECT_THAT(std::get<bot::PrintAndExit>(*of_one).text, HasSubstr("jsonl|csv|sqlite|json"));
}

TEST(Settings, ComeFromTheEnvironmentAlone) {
  const auto settings = read_chat_settings(
      environment({{"BOT_TOKEN", "17179869195:AAthis_is_a_secret_of_the_tests_000"},
                   {"TELEKV_KEY", kKey},
                   {"ADMIN_ID", "4503599627370495"},
                   {"VAULT_CHAT", ""},
                   {"ROOT_ID", "12"},
                   {"API_ROOT", "http://127.0.0.1:8081"}}),
      false);
  ASSERT_TRUE(settings) << describe(settings.error());
  EXPECT_EQ(settings->vault_chat, telegram::ChatId{4503599627370495});
  EXPECT_EQ(settings->root_id, vault::MessageId{12});
  EXPECT_EQ(settings->api_root.port, 8081);
}

TEST(Settings, ThatCannotBeUsedAreNamed) {
  std::map<std::string, std::string> variables = {
      {"BOT_TOKEN", "17179869195:AAthis_is_a_secret_of_the_tests_000"}, {"TELEKV_KEY", kKey}};
  const auto refused = [&](const char* name, const char* value) {
    auto changed = variables;
    changed[name] = value;
    const auto settings = read_chat_settings(environment(changed), false);
    return settings ? "(accepted)" : settings.error().message;
  };
  EXPECT_THAT(refused("X", ""), HasSubstr("neither VAULT_CHAT nor ADMIN_ID"));
  variables["ADMIN_ID"] = "5";
  EXPECT_EQ(refused("X", ""), "(accepted)");
  EXPECT_THAT(refused("ADMIN_ID", "me"), HasSubstr("ADMIN_ID"));
  EXPECT_THAT(refused("ADMIN_ID", "5 "), HasSubstr("ADMIN_ID"));
  EXPECT_THAT(refused("ADMIN_ID", "-5"), HasSubstr("ADMIN_ID"));
  EXPECT_THAT(refused("VAULT_CHAT", "99999999999999999999"), HasSubstr("VAULT_CHAT"));
  EXPECT_THAT(refused("ROOT_ID", "0"), HasSubstr("ROOT_ID"));
  EXPECT_THAT(refused("BOT_TOKEN", ""), HasSubstr("BOT_TOKEN"));
  EXPECT_THAT(refused("TELEKV_KEY", ""), HasSubstr("TELEKV_KEY"));
  EXPECT_THAT(refused("TELEKV_KEY", "short"), HasSubstr("TELEKV_KEY"));
  EXPECT_THAT(refused("API_ROOT", "ftp://x"), HasSubstr("API_ROOT"));
}

TEST(Settings, WithAPassphraseNeedTheBotToo) {
  std::map<std::string, std::string> variables = {
      {"TELEKV_KEY", "passphrase:four words that nobody says"}};
  const auto alone = read_key(environment(variables), false);
  ASSERT_FALSE(alone);
  EXPECT_THAT(describe(alone.error()), HasSubstr("BOT_TOKEN is needed too"));
  variables["BOT_TOKEN"] = "17179869195:AAthis_is_a_secret_of_the_tests_000";
  const auto key = read_key(environment(variables), false);
  ASSERT_TRUE(key) << describe(key.error());
  EXPECT_EQ((*key)->id(),
            vault::Key::from_passphrase("four words that nobody says", "17179869195")->id());
}

TEST(Settings, ForAnotherKeyDemandAnotherKey) {
  std::map<std::string, std::string> variables = {{"TELEKV_KEY", kKey}};
  EXPECT_THAT(describe(read_new_key(environment(variables), false).error()),
              HasSubstr("TELEKV_NEW_KEY is missing"));
  variables["TELEKV_NEW_KEY"] = kKey;
  EXPECT_THAT(describe(read_new_key(environment(variables), false).error()),
              HasSubstr("in use already"));
  variables["TELEKV_NEW_KEY"] = kOtherKey;
  EXPECT_TRUE(read_new_key(environment(variables), false));
  variables.erase("TELEKV_KEY");
  EXPECT_FALSE(read_new_key(environment(variables), false));
  EXPECT_TRUE(read_new_key(environment(variables), true));
}

}  // namespace
}  // namespace telekv::cli
