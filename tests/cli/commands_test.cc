// The commands on downloaded files, as a process would run them.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "cli/restore.h"
#include "cli/run.h"
#include "stored_store.h"

namespace telekv::cli {
namespace {

using bot::ExitCode;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A file that stands for a standard stream.
class Stream {
 public:
  Stream() : file_(std::tmpfile()) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { std::fclose(file_); }

  int descriptor() const { return fileno(file_); }
  void hold(const std::string& content) const {
    EXPECT_EQ(::write(descriptor(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    lseek(descriptor(), 0, SEEK_SET);
  }
  std::string text() const {
    std::string all;
    char block[4096];
    lseek(descriptor(), 0, SEEK_SET);
    for (ssize_t got = 1; got > 0; all.append(block, static_cast<std::size_t>(got))) {
      got = std::max<ssize_t>(read(descriptor(), block, sizeof block), 0);
    }
    return all;
  }

 private:
  std::FILE* file_;
};

struct Ran {
  ExitCode code;
  std::string output;
  std::string error;
};

class Commands : public ::testing::Test {
 protected:
  Ran run(const std::vector<std::string>& words, const std::string& input = {}) {
    const Stream in;
    const Stream out;
    const Stream err;
    in.hold(input);
    std::vector<const char*> arguments = {"telekv"};
    for (const std::string& word : words) arguments.push_back(word.c_str());
    const Surroundings surroundings{.environment = environment(variables),
                                    .streams = {.input = in.descriptor(),
                                                .output = out.descriptor(),
                                                .error = err.descriptor()},
                                    .progress = false};
    const ExitCode code =
        cli::run(static_cast<int>(arguments.size()), arguments.data(), surroundings);
    return {code, out.text(), err.text()};
  }

  Ran run_on(std::vector<std::string> words, const std::vector<std::string>& files) {
    words.insert(words.end(), files.begin(), files.end());
    return run(words);
  }

  /// Changes one byte of a file.
  static void damage(const std::string& path, std::size_t place) {
    std::string bytes = Scratch::read_path(path);
    bytes.at(place) = static_cast<char>(bytes.at(place) ^ 0x10);
    std::ofstream(path, std::ios::binary) << bytes;
  }

  static void damage_body(const std::string& path) {
    damage(path, std::filesystem::file_size(path) - 1);
  }

  Content imported(const std::string& text) {
    Users users{test_options()};
    const Bytes bytes = padded(text);
    EXPECT_TRUE(read_import(bytes, "").value().users.put_into(users));
    return content(users);
  }

  Scratch scratch;
  StoredStore store{scratch};
  std::map<std::string, std::string> variables = {{"TELEKV_KEY", kKey}};
};

TEST_F(Commands, ExportTheStateThatFilesHold) {
  for (const char* format : {"jsonl", "csv", "json"}) {
    const Ran ran = run_on({"export", "--format", format}, store.all());
    ASSERT_EQ(ran.code, ExitCode::kSuccess) << ran.error;
    EXPECT_EQ(imported(ran.output), store.users());
    EXPECT_EQ(ran.error, "");
  }
}

TEST_F(Commands, ExportIntoAFileAndTellWhatTheyDid) {
  const Ran ran = run_on({"export", "--json", "--format", "sqlite", "--output", scratch.path("db")},
                         store.all());
  ASSERT_EQ(ran.code, ExitCode::kSuccess) << ran.error;
  EXPECT_THAT(ran.output, HasSubstr("\"users\":99,"));
  EXPECT_THAT(ran.output, HasSubstr("\"committed_at\":\"2026-01-31T12:00:00Z\""));
  EXPECT_THAT(scratch.read("db"), StartsWith("SQLite format 3"));
}

TEST_F(Commands, VerifyFilesByRestoringThem) {
  const Ran ran = run_on({"verify"}, store.all());
  EXPECT_EQ(ran.code, ExitCode::kSuccess) << ran.error;
  EXPECT_THAT(ran.output, HasSubstr("users: 99\n"));
  EXPECT_THAT(ran.output, HasSubstr("sequence: 12\n"));
  EXPECT_THAT(ran.output, HasSubstr("restore points:\n  point  "));
  EXPECT_THAT(ran.output, HasSubstr("  yes\n"));
}

TEST_F(Commands, VerifyRestorePointsWhoseDocumentsAreThere) {
  const Ran ran = run_on({"verify", "--json"}, {store.root(), store.chunk(), store.segment()});
  EXPECT_EQ(ran.code, ExitCode::kSuccess) << ran.error;
  EXPECT_THAT(ran.output,
              HasSubstr("\"restore_points\":\"unknown: the history 10 in message 702 "));
}

TEST_F(Commands, FindDamageInAnyFileAndNameIt) {
  for (const std::string& file : store.all()) {
    const std::string whole = Scratch::read_path(file);
    for (const std::size_t place : {std::size_t{0}, std::size_t{30}, whole.size() - 1}) {
      damage(file, place);
      const Ran ran = run_on({"verify"}, store.all());
      EXPECT_EQ(ran.code, ExitCode::kDamaged) << file << ran.error;
      EXPECT_THAT(ran.error, HasSubstr(file + ": "));
      std::ofstream(file, std::ios::binary) << whole;
    }
    std::filesystem::resize_file(file, whole.size() - 1);
    EXPECT_EQ(run_on({"verify"}, store.all()).code, ExitCode::kDamaged) << file;
    std::ofstream(file, std::ios::binary) << whole;
  }
  EXPECT_EQ(run_on({"verify"}, store.all()).code, ExitCode::kSuccess);
}

TEST_F(Commands, SayWhichDocumentIsMissing) {
  const Ran no_root = run_on({"verify"}, {store.chunk(), store.segment()});
  EXPECT_EQ(no_root.code, ExitCode::kConfiguration);
  EXPECT_THAT(no_root.error, HasSubstr("none of the files is an active root"));
  const Ran no_chunk = run_on({"verify"}, {store.root(), store.segment()});
  EXPECT_NE(no_chunk.code, ExitCode::kSuccess);
  EXPECT_THAT(no_chunk.error, HasSubstr("message 701 is not among the files"));
  const Ran no_file = run_on({"verify"}, {scratch.path("none")});
  EXPECT_EQ(no_file.code, ExitCode::kConfiguration);
  EXPECT_THAT(no_file.error, HasSubstr("none: No such file"));
}

TEST_F(Commands, FallBackToARestorePointOnlyWithAnError) {
  std::filesystem::remove(store.segment());
  const Ran ran =
      run_on({"export", "--format", "jsonl"}, {store.root(), store.chunk(), store.history()});
  EXPECT_EQ(ran.code, ExitCode::kDamaged);
  EXPECT_THAT(ran.error, HasSubstr("restore point 4 is restored instead"));
  EXPECT_EQ(imported(ran.output).size(), 100U);
}

// Who was forgotten since would be back without a word.
TEST_F(Commands, TakeNoOlderRootForADamagedOne) {
  std::vector<std::string> files = store.all();
  files.push_back(store.older_root());
  EXPECT_EQ(run_on({"verify"}, files).code, ExitCode::kSuccess);
  for (const std::size_t place : {std::size_t{0}, std::size_t{30}, std::size_t{100}}) {
    damage(store.root(), place);
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"verify"}, {"snapshots"}, {"export", "--format", "csv"}}) {
      const Ran ran = run_on(words, files);
      EXPECT_EQ(ran.code, ExitCode::kDamaged);
      EXPECT_THAT(ran.error, StartsWith("telekv: " + store.root() + ": "));
      EXPECT_EQ(ran.output, "");
    }
    damage(store.root(), place);
  }
}

TEST_F(Commands, FallBackFromADamagedFileAsFromAMissingOne) {
  damage_body(store.segment());
  const Ran verified = run_on({"verify", "--json"}, store.all());
  EXPECT_EQ(verified.code, ExitCode::kDamaged);
  EXPECT_THAT(verified.error, HasSubstr("left out: " + store.segment()));
  EXPECT_THAT(verified.error, HasSubstr("the newest state cannot be restored"));
  EXPECT_THAT(verified.output, HasSubstr("\"sequence\":10,"));
  EXPECT_THAT(verified.output, HasSubstr("\"restore_point\":4,\"still_forgotten\":0"));
  const Ran exported = run_on({"export", "--format", "jsonl"}, store.all());
  EXPECT_EQ(exported.code, ExitCode::kDamaged);
  EXPECT_EQ(imported(exported.output).size(), 100U);
}

TEST_F(Commands, DoWithoutTheHistoryButForRestorePoints) {
  damage_body(store.history());
  const Ran exported = run_on({"export", "--format", "jsonl"}, store.all());
  EXPECT_EQ(exported.code, ExitCode::kDamaged);
  EXPECT_EQ(imported(exported.output), store.users());
  EXPECT_THAT(exported.error, HasSubstr("left out: " + store.history()));
  EXPECT_EQ(run_on({"snapshots"}, store.all()).code, ExitCode::kDamaged);
  std::filesystem::remove(store.history());
  const Ran listed = run_on({"snapshots"}, {store.root(), store.chunk(), store.segment()});
  EXPECT_EQ(listed.code, ExitCode::kConfiguration);
  EXPECT_THAT(listed.error, HasSubstr("message 702 "));
}

TEST_F(Commands, FindADamagedFileThatNothingNeeds) {
  scratch.write("other.tkv", scratch.read("segment.tkv"));
  damage_body(scratch.path("other.tkv"));
  std::vector<std::string> files = store.all();
  files.push_back(scratch.path("other.tkv"));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"verify"}, {"snapshots"}, {"export", "--format", "csv"}}) {
    const Ran ran = run_on(words, files);
    EXPECT_EQ(ran.code, ExitCode::kDamaged);
    EXPECT_NE(ran.output, "");
  }
  EXPECT_THAT(run_on({"verify"}, files).output, HasSubstr("users: 99\n"));
}

