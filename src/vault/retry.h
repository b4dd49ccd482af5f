// Tries a Channel call again for as long as that can help: one retry policy for the whole vault.
// Runs on the vault's thread. Between attempts it sleeps on the Clock, never past the deadline.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>

#include "vault/backoff.h"
#include "vault/clock.h"
#include "vault/random.h"

namespace telekv::vault {

/// What an unknown outcome means for the call that is being tried.
enum class OnUnknown : std::uint8_t {
  kRepeat,  ///< done twice is as good as done once
  kReturn,  ///< the caller must decide
};

/// What a retry needs from the world, and until when it may go on.
struct Patience {
  Clock* clock;
  Random* random;
  Clock::Time deadline;
  /// Once true, a call that has failed is not tried again. Null: nobody gives up.
  const bool* given_up = nullptr;
  /// How long a call that keeps failing is tried again, penalties not counted.
  Clock::Duration failing_for = Clock::Duration::max();
  /// Told, once a call, why it is tried again when that takes longer than kTellAfter. Null: nobody.
  const std::function<void(const Error&)>* on_waiting = nullptr;
};

inline constexpr std::chrono::seconds kTellAfter{5};

/// What on_waiting tells, for a log.
inline std::string still_trying(const Error& error) { return "still trying: " + describe(error); }

/// A download can be at fault where the document is not: so often, and so far apart, what does not
/// verify is downloaded.
inline constexpr int kDownloads = 5;
inline constexpr std::chrono::seconds kDownloadAgainAfter{2};

/// Whether a document is not what it should be, or not there.
inline bool is_broken(const Error& error) {
  return error.code == ErrorCode::kDamaged || error.code == ErrorCode::kNotFound;
}

/// Whether a call has certainly had no effect, and might have had one at another time.
inline bool is_not_done(const Error& error) {
  return error.code == ErrorCode::kRateLimited || error.code == ErrorCode::kUnavailable;
}

/// Whether the next call would fail as well, for now: an outage, a penalty, a shutdown.
inline bool may_pass(const Error& error) {
  return is_not_done(error) || error.code == ErrorCode::kOutcomeUnknown ||
         error.code == ErrorCode::kCancelled;
}

inline bool is_given_up(const Patience& patience) {
  return patience.given_up != nullptr && *patience.given_up;
}

/// Awaits `call()`, which returns an awaitable Result, until it succeeds, fails for good, is given
/// up, or the next attempt would begin after the deadline; then the last error is returned.
template <class Call>
std::invoke_result_t<Call> retry(Patience patience, OnUnknown on_unknown, Call call) {
  Backoff backoff(*patience.random, {});
  const Clock::Time began = patience.clock->now();
  bool told = patience.on_waiting == nullptr;
  for (;;) {
    auto result = co_await call();
    if (result) co_return result;
    const Error& error = result.error();
    const bool may_help = is_not_done(error) || (error.code == ErrorCode::kOutcomeUnknown &&
                                                 on_unknown == OnUnknown::kRepeat);
    if (!may_help) co_return result;
    const auto wait = backoff.next(error);
    const Clock::Time next = patience.clock->now() + wait;
    const bool failing_long =
        error.code != ErrorCode::kRateLimited && next - began > patience.failing_for;
    if (next > patience.deadline || failing_long || is_given_up(patience)) co_return result;
    if (!told && next - began > kTellAfter) {
      told = true;
      (*patience.on_waiting)(error);
    }
    co_await patience.clock->sleep_for(wait);
    if (is_given_up(patience)) co_return result;
  }
}

}  // namespace telekv::vault
