// What goes wrong in a history, and how often it did in all of them. A history draws a few kinds of
// trouble at first (swarm testing: Groce et al., ISSTA 2012) and then, call by call, whether one of
// them strikes. Single thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seeded_random.h"
#include "sim_channel.h"

namespace telekv::vault {

enum class Trouble : std::uint8_t {
  // of a call
  kRateLimit,        ///< 429 with a retry_after
  kUnreachable,      ///< refused: certainly not done
  kServerError,      ///< 5xx, or a page of HTML, before or after the effect
  kTimeoutBefore,    ///< no answer, and nothing done
  kTimeoutAfter,     ///< no answer, but done
  kLateEffect,       ///< no answer, and done at some later time
  kSlowCall,         ///< takes up to minutes
  kCutUpload,        ///< the connection ends within an upload
  kCutDownload,      ///< the connection ends within a download
  kFlippedDownload,  ///< a bit is wrong on the way
  kStalePin,         ///< getChat as it was before the last change
  kStaleRead,        ///< a message as it was before its last edit
  kHiddenPin,        ///< getChat fails to show the pin
  kLostPin,          ///< the pin has gone
  // of a process
  kCrashBefore,  ///< at a call, before its effect
  kCrashAfter,   ///< at a call, after its effect
  kKill,         ///< at any moment
  kFreeze,       ///< suspended, up to hours
  kClockJump,    ///< the wall clock is set
  kStop,         ///< SIGTERM
  kOverlap,      ///< a second process starts while one runs
  // of the update queue
  kPollError,      ///< getUpdates fails, before or after its confirmation
  kConflict,       ///< 409
  kAnswerLost,     ///< a webhook's 2xx does not arrive
  kUpdateExpired,  ///< waited too long
  kNewIds,         ///< ids drawn anew after a silent week
  // of the operator
  kForeignPin,
  kForeignUnpin,
  kMessageDeleted,
  kFileLost,    ///< a document cannot be downloaded any more
  kStoredSwap,  ///< an object stands in the place of another
  kStoredFlip,  ///< a document has changed in the chat
  kRestore,
  kSnapshot,
  kForget,  ///< a user asks to be forgotten
  kCount,
};
inline constexpr std::size_t kTroubles = static_cast<std::size_t>(Trouble::kCount);
std::string_view to_string(Trouble trouble);

/// Where in the protocol a call is made.
enum class Step : std::uint8_t {
  kReadPointers,  // 1
  kReadRoot,
  kReadChain,
  kCandidate,  // 2
  kLookUnder,
  kPin,       // 3
  kRegister,  // 4
  kReread,    // 5
  kActivate,  // 6
  kPoint,     // 7
  kCheck,     // 8, 12
  kUnpin,
  kCommit,  // 11
  kSegment,
  kBase,
  kHistory,
  kDrill,
  kGap,      // 14
  kRecycle,  // 13
  kCount,
};
inline constexpr std::size_t kSteps = static_cast<std::size_t>(Step::kCount);
std::string_view to_string(Step step);

/// Counts over all histories.
struct Tally {
  std::array<std::uint64_t, kTroubles> troubles{};
  struct Crashes {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
  };
  static constexpr std::size_t kCallKinds = 10;
  std::array<std::array<Crashes, kCallKinds>, kSteps> crashes{};
  std::array<std::array<std::uint64_t, kCallKinds>, kSteps> calls{};

  std::uint64_t histories = 0;
  std::uint64_t starts = 0;
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;  ///< openings that ended with an error
  std::uint64_t superseded = 0;
  std::uint64_t commits = 0;
  std::uint64_t restores = 0;
  std::uint64_t absorbed = 0;
  std::uint64_t fallbacks = 0;
  std::uint64_t confirmed = 0;  ///< updates
  std::uint64_t lost = 0;       ///< updates given up
  std::uint64_t checks = 0;     ///< moments at which "everybody died now"
  std::uint64_t most_messages = 0;

  void note(Trouble trouble) { ++troubles[static_cast<std::size_t>(trouble)]; }
  std::uint64_t count(Trouble trouble) const { return troubles[static_cast<std::size_t>(trouble)]; }
  /// Several lines.
  std::string describe() const;
  /// What has never happened, although it should have in so many histories; empty: nothing.
  std::string missing() const;
};

/// Which troubles a history may meet, and how often.
struct TroublePlan {
  std::array<bool, kTroubles> may{};
  std::uint64_t per_mille = 0;  ///< of the calls

  bool allows(Trouble trouble) const { return may[static_cast<std::size_t>(trouble)]; }
  /// One of the two pointers may be gone, or the other be turned back late, but not both.
  bool pin_may_go() const {
    return allows(Trouble::kLostPin) || allows(Trouble::kHiddenPin) ||
           allows(Trouble::kForeignUnpin);
  }
  /// Calls succeed, and soon.
  bool is_calm() const {
    return per_mille == 0 && !allows(Trouble::kSlowCall) && !allows(Trouble::kFreeze) &&
           !allows(Trouble::kRestore);
  }
  void set(Trouble trouble, bool allowed) { may[static_cast<std::size_t>(trouble)] = allowed; }
};

/// Draws the troubles of a history's calls.
class Troubles {
 public:
  Troubles(std::uint64_t seed, TroublePlan plan, Tally& tally)
      : random_(seed), plan_(plan), tally_(&tally) {}

  const TroublePlan& plan() const { return plan_; }
  void calm() { plan_ = {}; }

  Fault fault_of(const Call& call);
  Clock::Duration request_time();
  Clock::Duration answer_time(const Fault& fault);
  /// A failure of getUpdates, or of a webhook's answer.
  bool strikes(Trouble trouble, std::uint64_t times = 1);

  SeededRandom& random() { return random_; }

 private:
  Fault draw(const Call& call);
  Fault strike(Trouble trouble);

  SeededRandom random_;
  TroublePlan plan_;
  Tally* tally_;
};

}  // namespace telekv::vault
