// The address of a webhook, and which ones are accepted: as the official server does
// (WebhookActor.cpp start_up), and plain HTTP to this machine in addition. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "emulator/answer.h"

namespace telekv::emulator {

struct WebhookUrl {
  bool is_https = true;
  std::string host;  ///< a name or an address; IPv6 without brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query
};

/// 400 for what is no URL, for plain HTTP to another machine, for HTTPS to another machine on
/// another port than 443, 80, 88 and 8443. No scheme means https. A user name is not supported.
Answer<WebhookUrl> parse_webhook_url(std::string_view url);

/// 127.0.0.1, localhost or ::1.
bool is_loopback_host(std::string_view host);

}  // namespace telekv::emulator
