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

enum class FaultKind {
  kTooManyRequests,
  kBadGateway,
  kRestart,
  kDropBefore,
  kDropAfter,
  kDelay,
  kCutAnswer,
  kNoAnswer,
  kSecondPoller,
};

struct Fault {
  FaultKind kind = FaultKind::kDelay;
  std::uint32_t retry_after_s = 1;     ///< kTooManyRequests
  std::chrono::milliseconds delay{0};  ///< kDelay, kNoAnswer
  std::uint64_t bytes = 0;             ///< kCutAnswer: of the answer's body, what still arrives
};

struct FaultRule {
  std::uint64_t id = 0;     ///< given by Faults::add
  std::string method;       ///< as documented; "*" is any, "file" a download
  std::int64_t bot_id = 0;  ///< 0: any bot
  std::uint64_t remaining = 1;
  Fault fault;
};

class Faults {
 public:
  static constexpr std::size_t kMaxRules = 1000;

  /// Error: too many rules.
  Answer<void> add(FaultRule rule);
  void clear();
  /// Forgets one rule; whether it was there.
  bool remove(std::uint64_t id);

  std::size_t size() const { return rules_.size(); }
  const std::vector<FaultRule>& rules() const { return rules_; }
  /// Differs whenever the rules do.
  std::uint64_t version() const { return version_; }

  /// The fault that this call meets, used up by it. Method names match in any case.
  std::optional<Fault> take(std::string_view method, std::int64_t bot_id);

  /// Uses up a second poller of this bot: a getUpdates that already waits meets one too.
  bool take_second_poller(std::int64_t bot_id);

 private:
  std::optional<Fault> use_up(std::vector<FaultRule>::iterator rule);

  std::vector<FaultRule> rules_;
  std::uint64_t next_id_ = 1;
  std::uint64_t version_ = 0;
};

/// The kind of that name in the control API; nothing for an unknown one.
std::optional<FaultKind> parse_fault_kind(std::string_view name);
std::string_view name_of(FaultKind kind);

}  // namespace telekv::emulator
