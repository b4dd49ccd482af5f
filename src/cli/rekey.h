// telekv rekey: seals a live chat's data with another key. The vault is taken over as a starting
// bot takes it over, so a bot that is running ends.
#pragma once

#include "cli/surroundings.h"

namespace telekv::cli {

/// Both keys come from the environment: TELEKV_KEY the one in use, TELEKV_NEW_KEY the next.
struct RekeyOptions {
  bool plaintext = false;  ///< no key is in use
};

/// Restore points go: nothing may stay readable under the old key.
Result<Answer> rekey(const RekeyOptions& options, const Surroundings& surroundings);

}  // namespace telekv::cli
