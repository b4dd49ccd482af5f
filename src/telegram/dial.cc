#include "telegram/dial.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <memory>
#include <utility>

#include "telegram/as_tuple.h"

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace {

constexpr std::uint32_t kMaxTunnelHeaderBytes = 16 * 1024;

/// A name look-up that can be left behind: the system's resolver blocks its thread and cannot be
/// cut.
struct Lookup {
  Lookup(const asio::any_io_executor& executor, Deadline deadline)
      : resolver(executor), done(executor, deadline) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  beast::error_code failure;
  std::vector<tcp::endpoint> endpoints;
  bool finished = false;
};

using Endpoints = std::vector<tcp::endpoint>;

/// Errors name `root`.
Async<Endpoints> resolve(asio::any_io_executor executor, ApiRoot root, Deadline deadline) {
  beast::error_code not_numeric;
  const auto address = asio::ip::make_address(root.host, not_numeric);
  if (!not_numeric) co_return Endpoints{tcp::endpoint(address, root.port)};

  auto lookup = std::make_shared<Lookup>(executor, deadline);
  lookup->resolver.async_resolve(
      root.host, std::to_string(root.port),
      [lookup](const beast::error_code& failure, const tcp::resolver::results_type& results) {
        lookup->failure = failure;
        for (const auto& entry : results) lookup->endpoints.push_back(entry.endpoint());
        lookup->finished = true;
        lookup->done.cancel();
      });
  co_await lookup->done.async_wait(kAsTuple);
  if (!lookup->finished) {
    const bool cancelled = co_await is_cancelled();
    co_return step_error(root, "resolve", beast::error::timeout, cancelled, false);
  }
  if (lookup->failure) co_return step_error(root, "resolve", lookup->failure, false, false);
  co_return std::move(lookup->endpoints);
}

/// Attempts side by side. Their handlers may come after whoever waits has gone.
struct Race {
  explicit Race(const asio::any_io_executor& executor) : news(executor) {}
  asio::steady_timer news;
  std::list<tcp::socket> runners;
  std::size_t running = 0;
  std::optional<tcp::socket> winner;
  beast::error_code last_failure;
};

void start_runner(const std::shared_ptr<Race>& race, const tcp::endpoint& to) {
  tcp::socket& socket = race->runners.emplace_back(race->news.get_executor());
  ++race->running;
  socket.async_connect(to, [race, &socket](const beast::error_code& failure) {
    --race->running;
    if (failure) race->last_failure = failure;
    if (!failure && !race->winner) race->winner.emplace(std::move(socket));
    race->news.cancel();
  });
}

Error no_way_through(const ApiRoot& root, const Proxy& proxy, std::string why) {
  return {.code = ErrorCode::kUnavailable,
          .message = proxy.address.to_string() + ": no way through to " + root.to_string() + ": " +
                     std::move(why),
          .hint = "check HTTPS_PROXY"};
}

Async<void> ask_through(beast::tcp_stream& stream, const ApiRoot& root, const Proxy& proxy,
                        Deadline deadline) {
  stream.expires_at(deadline);
  const std::string target = root.bracketed_host() + ":" + std::to_string(root.port);
  http::request<http::empty_body> request(http::verb::connect, target, 11);
  request.set(http::field::host, target);
  if (!proxy.authorization.empty()) {
    request.set(http::field::proxy_authorization, proxy.authorization);
  }
  const auto [unsent, written] = co_await http::async_write(stream, request, kAsTuple);
  http::response_parser<http::empty_body> parser;
  parser.header_limit(kMaxTunnelHeaderBytes);
  beast::flat_buffer buffer(kMaxTunnelHeaderBytes);
  beast::error_code failure = unsent;
  if (!failure) {
    std::tie(failure, std::ignore) =
        co_await http::async_read_header(stream, buffer, parser, kAsTuple);
  }
  const bool cancelled = co_await is_cancelled();
  if (failure || cancelled) {
    if (cancelled) co_return step_error(root, "proxy", failure, true, false);
    co_return no_way_through(root, proxy,
                             is_timeout(failure) ? "no answer in time" : failure.message());
  }
  const auto& answer = parser.get();
  if (answer.result_int() / 100 != 2) {
    const beast::string_view reason = answer.reason();
    co_return no_way_through(
        root, proxy,
        std::to_string(answer.result_int()) + " " + std::string(reason.data(), reason.size()));
  }
  if (buffer.size() != 0) co_return no_way_through(root, proxy, "it speaks before TLS begins");
  co_return Result<void>();
}

}  // namespace

