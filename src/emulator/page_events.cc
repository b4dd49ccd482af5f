#include "emulator/page_events.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "emulator/control_api.h"
#include "emulator/json_writer.h"

namespace telekv::emulator {

bool PageWatch::read_request(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array wanted;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["watch"].get(wanted) != simdjson::SUCCESS || wanted.size() > kMaxChats) {
    return false;
  }
  std::vector<WatchedChat> chats;
  for (const auto item : wanted) {
    WatchedChat chat;
    if (item["bot_id"].get(chat.bot) != simdjson::SUCCESS ||
        item["chat_id"].get(chat.chat) != simdjson::SUCCESS) {
      return false;
    }
    chats.push_back(chat);
  }
  chats_ = std::move(chats);
  if (!chats_.empty()) alarm_();
  return true;
}

void PageWatch::chat_changed(BotId bot, ChatId chat) {
  for (WatchedChat& watched : chats_) {
    if (watched.bot != bot || watched.chat != chat) continue;
    watched.changed = true;
    alarm_();
  }
}

void PageWatch::people_changed() {
  people_changed_ = true;
  alarm_();
}

void PageWatch::faults_changed() {
  faults_changed_ = true;
  alarm_();
}

bool PageWatch::has_news() const {
  return people_changed_ || faults_changed_ ||
         std::any_of(chats_.begin(), chats_.end(),
                     [](const WatchedChat& chat) { return chat.changed; });
}

std::string PageWatch::take_news(World& world) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("chats");
  writer.begin_array();
  for (WatchedChat& watched : chats_) {
    if (!std::exchange(watched.changed, false)) continue;
    writer.begin_object();
    writer.field("bot_id", watched.bot);
    writer.field("chat_id", watched.chat);
    writer.field("version", chat_version(world, watched.bot, watched.chat));
    writer.end_object();
  }
  writer.end_array();
  writer.field("people", std::exchange(people_changed_, false));
  writer.field("faults", std::exchange(faults_changed_, false));
  writer.end_object();
  return out;
}

std::shared_ptr<PageWatch> PageEvents::open() {
  std::erase_if(pages_, [](const auto& page) { return page.expired(); });
  if (pages_.size() >= kMaxPages) return nullptr;
  auto page = std::make_shared<PageWatch>();
  pages_.push_back(page);
  return page;
}

template <class Tell>
void PageEvents::tell_each(Tell tell) {
  for (const auto& page : pages_) {
    if (const auto open = page.lock()) tell(*open);
  }
}

void PageEvents::chat_changed(BotId bot, ChatId chat) {
  tell_each([&](PageWatch& page) { page.chat_changed(bot, chat); });
}

void PageEvents::people_changed() {
  tell_each([](PageWatch& page) { page.people_changed(); });
}

void PageEvents::faults_changed() {
  tell_each([](PageWatch& page) { page.faults_changed(); });
}

}  // namespace telekv::emulator
