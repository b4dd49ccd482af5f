// The typed calls: what each one asks, and what every kind of refusal means.
#include "telegram/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "fake_http.h"
#include "run.h"

namespace telekv::telegram {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "AAH-abcdefghij_KLMNOPQRSTUVWXYZ0123";
constexpr ChatId kChat{4503599627370495};
constexpr const char* kMessage =
    R"({"message_id":42,"from":{"id":7,"is_bot":true,"first_name":"B"},"chat":{"id":5,"type":"private"},
    "date":1,"document":{"file_name":"s.bin","mime_type":"x","file_id":"FILE","file_size":3},"caption":"c"})";

class ApiTest : public testing::Test {
 protected:
  Upload upload(std::string bytes = "abc") {
    return {"snap-1.bin", "caption 1", std::make_shared<const Bytes>(std::move(bytes))};
  }
  Result<MessageId> say() { return run(api_.send_message(kChat, "hi")); }
  Result<ChatInfo> look() { return run(api_.get_chat(kChat)); }

  FakeHttp http_;
  Api api_{http_, *Token::parse(std::string("7:") + kSecret)};
};

TEST_F(ApiTest, GetMe) {
  http_.succeed(R"({"id":4503599627370494,"is_bot":true,"first_name":"C","username":"c_bot"})");
  const auto me = run(api_.get_me());
  ASSERT_TRUE(me);
  EXPECT_EQ(to_int(me->id), 4503599627370494);
  EXPECT_EQ(me->username, "c_bot");
  EXPECT_EQ(http_.last().request.target, std::string("/bot7:") + kSecret + "/getMe");
  EXPECT_EQ(http_.last().request.repeat, HttpRequest::Repeat::kSafe);
}

TEST_F(ApiTest, SendMessageWithAndWithoutAKeyboard) {
  http_.succeed(kMessage);
  ASSERT_TRUE(run(api_.send_message(kChat, "Привет \"1\"\n")));
  EXPECT_EQ(http_.last().body, R"({"chat_id":4503599627370495,"text":"Привет \"1\"\n"})");
  EXPECT_EQ(http_.last().request.content_type, "application/json");
  EXPECT_EQ(http_.last().request.repeat, HttpRequest::Repeat::kNever);
  http_.succeed(kMessage);
  ReplyKeyboard keyboard{{"Клик"}, {"A", "B"}};
  ASSERT_TRUE(run(api_.send_message(kChat, "x", keyboard)));
  EXPECT_THAT(
      http_.last().body,
      HasSubstr(R"("reply_markup":{"keyboard":[[{"text":"Клик"}],[{"text":"A"},{"text":"B"}]],)"
                R"("resize_keyboard":true,"is_persistent":true})"));
}

TEST_F(ApiTest, SendDocumentSharesTheBytesInAMultipartBody) {
  http_.succeed(kMessage);
  const auto document = upload(std::string("\r\n--binary\0bytes", 16));
  const auto sent = run(api_.send_document(kChat, document));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->document->file_id, "FILE");
  const auto& asked = http_.last();
  ASSERT_EQ(asked.request.body.size(), 3u);
  EXPECT_EQ(asked.request.body[1], document.bytes) << "the document must not be copied";
  const std::string prefix = "multipart/form-data; boundary=";
  ASSERT_TRUE(asked.request.content_type.starts_with(prefix));
  const std::string boundary = asked.request.content_type.substr(prefix.size());
  EXPECT_LE(boundary.size(), 70u);
  const auto field = [&](const char* name, const char* value) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" +
           value + "\r\n";
  };
  EXPECT_EQ(asked.body, field("chat_id", "4503599627370495") + field("caption", "caption 1") +
                            field("disable_content_type_detection", "true") +
                            field("disable_notification", "true") + "--" + boundary +
                            "\r\nContent-Disposition: form-data; name=\"document\"; "
                            "filename=\"snap-1.bin\"\r\nContent-Type: application/octet-stream"
                            "\r\n\r\n" +
                            *document.bytes + "\r\n--" + boundary + "--\r\n");
}