TEST_F(Commands, ToldTheWrongKeyOrNoneSaySo) {
  variables["TELEKV_KEY"] = kOtherKey;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"verify"}, {"export", "--format", "csv"}, {"inspect"}}) {
    const Ran ran = run_on(words, store.all());
    EXPECT_EQ(ran.code, ExitCode::kWrongKey);
    EXPECT_THAT(ran.error, HasSubstr("TELEKV_KEY is not the key"));
    EXPECT_THAT(ran.error, Not(HasSubstr(kOtherKey)));
  }
  variables.clear();
  EXPECT_EQ(run_on({"verify"}, store.all()).code, ExitCode::kConfiguration);
  EXPECT_EQ(run_on({"verify", "--plaintext"}, store.all()).code, ExitCode::kWrongKey);
}

TEST_F(Commands, InspectHeadersWithoutAKeyAndContentWithIt) {
  const Ran full = run_on({"inspect", "--json"}, store.all());
  ASSERT_EQ(full.code, ExitCode::kSuccess) << full.error;
  EXPECT_THAT(full.output, HasSubstr("\"kind\":\"root\""));
  EXPECT_THAT(full.output, HasSubstr("\"writer\":\"1122334455667788\""));
  EXPECT_THAT(full.output, HasSubstr("\"key_id\":\"01ea40f8b87d0d9a\""));
  EXPECT_THAT(full.output, HasSubstr("\"applied_updates\""));
  EXPECT_THAT(full.output, HasSubstr("\"highest_chat_id\":100"));
  EXPECT_THAT(full.output, HasSubstr("\"point\":4"));
  EXPECT_THAT(full.output, HasSubstr("\"changed\":1,\"erased\":0"));
  EXPECT_THAT(full.output, HasSubstr("\"changed\":0,\"erased\":1"));
  variables.clear();
  const Ran headers = run_on({"inspect"}, store.all());
  ASSERT_EQ(headers.code, ExitCode::kSuccess) << headers.error;
  EXPECT_THAT(headers.output, HasSubstr("root"));
  EXPECT_THAT(headers.output, Not(HasSubstr("content:")));
}

