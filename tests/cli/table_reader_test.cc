#include "cli/table_reader.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <limits>

#include "cli/table_writer.h"
#include "scratch.h"

namespace telekv::cli {
namespace {

using ::testing::HasSubstr;

const std::string kHeader = "chat_id,name,clicks,state\n";

struct Imported {
  Result<Import> read;
  Content users;
};

Imported import(const std::string& text) {
  const Bytes bytes = padded(text);
  Result<Import> read = read_import(bytes, "the file");
  Users users{test_options()};
  if (read) {
    EXPECT_TRUE(read->users.put_into(users));
  }
  return {std::move(read), content(users)};
}

/// What the refusal says.
std::string refusal(const std::string& text) {
  const Imported imported = import(text);
  if (imported.read) return "(accepted)";
  EXPECT_EQ(imported.read.error().code, ErrorCode::kInvalidArgument);
  return imported.read.error().message;
}

TEST(TheOldDump, IsReadWithEscapesAndWithout) {
  const Imported imported = import(
      R"([[1, "\u0410\u043d\u044f \ud83d\udd25", 57, 0], [-5, "Аня", 0, 4294967295],
          [9007199254740992, "\"q\" \\ \/", 18446744073709551615, 1]])");
  ASSERT_TRUE(imported.read) << describe(imported.read.error());
  EXPECT_EQ(imported.users,
            (Content{{1, {"Аня 🔥", 57, 0}},
                     {-5, {"Аня", 0, 4294967295}},
                     {9007199254740992, {"\"q\" \\ /", 18446744073709551615U, 1}}}));
  EXPECT_EQ(imported.read->names_changed, 0U);
}

TEST(TheOldDump, MayHoldNobody) {
  EXPECT_TRUE(import("[]").read);
  EXPECT_TRUE(import("\xef\xbb\xbf [ ] \n").read);
}

TEST(TheOldDump, CountsTheLastOfTwoRowsWithOneChatId) {
  const Imported imported = import(R"([[1,"a",1,1],[2,"b",2,2],[1,"c",3,3],[1,"d",4,4]])");
  ASSERT_TRUE(imported.read);
  EXPECT_EQ(imported.users, (Content{{1, {"d", 4, 4}}, {2, {"b", 2, 2}}}));
  EXPECT_EQ(imported.read->users.size(), 4U);
}

TEST(TheOldDump, NamesTheRowThatIsWrong) {
  const auto in_row_2 = [](const std::string& row) {
    return refusal(R"([[1, "a", 1, 0], )" + row + R"(, [3, "c", 3, 0]])");
  };
  EXPECT_EQ(in_row_2("7"), "the file, row 2: it is not a list");
  EXPECT_EQ(in_row_2("{}"), "the file, row 2: it is not a list");
  EXPECT_EQ(in_row_2("null"), "the file, row 2: it is not a list");
  EXPECT_EQ(in_row_2("[]"), "the file, row 2: it has fewer than four values");
  EXPECT_EQ(in_row_2(R"([2, "b", 2])"), "the file, row 2: it has fewer than four values");
  EXPECT_EQ(in_row_2(R"([2, "b", 2, 0, 0])"), "the file, row 2: it has more than four values");
  EXPECT_EQ(in_row_2(R"(["2", "b", 2, 0])"), "the file, row 2: the chat id is not an integer");
  EXPECT_EQ(in_row_2(R"([2.0, "b", 2, 0])"), "the file, row 2: the chat id is not an integer");
  EXPECT_EQ(in_row_2(R"([1e3, "b", 2, 0])"), "the file, row 2: the chat id is not an integer");
  EXPECT_EQ(in_row_2(R"([0, "b", 2, 0])"), "the file, row 2: the chat id is out of range");
  EXPECT_EQ(in_row_2(R"([9007199254740993, "b", 2, 0])"),
            "the file, row 2: the chat id is out of range");
  EXPECT_EQ(in_row_2(R"([99999999999999999999, "b", 2, 0])"),
            "the file, row 2: the chat id is not an integer");
  EXPECT_EQ(in_row_2(R"([2, null, 2, 0])"), "the file, row 2: the name is not a text");
  EXPECT_EQ(in_row_2(R"([2, ["b"], 2, 0])"), "the file, row 2: the name is not a text");
  EXPECT_EQ(in_row_2(R"([2, "\ud83d", 2, 0])"), "the file, row 2: the name is not a text");
  EXPECT_EQ(in_row_2(R"([2, "b", -2, 0])"), "the file, row 2: the clicks are not a count");
  EXPECT_EQ(in_row_2(R"([2, "b", true, 0])"), "the file, row 2: the clicks are not a count");
  EXPECT_EQ(in_row_2(R"([2, "b", 2, -1])"), "the file, row 2: the state is not a count");
  EXPECT_EQ(in_row_2(R"([2, "b", 2, 4294967296])"), "the file, row 2: the state is too large");
}

TEST(TheOldDump, ThatIsBrokenIsRefused) {
  const std::string whole = R"([[1, "a", 1, 0], [2, "b", 2, 0]])";
  ASSERT_TRUE(import(whole).read);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "(accepted)") << size;
  }
  EXPECT_THAT(refusal(whole + "]"), HasSubstr("no JSON dump"));
  EXPECT_THAT(refusal(whole + " x"), HasSubstr("no JSON dump"));
  EXPECT_THAT(refusal(whole + whole), HasSubstr("no JSON dump"));
  EXPECT_NE(refusal(R"([[1, "a", 1, 0] [2, "b", 2, 0]])"), "(accepted)");
  EXPECT_NE(refusal(R"([[1, "a", 1, 0],])"), "(accepted)");
  EXPECT_NE(refusal("[[1, \"\xff\", 1, 0]]"), "(accepted)");
  EXPECT_NE(refusal("[[1, \"a\nb\", 1, 0]]"), "(accepted)");
  EXPECT_NE(refusal(std::string(100'000, '[')), "(accepted)");
  EXPECT_NE(refusal("[[1, \"a\", 1, 0" + std::string(10'000, ']')), "(accepted)");
}

TEST(JsonLines, HaveTheirFieldsInAnyOrder) {
  const Imported imported = import(
      "{\"chat_id\": 1, \"name\": \"\\u0410\", \"clicks\": 2, \"state\": 3}\r\n\n"
      "{\"state\":6,\"clicks\":5,\"name\":\"b\",\"chat_id\":4}");
  ASSERT_TRUE(imported.read) << describe(imported.read.error());
  EXPECT_EQ(imported.users, (Content{{1, {"А", 2, 3}}, {4, {"b", 5, 6}}}));
}

TEST(JsonLines, NameTheLineThatIsWrong) {
  const std::string good = "{\"chat_id\":1,\"name\":\"a\",\"clicks\":1,\"state\":0}\n";
  EXPECT_EQ(refusal(good + "{\"chat_id\":2,\"name\":\"a\",\"clicks\":1}\n"),
            "the file, line 2: chat_id, name, clicks or state is missing");
  EXPECT_EQ(refusal(good + "{\"chat_id\":2,\"chat_id\":3,\"name\":\"a\",\"clicks\":1,\"state\":0}"),
            "the file, line 2: it has a field twice");
  EXPECT_EQ(refusal(good + good.substr(0, good.size() - 2) + ",\"admin\":true}"),
            "the file, line 2: it has a field that is not a user's");
  EXPECT_EQ(refusal(good + good.substr(0, good.size() - 1) + "{}"),
            "the file, line 2: something follows the object");
  EXPECT_EQ(refusal(good + "[1,\"a\",1,0]"), "the file, line 2: it is not an object");
  EXPECT_THAT(refusal(good + "{\"chat_id\":1,\"name\":\"a"), HasSubstr("line 2"));
  EXPECT_THAT(refusal(good + "{\"chat_id\":1,\"name\":\"\xff\",\"clicks\":1,\"state\":0}"),
              HasSubstr("line 2"));
  EXPECT_THAT(refusal(good + "{\"chat_id\":1"), HasSubstr("line 2"));
}

TEST(Csv, IsReadWithQuotesAndEitherLineEnd) {
  const Imported imported =
      import("\xef\xbb\xbf" + kHeader + "1,\"a,\"\"b\"\"\",2,3\r\n4,Аня,5,6\n7,\"\",8,9");
  ASSERT_TRUE(imported.read) << describe(imported.read.error());
  EXPECT_EQ(imported.users,
            (Content{{1, {"a,\"b\"", 2, 3}}, {4, {"Аня", 5, 6}}, {7, {"Без имени", 8, 9}}}));
  EXPECT_EQ(imported.read->names_changed, 1U);
}

TEST(Csv, NamesTheLineThatIsWrongAlsoAfterLineBreaksInNames) {
  const std::string good = kHeader + "1,\"a\nb\nc\",1,0\n";
  EXPECT_EQ(refusal(good + "2,b,x,0\n"), "the file, line 5: the clicks are not a count");
  EXPECT_EQ(refusal(good + "x,b,1,0\n"), "the file, line 5: the chat id is not an integer");
  EXPECT_EQ(refusal(good + "2,b,1,-1\n"), "the file, line 5: the state is not a count");
  EXPECT_EQ(refusal(good + "2,b,1, 0\n"), "the file, line 5: the state is not a count");
  EXPECT_EQ(refusal(good + "2,b,1\n"), "the file, line 5: it has fewer than four fields");
  EXPECT_EQ(refusal(good + "\n"), "the file, line 5: it has fewer than four fields");
  EXPECT_EQ(refusal(good + "2,b,1,0,0\n"), "the file, line 5: it has more than four fields");
  EXPECT_EQ(refusal(good + "2,b\"c,1,0\n"),
            "the file, line 5: a quote inside a field without quotes");
  EXPECT_EQ(refusal(good + "2,\"b\"c,1,0\n"), "the file, line 5: it has fewer than four fields");
  EXPECT_EQ(refusal(good + "2,\"b,1,0\n"), "the file, line 5: a quoted field that does not end");
  EXPECT_EQ(refusal(good + "2,b,1,\"0\"x\n"), "the file, line 5: something follows a field");
  EXPECT_EQ(refusal(good + "2,\xff,1,0\n"), "the file is not UTF-8");
}

TEST(AnImport, InNoFormatThatIsKnownIsRefused) {
  EXPECT_EQ(refusal(""), "the file is empty");
  EXPECT_EQ(refusal(" \n"), "the file is empty");
  EXPECT_THAT(refusal("hello"), HasSubstr("in no format"));
  EXPECT_THAT(refusal("id,name\n1,a\n"), HasSubstr("in no format"));
  EXPECT_THAT(refusal("chat_id,name,clicks,statement\n1,a,1,1\n"), HasSubstr("in no format"));
  EXPECT_THAT(refusal(std::string("\0\1\2", 3)), HasSubstr("in no format"));
}

TEST(AnImport, MakesNamesSafeToShow) {
  const Imported imported = import(R"([[1, "a\u202eb\u0000c", 1, 0], [2, "fine", 1, 0]])");
  ASSERT_TRUE(imported.read);
  EXPECT_EQ(imported.users, (Content{{1, {"abc", 1, 0}}, {2, {"fine", 1, 0}}}));
  EXPECT_EQ(imported.read->names_changed, 1U);
}

/// Whatever was exported comes back as it was.
void check_round_trip(const Content& rows) {
  Users users{test_options()};
  fill(users, rows);
  const Scratch scratch;
  for (const ExportFormat format :
       {ExportFormat::kJsonLines, ExportFormat::kCsv, ExportFormat::kJson}) {
    auto writer = open_writer(format, scratch.path("out"), Streams{});
    RC_ASSERT(bool(writer));
    RC_ASSERT(bool(write_table(users, **writer)));
    const Result<Bytes> text = read_file(scratch.path("out"), kMaxImportBytes, Streams{});
    RC_ASSERT(bool(text));
    std::map<kv::Key, std::tuple<std::string, std::uint64_t, std::uint32_t>> back;
    const auto take = [&](kv::Key key, const bot::User& user) {
      back[key] = {std::string(user.name), user.clicks, user.state};
    };
    const Result<void> read = read_users(*text, "out", take);
    RC_ASSERT(bool(read) || rows.empty());
    RC_ASSERT(back == rows);
  }
}

TEST(AnImport, OfAnExportGivesTheSameUsers) {
  const std::vector<std::string> pieces = {"\"", ",", "\r\n", "\n",     "\\", "Аня", "🔥",
                                           "a",  " ", "{",    "\u0001", "[",  "",    "'"};
  EXPECT_TRUE(rc::check([&] {
    Content rows;
    const auto count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
      std::string name;
      for (const auto index : *rc::gen::container<std::vector<std::size_t>>(
               rc::gen::inRange<std::size_t>(0, pieces.size()))) {
        name += pieces[index];
      }
      const auto key =
          *rc::gen::suchThat(rc::gen::inRange<kv::Key>(-(kv::Key{1} << 53), kv::Key{1} << 53),
                             [](kv::Key each) { return each != 0; });
      rows[key] = {name, *rc::gen::arbitrary<std::uint64_t>(),
                   *rc::gen::arbitrary<std::uint32_t>()};
    }
    check_round_trip(rows);
  }));
}

TEST(AListOfUsers, TakesThePlaceOfATableAndForgetsWhoIsNotInIt) {
  Users users{test_options()};
  fill(users, {{1, {"a", 1, 1}}, {2, {"b", 2, 2}}, {3, {"c", 3, 3}}});
  (void)users.take_changes();
  UserList list;
  list.add(2, {.name = "B", .clicks = 9});
  list.add(4, {.name = "D"});
  list.add(4, {.name = "d"});
  const Result<std::uint64_t> lost = list.put_into(users);
  ASSERT_TRUE(lost);
  EXPECT_EQ(*lost, 2U);
  EXPECT_EQ(content(users), (Content{{2, {"B", 9, 0}}, {4, {"d", 0, 0}}}));
  // A user that stays is no user that was erased: restore points could not bring them back.
  EXPECT_THAT(users.take_changes()->erased_keys(), ::testing::ElementsAre(1, 3));
}

TEST(AFile, LargerThanAllowedIsRefused) {
  const Scratch scratch;
  const std::string path = scratch.write("five", "12345");
  EXPECT_EQ(*read_file(path, 5, Streams{}), "12345");
  const Result<Bytes> larger = read_file(path, 4, Streams{});
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, ErrorCode::kTooLarge);
  const Result<Bytes> missing = read_file(scratch.path("none"), 5, Streams{});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(read_file("/", 5, Streams{}));
}

}  // namespace
}  // namespace telekv::cli
