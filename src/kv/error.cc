#include "kv/error.h"

#include <exception>

namespace telekv {

Error no_memory() { return {.code = ErrorCode::kTooLarge, .message = "no memory"}; }

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kDamaged:
      return "damaged";
    case ErrorCode::kUnsupportedVersion:
      return "unsupported_version";
    case ErrorCode::kWrongKey:
      return "wrong_key";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kRateLimited:
      return "rate_limited";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kOutcomeUnknown:
      return "outcome_unknown";
    case ErrorCode::kUnauthorized:
      return "unauthorized";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kRejected:
      return "rejected";
    case ErrorCode::kSuperseded:
      return "superseded";
    case ErrorCode::kNeedsDecision:
      return "needs_decision";
    case ErrorCode::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string describe(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

void throw_exception_from_error(const Error& /*error*/, const boost::source_location& /*where*/) {
  std::terminate();
}

}  // namespace telekv