TEST_F(Commands, InspectWhatIsWholeBesideWhatIsBroken) {
  scratch.write("chunk.tkv", "no object at all");
  const Ran ran = run_on({"inspect"}, {store.chunk(), store.root()});
  EXPECT_EQ(ran.code, ExitCode::kDamaged);
  EXPECT_THAT(ran.output, HasSubstr("problem: a stored object is damaged"));
  EXPECT_THAT(ran.output, HasSubstr("standing: active"));
  EXPECT_THAT(ran.error, StartsWith("telekv: " + store.chunk()));
}

TEST_F(Commands, ReadOneObjectFromStandardInput) {
  const std::string root = scratch.read("root.tkv");
  const Ran inspected = run({"inspect", "-"}, root);
  EXPECT_EQ(inspected.code, ExitCode::kSuccess) << inspected.error;
  EXPECT_THAT(inspected.output, HasSubstr("file: standard input"));
  const Ran verified = run({"verify", "-", store.chunk(), store.segment(), store.history()}, root);
  EXPECT_EQ(verified.code, ExitCode::kSuccess) << verified.error;
}

TEST_F(Commands, ListRestorePoints) {
  const Ran ran = run_on({"snapshots", "--json"}, store.all());
  ASSERT_EQ(ran.code, ExitCode::kSuccess) << ran.error;
  EXPECT_THAT(ran.output,
              HasSubstr("\"point\":4,\"committed_at\":\"2026-01-31T12:00:00Z\",\"sequence\":10,"
                        "\"users\":100"));
}

