// Faults on demand: rules that wait for the next calls of a method and spoil them. Single-threaded;
// linear in the number of rules, which is bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/answer.h"

namespace telekv::emulator {

enum class FaultKind { kTooManyRequests, kBadGateway, kRestart, kDropBefore, kDropAfter, kDelay };

struct Fault {
  FaultKind kind = FaultKind::kDelay;
  std::uint32_t retry_after_s = 1;
  std::chrono::milliseconds delay{0};
};

struct FaultRule {
  std::string method;       ///< lower case; "*" is any, "file" a download
  std::int64_t bot_id = 0;  ///< 0: any bot
  std::uint64_t remaining = 1;
  Fault fault;
};

class Faults {
 public:
  static constexpr std::size_t kMaxRules = 1000;

  /// Error: too many rules.
  Answer<void> add(FaultRule rule);
  void clear() { rules_.clear(); }
  std::size_t size() const { return rules_.size(); }

  /// The fault that this call meets, used up by it.
  std::optional<Fault> take(std::string_view method, std::int64_t bot_id);

 private:
  std::vector<FaultRule> rules_;
};

/// The kind of that name in the control API; nothing for an unknown one.
std::optional<FaultKind> parse_fault_kind(std::string_view name);

}  // namespace telekv::emulator
