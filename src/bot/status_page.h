// The page at /status that shows how the program is doing, and who may see it:
//
//   with a token      who sends it, as the password of HTTP's Basic scheme (what a browser asks
//                     for; the user name is anything) or as a Bearer token; else 401
//   without a token   whoever asks this machine by its own name, on a port that only this machine
//                     reaches; else 404, as if there were no page
//
// The page asks for nothing but its own files and /status/data. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "telegram/http_server.h"
#include "telegram/webhook_secret.h"

namespace telekv::bot {

/// Who may see the page.
struct StatusAccess {
  /// The webhook's secret has the very properties that are needed here.
  std::optional<telegram::WebhookSecret> token;
  bool only_this_machine = false;  ///< nobody else reaches the port
};

class StatusPage {
 public:
  static constexpr std::string_view kPath = "/status";
  static constexpr std::string_view kDataPath = "/status/data";

  using Request = telegram::HttpServer::Request;
  using Response = telegram::HttpServer::Response;

  /// `data` answers the page's numbers as JSON, with the samples newer than a time (since 1970).
  using Data = std::function<std::string(std::chrono::seconds after)>;

  StatusPage(StatusAccess access, Data data) : access_(std::move(access)), data_(std::move(data)) {}

  /// Whether `path` is the page's or below it.
  static bool owns(std::string_view path);

  /// A read of a path that is owned.
  Response answer(const Request& request) const;

 private:
  bool may_see(const Request& request) const;

  StatusAccess access_;
  Data data_;
};

}  // namespace telekv::bot
