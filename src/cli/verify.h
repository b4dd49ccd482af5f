// telekv verify: proves that the newest state and every restore point can be restored, by restoring
// them: every object is downloaded, its seal and its place checked, the digest of the whole
// compared.
#pragma once

#include "cli/source.h"
#include "cli/surroundings.h"

namespace telekv::cli {

struct VerifyOptions {
  Source source;
};

/// Changes nothing. A newest state that can only be had from an older restore point is a problem,
/// and so is a restore point that cannot be restored, unless its documents were not downloaded.
Result<Answer> verify(const VerifyOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
