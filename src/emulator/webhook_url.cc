#include "emulator/webhook_url.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "emulator/text.h"

namespace telekv::emulator {
namespace {

const ApiError kInvalid = bad_request("invalid webhook URL specified");

/// "host", "host:port", "[::1]:port". False: neither.
bool parse_authority(std::string_view authority, WebhookUrl& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (port.empty()) return !url.host.empty();
  const char* end = port.data() + port.size();
  const auto [parsed, failure] = std::from_chars(port.data() + 1, end, url.port);
  return port.front() == ':' && failure == std::errc() && parsed == end && url.port != 0 &&
         !url.host.empty();
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

Answer<WebhookUrl> parse_webhook_url(std::string_view text) {
  const bool has_bad_byte = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
  });
  if (has_bad_byte) return kInvalid;
  WebhookUrl url;
  if (const std::size_t scheme_end = text.find("://"); scheme_end != std::string_view::npos) {
    const std::string scheme = to_lower_ascii(text.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") return kInvalid;
    url.is_https = scheme == "https";
    if (!url.is_https) url.port = 80;
    text.remove_prefix(scheme_end + 3);
  }
  const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
  const std::string authority = to_lower_ascii(text.substr(0, authority_end));
  if (authority.find('@') != std::string::npos || !parse_authority(authority, url)) return kInvalid;
  const std::string_view target = text.substr(authority_end, text.find('#') - authority_end);
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);

  const bool is_loopback = is_loopback_host(url.host);
  if (!url.is_https && !is_loopback) {
    return bad_request("bad webhook: An HTTPS URL must be provided for webhook");
  }
  constexpr std::array<std::uint16_t, 4> kPorts = {443, 80, 88, 8443};
  if (!is_loopback && std::find(kPorts.begin(), kPorts.end(), url.port) == kPorts.end()) {
    return bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  }
  return url;
}

}  // namespace telekv::emulator
