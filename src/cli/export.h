// telekv export: all users of the newest state as a file that other programs read.
#pragma once

#include <string>

#include "cli/source.h"
#include "cli/surroundings.h"
#include "cli/table_writer.h"

namespace telekv::cli {

struct ExportOptions {
  Source source;
  ExportFormat format = ExportFormat::kJsonLines;
  std::string output{kStandardStream};
};

/// Changes nothing in the chat. When the newest state cannot be restored, an older restore point is
/// exported, and that is a problem.
Result<Answer> export_users(const ExportOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