TEST_F(ApiTest, UploadsHaveFreshBoundariesAndDeadlinesThatASlowLineMeets) {
  http_.succeed(kMessage);
  http_.succeed(kMessage);
  ASSERT_TRUE(run(api_.send_document(kChat, upload())));
  ASSERT_TRUE(run(api_.send_document(kChat, upload(std::string(std::size_t{19} << 20, 'x')))));
  EXPECT_NE(http_.asked()[0].request.content_type, http_.asked()[1].request.content_type);
  EXPECT_GE(http_.asked()[1].request.deadline, std::chrono::seconds(19 * 8));
}

TEST_F(ApiTest, RefusesUploadsThatTelegramWouldMangleBeforeSendingThem) {
  for (const char* name : {"", "a b", "a/b", "a%20b", "a\"b", "ф.bin", "a\r\nb"}) {
    auto document = upload();
    document.name = name;
    const auto sent = run(api_.send_document(kChat, document));
    ASSERT_FALSE(sent) << name;
    EXPECT_EQ(sent.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(run(api_.send_document(kChat, upload(""))).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(http_.asked().empty());
}

TEST_F(ApiTest, EditMessageDocument) {
  http_.succeed(kMessage);
  const auto edited = run(api_.edit_message_document(kChat, MessageId{42}, upload()));
  ASSERT_TRUE(edited);
  ASSERT_TRUE(*edited);
  EXPECT_EQ((*edited)->document->file_id, "FILE");
  EXPECT_THAT(http_.last().request.target, EndsWith("/editMessageMedia"));
  EXPECT_THAT(http_.last().body,
              HasSubstr(R"({"type":"document","media":"attach://document","caption":"caption 1",)"
                        R"("disable_content_type_detection":true})"));
  EXPECT_THAT(http_.last().body, HasSubstr("name=\"message_id\"\r\n\r\n42\r\n"));
}

TEST_F(ApiTest, AnEditThatChangesNothingIsASuccess) {
  http_.refuse(400,
               "Bad Request: message is not modified: specified new message content and reply "
               "markup are exactly the same");
  const auto edited = run(api_.edit_message_document(kChat, MessageId{42}, upload()));
  ASSERT_TRUE(edited);
  EXPECT_FALSE(*edited);
}

TEST_F(ApiTest, GetChatWithAndWithoutAPin) {
  http_.succeed(std::string(R"({"id":5,"type":"private","pinned_message":)") + kMessage + "}");
  const auto pinned = look();
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->pinned_message->id, MessageId{42});
  http_.succeed(R"({"id":5,"type":"channel"})");
  const auto bare = look();
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->pinned_message);
  EXPECT_EQ(bare->chat.type, ChatType::kChannel);
}

TEST_F(ApiTest, PinUnpinForwardDelete) {
  http_.succeed("true");
  EXPECT_TRUE(run(api_.pin_chat_message(ChatId{5}, MessageId{42})));
  EXPECT_EQ(http_.last().body, R"({"chat_id":5,"message_id":42,"disable_notification":true})");
  http_.succeed("true");
  EXPECT_TRUE(run(api_.unpin_chat_message(ChatId{5}, MessageId{42})));
  EXPECT_EQ(http_.last().body, R"({"chat_id":5,"message_id":42})");
  http_.refuse(400, "Bad Request: message to unpin not found");
  EXPECT_TRUE(run(api_.unpin_chat_message(ChatId{5}, MessageId{42})));
  http_.succeed(kMessage);
  EXPECT_TRUE(run(api_.forward_message(ChatId{5}, ChatId{6}, MessageId{42})));
  EXPECT_EQ(http_.last().body,
            R"({"chat_id":5,"from_chat_id":6,"message_id":42,"disable_notification":true})");
  http_.succeed("true");
  EXPECT_TRUE(run(api_.delete_message(ChatId{5}, MessageId{42})));
  EXPECT_THAT(http_.last().request.target, EndsWith("/deleteMessage"));
}

TEST_F(ApiTest, CommandsHaveAScopeAndALanguageWhereTheyAreGiven) {
  http_.succeed("true");
  std::vector<BotCommand> commands{{"start", "begin"}};
  ASSERT_TRUE(run(api_.set_my_commands(commands, CommandScope::of_chat(ChatId{5}))));
  EXPECT_EQ(http_.last().body, R"({"commands":[{"command":"start","description":"begin"}],)"
                               R"("scope":{"type":"chat","chat_id":5}})");
  http_.succeed("true");
  ASSERT_TRUE(run(api_.set_my_commands(
      commands, {.kind = CommandScope::Kind::kAllGroupChats, .language = "en"})));
  EXPECT_EQ(http_.last().body, R"({"commands":[{"command":"start","description":"begin"}],)"
                               R"("language_code":"en","scope":{"type":"all_group_chats"}})");
  http_.succeed(R"([{"command":"start","description":"begin"}])");
  const auto read = run(api_.get_my_commands({}));
  ASSERT_TRUE(read);
  EXPECT_EQ(http_.last().body, "{}");
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().description, "begin");
}

