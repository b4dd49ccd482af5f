// The vault's channel on the Bot API: each call's requests, and what it makes of the answers.
#include "telegram/bot_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_http.h"
#include "run.h"

namespace telekv::telegram {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr ChatId kChat{4503599627370495};

std::string message(std::int64_t id, std::string_view sender, std::string_view rest,
                    std::string_view type = "private") {
  std::string json = R"({"message_id":)" + std::to_string(id);
  return json.append(R"(,"chat":{"id":4503599627370495,"type":")")
      .append(type)
      .append("\"},\"date\":1")
      .append(sender)
      .append(rest)
      .append("}");
}

constexpr std::string_view kOwn = R"(,"from":{"id":7,"is_bot":true,"first_name":"B"})";
constexpr std::string_view kOther = R"(,"from":{"id":8,"is_bot":false,"first_name":"P"})";
constexpr std::string_view kDocument =
    R"(,"document":{"file_name":"root.bin","file_id":"FILE","file_size":20})";

class BotChannelTest : public testing::Test {
 protected:
  vault::Document document() {
    return {"root.bin", "caption", std::make_shared<const Bytes>("bytes")};
  }
  Result<std::optional<vault::Pinned>> pinned_as(const std::string& json,
                                                 std::string_view type = "private") {
    http_.succeed(std::string(R"({"id":4503599627370495,"type":")")
                      .append(type)
                      .append(R"(","pinned_message":)")
                      .append(json)
                      .append("}"));
    return run(channel_.pinned());
  }
  Result<std::optional<MessageId>> pointer_in(const std::string& description) {
    http_.succeed(R"([{"command":"help","description":"x · root 1"},)"
                  R"({"command":"admin","description":")" +
                  description + "\"}]");
    return run(channel_.pointer());
  }

  FakeHttp http_;
  Api api_{http_, *Token::parse("7:AAH-abcdefghij_KLMNOPQRSTUVWXYZ0123")};
  BotChannel channel_{api_, kChat, {{"help", "Help"}, {"admin", "Снимок"}}};
};

TEST_F(BotChannelTest, PostGivesTheIdAndTheFile) {
  http_.succeed(message(42, kOwn, kDocument));
  const auto posted = run(channel_.post(document()));
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->id, MessageId{42});
  EXPECT_EQ(posted->file.file_id, "FILE");
  EXPECT_EQ(posted->file.size, 20u);
  EXPECT_THAT(http_.last().request.target, EndsWith("/sendDocument"));
}

TEST_F(BotChannelTest, PostThatShowsNoDocumentIsOfUnknownOutcome) {
  http_.succeed(message(42, kOwn, ""));
  EXPECT_EQ(run(channel_.post(document())).error().code, ErrorCode::kOutcomeUnknown);
}

TEST_F(BotChannelTest, ReplaceGivesTheNewFile) {
  http_.succeed(message(42, kOwn, kDocument));
  const auto replaced = run(channel_.replace(MessageId{42}, document()));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->file.file_id, "FILE");
  EXPECT_THAT(http_.last().request.target, EndsWith("/editMessageMedia"));
}

TEST_F(BotChannelTest, ReplaceOfTheSameBytesLooksUpTheFileThatIsThere) {
  http_.refuse(400, "Bad Request: message is not modified: the same");
  http_.succeed(message(50, kOwn, kDocument));
  http_.succeed("true");
  const auto replaced = run(channel_.replace(MessageId{42}, document()));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->id, MessageId{42});
  EXPECT_EQ(replaced->file.file_id, "FILE");
}

TEST_F(BotChannelTest, PinnedShowsOwnDocumentsOnly) {
  auto pinned = pinned_as(message(42, kOwn, kDocument));
  ASSERT_TRUE(pinned);
  ASSERT_TRUE(*pinned);
  EXPECT_EQ((*pinned)->id, MessageId{42});
  ASSERT_TRUE((*pinned)->document);
  EXPECT_EQ((*pinned)->document->file_id, "FILE");
  EXPECT_EQ((*pinned)->document_name, "root.bin");

  pinned = pinned_as(message(43, kOther, kDocument));
  EXPECT_EQ((*pinned)->id, MessageId{43});
  EXPECT_FALSE((*pinned)->document) << "somebody else's document";

  pinned = pinned_as(message(44, kOwn, R"(,"text":"hi")"));
  EXPECT_FALSE((*pinned)->document);
}

TEST_F(BotChannelTest, InAChannelThePostsOfTheChannelAreOwn) {
  constexpr std::string_view kPost = R"(,"sender_chat":{"id":4503599627370495,"type":"channel"})";
  auto pinned = pinned_as(message(42, kPost, kDocument, "channel"), "channel");
  EXPECT_TRUE((*pinned)->document);
  constexpr std::string_view kForeign = R"(,"sender_chat":{"id":-5,"type":"channel"})";
  pinned = pinned_as(message(42, kForeign, kDocument, "channel"), "channel");
  EXPECT_FALSE((*pinned)->document);
  pinned = pinned_as(message(42, kPost, kDocument, "supergroup"), "supergroup");
  EXPECT_FALSE((*pinned)->document) << "an anonymous administrator of a group";
}

