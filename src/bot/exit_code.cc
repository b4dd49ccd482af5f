#include "bot/exit_code.h"

namespace telekv::bot {

ExitCode exit_code_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kForbidden:
    case ErrorCode::kNotFound:
      return ExitCode::kConfiguration;
    case ErrorCode::kUnauthorized:
      return ExitCode::kTokenRefused;
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kRateLimited:
      return ExitCode::kUnreachable;
    case ErrorCode::kWrongKey:
      return ExitCode::kWrongKey;
    case ErrorCode::kDamaged:
      return ExitCode::kDamaged;
    case ErrorCode::kUnsupportedVersion:
      return ExitCode::kNewerFormat;
    case ErrorCode::kSuperseded:
      return ExitCode::kSuperseded;
    case ErrorCode::kNeedsDecision:
      return ExitCode::kNeedsDecision;
    case ErrorCode::kTooLarge:
    case ErrorCode::kConflict:
    case ErrorCode::kRejected:
    case ErrorCode::kCancelled:
      return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

}  // namespace telekv::bot
