// Pages of updates: what a good one means, and that no bad one costs the others.
#include "telegram/update_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace telekv::telegram {
namespace {

using testing::ElementsAre;

std::string text_update(std::int64_t id, std::string_view text = "hello") {
  std::string json = R"({"update_id":)" + std::to_string(id);
  return json.append(R"(,"message":{"message_id":7,"from":{"id":5123456789,"is_bot":false,)")
      .append(R"("first_name":"A"},"chat":{"id":5123456789,"type":"private"},"date":1,"text":")")
      .append(text)
      .append("\"}}");
}

std::string page_of(const std::vector<std::string>& updates) {
  std::string json = R"({"ok":true,"result":[)";
  for (std::size_t i = 0; i < updates.size(); ++i) json.append(i > 0 ? "," : "").append(updates[i]);
  return json.append("]}");
}

std::vector<std::int64_t> ids(const UpdatePage& page) {
  std::vector<std::int64_t> all;
  for (const auto& update : page.updates) all.push_back(to_int(update.id));
  return all;
}

bool malformed(const Update& update) {
  return std::holds_alternative<MalformedUpdate>(update.content);
}

/// A bad update between two good ones.
UpdatePage sandwich(const std::string& bad) {
  auto page = parse_update_page(page_of({text_update(10), bad, text_update(12)}));
  EXPECT_TRUE(page) << bad.substr(0, 100);
  return page ? *page : UpdatePage();
}

TEST(UpdatePage, ReadsAMessage) {
  const auto page = parse_update_page(
      R"({"ok":true,"result":[{"update_id":4503599627370496,"message":{"message_id":4503599627370495,
      "from":{"id":4503599627370494,"is_bot":false,"first_name":"\u0410\u043d\u044f \ud83d\ude80",
      "last_name":"\ud835\udd4f","username":"anya","language_code":"ru","is_premium":true},
      "chat":{"id":-1001234567890,"type":"supergroup","title":"T"},"date":1790000000,
      "text":"/start ref42","entities":[{"offset":0,"length":6,"type":"bot_command"}]}}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->unreadable, 0u);
  ASSERT_THAT(ids(*page), ElementsAre(4503599627370496));
  const auto& message = std::get<Message>(page->updates[0].content);
  EXPECT_EQ(to_int(message.id), 4503599627370495);
  EXPECT_EQ(to_int(message.chat.id), -1001234567890);
  EXPECT_EQ(message.chat.type, ChatType::kSupergroup);
  EXPECT_EQ(message.text, "/start ref42");
  EXPECT_EQ(message.date, std::chrono::seconds(1790000000));
  ASSERT_TRUE(message.from);
  EXPECT_EQ(to_int(message.from->id), 4503599627370494);
  EXPECT_EQ(message.from->first_name, "Аня 🚀");
  EXPECT_EQ(message.from->last_name, "𝕏");
  EXPECT_EQ(message.from->username, "anya");
  EXPECT_EQ(message.from->language_code, "ru");
}

TEST(UpdatePage, TellsANoticeOfAPinFromOtherMessages) {
  const std::string chat = R"("chat":{"id":5,"type":"private"})";
  const auto page = parse_update_page(page_of(
      {R"({"update_id":1,"message":{"message_id":8,)" + chat +
           R"(,"from":{"id":9,"is_bot":true,"first_name":"B"},"pinned_message":{"message_id":7,)" +
           chat + "}}}",
       text_update(2)}));
  ASSERT_TRUE(page);
  ASSERT_THAT(ids(*page), ElementsAre(1, 2));
  EXPECT_TRUE(std::get<Message>(page->updates[0].content).tells_of_pin);
  EXPECT_FALSE(std::get<Message>(page->updates[1].content).tells_of_pin);
}

TEST(UpdatePage, TakesADateThatIsNoneForNotTold) {
  for (const char* date : {"-1", "4294967296", "\"soon\"", "null", "1.5"}) {
    const auto page = parse_update_page(page_of(
        {std::string(R"({"update_id":1,"message":{"message_id":1,"chat":{"id":1},"date":)") + date +
         R"(,"text":"x"}})"}));
    ASSERT_TRUE(page);
    const auto* message = std::get_if<Message>(&page->updates.at(0).content);
    ASSERT_TRUE(message) << date;
    EXPECT_EQ(message->date.count(), 0) << date;
  }
}

