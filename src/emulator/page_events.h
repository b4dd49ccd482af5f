// What open chat pages are told: that a chat they watch, the people, or the fault rules
// (and the clock, shown beside them) have changed. News waits here until the page's connection
// takes it; it is a set of marks and no queue, so a page that reads slowly costs no memory and
// misses nothing. Single-threaded; telling costs the number of pages, which is bounded.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/world.h"

namespace telekv::emulator {

/// One page's marks.
class PageWatch {
 public:
  static constexpr std::size_t kMaxChats = 8;

  /// {"watch":[{"bot_id":1,"chat_id":2},...]} names all chats that the page shows; each of them is
  /// news at once, so that a change between reading a chat and watching it is not missed. False:
  /// not such a request.
  bool read_request(std::string_view json);

  void chat_changed(BotId bot, ChatId chat);
  void people_changed();
  void faults_changed();

  bool has_news() const;
  /// The news as JSON: {"chats":[{"bot_id","chat_id","version"}],"people":true,"faults":true},
  /// with what has changed; nothing is news after that.
  std::string take_news(World& world);

  /// Called whenever there is news.
  void set_alarm(std::function<void()> alarm) { alarm_ = std::move(alarm); }

 private:
  struct WatchedChat {
    BotId bot = 0;
    ChatId chat = 0;
    bool changed = true;
  };

  std::vector<WatchedChat> chats_;
  bool people_changed_ = false;
  bool faults_changed_ = false;
  std::function<void()> alarm_ = [] {};
};

/// All open pages.
class PageEvents {
 public:
  static constexpr std::size_t kMaxPages = 64;

  explicit PageEvents(World& world) : world_(world) {}

  /// A new page, open as long as the pointer lives; null when there are too many.
  std::shared_ptr<PageWatch> open();

  void chat_changed(BotId bot, ChatId chat);
  void people_changed();
  void faults_changed();

  World& world() { return world_; }

 private:
  template <class Tell>
  void tell_each(Tell tell);

  World& world_;
  std::vector<std::weak_ptr<PageWatch>> pages_;
};

}  // namespace telekv::emulator