TEST_F(BotChannelTest, NoPinIsNoError) {
  http_.succeed(R"({"id":4503599627370495,"type":"private"})");
  const auto pinned = run(channel_.pinned());
  ASSERT_TRUE(pinned);
  EXPECT_FALSE(*pinned);
}

TEST_F(BotChannelTest, LookUpForwardsReadsAndDeletesTheCopy) {
  http_.succeed(message(50, kOwn, kDocument));
  http_.succeed("true");
  const auto file = run(channel_.look_up(MessageId{42}));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->file_id, "FILE");
  EXPECT_THAT(http_.asked()[0].body, HasSubstr(R"("message_id":42)"));
  EXPECT_THAT(http_.asked()[0].body, HasSubstr(R"("disable_notification":true)"));
  EXPECT_THAT(http_.asked()[1].request.target, EndsWith("/deleteMessage"));
  EXPECT_THAT(http_.asked()[1].body, HasSubstr(R"("message_id":50)"));
  EXPECT_EQ(channel_.stray_copies(), 0u);
}

TEST_F(BotChannelTest, ACopyThatStaysIsCountedAndNoError) {
  http_.succeed(message(50, kOwn, kDocument));
  http_.refuse(400, "Bad Request: message can't be deleted");
  EXPECT_TRUE(run(channel_.look_up(MessageId{42})));
  EXPECT_EQ(channel_.stray_copies(), 1u);
}

TEST_F(BotChannelTest, LookUpTellsGoneFromNotReachable) {
  http_.refuse(400, "Bad Request: message to forward not found");
  EXPECT_EQ(run(channel_.look_up(MessageId{42})).error().code, ErrorCode::kNotFound);
  http_.succeed(message(50, kOwn, R"(,"text":"hi")"));
  http_.succeed("true");
  EXPECT_EQ(run(channel_.look_up(MessageId{42})).error().code, ErrorCode::kNotFound);
  http_.refuse(400, "Bad Request: chat not found");
  EXPECT_EQ(run(channel_.look_up(MessageId{42})).error().code, ErrorCode::kForbidden);
  http_.refuse(502, "Bad Gateway");
  EXPECT_EQ(run(channel_.look_up(MessageId{42})).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(channel_.stray_copies(), 1u) << "the copy may have been made";
}

TEST_F(BotChannelTest, FetchReturnsTheBytes) {
  http_.succeed(R"({"file_size":20,"file_path":"d/f"})");
  http_.answer(200, "01234567890123456789", "application/octet-stream");
  const auto bytes = run(channel_.fetch({"FILE", 20}, 100));
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, "01234567890123456789");
}

TEST_F(BotChannelTest, FetchRefusesOtherLengths) {
  EXPECT_EQ(run(channel_.fetch({"FILE", 101}, 100)).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(http_.asked().empty());
  http_.succeed(R"({"file_size":20,"file_path":"d/f"})");
  http_.answer(200, "01234567890123456789", "application/octet-stream");
  EXPECT_EQ(run(channel_.fetch({"FILE", 19}, 100)).error().code, ErrorCode::kDamaged);
}

TEST_F(BotChannelTest, ThePointerSurvivesARoundTrip) {
  http_.succeed("true");
  ASSERT_TRUE(run(channel_.set_pointer(MessageId{123})));
  EXPECT_EQ(http_.last().body, R"({"commands":[{"command":"help","description":"Help"},)"
                               R"({"command":"admin","description":"Снимок · root 123"}],)"
                               R"("scope":{"type":"chat","chat_id":4503599627370495}})");
  const auto pointer = pointer_in("Снимок · root 123");
  ASSERT_TRUE(pointer);
  EXPECT_EQ(*pointer, MessageId{123});
}

TEST_F(BotChannelTest, APointerIsReadInItsExactFormOnly) {
  for (const char* text :
       {"Снимок", "", "x · root ", "x · root 0", "x · root -1", "x · root 12 ", "x · root 1x",
        "x root 12", "x · root 012", "x · root 12 · y", "x · root 99999999999999999999"}) {
    const auto pointer = pointer_in(text);
    ASSERT_TRUE(pointer) << text;
    EXPECT_FALSE(*pointer) << text;
  }
  EXPECT_EQ(*pointer_in("x · root 1 · root 4503599627370495"), MessageId{4503599627370495});
  http_.succeed("[]");
  const auto none = run(channel_.pointer());
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(BotChannelTest, APointerThatDoesNotFitIsRefusedBeforeItIsSent) {
  std::string long_text;
  for (int i = 0; i < 256; ++i) long_text += "ф";
  BotChannel channel(api_, kChat, {{"admin", long_text}});
  EXPECT_EQ(run(channel.set_pointer(MessageId{1})).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(http_.asked().empty());
}

TEST_F(BotChannelTest, RecyclingWhatIsGoneSucceeds) {
  http_.refuse(400, "Bad Request: message to delete not found");
  EXPECT_TRUE(run(channel_.recycle(MessageId{42})));
  http_.refuse(400, "Bad Request: message can't be deleted for everyone");
  EXPECT_EQ(run(channel_.recycle(MessageId{42})).error().code, ErrorCode::kRejected);
}

}  // namespace
}  // namespace telekv::telegram
