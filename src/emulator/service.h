// Everything behind the HTTP port: finds what a request means, runs it on the world, applies
// faults, commits to the journal before the answer leaves, lets long polls wait, has webhooks
// served. Runs on one io_context thread. Every wait has an end: at most 50 s for a bot, 60 s for
// the chat page.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "emulator/bot_api.h"
#include "emulator/crowd_runner.h"
#include "emulator/edit_uploads.h"
#include "emulator/faults.h"
#include "emulator/file_store.h"
#include "emulator/flood_control.h"
#include "emulator/http.h"
#include "emulator/journal.h"
#include "emulator/page_events.h"
#include "emulator/statistics.h"
#include "emulator/webhook_sender.h"
#include "emulator/world.h"

namespace telekv::emulator {

class Service {
 public:
  /// `journal`: null keeps everything in memory. `on_disk_failure` is called when the journal can
  /// no longer be written; the emulator must then end, because what it answers would not survive.
  Service(boost::asio::any_io_executor executor, World& world, FileStore& files, Journal* journal,
          FloodKind flood, std::function<void()> on_disk_failure);

  /// Answers a request. Never fails: what is wrong is in the answer.
  boost::asio::awaitable<HttpReply> handle(HttpRequest* request);

  /// What open chat pages are told.
  PageEvents& page_events() { return page_events_; }

 private:
  using Timer = boost::asio::steady_timer;

  // A getUpdates call that waits for updates.
  struct WaitingPoll {
    explicit WaitingPoll(const boost::asio::any_io_executor& executor) : timer(executor) {}
    Timer timer;
    std::string_view conflict;  ///< why the call ends, when another one ended it
  };

  // What a path under /bot<token>/ or /file/bot<token>/ says.
  struct BotPath {
    std::string_view token;
    std::string_view rest;
  };

  static std::optional<BotPath> parse_bot_path(std::string_view path, std::string_view prefix);
  boost::asio::awaitable<HttpReply> handle_method(HttpRequest* request, BotPath path);
  boost::asio::awaitable<HttpReply> run_method(HttpRequest* request, Bot* bot,
                                               const MethodEntry* method);
  boost::asio::awaitable<bool> upload_edit(BotId bot, const Arguments* arguments);
  boost::asio::awaitable<HttpReply> get_updates(Bot* bot, PollRequest request);
  boost::asio::awaitable<HttpReply> conflict(BotId bot, std::string_view text);
  boost::asio::awaitable<HttpReply> find_reply(HttpRequest* request);
  void observe_world();
  void end_waiting_poll(BotId bot, std::string_view text);
  void run_webhook_reply(Bot& bot, const WebhookAnswer& answer);
  boost::asio::awaitable<HttpReply> handle_control(HttpRequest* request);
  boost::asio::awaitable<void> wait_for_chat(BotId bot, ChatId chat,
                                             std::chrono::steady_clock::time_point deadline);
  HttpReply download(const BotPath& path);
  void end_polls_by_second_pollers();
  void tell_pages();
  std::optional<HttpReply> refuse_flood(const Bot& bot, const MethodEntry& method,
                                        const Arguments& arguments);
  TimeMs now() const;
  bool commit();
  bool settle();

  boost::asio::any_io_executor executor_;
  World& world_;
  FileStore& files_;
  Journal* journal_;
  std::function<void()> on_disk_failure_;
  Faults faults_;
  PageEvents page_events_;
  std::uint64_t told_faults_ = 0;   ///< version of the rules that pages were told of
  std::size_t told_directory_ = 0;  ///< people and bots that pages were told of
  FloodControl flood_;
  EditUploads edit_uploads_;
  CrowdRunner crowd_;
  Statistics statistics_;
  std::unordered_map<BotId, std::shared_ptr<WaitingPoll>> waiting_polls_;
  std::unordered_map<BotId, std::chrono::steady_clock::time_point> next_conflict_;
  std::multimap<std::pair<BotId, ChatId>, std::shared_ptr<Timer>> waiting_for_chat_;
  WebhookSender webhooks_;
};

}  // namespace telekv::emulator
