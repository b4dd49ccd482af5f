// telekv snapshots: the restore points that a store keeps.
#pragma once

#include "cli/source.h"
#include "cli/surroundings.h"

namespace telekv::cli {

struct SnapshotsOptions {
  Source source;
};

/// Changes nothing.
Result<Answer> list_snapshots(const SnapshotsOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
