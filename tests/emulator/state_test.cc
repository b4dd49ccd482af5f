// The state folder: what was answered survives, an unfinished record at the end does not hurt.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "emulator/journal.h"
#include "emulator/render.h"
#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

namespace fs = std::filesystem;

class StateFolder : public testing::Test {
 protected:
  StateFolder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("telekv_state_") + info->name());
    fs::remove_all(folder_);
  }
  ~StateFolder() override { fs::remove_all(folder_); }

  fs::path folder_;
};

// Everything a client or the page could see of a world.
std::string picture(const World& world) {
  std::string records;
  world.write_all([&](std::string_view piece) { records += piece; });
  return records;
}

// A bit of everything. What it does is the same each time.
void live(Telegram& telegram) {
  World& world = telegram.world;
  world.person_sends(telegram.bot, kAnya, "/start", telegram.now).value();
  telegram.result(
      "sendMessage",
      {{"chat_id", kAnyaId}, {"text", "Привет"}, {"reply_markup", R"({"keyboard":[["Клик"]]})"}});
  const std::string root = telegram.send_document(kAdmin, "one");
  telegram.result("pinChatMessage", {{"chat_id", kAdminId}, {"message_id", root}});
  telegram.result("editMessageMedia",
                  {{"chat_id", kAdminId},
                   {"message_id", root},
                   {"media", R"({"type":"document","media":"attach://f","caption":"v2"})"}},
                  {{"f", "two.bin", "two"}});
  telegram.result("deleteMessage",
                  {{"chat_id", kAnyaId}, {"message_id", telegram.send(kAnya, "gone")}});
  telegram.result("setMyCommands", {{"commands", R"([{"command":"status","description":"x"}])"}});
  world.person_taps(telegram.bot, kAdmin, std::stoi(root), "c", telegram.now).value();
  world.set_blocked(telegram.bot, kAnya, true, telegram.now).value();
  world.advance_clock(5000);
  world.rename_bot(telegram.bot, "Кликер");
  telegram.result("setMyDescription", {{"description", "Считает"}, {"language_code", "ru"}});
  Chat& group = *world
                     .create_group(telegram.bot,
                                   {ChatType::kGroup, "Клуб", {kAnya}, BotStatus::kAdministrator},
                                   telegram.now)
                     .value();
  world.person_writes(telegram.bot, group.id, kAnya, "в группе", telegram.now).value();
  world.upgrade_group(telegram.bot, group, telegram.now).value();
  telegram.updates({.offset = telegram.bot.queue.head_id() + 1, .allowed_updates = 1u});
  telegram.result(
      "setWebhook",
      {{"url", "http://127.0.0.1:1/hook"}, {"secret_token", "s"}, {"max_connections", "3"}});
  world.person_sends(telegram.bot, kAdmin, "last", telegram.now).value();
  world.confirm_delivery(telegram.bot, telegram.bot.queue.next_id() - 1);
}

TEST_F(StateFolder, HoldsEverythingThatWasCommitted) {
  Telegram before;
  {
    auto opened = Journal::open(folder_, before.world).value();
    before.files = FileStore(opened.journal->files_folder());
    live(before);
    ASSERT_TRUE(opened.journal->commit());
  }
  {
    World compacted(before.now);
    ASSERT_TRUE(Journal::open(folder_, compacted).has_value());
  }
  World after(before.now);
  auto opened = Journal::open(folder_, after).value();
  EXPECT_EQ(opened.dropped_bytes, 0u);
  EXPECT_EQ(after.message_count(), before.world.message_count());
  Bot& bot = *after.authorize(kToken).value();
  EXPECT_EQ(after.authorize("123456789:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB").error().code, 401);
  EXPECT_EQ(bot.queue.size(), before.bot.queue.size());
  EXPECT_EQ(bot.queue.next_id(), before.bot.queue.next_id());
  EXPECT_EQ(bot.queue.confirmed().list(), before.bot.queue.confirmed().list());
  EXPECT_EQ(bot.queue.confirmed().list().size(), 2u);
  EXPECT_EQ(bot.queue.updates().front().lane, before.bot.queue.updates().front().lane);
  EXPECT_EQ(bot.webhook.url, "http://127.0.0.1:1/hook");
  EXPECT_EQ(bot.webhook.secret_token, "s");
  EXPECT_EQ(bot.webhook.max_connections, 3);
  EXPECT_EQ(bot.next_message_id, before.bot.next_message_id);
  EXPECT_EQ(bot.allowed_updates, before.bot.allowed_updates);
  EXPECT_EQ(bot.commands, before.bot.commands);
  EXPECT_EQ(bot.first_name, "Кликер");
  EXPECT_EQ(bot.taps.size(), 1u);
  EXPECT_EQ(bot.chats.at(kAnya).reply_keyboard, before.bot.chats.at(kAnya).reply_keyboard);
  EXPECT_TRUE(bot.chats.at(kAnya).blocked);
  EXPECT_EQ(after.clock_advance(), 5000);
  EXPECT_EQ(after.find_person(kAnya)->language_code, "ru");
  const Message* root = after.newest_pinned(bot.chats.at(kAdmin));
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->text, "v2");
  FileStore files(opened.journal->files_folder());
  EXPECT_EQ(*files.get(root->rare().file), "two");
}

TEST_F(StateFolder, IsTheSameAfterEachCompaction) {
  Telegram before;
  {
    auto opened = Journal::open(folder_, before.world).value();
    live(before);
    ASSERT_TRUE(opened.journal->commit());
  }
  const std::size_t size = picture(before.world).size();
  for (int restart = 0; restart < 3; ++restart) {
    World after(before.now);
    auto opened = Journal::open(folder_, after).value();
    EXPECT_EQ(picture(after).size(), size);
  }
}

TEST_F(StateFolder, DropsAnUnfinishedFrameWhereverItWasCut) {
  std::uintmax_t complete = 0;
  {
    World world(0);
    auto opened = Journal::open(folder_, world).value();
    world.put_person({kAnya, "first", "", "", ""}).value();
    ASSERT_TRUE(opened.journal->commit());
    complete = fs::file_size(folder_ / "journal");
    world.put_person({kAdmin, "second", "", "", ""}).value();
    ASSERT_TRUE(opened.journal->commit());
  }
  const fs::path copy = folder_ / "copy";
  fs::copy_file(folder_ / "journal", copy);
  for (auto size = fs::file_size(copy) - 1; size >= complete; --size) {
    fs::copy_file(copy, folder_ / "journal", fs::copy_options::overwrite_existing);
    fs::resize_file(folder_ / "journal", size);
    World world(0);
    auto opened = Journal::open(folder_, world).value();
    EXPECT_EQ(opened.dropped_bytes, size - complete);
    EXPECT_NE(world.find_person(kAnya), nullptr);
    EXPECT_EQ(world.find_person(kAdmin), nullptr);
  }
}

TEST_F(StateFolder, BelongsToOneEmulatorAtATime) {
  World world(0);
  auto first = Journal::open(folder_, world).value();
  World other(0);
  EXPECT_TRUE(Journal::open(folder_, other).has_error());
}

TEST_F(StateFolder, RefusesAFileThatIsNoJournal) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "journal") << "something else";
  World world(0);
  EXPECT_TRUE(Journal::open(folder_, world).has_error());
  EXPECT_EQ(fs::file_size(folder_ / "journal"), 14u) << "left as it was";
}

}  // namespace
}  // namespace telekv::emulator
