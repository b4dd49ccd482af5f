#include "bot/status_page.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "bot/status_files.h"
#include "telegram/api_root.h"

namespace telekv::bot {
namespace {

using Request = StatusPage::Request;
using Response = StatusPage::Response;

Response not_found() { return {.status = 404, .body = "not found\n"}; }

Response unauthorized() {
  return {.status = 401,
          .headers = {{"WWW-Authenticate", R"(Basic realm="clicker", charset="UTF-8")"},
                      {"Cache-Control", "no-store"}},
          .body = "the password is STATUS_TOKEN\n"};
}

/// What follows `scheme` (lower case) and spaces; schemes have no case (RFC 9110, 11.1).
std::optional<std::string_view> credentials(std::string_view header, std::string_view scheme) {
  const bool same = header.size() > scheme.size() && header[scheme.size()] == ' ' &&
                    std::equal(scheme.begin(), scheme.end(), header.begin(), [](char a, char b) {
                      return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
                    });
  if (!same) return std::nullopt;
  header.remove_prefix(scheme.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

/// Of base64("user:password"); "" when it is none.
std::string password_of(std::string_view basic) {
  std::string text(basic.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(), basic.data(),
                        basic.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return {};
  }
  text.resize(size);
  const std::size_t colon = text.find(':');
  return colon == std::string::npos ? std::string() : text.substr(colon + 1);
}

std::string token_in(const Request& request) {
  const std::string_view header = request.header("Authorization");
  if (const auto token = credentials(header, "bearer")) return std::string(*token);
  if (const auto basic = credentials(header, "basic")) return password_of(*basic);
  return {};
}

/// Without the port: "localhost:8080", "[::1]:8080".
std::string_view host_of(const Request& request) {
  std::string_view host = request.header("Host");
  if (host.starts_with('[')) {
    host.remove_prefix(1);
    return host.substr(0, host.find(']'));
  }
  return host.substr(0, host.find(':'));
}

std::chrono::seconds after_of(const Request& request) {
  constexpr std::string_view kName = "after=";
  std::int64_t after = 0;
  std::string_view query = request.query;
  if (query.starts_with(kName)) {
    query.remove_prefix(kName.size());
    std::from_chars(query.data(), query.data() + query.size(), after);
  }
  return std::chrono::seconds(after);
}

}  // namespace

bool StatusPage::owns(std::string_view path) {
  return path.starts_with(kPath) && (path.size() == kPath.size() || path[kPath.size()] == '/');
}

Response StatusPage::answer(const Request& request) const {
  if (!access_.token && !access_.only_this_machine) return not_found();
  if (!may_see(request)) return access_.token ? unauthorized() : not_found();
  if (request.path == kDataPath) {
    return {.content_type = "application/json",
            .headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
            .body = data_(after_of(request))};
  }
  const std::string_view below = std::string_view(request.path).substr(kPath.size());
  const PageFile* file = find_page_file(below.empty() ? "/" : below);
  // With a slash at its end the page would look for its files elsewhere.
  if (file == nullptr || below == "/") return not_found();
  return {.content_type = std::string(file->content_type),
          .headers = {{"Content-Security-Policy",
                       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}},
          .body = std::string(file->content)};
}

// A page of elsewhere whose name was made to mean this machine (DNS rebinding) asks by that name.
bool StatusPage::may_see(const Request& request) const {
  if (access_.token) return access_.token->matches(token_in(request));
  return telegram::is_loopback(host_of(request));
}

}  // namespace telekv::bot
