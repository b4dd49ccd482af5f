// The command line, checked. Pure.
#pragma once

#include <variant>

#include "bot/config.h"
#include "cli/check.h"
#include "cli/export.h"
#include "cli/health.h"
#include "cli/import.h"
#include "cli/inspect.h"
#include "cli/rekey.h"
#include "cli/restore.h"
#include "cli/snapshots.h"
#include "cli/verify.h"
#include "kv/error.h"

namespace telekv::cli {

/// Print a new key.
struct KeygenOptions {};

using Command =
    std::variant<KeygenOptions, InspectOptions, VerifyOptions, ExportOptions, ImportOptions,
                 SnapshotsOptions, RestoreOptions, RekeyOptions, CheckOptions, HealthOptions>;

struct Invocation {
  Command command;
  bool json = false;
};

/// kInvalidArgument in one line; never repeats an argument that is no option, because it may be a
/// secret that has slipped in.
Result<std::variant<Invocation, bot::PrintAndExit>> parse_arguments(int argc,
                                                                    const char* const* argv);

}  // namespace telekv::cli
