#include "simulation_steps.h"

#include <array>
#include <string_view>
#include <utility>

namespace telekv::vault {

namespace {

bool is_file_of_root(const SimChat& chat, std::string_view file_id) {
  for (const auto& [id, message] : chat.messages()) {
    if (message.file_id == file_id || message.replaced == file_id) return is_root(message);
  }
  return true;
}

}  // namespace

Step StepTracker::step_of(const Call& call) {
  const bool opening = claim_ == Step::kReadPointers;
  const bool claiming = claim_ == Step::kPin;
  const bool after_pin = std::exchange(pin_read_, call.kind == CallKind::kPinned);
  switch (call.kind) {
    case CallKind::kPinned:
      if (claim_ == Step::kCandidate) return Step::kLookUnder;
      return opening ? Step::kReadPointers : Step::kCheck;
    case CallKind::kPointer:
      if (claiming) return Step::kRegister;
      if (after_pin && !opening) return Step::kCheck;
      return opening ? Step::kReadPointers : Step::kGap;
    case CallKind::kLookUp:
      if (claiming) return Step::kReread;
      return opening ? Step::kReadRoot : Step::kGap;
    case CallKind::kFetch:
      if (!is_file_of_root(*chat_, call.document)) {
        return opening || claiming ? Step::kReadChain : Step::kDrill;
      }
      if (claiming) return Step::kReread;
      return opening ? Step::kReadRoot : Step::kGap;
    case CallKind::kPin:
      if (claim_ == Step::kCandidate) claim_ = Step::kPin;
      return claim_ == Step::kPin ? Step::kPin : Step::kCheck;
    case CallKind::kSetPointer:
      claim_ = Step::kPoint;
      return Step::kPoint;
    case CallKind::kUnpin:
      return Step::kUnpin;
    case CallKind::kRecycle:
      return Step::kRecycle;
    case CallKind::kPost:
    case CallKind::kReplace:
      break;
  }
  if (call.document.starts_with("telekv-segment")) return Step::kSegment;
  if (call.document.starts_with("telekv-base")) return Step::kBase;
  if (call.document.starts_with("telekv-history")) return Step::kHistory;
  if (call.kind == CallKind::kPost) return claim_ = Step::kCandidate;
  return claiming ? claim_ = Step::kActivate : Step::kCommit;
}

std::string describe(const Call& call, Step step, const Fault& fault) {
  constexpr std::array kCalls = {"post",    "edit",     "pin",      "unpin",        "getChat",
                                 "look up", "download", "register", "set register", "delete"};
  constexpr std::array kFaults = {
      "",           "refused", "done, no answer", "late, no answer", "no answer", "dies before",
      "dies after", "stale",   "pin hidden",      "pin lost",        "cut",       "bit flipped"};
  std::string text = std::string(to_string(step)) + ": " +
                     kCalls[static_cast<std::size_t>(call.kind)] + " " +
                     std::to_string(to_int(call.message) & 0xffff) + " " + call.document;
  if (fault.kind != Fault::Kind::kNone) {
    text += std::string(" -> ") + kFaults[static_cast<std::size_t>(fault.kind)];
    if (fault.kind == Fault::Kind::kRefuse) text += " (" + fault.error.message + ")";
  }
  return text;
}

}  // namespace telekv::vault
