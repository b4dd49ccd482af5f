#include "telegram/api_root.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace telekv::telegram {
namespace {

constexpr std::string_view kHint =
    "API_ROOT is an address like https://api.telegram.org or http://127.0.0.1:8081";

Error bad_root(std::string message) {
  return {.code = ErrorCode::kInvalidArgument,
          .message = "API root: " + std::move(message),
          .hint = std::string(kHint)};
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters, digits, '-', '.' and, for IPv6, ':'. Anything else has no place in a Host header.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
  });
}

bool is_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/-._~%").find(c) != std::string_view::npos;
  });
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size() || port == 0) {
    return bad_root("the port is not a number from 1 to 65535");
  }
  return port;
}

/// Splits "host", "host:port", "[v6]" and "[v6]:port" into `root`.
Result<void> parse_authority(std::string_view authority, ApiRoot& root) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad_root("']' is missing after the IPv6 address");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    boost::system::error_code failure;
    boost::asio::ip::make_address_v6(std::string(host), failure);
    if (failure) return bad_root("what stands in brackets is no IPv6 address");
    if (!port.empty() && !port.starts_with(':')) return bad_root("unexpected text after ']'");
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  root.host.assign(host);
  std::transform(root.host.begin(), root.host.end(), root.host.begin(), to_lower);
  if (!is_host(root.host)) return bad_root("the host name is missing or has odd characters");
  if (!port.empty()) {
    auto number = parse_port(port.substr(1));
    if (!number) return number.error();
    root.port = *number;
  }
  return {};
}

}  // namespace

std::string ApiRoot::bracketed_host() const {
  if (host.find(':') == std::string::npos) return host;
  std::string text = "[";
  return text.append(host).append("]");
}

std::string ApiRoot::to_string() const {
  const bool tls = scheme == Scheme::kHttps;
  std::string text = tls ? "https://" : "http://";
  text += bracketed_host();
  if (port != (tls ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text + path;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(std::string(host), failure);
  return !failure && address.is_loopback();
}

Result<ApiRoot> parse_api_root(std::string_view text) {
  ApiRoot root;
  const auto scheme_end = text.find("://");
  std::string scheme(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), to_lower);
  if (scheme == "http") {
    root.scheme = ApiRoot::Scheme::kHttp;
    root.port = 80;
  } else if (scheme != "https") {
    return bad_root("it begins neither with https:// nor with http://");
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const auto path_begin = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view path = rest.substr(path_begin);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (rest.substr(0, path_begin).find('@') != std::string_view::npos) {
    return bad_root("a user name or password in it is not supported");
  }
  if (!is_path(path)) return bad_root("a query, a fragment or odd characters follow the host");
  root.path.assign(path);
  if (auto authority = parse_authority(rest.substr(0, path_begin), root); !authority) {
    return authority.error();
  }
  if (root.scheme == ApiRoot::Scheme::kHttp && !is_loopback(root.host)) {
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message =
                     "API root: plain http is only accepted for this machine (127.0.0.1, "
                     "::1, localhost), not for " +
                     root.host,
                 .hint = "use https://, because the bot's token travels in every request"};
  }
  return root;
}

}  // namespace telekv::telegram
