#include "telegram/proxy.h"

#include <sodium.h>

#include <charconv>
#include <optional>

namespace telekv::telegram {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::size_t kMaxCredentials = 512;

Error bad_proxy() {
  return {.code = ErrorCode::kInvalidArgument,
          .message = "this is no HTTP proxy",
          .hint = "it is like http://proxy.example.org:3128 or http://user:password@host:3128"};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (failure != std::errc() || end != digits.data() + 2) return std::nullopt;
    decoded.push_back(static_cast<char>(value));
    i += 2;
  }
  return decoded;
}

std::string basic(const std::string& credentials) {
  std::string encoded(sodium_base64_encoded_len(credentials.size(), sodium_base64_VARIANT_ORIGINAL),
                      '\0');
  sodium_bin2base64(encoded.data(), encoded.size(),
                    reinterpret_cast<const unsigned char*>(credentials.data()), credentials.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  encoded.pop_back();  // the terminating zero
  return "Basic " + encoded;
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text) {
  if (!text.starts_with(kScheme)) return bad_proxy();
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  Proxy proxy;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const auto credentials = percent_decoded(text.substr(0, at));
    if (!credentials || credentials->size() > kMaxCredentials) return bad_proxy();
    proxy.authorization = basic(*credentials);
    text.remove_prefix(at + 1);
  }
  // Of the root's own syntax only the scheme and its port differ.
  const std::size_t bracket = text.rfind(']');
  const std::size_t host_end = bracket == std::string_view::npos ? 0 : bracket;
  const bool has_port = text.find(':', host_end) != std::string_view::npos;
  const Result<ApiRoot> address =
      parse_api_root("https://" + std::string(text) + (has_port ? "" : ":80"));
  if (!address || !address->path.empty()) return bad_proxy();
  proxy.address = *address;
  proxy.address.scheme = ApiRoot::Scheme::kHttp;
  return proxy;
}

}  // namespace telekv::telegram