TEST_F(ApiTest, SendsButtonsAndTakesThemAwayByAnEdit) {
  http_.succeed(kMessage);
  const InlineKeyboard buttons{{{"Yes", "y:1"}, {"No", "n:1"}}};
  ASSERT_TRUE(run(api_.send_message(kChat, "Sure?", buttons)));
  EXPECT_THAT(http_.last().body,
              HasSubstr(R"("reply_markup":{"inline_keyboard":[[{"text":"Yes","callback_data":)"
                        R"("y:1"},{"text":"No","callback_data":"n:1"}]]})"));
  http_.succeed(kMessage);
  ASSERT_TRUE(run(api_.edit_message_text(kChat, MessageId{7}, "Done")));
  EXPECT_THAT(http_.last().request.target, EndsWith("/editMessageText"));
  EXPECT_THAT(http_.last().body, HasSubstr(R"("message_id":7,"text":"Done"})"));
  http_.answer(400, R"({"ok":false,"error_code":400,"description":"Bad Request: message is not )"
                    R"(modified: specified new message content"})");
  EXPECT_TRUE(run(api_.edit_message_text(kChat, MessageId{7}, "Done")));
}

TEST_F(ApiTest, AnswerCallbackQueryAndDeleteWebhook) {
  http_.succeed("true");
  EXPECT_TRUE(run(api_.answer_callback_query("17", "")));
  EXPECT_EQ(http_.last().body, R"({"callback_query_id":"17"})");
  http_.answer(200, R"({"ok":true,"result":true,"description":"Webhook was deleted"})");
  EXPECT_TRUE(run(api_.delete_webhook()));
}

TEST_F(ApiTest, SetWebhookSendsEverythingThatMattersEveryTime) {
  http_.answer(200, R"({"ok":true,"result":true,"description":"Webhook was set"})");
  EXPECT_TRUE(run(api_.set_webhook(
      {.url = "https://example.org/hook", .secret = *WebhookSecret::parse("s-1_S")})));
  EXPECT_THAT(http_.last().request.target, EndsWith("/setWebhook"));
  EXPECT_EQ(http_.last().request.repeat, HttpRequest::Repeat::kNever);
  EXPECT_EQ(http_.last().body,
            R"({"url":"https://example.org/hook","secret_token":"s-1_S","max_connections":40,)"
            R"("allowed_updates":["message","callback_query"],"drop_pending_updates":false})");
}

TEST_F(ApiTest, SetWebhookUploadsACertificateInAForm) {
  http_.succeed("true");
  const auto certificate = std::make_shared<const Bytes>("-----BEGIN CERTIFICATE-----\n");
  EXPECT_TRUE(run(api_.set_webhook({.url = "https://127.0.0.1:8443/hook",
                                    .secret = *WebhookSecret::parse("secret"),
                                    .max_connections = 100,
                                    .drop_pending_updates = true,
                                    .certificate = certificate})));
  const auto& asked = http_.last();
  ASSERT_EQ(asked.request.body.size(), 3u);
  EXPECT_EQ(asked.request.body[1], certificate);
  EXPECT_THAT(asked.request.content_type, testing::StartsWith("multipart/form-data; boundary="));
  const std::pair<const char*, const char*> fields[] = {
      {"url", "https://127.0.0.1:8443/hook"},
      {"secret_token", "secret"},
      {"max_connections", "100"},
      {"allowed_updates", R"(["message","callback_query"])"},
      {"drop_pending_updates", "true"}};
  for (const auto& [name, value] : fields) {
    EXPECT_THAT(asked.body, HasSubstr(std::string("form-data; name=\"") + name + "\"\r\n\r\n" +
                                      value + "\r\n"));
  }
  EXPECT_THAT(asked.body, HasSubstr("name=\"certificate\"; filename=\"certificate.pem\"\r\n"));
}

