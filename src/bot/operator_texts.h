// What the operator is told, made of phrases.h. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/phrases.h"
#include "telegram/types.h"
#include "vault/metered_channel.h"
#include "vault/vault.h"

namespace telekv::bot::texts {

/// "45 s", "3 min", "2 h", "5 d": the largest whole unit.
std::string duration_text(std::chrono::seconds duration, Language language);

/// "512 B", "4.5 MB"; of a thousand each.
std::string bytes_text(std::uint64_t bytes, Language language);

std::string operator_claimed(telegram::UserId id, Language language);

/// What a forced backup reports.
struct SnapshotFacts {
  std::uint64_t users;
  std::uint64_t bytes;  ///< uploaded
  std::chrono::milliseconds duration;
  std::uint64_t sequence;
};
std::string snapshot_saved(const SnapshotFacts& facts, Language language);
std::string snapshot_failed(std::string_view why, Language language);

/// What is said while something takes long.
std::string saving(std::chrono::seconds passed, std::uint64_t uploaded, Language language);
std::string restoring(std::uint64_t point, std::chrono::seconds passed, Language language);
std::string collecting(std::chrono::seconds passed, Language language);

/// How the program is doing.
struct StatusFacts {
  std::uint64_t users = 0;
  std::uint64_t clicks_a_minute = 0;
  std::uint64_t resident_bytes = 0;  ///< of the process; 0: not known
  std::uint64_t table_bytes = 0;
  std::uint64_t old_dump_bytes = 0;  ///< of the same users as the old JSON
  vault::VaultStats vault = {};
  std::optional<vault::CommitReport> last_save = {};  ///< of this run
  vault::ChannelCounters channel = {};
  vault::Clock::Time now{};  ///< of the clock that the vault's facts are of
  std::chrono::seconds unix_now{0};
};
std::string status(const StatusFacts& facts, Language language);

/// "clicker-20261124-103000.tkv", or .jsonl
std::string export_name(std::chrono::seconds unix_now, bool readable);
std::string exported_sealed(Language language);
std::string exported_readable(Language language);
std::string export_failed(std::string_view why, Language language);

std::string restore_points(const std::vector<vault::PointInfo>& points, Language language);
std::string restore_usage(Language language);
std::string restore_question(const vault::PointInfo& point, Language language);
std::string no_such_point(std::uint64_t number, Language language);
std::string restored(const vault::RestoreReport& report, Language language);
std::string restore_failed(std::string_view why, Language language);

/// The word that confirms a restore, in either language.
bool is_yes(std::string_view word);

}  // namespace telekv::bot::texts
