// What the vault's operations answer (vault.h). Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kv/error.h"
#include "vault/channel.h"
#include "vault/clock.h"
#include "vault/history.h"

namespace telekv::vault {

struct OpenReport {
  bool created = false;  ///< the store is new
  /// The restore point that took the place of the newest state, with keys that are not in the table
  /// any more because they were erased since.
  std::optional<PointInfo> fallback = {};
  MessageId root{};
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t downloaded_bytes = 0;
  std::int64_t applied_update_id = 0;  ///< 0 when none
  Clock::Duration duration{};
};

struct CommitReport {
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t root_bytes = 0;  ///< uploaded as the root; 0 when there was nothing to commit
  std::uint64_t object_bytes =
      0;  ///< uploaded besides: segments, history, a base that was required
  Clock::Duration duration{};
};

enum class GapOutcome : std::uint8_t {
  kAbsorbed,       ///< a longer history was found and loaded: poll again after applied().last()
  kNothingLonger,  ///< what is missing is nowhere: accept_gap() and go on
};

struct RestoreReport {
  PointInfo point;
  std::uint64_t sequence = 0;   ///< of the state that is now the newest
  std::uint64_t records = 0;    ///< in it
  std::uint64_t forgotten = 0;  ///< of the point's keys: erased since, and gone here too
  /// Why the chat does not have it yet: the table has it, and the next commit tries again.
  std::optional<Error> unsaved = {};
};

struct RekeyReport {
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;
  /// What these messages hold stays readable under the old key: Telegram neither edits nor deletes
  /// them.
  std::vector<MessageId> left = {};
};

struct VaultStats {
  MessageId epoch{};
  std::uint64_t sequence = 0;
  std::uint64_t unsaved_records = 0;
  /// When the oldest unsaved update was applied, or since when nothing tells that all is saved.
  std::optional<Clock::Time> unsaved_since = {};
  std::int64_t committed_at = 0;   ///< seconds since the Unix epoch; 0: never
  std::int64_t verified_at = 0;    ///< last restore that was proven, by start or drill
  std::uint64_t lost_updates = 0;  ///< accepted gaps, since the store began
  std::uint64_t base_bytes = 0;
  std::uint64_t delta_bytes = 0;  ///< segments and tail
  std::size_t segments = 0;
  std::size_t slots = 0;  ///< messages of the ring
  std::size_t restore_points = 0;
};

}  // namespace telekv::vault
