// The program's state as numbers, in Prometheus' text format. docs/operations.md explains each.
// Pure; no label holds anything about a player.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bot/outbox.h"
#include "vault/clock.h"
#include "vault/metered_channel.h"
#include "vault/vault.h"

namespace telekv::bot {

/// What is known once the vault is open.
struct StoreFacts {
  std::uint64_t users = 0;
  vault::VaultStats vault = {};
  vault::ChannelCounters channel = {};
  Outbox::Counters replies = {};
  std::uint64_t unreadable_updates = 0;
};

/// `facts` is absent while the store is being loaded. `now` is of the clock that the facts are of.
std::string metrics_text(const std::optional<StoreFacts>& facts, vault::Clock::Time now,
                         std::chrono::seconds unix_now);

}  // namespace telekv::bot
