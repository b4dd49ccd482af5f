#include "cli/table_writer.h"

#include <gmock/gmock.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <limits>

#include "scratch.h"

namespace telekv::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kMostClicks = std::numeric_limits<std::uint64_t>::max();

class Exports : public ::testing::Test {
 protected:
  Result<ExportCounts> write(ExportFormat format, const std::string& path) {
    auto writer = open_writer(format, path, streams);
    if (!writer) return writer.error();
    return write_table(users, **writer);
  }

  std::string text(ExportFormat format) {
    const Result<ExportCounts> counts = write(format, scratch.path("out"));
    EXPECT_TRUE(counts) << describe(counts.error());
    return scratch.read("out");
  }

  Scratch scratch;
  Streams streams;
  Users users{test_options()};
};

TEST_F(Exports, AsJsonLinesAreOneObjectPerUserByAscendingId) {
  fill(users, {{30, {"Bob", 3, 1}}, {-7, {"группа", 0, 0}}, {4503599627370497, {"Аня", 57, 5}}});
  EXPECT_EQ(text(ExportFormat::kJsonLines),
            "{\"chat_id\":-7,\"name\":\"группа\",\"clicks\":0,\"state\":0}\n"
            "{\"chat_id\":30,\"name\":\"Bob\",\"clicks\":3,\"state\":1}\n"
            "{\"chat_id\":4503599627370497,\"name\":\"Аня\",\"clicks\":57,\"state\":5}\n");
}

TEST_F(Exports, AsCsvQuoteWhatRfc4180SaysAndNothingElse) {
  fill(users, {{1, {"a,b", 1, 0}},
               {2, {"say \"hi\"", 2, 0}},
               {3, {"two\r\nlines", 3, 0}},
               {4, {"plain name", kMostClicks, 4294967295}}});
  EXPECT_EQ(text(ExportFormat::kCsv),
            "chat_id,name,clicks,state\r\n"
            "1,\"a,b\",1,0\r\n"
            "2,\"say \"\"hi\"\"\",2,0\r\n"
            "3,\"two\r\nlines\",3,0\r\n"
            "4,plain name,18446744073709551615,4294967295\r\n");
}

TEST_F(Exports, AsTheOldDumpAreAListOfLists) {
  fill(users, {{1, {"\"\\\n\u0001", 1, 0}}, {2, {"Аня🔥", 2, 3}}});
  EXPECT_EQ(text(ExportFormat::kJson),
            "[[1, \"\\\"\\\\\\n\\u0001\", 1, 0],\n[2, \"Аня🔥\", 2, 3]]\n");
}

TEST_F(Exports, OfAnEmptyTableAreValidToo) {
  EXPECT_EQ(text(ExportFormat::kJson), "[]\n");
  EXPECT_EQ(text(ExportFormat::kCsv), "chat_id,name,clicks,state\r\n");
  EXPECT_EQ(text(ExportFormat::kJsonLines), "");
}

TEST_F(Exports, LargerThanAnyBufferArriveWhole) {
  for (kv::Key key = 1; key <= 50'000; ++key) {
    ASSERT_TRUE(users.insert(key, {.name = "somebody", .clicks = 5}));
  }
  simdjson::dom::parser parser;
  simdjson::dom::array rows;
  ASSERT_FALSE(parser.parse(text(ExportFormat::kJson)).get(rows));
  std::int64_t expected = 0;
  for (const simdjson::dom::element row : rows) {
    ASSERT_EQ(std::int64_t(row.at(0)), ++expected);
  }
  EXPECT_EQ(expected, 50'000);
}

TEST_F(Exports, MendNamesThatAreNotUtf8AndCountThem) {
  fill(users, {{1, {"bad\xff name", 1, 0}}, {2, {"good", 1, 0}}});
  const Result<ExportCounts> counts = write(ExportFormat::kJsonLines, scratch.path("out"));
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->users, 2U);
  EXPECT_EQ(counts->names_mended, 1U);
  EXPECT_THAT(scratch.read("out"), HasSubstr("\"bad name\""));
}

