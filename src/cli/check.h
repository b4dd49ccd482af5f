// telekv check: tries the settings as a start would, and changes nothing.
#pragma once

#include "cli/surroundings.h"

namespace telekv::cli {

struct CheckOptions {
  bool plaintext = false;
};

/// Tells what is as it should be, up to the first thing that is not: that is the problem.
Result<Answer> check(const CheckOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
