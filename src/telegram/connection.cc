#include "telegram/connection.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <charconv>
#include <utility>

#include "telegram/dial.h"
#include "telegram/gather_body.h"

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using std::chrono::steady_clock;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHeaderBytes = 32 * 1024;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
// Beast (Boost 1.81) throws at a field of 64 KiB, also in a trailer, where no limit is looked at:
// the buffer is the limit.
constexpr std::size_t kBufferBytes = std::size_t{48} << 10;

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

class TlsContextImpl final : public TlsContext {
 public:
  asio::ssl::context context{asio::ssl::context::tls_client};
};

/// Why the handshake failed, in words of the certificate where it is the certificate.
Error handshake_error(const ApiRoot& root, const beast::error_code& failure, SSL* ssl,
                      bool cancelled) {
  const long verdict = SSL_get_verify_result(ssl);
  if (cancelled || verdict == X509_V_OK) {
    return step_error(root, "TLS handshake", failure, cancelled, false);
  }
  return {
      .code = ErrorCode::kUnavailable,
      .message = root.to_string() + ": the server's certificate is not accepted: " +
                 X509_verify_cert_error_string(verdict),
      .hint = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH
                  ? "the server answers for another name; check API_ROOT"
                  : "install ca-certificates, or name a trusted authority in SSL_CERT_FILE"};
}

// ---- one exchange ------------------------------------------------------------------------------

http::request<GatherBody> make_message(const ApiRoot& root, HttpRequest& request) {
  const auto verb =
      request.method == HttpRequest::Method::kGet ? http::verb::get : http::verb::post;
  http::request<GatherBody> message(verb, request.target, 11);
  const bool own_port = root.port == (root.scheme == ApiRoot::Scheme::kHttps ? 443 : 80);
  std::string host = root.bracketed_host();
  if (!own_port) host.append(":").append(std::to_string(root.port));
  message.set(http::field::host, host);
  message.set(http::field::user_agent, "telekv");
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  message.body() = std::move(request.body);
  message.prepare_payload();
  return message;
}

std::uint32_t parse_seconds(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // The header may also be a date; the Bot API sends seconds.
  return failure == std::errc() && end == text.data() + text.size() ? seconds : 0;
}

template <class Stream>
class StreamConnection final : public Connection {
 public:
  template <class... Arguments>
  explicit StreamConnection(ApiRoot root, Arguments&&... arguments)
      : root_(std::move(root)), stream_(std::forward<Arguments>(arguments)...) {}

  Stream& stream() { return stream_; }
  const ApiRoot& root() const { return root_; }

  Async<HttpResponse> exchange(HttpRequest request, Deadline deadline,
                               Progress* progress) override {
    reusable_ = false;
    auto message = make_message(root_, request);
    beast::get_lowest_layer(stream_).expires_at(deadline);
    http::request_serializer<GatherBody> serializer(message);
    const auto [failure, written] = co_await http::async_write(stream_, serializer, kToken);
    progress->sent = written > 0;
    if (failure || co_await is_cancelled()) {
      const bool cancelled = co_await is_cancelled();
      const Error error = step_error(root_, "send", failure, cancelled, progress->sent);
      // A server may refuse an upload early and hang up; then its answer is worth more.
      if (cancelled || is_timeout(failure) || !progress->sent) co_return error;
      auto answer = co_await read_answer(std::move(request), progress);
      reusable_ = false;
      if (!answer) co_return error;
      co_return answer;
    }
    co_return co_await read_answer(std::move(request), progress);
  }