TEST_F(Exports, ReplaceAFileAndAreReadableByTheirOwnerAlone) {
  scratch.write("out", "an older export, which is longer than the new one");
  EXPECT_EQ(text(ExportFormat::kJson), "[]\n");
  struct stat status {};
  ASSERT_EQ(stat(scratch.path("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_THAT(scratch.names(), ElementsAre("out"));
}

TEST_F(Exports, ThatAreNotFinishedLeaveWhatWasThere) {
  for (const ExportFormat format : {ExportFormat::kCsv, ExportFormat::kSqlite}) {
    scratch.write("out", "before");
    {
      auto writer = open_writer(format, scratch.path("out"), streams);
      ASSERT_TRUE(writer);
      ASSERT_TRUE((*writer)->add(1, {.name = "Ann"}));
    }
    EXPECT_EQ(scratch.read("out"), "before");
    EXPECT_THAT(scratch.names(), ElementsAre("out"));
  }
}

TEST_F(Exports, ToAFullDeviceFailWithTheReason) {
  fill(users, {{1, {"Ann", 1, 0}}});
  const Result<ExportCounts> counts = write(ExportFormat::kCsv, "/dev/full");
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, ErrorCode::kRejected);
  EXPECT_THAT(counts.error().message, HasSubstr("/dev/full: No space left on device"));
}

/// While it lives no file grows beyond `bytes`, as if the disk were full.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

TEST_F(Exports, ToAFullDiskFailAndLeaveNothingButWhatWasThere) {
  for (kv::Key key = 1; key <= 50'000; ++key) {
    ASSERT_TRUE(users.insert(key, {.name = "somebody", .clicks = 5}));
  }
  for (const ExportFormat format : {ExportFormat::kJsonLines, ExportFormat::kSqlite}) {
    scratch.write("out", "before");
    const SmallDisk small(1U << 18);
    const Result<ExportCounts> counts = write(format, scratch.path("out"));
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().code, ErrorCode::kRejected);
    EXPECT_THAT(counts.error().message, HasSubstr("cannot write " + scratch.path("out")));
    EXPECT_EQ(scratch.read("out"), "before");
    EXPECT_THAT(scratch.names(), ElementsAre("out"));
  }
}

TEST_F(Exports, ToPlacesThatCannotBeWrittenFail) {
  EXPECT_FALSE(write(ExportFormat::kCsv, scratch.path("no/such/folder")));
  EXPECT_FALSE(write(ExportFormat::kSqlite, scratch.path("no/such/folder")));
  EXPECT_FALSE(write(ExportFormat::kCsv, "/"));
  EXPECT_FALSE(write(ExportFormat::kSqlite, "/dev/null"));
  EXPECT_FALSE(write(ExportFormat::kSqlite, "-"));
  EXPECT_TRUE(write(ExportFormat::kCsv, "/dev/null"));
}

TEST_F(Exports, GoToStandardOutputForADash) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  streams.output = ends[1];
  ASSERT_TRUE(write(ExportFormat::kJson, "-"));
  close(ends[1]);
  char text[16] = {};
  EXPECT_EQ(read(ends[0], text, sizeof text), 3);
  EXPECT_STREQ(text, "[]\n");
  close(ends[0]);
}

/// The rows of a query, fields separated by bars.
std::vector<std::string> query(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::vector<std::string> rows;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      row += (i == 0 ? "" : "|") + std::string(text != nullptr ? text : "NULL");
    }
    rows.push_back(row);
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

TEST_F(Exports, AsSqliteAreAWholeDatabaseWithAnIndexForTheRating) {
  fill(users, {{5, {"Аня", 57, 1}}, {-2, {"'); DROP TABLE users; --", 3, 0}}, {9, {"", 57, 0}}});
  const std::string path = scratch.path("users.db");
  ASSERT_TRUE(write(ExportFormat::kSqlite, path));
  EXPECT_THAT(query(path, "SELECT chat_id, name, clicks, state FROM users"),
              ElementsAre("-2|'); DROP TABLE users; --|3|0", "5|Аня|57|1", "9||57|0"));
  EXPECT_THAT(query(path, "PRAGMA integrity_check"), ElementsAre("ok"));
  EXPECT_THAT(query(path,
                    "EXPLAIN QUERY PLAN SELECT chat_id FROM users ORDER BY clicks DESC, "
                    "chat_id LIMIT 15"),
              ElementsAre(HasSubstr("users_by_clicks")));
  EXPECT_THAT(scratch.names(), ElementsAre("users.db"));
}

TEST_F(Exports, AsSqliteRefuseACountItCannotHold) {
  fill(users, {{5, {"Ann", kMostClicks, 0}}});
  const Result<ExportCounts> counts = write(ExportFormat::kSqlite, scratch.path("users.db"));
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(describe(counts.error()), HasSubstr("user 5"));
  EXPECT_THAT(scratch.names(), IsEmpty());
}

}  // namespace
}  // namespace telekv::cli
