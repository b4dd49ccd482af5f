#include "simulation_faults.h"

#include <array>
#include <cstdio>

namespace telekv::vault {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, kTroubles> kTroubleNames = {"429",
                                                                   "unreachable",
                                                                   "5xx or HTML",
                                                                   "timeout before",
                                                                   "timeout after",
                                                                   "late effect",
                                                                   "slow call",
                                                                   "cut upload",
                                                                   "cut download",
                                                                   "flipped download",
                                                                   "stale pin",
                                                                   "stale read",
                                                                   "hidden pin",
                                                                   "lost pin",
                                                                   "crash before a call",
                                                                   "crash after a call",
                                                                   "kill",
                                                                   "freeze",
                                                                   "clock jump",
                                                                   "SIGTERM",
                                                                   "overlap",
                                                                   "poll error",
                                                                   "409",
                                                                   "lost 2xx",
                                                                   "expired update",
                                                                   "new ids",
                                                                   "foreign pin",
                                                                   "foreign unpin",
                                                                   "deleted message",
                                                                   "lost file",
                                                                   "swapped",
                                                                   "stored flip",
                                                                   "restore",
                                                                   "snapshot",
                                                                   "forget"};

constexpr std::array<std::string_view, kSteps> kStepNames = {
    "1 pointers", "1 root",     "1 chain",   "2 candidate", "3 look under",
    "3 pin",      "4 register", "5 re-read", "6 activate",  "7 register",
    "8 CHECK",    "8 unpin",    "11 commit", "segment",     "base",
    "history",    "drill",      "14 gap",    "13 recycle"};

constexpr std::array<std::string_view, Tally::kCallKinds> kCallNames = {
    "post",    "edit",     "pin",      "unpin",        "getChat",
    "look up", "download", "register", "set register", "delete"};

constexpr std::array kOfMutatingCalls = {
    Trouble::kRateLimit,     Trouble::kUnreachable,  Trouble::kServerError,
    Trouble::kTimeoutBefore, Trouble::kTimeoutAfter, Trouble::kLateEffect,
    Trouble::kCutUpload,     Trouble::kCrashBefore,  Trouble::kCrashAfter};
constexpr std::array kOfReadingCalls = {
    Trouble::kRateLimit,     Trouble::kUnreachable, Trouble::kServerError,
    Trouble::kTimeoutBefore, Trouble::kCutDownload, Trouble::kFlippedDownload,
    Trouble::kStalePin,      Trouble::kStaleRead,   Trouble::kHiddenPin,
    Trouble::kLostPin,       Trouble::kCrashBefore, Trouble::kCrashAfter};

bool fits(Trouble trouble, CallKind kind) {
  switch (trouble) {
    case Trouble::kCutUpload:
      return kind == CallKind::kPost || kind == CallKind::kReplace;
    case Trouble::kCutDownload:
    case Trouble::kFlippedDownload:
      return kind == CallKind::kFetch;
    case Trouble::kStalePin:
    case Trouble::kHiddenPin:
    case Trouble::kLostPin:
      return kind == CallKind::kPinned;
    case Trouble::kStaleRead:
      return kind == CallKind::kLookUp;
    default:
      return true;
  }
}

Fault refuse(Error error) { return Fault{.kind = Fault::Kind::kRefuse, .error = std::move(error)}; }

}  // namespace

std::string_view to_string(Trouble trouble) {
  return kTroubleNames[static_cast<std::size_t>(trouble)];
}

std::string_view to_string(Step step) { return kStepNames[static_cast<std::size_t>(step)]; }

Fault Troubles::fault_of(const Call& call) {
  if (plan_.per_mille == 0 || random_.below(1000) >= plan_.per_mille) return {};
  return draw(call);
}

Fault Troubles::draw(const Call& call) {
  const bool mutating = is_mutating(call.kind);
  const Trouble* kinds = mutating ? kOfMutatingCalls.data() : kOfReadingCalls.data();
  const std::size_t count = mutating ? kOfMutatingCalls.size() : kOfReadingCalls.size();
  std::array<Trouble, std::max(kOfMutatingCalls.size(), kOfReadingCalls.size())> possible;
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!plan_.allows(kinds[i]) || !fits(kinds[i], call.kind)) continue;
    const bool late = kinds[i] == Trouble::kLateEffect;
    if (late && call.kind == CallKind::kSetPointer && plan_.pin_may_go()) continue;
    possible[found++] = kinds[i];
  }
  if (found == 0) return {};
  const Trouble trouble = possible[random_.below(found)];
  tally_->note(trouble);
  Fault fault = strike(trouble);
  // Whatever a read did not answer, it has changed nothing (telegram/api_error.cc).
  if (!mutating &&
      (fault.kind == Fault::Kind::kUnknownDone || fault.kind == Fault::Kind::kUnknownNever)) {
    return refuse({ErrorCode::kUnavailable, "no answer"});
  }
  return fault;
}

