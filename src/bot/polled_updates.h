// The bot's update queue and what becomes of its pages, as vault::PollingLoop sees them: getUpdates
// on one side, the update handler on the other. One thread: the table's.
#pragma once

#include "bot/update_handler.h"
#include "telegram/api.h"
#include "vault/polling_loop.h"

namespace telekv::bot {

class PolledUpdates final : public vault::UpdateQueue, public vault::UpdateSink {
 public:
  /// Both must outlive the object.
  PolledUpdates(telegram::Api& api, UpdateHandler& handler) : api_(&api), handler_(&handler) {}

  /// Logs a failure.
  vault::Channel::Async<vault::UpdatePage> poll(std::optional<std::int64_t> offset) override;

  void apply(const vault::UpdatePage& page, std::size_t index) override;
  boost::asio::awaitable<void> room() override { return handler_->room(); }

 private:
  telegram::Api* api_;
  UpdateHandler* handler_;
};

}  // namespace telekv::bot