TEST(UpdatePage, ReadsATapOnAnInlineButton) {
  const auto page = parse_update_page(
      R"({"ok":true,"result":[{"update_id":2,"callback_query":{"id":"4382b","from":{"id":5,
      "is_bot":false,"first_name":"A"},"message":{"message_id":7,"chat":{"id":5,"type":"private"},
      "date":0},"chat_instance":"-34","data":"c:1"}}]})");
  ASSERT_TRUE(page);
  const auto& query = std::get<CallbackQuery>(page->updates.at(0).content);
  EXPECT_EQ(query.id, "4382b");
  EXPECT_EQ(to_int(query.from.id), 5);
  EXPECT_EQ(query.data, "c:1");
  ASSERT_TRUE(query.message);
  EXPECT_EQ(to_int(query.message->id), 7);
  EXPECT_EQ(to_int(query.message->chat.id), 5);
  EXPECT_FALSE(query.is_on_message) << "nothing is told of its buttons";
}

TEST(UpdatePage, ReadsATapWhoseMessageIsNotToldOrNotReadable) {
  for (const char* message : {"null", "7", "{}", R"({"message_id":7})", R"({"message_id":-7})",
                              R"({"message_id":7,"chat":{"id":"x"}})"}) {
    const auto page = parse_update_page(page_of(
        {std::string(R"({"update_id":1,"callback_query":{"id":"4","from":{"id":5},"message":)") +
         message + R"(,"data":"c"}})"}));
    ASSERT_TRUE(page);
    const auto* query = std::get_if<CallbackQuery>(&page->updates.at(0).content);
    ASSERT_TRUE(query) << message;
    EXPECT_FALSE(query->message) << message;
  }
}

CallbackQuery tap_with_markup(const std::string& markup) {
  const auto update = parse_update(
      R"({"update_id":1,"callback_query":{"id":"4","from":{"id":5},"data":"c:1","message":)"
      R"({"message_id":7,"chat":{"id":5,"type":"private"},"reply_markup":)" +
      markup + "}}}");
  return std::get<CallbackQuery>(update->content);
}

TEST(UpdatePage, TellsWhetherTheTappedMessageCarriesTheButton) {
  const auto keyboard = [](const std::string& rows) {
    return R"({"inline_keyboard":[)" + rows + "]}";
  };
  const std::string own = R"({"text":"+1","callback_data":"c:1"})";
  const std::string other = R"({"text":"+1","callback_data":"c:10"})";
  const std::string one_row = "[" + own + "]";
  std::string behind_others = "[" + other;
  behind_others.append("],[").append(other).append(",").append(own).append("]");
  for (const std::string& rows : {one_row, behind_others}) {
    EXPECT_TRUE(tap_with_markup(keyboard(rows)).is_on_message) << rows;
  }
  for (const std::string& markup :
       {std::string("null"), std::string("[]"), std::string("{}"), keyboard(""), keyboard("[]"),
        keyboard("7"), keyboard("[7]"), keyboard(own), keyboard("[" + other + "]"),
        keyboard(R"([{"text":"c:1"},{"text":"c:1","callback_data":7}])")}) {
    const CallbackQuery tap = tap_with_markup(markup);
    EXPECT_FALSE(tap.is_on_message) << markup;
    EXPECT_TRUE(tap.message) << markup;
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many.append("[").append(other).append("],");
  many.append("[").append(own).append("]");
  EXPECT_FALSE(tap_with_markup(keyboard(many)).is_on_message) << "101 buttons";
}

TEST(UpdatePage, KeepsOtherKindsAsSuch) {
  const auto page =
      parse_update_page(page_of({R"({"update_id":3,"my_chat_member":{"chat":{}}})",
                                 R"({"update_id":4})", R"({"update_id":5,"message":null})"}));
  ASSERT_TRUE(page);
  EXPECT_THAT(ids(*page), ElementsAre(3, 4, 5));
  for (const auto& update : page->updates) {
    EXPECT_TRUE(std::holds_alternative<OtherUpdate>(update.content));
  }
}

TEST(UpdatePage, AcceptsAnEmptyFirstNameAndAChannelPostWithoutSender) {
  const auto page = parse_update_page(
      page_of({R"({"update_id":1,"message":{"message_id":1,"from":{"id":1,"first_name":""},
                   "chat":{"id":1,"type":"private"},"text":"x"}})",
               R"({"update_id":2,"message":{"message_id":1,"sender_chat":{"id":-1001,"type":
                   "channel"},"chat":{"id":-1001,"type":"channel"},"text":"x"}})"}));
  ASSERT_TRUE(page);
  EXPECT_EQ(std::get<Message>(page->updates.at(0).content).from->first_name, "");
  const auto& post = std::get<Message>(page->updates.at(1).content);
  EXPECT_FALSE(post.from);
  EXPECT_EQ(post.sender_chat, ChatId{-1001});
}

