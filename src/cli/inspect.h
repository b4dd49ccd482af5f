// telekv inspect: what downloaded documents say they are, and, with the key, what is in them.
// Nothing is needed but the files themselves; one that is broken does not hide the others.
#pragma once

#include <string>
#include <vector>

#include "cli/surroundings.h"

namespace telekv::cli {

struct InspectOptions {
  std::vector<std::string> files;
  bool plaintext = false;
};

/// TELEKV_KEY is used when it is set; without it only headers are shown. The problem is the first
/// file's that has one.
Result<Answer> inspect(const InspectOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
