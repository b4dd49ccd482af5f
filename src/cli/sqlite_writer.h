// The export that is a database: one transaction of prepared inserts, by ascending key, and the
// index after it. SQLite writes to a temporary file that takes the wanted name at the end, so
// neither a journal nor a half-written database is ever seen.
#pragma once

#include <memory>
#include <string>

#include "cli/table_writer.h"

namespace telekv::cli {

/// kInvalidArgument for "-": a database is not written front to back.
Result<std::unique_ptr<TableWriter>> open_sqlite_writer(const std::string& path);

}  // namespace telekv::cli
