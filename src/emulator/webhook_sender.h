// Delivers the queues of bots that have a webhook: keeps a plan and connections for each, and tells
// the world what became of every update. Runs on one io_context thread, which it must not outlive.
// A bot without a webhook costs a look-up per update.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>

#include "emulator/webhook_connection.h"
#include "emulator/world.h"

namespace telekv::emulator {

class WebhookSender {
 public:
  struct Hooks {
    std::function<TimeMs()> now;                                ///< the emulator's clock
    std::function<void()> commit;                               ///< keeps what was changed
    std::function<void(Bot&, const WebhookAnswer&)> run_reply;  ///< carries out a 2xx answer's body
  };

  WebhookSender(boost::asio::any_io_executor executor, World& world, Hooks hooks);
  ~WebhookSender();

  /// An update was queued for the bot, or its webhook was set or removed. Only takes note.
  void notice(BotId bot);

  /// The emulator's clock was moved. Only takes note.
  void notice_clock();

 private:
  struct Target;

  void pump();
  void pump(BotId bot_id);
  std::shared_ptr<Target> target_of(const Bot& bot);
  void watch_time(BotId bot, const std::shared_ptr<Target>& target);
  boost::asio::awaitable<void> deliver(std::shared_ptr<Target> target, BotId bot_id,
                                       std::int64_t update);
  void finish(Target& target, Bot& bot, std::int64_t update, const WebhookAnswer& answer);

  boost::asio::any_io_executor executor_;
  World& world_;
  Hooks hooks_;
  std::unordered_map<BotId, std::shared_ptr<Target>> targets_;
  std::set<BotId> noticed_;
};

}  // namespace telekv::emulator
