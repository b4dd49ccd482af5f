// What the operator hears of unasked: at most one message a cause and hour, kept in memory. Only of
// a run that serves: a start that is refused writes nothing into the chat.
//
// One thread; O(1). A message goes through the outbox into the operator's private chat.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bot/phrases.h"
#include "telegram/outbox.h"
#include "vault/clock.h"

namespace telekv::bot {

class Alerts {
 public:
  enum class Cause : std::uint8_t { kSaving, kTakenOver, kUnreadable, kDrill, kBase, kCount_ };
  static constexpr std::chrono::hours kPause{1};

  /// The references must outlive the object.
  Alerts(telegram::Outbox& outbox, const vault::Clock& clock, telegram::UserId operator_id)
      : outbox_(&outbox), clock_(&clock), chat_(telegram::ChatId{telegram::to_int(operator_id)}) {}

  /// The language that the operator has last written in; Russian until then.
  void speak(texts::Language language) { language_ = language; }

  /// Nothing has been saved for `duration`; `why` is the last failure, or empty while the first
  /// attempt goes on.
  void tell_of_failing_saves(std::chrono::seconds duration, const std::string& why);
  void tell_of_failed_drill(const Error& error);
  /// The next base ought to have been written long ago: so much has been saved since the last.
  void tell_of_overdue_base(std::uint64_t delta_bytes);

  /// The run ends with this error. Silent about one that is not about the vault.
  void tell_of_end(const Error& error);

 private:
  void tell(Cause cause, std::string text);

  telegram::Outbox* outbox_;
  const vault::Clock* clock_;
  telegram::ChatId chat_;
  texts::Language language_ = texts::Language::kRussian;
  std::array<std::optional<vault::Clock::Time>, static_cast<std::size_t>(Cause::kCount_)> told_{};
};

}  // namespace telekv::bot