asio::awaitable<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

bool is_timeout(const beast::error_code& failure) {
  return failure == beast::error::timeout || failure == asio::error::timed_out;
}

/// What a failed step means. `sent`: whether any part of the request is out.
Error step_error(const ApiRoot& root, std::string_view step, const beast::error_code& failure,
                 bool cancelled, bool sent) {
  const std::string at = root.to_string() + ": ";
  if (cancelled) return {.code = ErrorCode::kCancelled, .message = at + "given up"};
  if (failure == http::error::body_limit || failure == http::error::header_limit) {
    return {.code = ErrorCode::kTooLarge, .message = at + "the answer is longer than allowed"};
  }
  const std::string what =
      is_timeout(failure) ? "no progress before the deadline" : failure.message();
  return {.code = sent ? ErrorCode::kOutcomeUnknown : ErrorCode::kUnavailable,
          .message = at + std::string(step) + ": " + what,
          .hint = sent ? "" : "check the network and API_ROOT"};
}

Async<tcp::socket> connect_to_any(asio::any_io_executor executor, const ApiRoot& root,
                                  std::vector<tcp::endpoint> endpoints, Deadline deadline) {
  auto race = std::make_shared<Race>(executor);
  auto next = endpoints.begin();
  Deadline next_start = steady_clock::now();
  bool cancelled = false;
  bool late = false;
  while (!race->winner && !cancelled && !late) {
    const bool more = next != endpoints.end();
    if (!more && race->running == 0) break;
    if (more && (race->running == 0 || steady_clock::now() >= next_start)) {
      next_start = steady_clock::now() + kHeadStart;
      start_runner(race, *next++);
    }
    race->news.expires_at(next != endpoints.end() ? std::min(next_start, deadline) : deadline);
    co_await race->news.async_wait(kAsTuple);
    cancelled = co_await is_cancelled();
    late = steady_clock::now() >= deadline;
  }
  beast::error_code ignored;
  for (tcp::socket& runner : race->runners) runner.close(ignored);
  if (race->winner && !cancelled) co_return *std::move(race->winner);
  const beast::error_code failure = late ? beast::error::timeout : race->last_failure;
  co_return step_error(root, "connect", failure, cancelled, false);
}

Async<tcp::socket> dial(asio::any_io_executor executor, const ApiRoot& root,
                        const std::optional<Proxy>& proxy, Deadline deadline) {
  const ApiRoot hop = proxy ? proxy->address : root;
  auto endpoints = co_await resolve(executor, hop, deadline);
  if (!endpoints) co_return endpoints.error();
  if (root.scheme == ApiRoot::Scheme::kHttp) {
    // "localhost" is only a name: what it stands for must be this machine as well.
    std::erase_if(*endpoints, [](const auto& e) { return !e.address().is_loopback(); });
  }
  if (endpoints->empty()) {
    co_return Error{.code = ErrorCode::kUnavailable,
                    .message = hop.to_string() + ": resolve: no usable address",
                    .hint = "check API_ROOT"};
  }
  auto socket = co_await connect_to_any(executor, hop, *std::move(endpoints), deadline);
  if (!socket) {
    Error error = socket.error();
    if (proxy) error.hint = "check HTTPS_PROXY";
    co_return error;
  }
  beast::error_code ignored;  // options of convenience: a connection without them still works
  socket->set_option(tcp::no_delay(true), ignored);
  socket->set_option(asio::socket_base::keep_alive(true), ignored);
  if (!proxy) co_return socket;
  beast::tcp_stream stream(*std::move(socket));
  const auto through = co_await ask_through(stream, root, *proxy, deadline);
  if (!through) co_return through.error();
  co_return stream.release_socket();
}

}  // namespace telekv::telegram
