// The program's state as numbers, in Prometheus' text format. docs/operations.md explains each.
// Pure; no label holds anything about a player.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "telegram/outbox.h"
#include "vault/clock.h"
#include "vault/metered_channel.h"
#include "vault/vault.h"

namespace telekv::bot {

/// What is known once the vault is open.
struct StoreFacts {
  std::uint64_t users = 0;
  std::uint64_t clicks = 0;          ///< since the program began
  std::uint64_t resident_bytes = 0;  ///< of the process; 0: not known
  std::uint64_t table_bytes = 0;
  vault::VaultStats vault = {};
  std::optional<vault::CommitReport> last_save = {};  ///< of this run
  vault::ChannelCounters channel = {};
  telegram::Outbox::Counters replies = {};
  std::uint64_t unreadable_updates = 0;
};

/// How long the oldest update that is not saved has been waiting; 0 when everything is saved.
vault::Clock::Duration unsaved_age(const vault::VaultStats& vault, vault::Clock::Time now);

/// `facts` is absent while the store is being loaded. `now` is of the clock that the facts are of.
std::string metrics_text(const std::optional<StoreFacts>& facts, vault::Clock::Time now,
                         std::chrono::seconds unix_now);

}  // namespace telekv::bot
