// The secret that Telegram repeats with every webhook request (setWebhook, secret_token): proof
// that an update comes from Telegram, and therefore checked without a hint to who guesses.
//
// A plain value; pure functions, O(length). The text is for setWebhook and never for a log.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "kv/error.h"

namespace telekv::telegram {

class WebhookSecret {
 public:
  /// Bot API: 1-256 characters A-Z a-z 0-9 _ -. kInvalidArgument does not show the text.
  static Result<WebhookSecret> parse(std::string_view text);

  /// How long this takes depends on `presented` alone, not on how much of it is right nor on the
  /// secret's length.
  bool matches(std::string_view presented) const;

  const std::string& reveal() const { return text_; }

 private:
  using Hash = std::array<unsigned char, 32>;

  explicit WebhookSecret(std::string_view text);
  static Hash hash(std::string_view text);

  std::string text_;
  Hash hash_;
};

}  // namespace telekv::telegram
