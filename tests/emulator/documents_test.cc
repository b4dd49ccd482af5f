// Uploads, replacements and downloads of documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

using testing::HasSubstr;

std::string download(Telegram& telegram, const boost::json::value& file_id) {
  const auto file = telegram.result("getFile", {{"file_id", std::string(file_id.as_string())}});
  const File* found =
      find_file_by_path(telegram.world, telegram.bot, file.at("file_path").as_string());
  return found == nullptr ? "no such path" : *telegram.files.get(found->number);
}

TEST(SendDocument, TakesAPartNamedDocumentOrAnAttachment) {
  Telegram telegram;
  const auto named = telegram.result("sendDocument", {{"chat_id", kAdminId}, {"caption", "v1"}},
                                     {{"document", "a.json", "one"}});
  EXPECT_EQ(named.at("caption").as_string(), "v1");
  EXPECT_EQ(named.at("document").at("mime_type").as_string(), "application/json");
  EXPECT_EQ(named.at("document").at("file_size").as_int64(), 3);
  const auto attached =
      telegram.result("sendDocument", {{"chat_id", kAdminId}, {"document", "attach://f0"}},
                      {{"f0", "b.bin", "two"}});
  EXPECT_EQ(download(telegram, attached.at("document").at("file_id")), "two");
  EXPECT_EQ(download(telegram, named.at("document").at("file_id")), "one");
}

TEST(SendDocument, TakesAFileIdOfTheSameBotOnly) {
  Telegram telegram;
  const auto sent =
      telegram.result("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a.bin", "one"}});
  const std::string file_id(sent.at("document").at("file_id").as_string());
  const auto again =
      telegram.result("sendDocument", {{"chat_id", kAdminId}, {"document", file_id}});
  EXPECT_EQ(again.at("document"), sent.at("document"));
  Bot& other = *telegram.world.authorize("5:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB").value();
  EXPECT_EQ(telegram.world.find_file(other, file_id), nullptr);
}

TEST(SendDocument, RefusesNothingTooLittleAndTooMuch) {
  Telegram telegram;
  EXPECT_EQ(telegram.error("sendDocument", {{"chat_id", kAdminId}}),
            "Bad Request: there is no document in the request");
  EXPECT_EQ(telegram.error("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a", ""}}),
            "Bad Request: file must be non-empty");
  const std::string at_limit(kMaxUploadBytes, 'x');
  EXPECT_EQ(telegram.error("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a", at_limit}}),
            "");
  const auto answer =
      telegram.call("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a", at_limit + "x"}});
  EXPECT_EQ(answer.at("error_code").as_int64(), 413);
}

TEST(GetFile, ServesAtMost20MiB) {
  Telegram telegram;
  const auto send = [&](std::size_t size) {
    const auto sent = telegram.result("sendDocument", {{"chat_id", kAdminId}},
                                      {{"document", "a", std::string(size, 'x')}});
    return telegram.error(
        "getFile", {{"file_id", std::string(sent.at("document").at("file_id").as_string())}});
  };
  EXPECT_EQ(send(20u << 20), "");
  EXPECT_EQ(send((20u << 20) + 1), "Bad Request: file is too big");
  EXPECT_EQ(telegram.error("getFile", {}), "Bad Request: file_id not specified");
  EXPECT_EQ(telegram.error("getFile", {{"file_id", "BQACAgIAAxkDAAMx"}}),
            "Bad Request: invalid file_id");
}

TEST(EditMessageMedia, ReplacesTheDocumentAndKeepsIdAndPin) {
  Telegram telegram;
  const std::string id = telegram.send_document(kAdmin, "one");
  telegram.result("pinChatMessage", {{"chat_id", kAdminId}, {"message_id", id}});
  telegram.pass(90 * 86400);
  const auto edited =
      telegram.result("editMessageMedia",
                      {{"chat_id", kAdminId},
                       {"message_id", id},
                       {"media", R"({"type":"document","media":"attach://f0","caption":"v2"})"}},
                      {{"f0", "two.bin", "two"}});
  EXPECT_EQ(Telegram::id_of(edited), id);
  EXPECT_TRUE(edited.as_object().contains("edit_date"));
  const auto chat = telegram.result("getChat", {{"chat_id", kAdminId}});
  EXPECT_EQ(chat.at("pinned_message").at("caption").as_string(), "v2");
  EXPECT_EQ(download(telegram, chat.at("pinned_message").at("document").at("file_id")), "two");
}

TEST(EditMessageMedia, TheOldFileStillDownloads) {
  Telegram telegram;
  const auto sent =
      telegram.result("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a", "one"}});
  telegram.result("editMessageMedia",
                  {{"chat_id", kAdminId},
                   {"message_id", Telegram::id_of(sent)},
                   {"media", R"({"type":"document","media":"attach://f0"})"}},
                  {{"f0", "a", "two"}});
  EXPECT_EQ(download(telegram, sent.at("document").at("file_id")), "one");
}

TEST(EditMessageMedia, RefusesTheSameFileBadMediaAndGoneMessages) {
  Telegram telegram;
  const auto sent =
      telegram.result("sendDocument", {{"chat_id", kAdminId}}, {{"document", "a", "one"}});
  const std::string file_id(sent.at("document").at("file_id").as_string());
  const auto edit = [&](const std::string& id, const std::string& media) {
    return telegram.error("editMessageMedia",
                          {{"chat_id", kAdminId},
                           {"message_id", id},
                           {"media", R"({"type":"document","media":")" + media + R"("})"}});
  };
  EXPECT_THAT(edit(Telegram::id_of(sent), file_id), HasSubstr("message is not modified"));
  EXPECT_EQ(edit(Telegram::id_of(sent), "attach://nowhere"),
            "Bad Request: can't parse InputMedia: media not found");
  EXPECT_EQ(edit("99", file_id), "Bad Request: message to edit not found");
}

TEST(EditMessageMedia, TurnsATextIntoADocument) {
  Telegram telegram;
  const auto edited = telegram.result("editMessageMedia",
                                      {{"chat_id", kAdminId},
                                       {"message_id", telegram.send(kAdmin, "text")},
                                       {"media", R"({"type":"document","media":"attach://f0"})"}},
                                      {{"f0", "a.bin", "bytes"}});
  EXPECT_FALSE(edited.as_object().contains("text"));
  EXPECT_EQ(edited.at("document").at("file_name").as_string(), "a.bin");
}

TEST(Captions, AreBoundedInCodePoints) {
  Telegram telegram;
  std::string caption;
  for (int i = 0; i < 1024; ++i) caption += "Ж";
  const auto send = [&](const std::string& text) {
    return telegram.error("sendDocument", {{"chat_id", kAdminId}, {"caption", text}},
                          {{"document", "a", "x"}});
  };
  EXPECT_EQ(send(caption), "");
  EXPECT_EQ(send(caption + "x"), "Bad Request: message caption is too long");
}

}  // namespace
}  // namespace telekv::emulator
