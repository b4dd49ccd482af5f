// telekv restore: brings a restore point back as the newest state of a live chat. The vault is
// taken over as a starting bot takes it over, so a bot that is running ends.
#pragma once

#include <string>

#include "cli/surroundings.h"
#include "telekv.pb.h"

namespace telekv::cli {

struct RestoreOptions {
  std::string at;        ///< a restore point's number, or a time in UTC
  bool dry_run = false;  ///< only try, and say what would be done
  /// The newest state cannot be downloaded any more: the point takes its place, with the position
  /// in the update queue that it had.
  bool newest_is_lost = false;
  bool plaintext = false;
};

/// The point that `at` means: "7" the one of this number; "2026-01-31", "2026-01-31T12:00" or
/// "2026-01-31T12:00:00", each with or without a Z, the newest one committed until then.
/// kInvalidArgument for anything else, kNotFound when there is no such point.
Result<const format::RestorePoint*> choose_point(const format::History& history,
                                                 const std::string& at);

Result<Answer> restore(const RestoreOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
