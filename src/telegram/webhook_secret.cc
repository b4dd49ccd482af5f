#include "telegram/webhook_secret.h"

#include <sodium.h>

#include <algorithm>

namespace telekv::telegram {

WebhookSecret::WebhookSecret(std::string_view text) : text_(text), hash_(hash(text)) {}

Result<WebhookSecret> WebhookSecret::parse(std::string_view text) {
  constexpr std::size_t kMaxLength = 256;
  const bool allowed = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (text.empty() || text.size() > kMaxLength || !allowed) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "the webhook's secret needs 1-256 characters of A-Z a-z 0-9 _ -",
                 .hint = "make one with: openssl rand -hex 32"};
  }
  return WebhookSecret(text);
}

WebhookSecret::Hash WebhookSecret::hash(std::string_view text) {
  Hash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return hash;
}

bool WebhookSecret::matches(std::string_view presented) const {
  const Hash other = hash(presented);
  return sodium_memcmp(hash_.data(), other.data(), hash_.size()) == 0;
}

}  // namespace telekv::telegram
