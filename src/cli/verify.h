// telekv verify: proves that a stored state can be restored, by restoring it: every object is
// downloaded, its seal and its place checked, and the digest of the whole compared.
#pragma once

#include "cli/source.h"
#include "cli/surroundings.h"

namespace telekv::cli {

struct VerifyOptions {
  Source source;
};

/// Changes nothing. A state that can only be restored from an older restore point is a problem.
Result<Answer> verify(const VerifyOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
