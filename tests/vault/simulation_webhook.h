// Telegram as it delivers updates to a webhook: in order within a chat (taps apart from messages),
// chats in parallel, whatever is not answered with 2xx again and again until it expires. While
// processes overlap the host's front end sends each delivery to any of them.
// Rules: Bot API; TDLib WebhookActor.cpp. Single thread.
#pragma once

#include <cstdint>
#include <vector>

#include "simulation_world.h"

namespace telekv::vault {

class SimWebhook {
 public:
  /// `world` must outlive the object, and the object the world's last run.
  explicit SimWebhook(SimWorld& world);

 private:
  struct Queue {
    int failures = 0;
    std::uint64_t attempt = 0;  // the latest
  };

  void attempt(std::size_t queue);
  void attempt_at(std::size_t queue, Clock::Time at);
  void answered(std::size_t queue, std::uint64_t attempt, int update, bool taken);
  void failed(std::size_t queue, std::uint64_t attempt);
  int head_of(std::size_t queue) const;

  SimWorld* world_;
  std::vector<Queue> queues_;
};

}  // namespace telekv::vault
