// Where the Bot API is: the cloud, a local server, the emulator. Plain HTTP is accepted for
// loopback addresses only, because the token travels in every request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kv/error.h"

namespace telekv::telegram {

struct ApiRoot {
  enum class Scheme : std::uint8_t { kHttp, kHttps };

  Scheme scheme = Scheme::kHttps;
  std::string host;  ///< a name, an IPv4 address or an IPv6 address without brackets
  std::uint16_t port = 443;
  std::string path;  ///< "" or "/prefix" without a slash at the end

  /// The host as a URL or a Host header writes it: IPv6 in brackets.
  std::string bracketed_host() const;

  /// "https://host[:port][/prefix]", the port only when it is not the scheme's own.
  std::string to_string() const;
};

/// 127.0.0.0/8, ::1 or "localhost".
bool is_loopback(std::string_view host);

/// Reads "https://api.telegram.org", "http://127.0.0.1:8081/prefix". kInvalidArgument: another
/// scheme, no host, a user name, a query or a fragment, a bad port, or plain HTTP to a host that is
/// not loopback.
Result<ApiRoot> parse_api_root(std::string_view text);

}  // namespace telekv::telegram