TEST_F(ApiTest, GetWebhookInfo) {
  http_.succeed(R"({"url":"","has_custom_certificate":false,"pending_update_count":0})");
  const auto none = run(api_.get_webhook_info());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->url, "");
  EXPECT_EQ(none->last_error_at.count(), 0);
  http_.succeed(
      R"({"url":"https://a/b","has_custom_certificate":true,"pending_update_count":7,
      "last_error_date":1790000000,"last_error_message":"Wrong response\nfrom the webhook: 503",
      "max_connections":40,"ip_address":"1.2.3.4"})");
  const auto info = run(api_.get_webhook_info());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->url, "https://a/b");
  EXPECT_EQ(info->pending_updates, 7u);
  EXPECT_EQ(info->max_connections, 40u);
  EXPECT_EQ(info->last_error_at.count(), 1790000000);
  EXPECT_EQ(info->last_error, "Wrong response from the webhook: 503");
  for (const char* bad : {"[]", R"({"url":5})", R"({"pending_update_count":-1})",
                          R"({"last_error_date":18446744073709551615})"}) {
    http_.succeed(bad);
    EXPECT_FALSE(run(api_.get_webhook_info())) << bad;
  }
}

// ---- downloads

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) : path_(::testing::TempDir() + "telekv_XXXXXX") {
    const int descriptor = ::mkstemp(path_.data());
    EXPECT_EQ(::write(descriptor, content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    ::close(descriptor);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class DownloadTest : public ApiTest {
 protected:
  Result<std::uint64_t> download(std::size_t max_bytes) {
    return run(api_.download("FILE", max_bytes, [this](std::string_view piece) -> Result<void> {
      content_.append(piece);
      return {};
    }));
  }
  std::string content_;
};

TEST_F(DownloadTest, StreamsTheFileAndChecksItsLength) {
  http_.succeed(R"({"file_id":"FILE","file_size":20,"file_path":"documents/file 12%.bin"})");
  http_.answer(200, "01234567890123456789", "application/octet-stream");
  const auto length = download(20);
  ASSERT_TRUE(length) << length.error().message;
  EXPECT_EQ(*length, 20u);
  EXPECT_EQ(content_, "01234567890123456789");
  EXPECT_EQ(http_.last().request.target,
            std::string("/file/bot7:") + kSecret + "/documents/file%2012%25.bin");
  EXPECT_EQ(http_.last().request.method, HttpRequest::Method::kGet);
}

TEST_F(DownloadTest, AnotherLengthThanAnnouncedMayBeTriedAgain) {
  http_.succeed(R"({"file_size":20,"file_path":"d/f"})");
  http_.answer(200, "0123456789", "application/octet-stream");
  EXPECT_EQ(download(100).error().code, ErrorCode::kUnavailable);
}

TEST_F(DownloadTest, IsBoundedByTheAnnouncedAndByTheRealLength) {
  http_.succeed(R"({"file_size":20,"file_path":"d/f"})");
  EXPECT_EQ(download(19).error().code, ErrorCode::kTooLarge);
  http_.succeed(R"({"file_path":"d/f"})");
  http_.answer(200, "01234567890123456789", "application/octet-stream");
  EXPECT_EQ(download(19).error().code, ErrorCode::kTooLarge);
  EXPECT_LE(content_.size(), 19u);
}

// A Bot API server with `--local` tells where its own disk holds the file.
TEST_F(DownloadTest, AnAbsolutePathIsReadFromTheDisk) {
  const TemporaryFile file(std::string(600'000, 'x') + "end");
  const std::string answer = R"({"file_size":600003,"file_path":")" + file.path() + R"("})";
  http_.succeed(answer);
  const auto length = download(600'003);
  ASSERT_TRUE(length) << length.error().message;
  EXPECT_EQ(*length, 600'003u);
  EXPECT_EQ(content_, std::string(600'000, 'x') + "end");
  http_.succeed(R"({"file_size":0,"file_path":")" + file.path() + R"("})");
  EXPECT_EQ(download(600'002).error().code, ErrorCode::kTooLarge);
  http_.succeed(R"({"file_size":600004,"file_path":")" + file.path() + R"("})");
  EXPECT_EQ(download(700'000).error().code, ErrorCode::kUnavailable);
}

TEST_F(DownloadTest, AnAbsolutePathThatCannotBeOpenedIsRefusedWithAWayOut) {
  for (const char* path : {"/nowhere/at/all", "/", "/dev/null"}) {
    http_.succeed(std::string(R"({"file_size":3,"file_path":")") + path + R"("})");
    const auto length = download(100);
    ASSERT_FALSE(length);
    EXPECT_EQ(length.error().code, ErrorCode::kRejected) << path;
    EXPECT_NE(length.error().hint.find("--local"), std::string::npos);
  }
}

TEST_F(DownloadTest, AMissingPathOrAMissingFileMayBeTriedAgainAndIsNoWrongToken) {
  http_.succeed(R"({"file_id":"FILE","file_size":20})");
  EXPECT_EQ(download(100).error().code, ErrorCode::kUnavailable);
  http_.succeed(R"({"file_path":"d/f"})");
  http_.refuse(404, "Not Found");
  EXPECT_EQ(download(100).error().code, ErrorCode::kUnavailable);
  http_.refuse(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
  EXPECT_EQ(download(100).error().code, ErrorCode::kUnavailable);
  http_.refuse(400, "Bad Request: file is too big");
  EXPECT_EQ(download(100).error().code, ErrorCode::kTooLarge);
}

// ---- what refusals mean

struct Refused {
  unsigned code;
  const char* description;
  ErrorCode mutating;
  ErrorCode reading;
};

TEST_F(ApiTest, RefusalsAreMappedByCodeAndDescription) {
  using enum ErrorCode;
  const Refused cases[] = {
      {401, "Unauthorized", kUnauthorized, kUnauthorized},
      {404, "Not Found", kUnauthorized, kUnauthorized},
      {404, "Not Found: method not found", kRejected, kRejected},
      {403, "Forbidden: bot was blocked by the user", kForbidden, kForbidden},
      {409, "Conflict: terminated by other getUpdates request", kConflict, kConflict},
      {400, "Bad Request: chat not found", kForbidden, kForbidden},
      {400, "Bad Request: message to edit not found", kNotFound, kNotFound},
      {400, "Bad Request: message to delete not found", kNotFound, kNotFound},
      {400, "Bad Request: message to forward not found", kNotFound, kNotFound},
      {400, "Bad Request: not enough rights to pin a message", kForbidden, kForbidden},
      {400, "Bad Request: message is too long", kTooLarge, kTooLarge},
      {400, "Bad Request: something new", kRejected, kRejected},
      {413, "Request Entity Too Large", kTooLarge, kTooLarge},
      {421, "Misdirected Request", kRejected, kRejected},
      {500, "Internal Server Error: restart", kOutcomeUnknown, kUnavailable},
      {502, "Bad Gateway", kOutcomeUnknown, kUnavailable}};
  for (const auto& c : cases) {
    http_.refuse(c.code, c.description);
    const auto said = say();
    ASSERT_FALSE(said) << c.description;
    EXPECT_EQ(said.error().code, c.mutating) << c.description;
    EXPECT_THAT(said.error().message, HasSubstr(c.description));
    EXPECT_THAT(said.error().message, HasSubstr("sendMessage"));
    http_.refuse(c.code, c.description);
    EXPECT_EQ(look().error().code, c.reading) << c.description;
  }
}

TEST_F(ApiTest, PagesInsteadOfAnswersAreJudgedByTheirStatus) {
  using enum ErrorCode;
  const std::pair<unsigned, ErrorCode> cases[] = {
      {502, kOutcomeUnknown}, {504, kOutcomeUnknown}, {413, kTooLarge},      {404, kOutcomeUnknown},
      {301, kRejected},       {200, kOutcomeUnknown}, {204, kOutcomeUnknown}};
  for (const auto& [status, code] : cases) {
    http_.answer(status, "<html><head><title>page</title></head>nginx</html>", "text/html");
    EXPECT_EQ(say().error().code, code) << status;
  }
  http_.answer(502, "<html>", "text/html");
  EXPECT_EQ(look().error().code, kUnavailable);
}

TEST_F(ApiTest, UnreadableSuccessesAreNoSuccesses) {
  for (const char* body :
       {"", "null", "[]", R"({"ok":true})", R"({"ok":true,"result":true})",
        R"({"ok":1,"result":{}})", R"({"ok":true,"result":{"message_id":"42","chat":{"id":5}}})",
        R"({"ok":true,"result":{"chat":{"id":1}}})", R"({"ok":true,"result":{"message_id":42,)",
        R"({"ok":true,"result":{"message_id":42,"chat":{"id":99999999999999999999}}})"}) {
    http_.answer(200, body);
    const auto said = say();
    ASSERT_FALSE(said) << body;
    EXPECT_EQ(said.error().code, ErrorCode::kOutcomeUnknown) << body;
    http_.answer(200, body);
    EXPECT_EQ(look().error().code, ErrorCode::kUnavailable) << body;
  }
}

TEST_F(ApiTest, RetryAfterIsExactAndTheBodyComesBeforeTheHeader) {
  http_.answer(429,
               R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7728",
                     "parameters":{"retry_after":7728}})",
               "application/json", 5);
  auto limited = say();
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(limited.error().retry_after_s, 7728u);
  http_.answer(429, "<html>", "text/html", 5);
  EXPECT_EQ(say().error().retry_after_s, 5u);
  http_.answer(429, R"({"ok":false,"error_code":429,"parameters":{"retry_after":-1}})");
  limited = say();
  EXPECT_EQ(limited.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(limited.error().retry_after_s, 0u);
}

TEST_F(ApiTest, AMigratedGroupIsNamedInTheHint) {
  http_.answer(400,
               R"({"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded",
                     "parameters":{"migrate_to_chat_id":-1001234567890}})");
  const auto said = say();
  EXPECT_EQ(said.error().code, ErrorCode::kForbidden);
  EXPECT_THAT(said.error().hint, HasSubstr("-1001234567890"));
}

TEST_F(ApiTest, ALostAnswerIsOfUnknownOutcomeOnlyWhereItMatters) {
  const Error lost{.code = ErrorCode::kOutcomeUnknown, .message = "cut"};
  http_.fail(lost);
  EXPECT_EQ(say().error().code, ErrorCode::kOutcomeUnknown);
  http_.fail(lost);
  EXPECT_EQ(look().error().code, ErrorCode::kUnavailable);
  http_.fail({.code = ErrorCode::kUnavailable, .message = "refused"});
  EXPECT_EQ(say().error().code, ErrorCode::kUnavailable);
  http_.fail({.code = ErrorCode::kTooLarge, .message = "long"});
  EXPECT_EQ(say().error().code, ErrorCode::kOutcomeUnknown) << "it was sent, and perhaps done";
}

TEST_F(ApiTest, NoErrorShowsTheTokenNotEvenWhenTheServerRepeatsIt) {
  http_.refuse(404, std::string("Not Found: /bot7:") + kSecret + "/sendMessage");
  EXPECT_THAT(describe(say().error()), Not(HasSubstr(kSecret)));
  http_.fail({.code = ErrorCode::kUnavailable, .message = "x", .hint = kSecret});
  EXPECT_THAT(describe(say().error()), Not(HasSubstr(kSecret)));
}

TEST_F(ApiTest, DescriptionsAreOneBoundedLine) {
  http_.refuse(400, "a\\nb\\u0000c" + std::string(5000, 'x'));
  const auto said = say();
  EXPECT_EQ(said.error().message.find('\n'), std::string::npos);
  EXPECT_LE(said.error().message.size(), 400u);
}

// ---- updates

TEST_F(ApiTest, GetUpdatesSendsAnOffsetOnlyWhenThereIsOne) {
  http_.succeed(R"([{"update_id":4503599627370496}])");
  const auto first = run(api_.get_updates({.timeout = std::chrono::seconds(25)}));
  ASSERT_TRUE(first);
  EXPECT_EQ(http_.last().body,
            R"({"limit":100,"timeout":25,"allowed_updates":["message","callback_query"]})");
  EXPECT_EQ(http_.last().request.deadline, std::chrono::seconds(35));
  http_.succeed("[]");
  ASSERT_TRUE(run(api_.get_updates({.offset = UpdateId{4503599627370497}})));
  EXPECT_THAT(http_.last().body, HasSubstr(R"("offset":4503599627370497})"));
}

}  // namespace
}  // namespace telekv::telegram
