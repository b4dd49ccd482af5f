#include "bot/alerts.h"

#include <utility>

#include "bot/operator_texts.h"

namespace telekv::bot {

using texts::Phrase;

void Alerts::tell_of_failing_saves(std::chrono::seconds duration, const std::string& why) {
  const std::string_view reason =
      why.empty() ? texts::say(Phrase::kStillTrying, language_) : std::string_view(why);
  tell(Cause::kSaving, texts::say(Phrase::kAlertSaving, language_,
                                  {texts::duration_text(duration, language_), reason}));
}

void Alerts::tell_of_failed_drill(const Error& error) {
  tell(Cause::kDrill, texts::say(Phrase::kAlertDrill, language_, {describe(error)}));
}

void Alerts::tell_of_overdue_base(std::uint64_t delta_bytes) {
  tell(Cause::kBase,
       texts::say(Phrase::kAlertBase, language_, {texts::bytes_text(delta_bytes, language_)}));
}

void Alerts::tell_of_end(const Error& error) {
  switch (error.code) {
    case ErrorCode::kSuperseded:
      tell(Cause::kTakenOver, std::string(texts::say(Phrase::kAlertTakenOver, language_)));
      break;
    case ErrorCode::kWrongKey:
    case ErrorCode::kUnsupportedVersion:
    case ErrorCode::kDamaged:
      tell(Cause::kUnreadable, texts::say(Phrase::kAlertUnreadable, language_, {describe(error)}));
      break;
    default:
      break;
  }
}

void Alerts::tell(Cause cause, std::string text) {
  std::optional<vault::Clock::Time>& told = told_[static_cast<std::size_t>(cause)];
  const vault::Clock::Time now = clock_->now();
  if (told && now < *told + kPause) return;
  told = now;
  outbox_->push({.chat = chat_, .text = std::move(text)});
}

}  // namespace telekv::bot
