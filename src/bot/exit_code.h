// What the programs' exit codes mean; docs/operations.md lists them for supervisors and scripts.
#pragma once

#include "kv/error.h"

namespace telekv::bot {

enum class ExitCode : int {
  kSuccess = 0,
  kInternal = 1,          // a defect, or an answer nobody expected
  kConfiguration = 2,     // a setting is missing or cannot be used
  kTokenRefused = 3,      // Telegram does not accept BOT_TOKEN
  kUnreachable = 4,       // the API root does not answer, or keeps refusing for now
  kWrongKey = 5,          // TELEKV_KEY is not the key the data is sealed with
  kDamaged = 6,           // the stored data does not verify
  kNewerFormat = 7,       // the stored data needs a newer version
  kSuperseded = 8,        // another process has taken the vault over
  kNeedsDecision = 9,     // the operator must say whether the store is new
  kFinalSaveFailed = 10,  // stopped, but the newest changes could not be saved
};

ExitCode exit_code_for(const Error& error);

}  // namespace telekv::bot
