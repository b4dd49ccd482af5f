// How the emulator says no: an error of the Bot API as a value. Every refusal carries the HTTP
// status and the exact description that a client would read from Telegram.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace telekv::emulator {

struct ApiError {
  ApiError() = default;
  // A constructor, and not an aggregate: Answer<int> must not take an int for an error.
  ApiError(int error_code, std::string text, std::uint32_t retry_after = 0)
      : code(error_code), description(std::move(text)), retry_after_s(retry_after) {}

  int code = 500;                       ///< HTTP status and "error_code"
  std::string description;              ///< complete text, e.g. "Bad Request: chat not found"
  std::uint32_t retry_after_s = 0;      ///< seconds, 429 only; otherwise 0
  std::int64_t migrate_to_chat_id = 0;  ///< the supergroup that a group became; otherwise 0
};

/// A value or a refusal. `value()` on a refusal is a programming mistake and terminates.
template <class T>
using Answer = boost::system::result<T, ApiError>;

[[noreturn]] inline void throw_exception_from_error(const ApiError&,
                                                    const boost::source_location&) {
  std::abort();
}

/// 400 "Bad Request: <text>".
inline ApiError bad_request(std::string_view text) {
  return {400, "Bad Request: " + std::string(text)};
}

/// 429 "Too Many Requests: retry after <seconds>".
inline ApiError too_many_requests(std::uint32_t retry_after_s) {
  return {429, "Too Many Requests: retry after " + std::to_string(retry_after_s), retry_after_s};
}

/// 403 "Forbidden: <text>".
inline ApiError forbidden(std::string_view text) {
  return {403, "Forbidden: " + std::string(text)};
}

}  // namespace telekv::emulator
