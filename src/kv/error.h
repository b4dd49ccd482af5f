// Errors as values, for every layer: one enum, one struct, one Result. Library code returns these;
// it never prints, exits or throws across a seam.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace telekv {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,     // the caller or the configuration gave a value that cannot be used
  kNotFound,            // the object asked for does not exist
  kDamaged,             // stored bytes do not verify: wrong length, hash, seal or structure
  kUnsupportedVersion,  // stored by a newer version, or with a feature this version does not know
  kWrongKey,            // sealed with another key
  kTooLarge,            // over a bound of ours or of the Bot API, or more than memory holds
  kRateLimited,         // refused for now; Error::retry_after_s says for how long
  kUnavailable,         // certainly not done: nothing reached the other side; may be tried again
  kOutcomeUnknown,      // asked, but no answer: it may have been done, now or later
  kUnauthorized,        // the token is not accepted
  kForbidden,           // the chat or the right is not there (bot blocked, not a member)
  kConflict,            // another reader holds the update queue
  kRejected,            // understood and refused (Bot API 400); trying again changes nothing
  kSuperseded,          // another writer has taken the vault over
  kNeedsDecision,       // the operator must choose (start empty or not); nothing was done
  kCancelled,           // given up because of shutdown
};

/// What went wrong, to which object, and what to do next.
struct Error {
  ErrorCode code;
  std::string message;              ///< what happened, to which object; never holds a secret
  std::string hint = {};            ///< what the reader can do next; may be empty
  std::uint32_t retry_after_s = 0;  ///< kRateLimited: seconds until the next attempt makes sense
};

/// Memory is lacking: kTooLarge, because no waiting and no other network helps, as it may for
/// kUnavailable. So short that it takes no memory itself.
Error no_memory();

/// The code's name as logs and machine-readable output show it, e.g. "rate_limited".
std::string_view to_string(ErrorCode code);

/// "message (hint)" in one line.
std::string describe(const Error& error);

/// A value or an Error. `value()` on an error is a programming mistake and terminates.
template <class T>
using Result = boost::system::result<T, Error>;

/// Makes Result<T>::value() on an error terminate instead of throwing. Found by Boost through ADL.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location&);

}  // namespace telekv