  bool reusable(Deadline oldest) override {
    if (!reusable_ || last_used_ < oldest) return false;
    // Nothing may be waiting: neither the end of the stream nor bytes that nobody asked for.
    auto& socket = beast::get_lowest_layer(stream_).socket();
    beast::error_code failure;
    socket.non_blocking(true, failure);
    if (failure) return false;
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, failure);
    return failure == asio::error::would_block;
  }

 private:
  using Parser = http::response_parser<http::buffer_body>;

  Async<HttpResponse> read_answer(HttpRequest request, Progress* progress) {
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(request.max_response_bytes);
    const auto [failure, received] =
        co_await http::async_read_header(stream_, buffer_, parser, kToken);
    progress->answered = received > 0;
    const bool cancelled = co_await is_cancelled();
    if (failure || cancelled) co_return step_error(root_, "receive", failure, cancelled, true);

    HttpResponse response;
    response.status = parser.get().result_int();
    response.content_type = std::string(parser.get()[http::field::content_type]);
    const auto retry_after = parser.get()[http::field::retry_after];
    response.retry_after_s = parse_seconds({retry_after.data(), retry_after.size()});
    auto body = co_await read_body(parser, std::move(request), &response);
    if (!body) co_return body.error();

    beast::get_lowest_layer(stream_).expires_never();
    reusable_ = parser.get().keep_alive() && buffer_.size() == 0;
    last_used_ = steady_clock::now();
    co_return response;
  }

  Async<void> read_body(Parser& parser, HttpRequest request, HttpResponse* response) {
    const bool to_sink = request.sink && response->status / 100 == 2;
    std::string piece(kPieceBytes, '\0');
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      auto [failure, received] = co_await http::async_read(stream_, buffer_, parser, kToken);
      if (failure == http::error::need_buffer) failure = {};
      const bool cancelled = co_await is_cancelled();
      if (failure || cancelled) co_return step_error(root_, "receive", failure, cancelled, true);
      const std::string_view arrived(piece.data(), piece.size() - parser.get().body().size);
      if (!to_sink) {
        response->body.append(arrived);
      } else if (!arrived.empty()) {
        auto taken = request.sink(arrived);
        if (!taken) co_return taken.error();
      }
    }
    co_return Result<void>();
  }

  ApiRoot root_;
  Stream stream_;
  beast::flat_buffer buffer_{kBufferBytes};
  bool reusable_ = false;
  steady_clock::time_point last_used_{};
};

// ---- TLS ---------------------------------------------------------------------------------------

/// Server name indication, and the name or address that the certificate must carry.
bool expect_host(SSL* ssl, const std::string& host) {
  beast::error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

using Opened = std::unique_ptr<Connection>;

Async<Opened> open_plain(asio::any_io_executor executor, ApiRoot root, Deadline deadline) {
  auto connection =
      std::make_unique<StreamConnection<beast::tcp_stream>>(std::move(root), executor);
  const std::optional<Proxy> direct;
  auto connected = co_await dial(connection->stream(), connection->root(), direct, deadline);
  if (!connected) co_return connected.error();
  co_return Opened(std::move(connection));
}

Async<Opened> open_tls(asio::any_io_executor executor, ApiRoot root,
                       std::shared_ptr<TlsContext> tls, std::optional<Proxy> proxy,
                       Deadline deadline) {
  auto& context = static_cast<TlsContextImpl&>(*tls).context;
  auto connection =
      std::make_unique<StreamConnection<TlsStream>>(std::move(root), executor, context);
  SSL* ssl = connection->stream().native_handle();
  if (!expect_host(ssl, connection->root().host)) {
    co_return Error{.code = ErrorCode::kInvalidArgument,
                    .message = "API root: the host name cannot be used with TLS",
                    .hint = "check API_ROOT"};
  }
  auto& lowest = beast::get_lowest_layer(connection->stream());
  auto connected = co_await dial(lowest, connection->root(), proxy, deadline);
  if (!connected) co_return connected.error();
  lowest.expires_at(deadline);
  const auto [failure] =
      co_await connection->stream().async_handshake(asio::ssl::stream_base::client, kToken);
  const bool cancelled = co_await is_cancelled();
  if (failure || cancelled) {
    co_return handshake_error(connection->root(), failure, ssl, cancelled);
  }
  co_return Opened(std::move(connection));
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::create() {
  auto tls = std::make_shared<TlsContextImpl>();
  beast::error_code failure;
  auto& context = tls->context;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(asio::ssl::verify_peer, failure);
  if (!failure) context.set_default_verify_paths(failure);
  if (failure) {
    return Error{
        .code = ErrorCode::kUnavailable,
        .message = "TLS: the system's trusted certificates cannot be loaded: " + failure.message(),
        .hint = "install ca-certificates, or name a file in SSL_CERT_FILE"};
  }
  return std::shared_ptr<TlsContext>(std::move(tls));
}

Async<Opened> Connection::open(asio::any_io_executor executor, ApiRoot root,
                               std::shared_ptr<TlsContext> tls, std::optional<Proxy> proxy,
                               Deadline deadline) {
  if (!tls) return open_plain(std::move(executor), std::move(root), deadline);
  return open_tls(std::move(executor), std::move(root), std::move(tls), std::move(proxy), deadline);
}

}  // namespace telekv::telegram
