#include <algorithm>
#include <charconv>

#include "telegram/api.h"

namespace telekv::telegram {

Result<Token> Token::parse(std::string_view text) {
  // The official server's rules: an id below 2^54, at most 80 characters, a secret in base64url.
  constexpr std::size_t kMaxLength = 80;
  constexpr std::size_t kMinSecret = 24;
  const Error bad{.code = ErrorCode::kInvalidArgument,
                  .message = "the bot's token has not the shape 123456789:AA...",
                  .hint = "copy it from BotFather, without spaces or quotes"};
  const auto colon = text.find(':');
  if (text.size() > kMaxLength || colon == std::string_view::npos) return bad;
  const std::string_view secret = text.substr(colon + 1);
  const bool base64url = std::all_of(secret.begin(), secret.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (!base64url || secret.size() < kMinSecret) return bad;
  std::int64_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + colon, id);
  if (failure != std::errc() || end != text.data() + colon || id <= 0 ||
      id >= std::int64_t{1} << 54) {
    return bad;
  }
  return Token(std::string(text), UserId{id});
}

std::string Token::redact(std::string text) const {
  const std::string_view secret = std::string_view(text_).substr(text_.find(':') + 1);
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace telekv::telegram
