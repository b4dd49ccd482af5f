#include "emulator/faults.h"

#include <algorithm>
#include <utility>

#include "emulator/text.h"

namespace telekv::emulator {

Answer<void> Faults::add(FaultRule rule) {
  if (rules_.size() == kMaxRules) return bad_request("too many fault rules are waiting");
  rule.method = to_lower_ascii(rule.method);
  rules_.push_back(std::move(rule));
  return {};
}

std::optional<Fault> Faults::take(std::string_view method, std::int64_t bot_id) {
  if (rules_.empty()) return std::nullopt;
  const std::string name = to_lower_ascii(method);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const FaultRule& candidate) {
    return (candidate.method == "*" || candidate.method == name) &&
           (candidate.bot_id == 0 || candidate.bot_id == bot_id);
  });
  if (rule == rules_.end()) return std::nullopt;
  const Fault fault = rule->fault;
  if (--rule->remaining == 0) rules_.erase(rule);
  return fault;
}

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
  if (name == "429") return FaultKind::kTooManyRequests;
  if (name == "502") return FaultKind::kBadGateway;
  if (name == "500") return FaultKind::kRestart;
  if (name == "drop_before") return FaultKind::kDropBefore;
  if (name == "drop_after") return FaultKind::kDropAfter;
  if (name == "delay") return FaultKind::kDelay;
  return std::nullopt;
}

}  // namespace telekv::emulator
