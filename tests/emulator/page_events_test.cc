// What open pages are told, and that it stays bounded whatever happens in the chats.
#include "emulator/page_events.h"

#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

const std::string kWatchAnya = R"({"watch":[{"bot_id":123456789,"chat_id":)" + kAnyaId + "}]}";

struct Pages : testing::Test {
  Pages() {
    World::Observer observer;
    observer.chat_changed = [this](BotId bot, ChatId chat) { events.chat_changed(bot, chat); };
    telegram.world.set_observer(std::move(observer));
  }

  boost::json::value news(PageWatch& page) {
    return boost::json::parse(page.take_news(telegram.world));
  }

  Telegram telegram;
  PageEvents events{telegram.world};
};

TEST_F(Pages, AChatIsNewsAtOnceAndThenWhenItChanges) {
  const auto page = events.open();
  EXPECT_FALSE(page->has_news());
  ASSERT_TRUE(page->read_request(kWatchAnya));
  const auto first = news(*page).at("chats").at(0).at("version").as_int64();
  EXPECT_FALSE(page->has_news());
  telegram.send(kAdmin, "elsewhere");
  EXPECT_FALSE(page->has_news());
  telegram.send(kAnya, "here");
  ASSERT_TRUE(page->has_news());
  EXPECT_GT(news(*page).at("chats").at(0).at("version").as_int64(), first);
}

TEST_F(Pages, ManyChangesAreOnePieceOfNews) {
  const auto page = events.open();
  page->read_request(kWatchAnya);
  int alarms = 0;
  page->set_alarm([&] { ++alarms; });
  for (int i = 0; i < 1000; ++i) {
    telegram.send(kAnya, "here");
    events.faults_changed();
    events.people_changed();
  }
  EXPECT_EQ(alarms, 3000);
  const auto all = news(*page);
  EXPECT_EQ(all.at("chats").as_array().size(), 1u);
  EXPECT_TRUE(all.at("faults").as_bool());
  EXPECT_TRUE(all.at("people").as_bool());
  EXPECT_FALSE(page->has_news());
}

TEST_F(Pages, ANewRequestReplacesTheOneBefore) {
  const auto page = events.open();
  page->read_request(kWatchAnya);
  ASSERT_TRUE(page->read_request(R"({"watch":[]})"));
  telegram.send(kAnya, "here");
  EXPECT_FALSE(page->has_news());
}

TEST_F(Pages, AChatThatIsNotOpenYetCanBeWatched) {
  const auto page = events.open();
  ASSERT_TRUE(page->read_request(R"({"watch":[{"bot_id":5,"chat_id":6}]})"));
  EXPECT_EQ(news(*page).at("chats").at(0).at("version").as_int64(), 0);
}

TEST_F(Pages, WhatIsNoRequestIsRefusedAndChangesNothing) {
  const auto page = events.open();
  page->read_request(kWatchAnya);
  page->take_news(telegram.world);
  std::string many = R"({"watch":[)";
  for (std::size_t i = 0; i <= PageWatch::kMaxChats; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"bot_id":1,"chat_id":2})";
  }
  for (const std::string& request :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"watch":1})"),
        std::string(R"({"watch":[1]})"), std::string(R"({"watch":[{"bot_id":"1","chat_id":2}]})"),
        std::string(R"({"watch":[{"bot_id":1}]})"), many + "]}"}) {
    EXPECT_FALSE(page->read_request(request)) << request;
  }
  telegram.send(kAnya, "here");
  EXPECT_TRUE(page->has_news());
}

TEST_F(Pages, ThereIsRoomForSomeAndAgainWhenOneLeaves) {
  std::vector<std::shared_ptr<PageWatch>> open;
  for (std::size_t i = 0; i < PageEvents::kMaxPages; ++i) {
    open.push_back(events.open());
    ASSERT_NE(open.back(), nullptr);
  }
  EXPECT_EQ(events.open(), nullptr);
  open.pop_back();
  EXPECT_NE(events.open(), nullptr);
}

}  // namespace
}  // namespace telekv::emulator
