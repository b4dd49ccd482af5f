#include "emulator/faults.h"

#include <algorithm>
#include <utility>

#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"429", FaultKind::kTooManyRequests},
    {"502", FaultKind::kBadGateway},
    {"500", FaultKind::kRestart},
    {"drop_before", FaultKind::kDropBefore},
    {"drop_after", FaultKind::kDropAfter},
    {"delay", FaultKind::kDelay},
    {"cut", FaultKind::kCutAnswer},
    {"timeout", FaultKind::kNoAnswer},
    {"second_poller", FaultKind::kSecondPoller},
};

bool concerns(const FaultRule& rule, std::int64_t bot_id) {
  return rule.bot_id == 0 || rule.bot_id == bot_id;
}

}  // namespace

Answer<void> Faults::add(FaultRule rule) {
  if (rules_.size() == kMaxRules) return bad_request("too many fault rules are waiting");
  rule.id = next_id_++;
  rules_.push_back(std::move(rule));
  ++version_;
  return {};
}

void Faults::clear() {
  rules_.clear();
  ++version_;
}

bool Faults::remove(std::uint64_t id) {
  if (std::erase_if(rules_, [id](const FaultRule& rule) { return rule.id == id; }) == 0) {
    return false;
  }
  ++version_;
  return true;
}

std::optional<Fault> Faults::take(std::string_view method, std::int64_t bot_id) {
  if (rules_.empty()) return std::nullopt;
  const std::string name = to_lower_ascii(method);
  return use_up(std::find_if(rules_.begin(), rules_.end(), [&](const FaultRule& rule) {
    return (rule.method == "*" || to_lower_ascii(rule.method) == name) && concerns(rule, bot_id);
  }));
}

bool Faults::take_second_poller(std::int64_t bot_id) {
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const FaultRule& candidate) {
    return candidate.fault.kind == FaultKind::kSecondPoller && concerns(candidate, bot_id);
  });
  return use_up(rule).has_value();
}

std::optional<Fault> Faults::use_up(std::vector<FaultRule>::iterator rule) {
  if (rule == rules_.end()) return std::nullopt;
  const Fault fault = rule->fault;
  if (--rule->remaining == 0) rules_.erase(rule);
  ++version_;
  return fault;
}

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(FaultKind kind) {
  for (const auto& [name, known] : kKinds) {
    if (known == kind) return name;
  }
  return {};
}

}  // namespace telekv::emulator