TEST(UpdatePage, IsEmptyWhenTelegramHasNothing) {
  const auto page = parse_update_page(R"({"ok":true,"result":[]})");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->updates.empty());
  EXPECT_FALSE(page->last_id());
}

TEST(UpdatePage, ItsLastIdIsTheHighest) {
  const auto page = parse_update_page(page_of({text_update(9), text_update(11), text_update(10)}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->last_id(), UpdateId{11});
}

TEST(SingleUpdate, IsReadAsInAPage) {
  const auto update = parse_update(text_update(17, "tap"));
  ASSERT_TRUE(update);
  EXPECT_EQ(to_int(update->id), 17);
  EXPECT_EQ(std::get<Message>(update->content).text, "tap");
  EXPECT_TRUE(std::holds_alternative<OtherUpdate>(
      parse_update(R"({"update_id":5,"poll":{"id":"1"}})")->content));
  for (const char* none : {"", "[]", "[{\"update_id\":1}]", "{\"ok\":true,\"result\":[]}"}) {
    EXPECT_FALSE(parse_update(none)) << none;
  }
}

TEST(UpdatePage, IsRefusedWhenItIsNone) {
  for (const std::string& body :
       {std::string(), std::string("<html><body>502 Bad Gateway</body></html>"),
        std::string(R"({"ok":false,"error_code":409,"description":"Conflict"})"),
        std::string(R"({"ok":true})"), std::string(R"({"ok":true,"result":{"update_id":1}})"),
        std::string(R"({"ok":true,"result":null})"), std::string(R"({"ok":"true","result":[]})"),
        std::string(R"({"result":[]})"), std::string("[]"), std::string("null"),
        std::string(R"({"ok":true,"result":)"), std::string("{\"ok\":tr\xFFue,\"result\":[]}"),
        std::string(1, '\0'), std::string("{\"ok"), std::string("{\"ok\":false,\"result\":[\xFF]}"),
        std::string(100000, '['), std::string(100000, '{')}) {
    const auto page = parse_update_page(body);
    ASSERT_FALSE(page) << body.substr(0, 100);
    EXPECT_EQ(page.error().code, ErrorCode::kDamaged);
  }
}

struct BadUpdate {
  const char* what;
  std::string json;

  friend std::ostream& operator<<(std::ostream& out, const BadUpdate& bad) {
    return out << bad.what;
  }
};

class MalformedUpdates : public testing::TestWithParam<BadUpdate> {};

TEST_P(MalformedUpdates, AreConfirmedByTheirIdAndCostNoOther) {
  const auto page = sandwich(GetParam().json);
  EXPECT_THAT(ids(page), ElementsAre(10, 11, 12));
  EXPECT_EQ(page.unreadable, 0u);
  ASSERT_EQ(page.updates.size(), 3u);
  EXPECT_FALSE(malformed(page.updates[0]));
  ASSERT_TRUE(malformed(page.updates[1]));
  EXPECT_FALSE(std::get<MalformedUpdate>(page.updates[1].content).reason.empty());
  EXPECT_FALSE(malformed(page.updates[2]));
}

TEST_P(MalformedUpdates, AreToldByTheirIdWhenTheyComeAlone) {
  const auto update = parse_update(GetParam().json);
  ASSERT_TRUE(update);
  EXPECT_EQ(to_int(update->id), 11);
  ASSERT_TRUE(malformed(*update));
  EXPECT_FALSE(std::get<MalformedUpdate>(update->content).reason.empty());
}

std::string with_message(std::string_view message) {
  return std::string(R"({"update_id":11,"message":)").append(message).append("}");
}

std::string with_user(std::string_view user) {
  return with_message(std::string(R"({"message_id":1,"chat":{"id":1,"type":"private"},"from":)")
                          .append(user)
                          .append("}"));
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

INSTANTIATE_TEST_SUITE_P(
    Hostile, MalformedUpdates,
    testing::Values(
        BadUpdate{"MessageIsAString", with_message("\"hello\"")},
        BadUpdate{"MessageIsAList", with_message("[]")},
        BadUpdate{"MessageIsEmpty", with_message("{}")},
        BadUpdate{"NoChat", with_message(R"({"message_id":1})")},
        BadUpdate{"ChatIdIsAString", with_message(R"({"message_id":1,"chat":{"id":"1"}})")},
        BadUpdate{"ChatIdIsAFraction", with_message(R"({"message_id":1,"chat":{"id":1.5}})")},
        BadUpdate{"ChatIdIsZero", with_message(R"({"message_id":1,"chat":{"id":0}})")},
        BadUpdate{"MessageIdIsNegative", with_message(R"({"message_id":-1,"chat":{"id":1}})")},
        BadUpdate{"TextIsANumber", with_message(R"({"message_id":1,"chat":{"id":1},"text":5})")},
        BadUpdate{"TextIsHuge", with_message(R"({"message_id":1,"chat":{"id":1},"text":")" +
                                             std::string(kMaxTextBytes + 1, 'x') + "\"}")},
        BadUpdate{"UserIdBeyondInt64", with_user(R"({"id":9223372036854775808,"first_name":""})")},
        BadUpdate{"UserIdBeyondUint64", with_user(R"({"id":18446744073709551616})")},
        BadUpdate{"UserIdOfFiftyDigits", with_user("{\"id\":" + std::string(50, '9') + "}")},
        BadUpdate{"UserIdOutOfRange", with_user(R"({"id":9223372036854775807})")},
        BadUpdate{"UserIdIsNegative", with_user(R"({"id":-5,"first_name":"A"})")},
        BadUpdate{"NameOf4KiB",
                  with_user("{\"id\":5,\"first_name\":\"" + std::string(4096, 'n') + "\"}")},
        BadUpdate{"NameIsAnObject", with_user(R"({"id":5,"first_name":{}})")},
        BadUpdate{"InvalidUtf8", with_user("{\"id\":5,\"first_name\":\"\xC3\x28\xFF\"}")},
        BadUpdate{"OverlongUtf8", with_user("{\"id\":5,\"first_name\":\"\xC0\xAF\"}")},
        BadUpdate{"SurrogateBytes", with_user("{\"id\":5,\"first_name\":\"\xED\xA0\x80\"}")},
        BadUpdate{"LoneHighSurrogate", with_user(R"({"id":5,"first_name":"\ud800"})")},
        BadUpdate{"LoneLowSurrogate", with_user(R"({"id":5,"first_name":"\udc00"})")},
        BadUpdate{"ControlCharacter", with_user("{\"id\":5,\"first_name\":\"a\x01\"}")},
        BadUpdate{"BadEscape", with_user(R"({"id":5,"first_name":"\q"})")},
        BadUpdate{"BracketsInsideABadString",
                  with_user("{\"id\":5,\"first_name\":\"]}],{\\\"\xFF\"}")},
        BadUpdate{"NestedTooDeep", R"({"update_id":11,"extra":)" + nested(5000) + "}"},
        BadUpdate{"NestedTooDeepBeforeTheId",
                  R"({"extra":)" + nested(5000) + R"(,"update_id":11})"},
        BadUpdate{"NestedIdsDoNotCount",
                  "{\"extra\":{\"update_id\":99,\"x\":\"\xFF\"},\"update_id\":11}"},
        BadUpdate{"MissingComma", R"({"update_id":11 "message":{}})"},
        BadUpdate{"BareWord", R"({"update_id":11,"message":undefined})"},
        BadUpdate{"CallbackWithoutId", R"({"update_id":11,"callback_query":{"from":{"id":5}}})"},
        BadUpdate{"CallbackWithoutSender", R"({"update_id":11,"callback_query":{"id":"1"}})"},
        BadUpdate{"CallbackDataOfRawBytes",
                  "{\"update_id\":11,\"callback_query\":{\"id\":\"1\",\"from\":{\"id\":5},"
                  "\"data\":\"\x80\x81\"}}"}),
    [](const auto& test) { return test.param.what; });

class UnreadableUpdates : public testing::TestWithParam<BadUpdate> {};

TEST_P(UnreadableUpdates, AreNothingWhenTheyComeAlone) {
  EXPECT_FALSE(parse_update(GetParam().json));
}

TEST_P(UnreadableUpdates, AreCountedAndCostNoOther) {
  const auto page = sandwich(GetParam().json);
  EXPECT_THAT(ids(page), ElementsAre(10, 12));
  EXPECT_EQ(page.unreadable, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, UnreadableUpdates,
    testing::Values(BadUpdate{"Null", "null"}, BadUpdate{"Number", "17"},
                    BadUpdate{"Text", R"("],[")"}, BadUpdate{"EmptyObject", "{}"},
                    BadUpdate{"List", "[11]"}, BadUpdate{"IdIsText", R"({"update_id":"11"})"},
                    BadUpdate{"IdIsNegative", R"({"update_id":-11})"},
                    BadUpdate{"IdIsZero", R"({"update_id":0})"},
                    BadUpdate{"IdIsAFraction", R"({"update_id":11.5})"},
                    BadUpdate{"IdBeyondInt64", R"({"update_id":9223372036854775808})"},
                    BadUpdate{"IdThatCannotBeConfirmed", R"({"update_id":9223372036854775807})"},
                    BadUpdate{"IdOfFiftyDigits", R"({"update_id":)" + std::string(50, '9') + "}"},
                    BadUpdate{"NoIdAndBroken", "{\"message\":\"\xFF\"}"},
                    BadUpdate{"IdOnlyInsideABrokenText", "{\"x\":\"\\\"update_id\\\":11\xFF\"}"}),
    [](const auto& test) { return test.param.what; });

TEST(UpdatePage, KeepsWhatCameBeforeACut) {
  const std::string whole = page_of({text_update(10), text_update(11)});
  const auto cut_at = whole.find("\"date\"", whole.find("\"update_id\":11"));
  const auto page = parse_update_page(whole.substr(0, cut_at));
  ASSERT_TRUE(page);
  EXPECT_THAT(ids(*page), ElementsAre(10, 11));
  EXPECT_FALSE(malformed(page->updates[0]));
  EXPECT_TRUE(malformed(page->updates[1]));
}

TEST(UpdatePage, OfFourMebibytesWithABadOneIsRead) {
  std::vector<std::string> updates;
  const std::string filler(30000, 'x');
  for (std::int64_t id = 1; id <= 140; ++id) updates.push_back(text_update(id, filler));
  updates[70] = with_user("{\"id\":5,\"first_name\":\"\xFF\"}");
  const auto page = parse_update_page(page_of(updates));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->updates.size(), 140u);
  EXPECT_EQ(page->unreadable, 0u);
}

/// A byte that leaves strings, brackets and the neighbours' separators as they are.
bool is_structure(char c) {
  return std::string_view("{}[]\",:\\").find(c) != std::string_view::npos;
}

RC_GTEST_PROP(UpdatePage, AnyByteReplacedInOneUpdateLeavesTheOthersIds, ()) {
  std::vector<std::string> updates;
  for (std::int64_t id = 1000; id < 1008; ++id) updates.push_back(text_update(id));
  const auto victim = *rc::gen::inRange<std::size_t>(0, updates.size());
  for (int edits = *rc::gen::inRange(1, 6); edits > 0; --edits) {
    const auto at = *rc::gen::inRange<std::size_t>(0, updates[victim].size());
    const auto byte = static_cast<char>(*rc::gen::inRange(0, 256));
    if (!is_structure(updates[victim][at]) && !is_structure(byte)) updates[victim][at] = byte;
  }
  const auto page = parse_update_page(page_of(updates));
  RC_ASSERT(page.has_value());
  RC_ASSERT(page->updates.size() + page->unreadable == updates.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (i == victim) continue;
    const auto id = UpdateId{static_cast<std::int64_t>(1000 + i)};
    RC_ASSERT(std::count_if(page->updates.begin(), page->updates.end(),
                            [&](const Update& u) { return u.id == id && !malformed(u); }) >= 1);
  }
}

RC_GTEST_PROP(UpdatePage, AnyDamageAnywhereIsSurvivedAndKeepsWhatCameBefore, ()) {
  std::vector<std::string> updates;
  for (std::int64_t id = 1000; id < 1008; ++id) updates.push_back(text_update(id));
  std::string body = page_of(updates);
  const auto at = *rc::gen::inRange<std::size_t>(0, body.size());
  const auto garbage = *rc::gen::arbitrary<std::string>();
  const auto removed = *rc::gen::inRange<std::size_t>(0, 40);
  body.replace(at, std::min(removed, body.size() - at), garbage);
  const auto page = parse_update_page(body);
  const std::size_t envelope = std::string_view(R"({"ok":true,"result":[)").size();
  if (at < envelope) return;  // then it need not be a page any more
  RC_ASSERT(page.has_value());
  std::size_t whole = 0;
  for (std::size_t end = envelope; whole < updates.size(); ++whole) {
    end += updates[whole].size() + 1;
    if (end > at) break;
  }
  RC_ASSERT(page->updates.size() >= whole);
  for (std::size_t i = 0; i < whole; ++i) {
    RC_ASSERT(to_int(page->updates[i].id) == static_cast<std::int64_t>(1000 + i));
    RC_ASSERT(!malformed(page->updates[i]));
  }
}

RC_GTEST_PROP(UpdatePage, RandomBytesNeverDoHarm, (const std::string& body)) {
  const auto page = parse_update_page(body);
  RC_ASSERT(!page.has_value());
}

}  // namespace
}  // namespace telekv::telegram
