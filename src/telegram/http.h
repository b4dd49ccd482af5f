// The network as a seam: one HTTP exchange in plain values. HttpClient is the real one; tests
// script a fake, and what limits the rate of calls can stand in front of either.
//
// Runs on one thread. An error says what is certain: kUnavailable, nothing was sent;
// kOutcomeUnknown, the request went out at least in part and no whole answer came back (also when
// the deadline passed); kTooLarge, the answer is longer than the caller allowed; kCancelled. No
// error holds the target, which carries the token. An answer of any status, a 502 page too, is a
// value and not an error.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/error.h"
#include "vault/channel.h"

namespace telekv::telegram {

template <class T>
using Async = boost::asio::awaitable<Result<T>>;

using vault::SharedBytes;

/// Takes a piece of a streamed download; an error stops the exchange and is its result.
using DownloadSink = std::function<Result<void>(std::string_view piece)>;

struct HttpRequest {
  enum class Method : std::uint8_t { kGet, kPost };

  /// Whether a request may be sent again when a kept-alive connection turns out to be dead.
  enum class Repeat : std::uint8_t {
    kNever,  ///< it has an effect
    kSafe,   ///< it only reads
  };

  Method method = Method::kPost;
  std::string target;  ///< path below the API root, begins with '/'; holds the token: never show it
  std::string content_type;       ///< empty when there is no body
  std::vector<SharedBytes> body;  ///< sent one after the other; large ones are not copied
  std::chrono::milliseconds deadline{std::chrono::seconds(30)};  ///< for the whole exchange
  std::size_t max_response_bytes = std::size_t{1} << 20;         ///< body; more is kTooLarge
  DownloadSink sink;  ///< when set, takes the body of a 2xx answer instead of HttpResponse::body
  Repeat repeat = Repeat::kNever;
};

struct HttpResponse {
  unsigned status = 0;
  std::string content_type;
  std::uint32_t retry_after_s = 0;  ///< the Retry-After header in seconds; 0 when absent
  std::string body;                 ///< empty when the sink took it
};

class Http {
 public:
  virtual ~Http() = default;

  /// One request, one answer. Terminal cancellation of the awaiting coroutine ends it promptly
  /// with kCancelled, without an exception.
  virtual Async<HttpResponse> exchange(HttpRequest request) = 0;
};

}  // namespace telekv::telegram