TEST_F(Commands, FailInOneLineOfJsonWhenAskedTo) {
  const Ran ran = run({"verify", "--json", scratch.path("none")});
  EXPECT_EQ(ran.code, ExitCode::kConfiguration);
  EXPECT_THAT(ran.error, StartsWith("{\"error\":{\"code\":\"not_found\""));
  EXPECT_EQ(ran.output, "");
}

TEST_F(Commands, RefuseABrokenImportBeforeAnythingIsReached) {
  // Neither a token nor a chat is there: what is refused first is the file.
  const Ran ran = run({"import", "-"}, "[[1, \"a\", 1, 0], [2, \"b\", -1, 0]]");
  EXPECT_EQ(ran.code, ExitCode::kConfiguration);
  EXPECT_THAT(ran.error, HasSubstr("standard input, row 2: the clicks are not a count"));
  const Ran good = run({"import", "-"}, "[[1, \"a\", 1, 0]]");
  EXPECT_EQ(good.code, ExitCode::kConfiguration);
  EXPECT_THAT(good.error, HasSubstr("BOT_TOKEN is missing"));
}

TEST_F(Commands, PrintAKeyAndNothingElse) {
  const Ran ran = run({"keygen"});
  EXPECT_EQ(ran.code, ExitCode::kSuccess);
  EXPECT_TRUE(vault::Key::parse(ran.output.substr(0, 64)));
  EXPECT_EQ(ran.output.size(), 65U);
}

class Times : public ::testing::Test {
 protected:
  Times() {
    add(3, 1'769'860'800);  // 2026-01-31T12:00:00Z
    add(5, 1'769'904'000);  // 2026-02-01T00:00:00Z
  }
  void add(std::uint64_t number, std::int64_t committed_at) {
    format::RestorePoint* point = history.add_points();
    point->set_number(number);
    point->mutable_state()->set_committed_at(committed_at);
  }
  std::uint64_t chosen(const std::string& at) {
    const auto point = choose_point(history, at);
    return point ? (*point)->number() : 0;
  }
  ErrorCode refused(const std::string& at) {
    const auto point = choose_point(history, at);
    return point ? ErrorCode::kCancelled : point.error().code;
  }
  format::History history;
};

TEST_F(Times, ChooseTheNewestPointUntilThen) {
  EXPECT_EQ(chosen("2026-01-31T12:00:00Z"), 3U);
  EXPECT_EQ(chosen("2026-01-31T12:00"), 3U);
  EXPECT_EQ(chosen("2026-01-31"), 3U);
  EXPECT_EQ(chosen("2026-02-01"), 5U);
  EXPECT_EQ(chosen("2026-01-31T23:59:59"), 3U);
  EXPECT_EQ(chosen("2099-12-31Z"), 5U);
  EXPECT_EQ(chosen("3"), 3U);
  EXPECT_EQ(chosen("5"), 5U);
}

TEST_F(Times, WithoutAPointOrWithoutSenseAreRefused) {
  EXPECT_EQ(refused("2026-01-31T11:59:59Z"), ErrorCode::kNotFound);
  EXPECT_EQ(refused("4"), ErrorCode::kNotFound);
  for (const char* at : {"", "yesterday", "-1", "2026-13-01", "2026-01-31 12:00", "2026-01-31T",
                         "2026-01-31ZZ", "3x"}) {
    EXPECT_EQ(refused(at), ErrorCode::kInvalidArgument) << at;
  }
}

}  // namespace
}  // namespace telekv::cli