Fault Troubles::strike(Trouble trouble) {
  switch (trouble) {
    case Trouble::kRateLimit: {
      const std::uint64_t most = random_.below(4) == 0 ? 400 : 40;
      return refuse({ErrorCode::kRateLimited,
                     "slow down",
                     {},
                     static_cast<std::uint32_t>(1 + random_.below(most))});
    }
    case Trouble::kUnreachable:
      return refuse({ErrorCode::kUnavailable, "not reached"});
    case Trouble::kServerError:
      return {.kind =
                  random_.below(2) == 0 ? Fault::Kind::kUnknownDone : Fault::Kind::kUnknownNever};
    case Trouble::kTimeoutBefore:
    case Trouble::kCutUpload:
      return {.kind = Fault::Kind::kUnknownNever};
    case Trouble::kTimeoutAfter:
      return {.kind = Fault::Kind::kUnknownDone};
    case Trouble::kLateEffect:
      return {.kind = Fault::Kind::kUnknownLate, .late_after = 1 + random_.below(120)};
    case Trouble::kCutDownload:
      return {.kind = Fault::Kind::kTruncated};
    case Trouble::kFlippedDownload:
      return {.kind = Fault::Kind::kFlipped};
    case Trouble::kStalePin:
    case Trouble::kStaleRead:
      return {.kind = Fault::Kind::kStale};
    case Trouble::kHiddenPin:
      return {.kind = Fault::Kind::kHidden};
    case Trouble::kLostPin:
      return {.kind = Fault::Kind::kLosePin};
    case Trouble::kCrashBefore:
      return {.kind = Fault::Kind::kCrashBefore};
    case Trouble::kCrashAfter:
      return {.kind = Fault::Kind::kCrashAfter};
    default:
      return {};
  }
}

Clock::Duration Troubles::request_time() {
  const std::uint64_t usual = 20 + random_.below(300);
  if (!plan_.allows(Trouble::kSlowCall) || random_.below(25) != 0) return milliseconds(usual);
  tally_->note(Trouble::kSlowCall);
  return milliseconds(random_.below(random_.below(5) == 0 ? 200'000 : 15'000));
}

Clock::Duration Troubles::answer_time(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kUnknownDone:
    case Fault::Kind::kUnknownLate:
    case Fault::Kind::kUnknownNever:
      return seconds(random_.below(30));  // the call's own deadline
    default:
      return milliseconds(1 + random_.below(100));
  }
}

bool Troubles::strikes(Trouble trouble, std::uint64_t times) {
  if (!plan_.allows(trouble) || random_.below(1000) >= plan_.per_mille * times) return false;
  tally_->note(trouble);
  return true;
}

std::string Tally::missing() const {
  std::string text;
  for (std::size_t i = 0; i < kTroubles; ++i) {
    if (troubles[i] == 0) text += " " + std::string(kTroubleNames[i]) + ";";
  }
  for (std::size_t step = 0; step < kSteps; ++step) {
    for (std::size_t kind = 0; kind < kCallKinds; ++kind) {
      const Crashes& died = crashes[step][kind];
      if (calls[step][kind] == 0 || (died.before > 0 && died.after > 0)) continue;
      text += " a crash at " + std::string(kStepNames[step]) + ", " +
              std::string(kCallNames[kind]) + ";";
    }
  }
  return text;
}

std::string Tally::describe() const {
  std::string text;
  const auto line = [&text](const char* format, auto... values) {
    std::array<char, 256> buffer;
    std::snprintf(buffer.data(), buffer.size(), format, values...);
    text += buffer.data();
  };
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  line("%llu histories: %llu starts, %llu openings, %llu refused, %llu superseded, %llu commits,\n",
       number(histories), number(starts), number(opened), number(refused), number(superseded),
       number(commits));
  line("  %llu restores, %llu histories absorbed, %llu fallbacks,\n", number(restores),
       number(absorbed), number(fallbacks));
  line("  %llu updates confirmed, %llu given up as lost,\n", number(confirmed), number(lost));
  line("  %llu moments checked, at most %llu messages in a chat\n", number(checks),
       number(most_messages));
  text += "troubles:";
  for (std::size_t i = 0; i < kTroubles; ++i) {
    line("%s %s %llu", i == 0 ? "" : ",", std::string(kTroubleNames[i]).c_str(),
         number(troubles[i]));
  }
  text += "\ncrashes by step and call (calls: before/after):\n";
  for (std::size_t step = 0; step < kSteps; ++step) {
    for (std::size_t kind = 0; kind < kCallKinds; ++kind) {
      if (calls[step][kind] == 0) continue;
      line("  %-12s %-12s %10llu: %llu/%llu\n", std::string(kStepNames[step]).c_str(),
           std::string(kCallNames[kind]).c_str(), number(calls[step][kind]),
           number(crashes[step][kind].before), number(crashes[step][kind].after));
    }
  }
  return text;
}

}  // namespace telekv::vault
