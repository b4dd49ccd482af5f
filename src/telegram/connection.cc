#include "telegram/connection.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <utility>

#include "telegram/arriving_body.h"
#include "telegram/as_tuple.h"
#include "telegram/dial.h"
#include "telegram/socket_deadline.h"

namespace telekv::telegram {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace {

constexpr std::uint32_t kMaxHeaderBytes = 32 * 1024;
constexpr std::size_t kHeadBytes = 256;  // usually
constexpr std::uint64_t kJoinedBytes = std::uint64_t{12} << 10;
// Beast (Boost 1.81) throws at a field of 64 KiB, also in a trailer, where no limit is looked at:
// the buffer is the limit.
constexpr std::size_t kBufferBytes = std::size_t{48} << 10;

using TlsStream = asio::ssl::stream<tcp::socket>;

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

// A request as it goes out: a body of up to kJoinedBytes stands behind its head, in one buffer, one
// packet, one TLS record. Larger ones are not copied.
class Outgoing {
 public:
  Outgoing(const ApiRoot& root, const HttpRequest& request) {
    std::uint64_t length = 0;
    for (const SharedBytes& part : request.body) length += part->size();
    const bool joined = length <= kJoinedBytes;
    head_.reserve(kHeadBytes + request.target.size() + (joined ? length : 0));
    write_head(root, request, length);
    if (joined) {
      for (const SharedBytes& part : request.body) head_.append(part->data(), part->size());
    }
    buffers_.push_back(asio::buffer(head_));
    if (joined) return;
    for (const SharedBytes& part : request.body) buffers_.emplace_back(part->data(), part->size());
  }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  const std::vector<asio::const_buffer>& buffers() const { return buffers_; }

 private:
  void write_head(const ApiRoot& root, const HttpRequest& request, std::uint64_t length) {
    const bool own_port = root.port == (root.scheme == ApiRoot::Scheme::kHttps ? 443 : 80);
    head_ += request.method == HttpRequest::Method::kGet ? "GET " : "POST ";
    head_ += request.target;
    head_ += " HTTP/1.1\r\nHost: ";
    head_ += root.bracketed_host();
    if (!own_port) head_.append(":").append(std::to_string(root.port));
    head_ += "\r\nUser-Agent: telekv\r\n";
    if (!request.content_type.empty()) {
      head_.append("Content-Type: ").append(request.content_type).append("\r\n");
    }
    if (request.method == HttpRequest::Method::kPost || length > 0) {
      head_.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
    }
    head_ += "\r\n";
  }

  std::string head_;
  std::vector<asio::const_buffer> buffers_;
};

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
      : root_(std::move(root)),
        stream_(std::forward<Arguments>(arguments)...),
        deadline_(beast::get_lowest_layer(stream_)) {}

  /// Gives it the connection that dial() has made.
  void take(tcp::socket socket) {
    beast::error_code ignored;  // where it fails, reusable() says no
    socket.non_blocking(true, ignored);
    beast::get_lowest_layer(stream_) = std::move(socket);
  }

  Stream& stream() { return stream_; }
  SocketDeadline& deadline() { return deadline_; }
  const ApiRoot& root() const { return root_; }

  Async<HttpResponse> exchange(HttpRequest request, Deadline deadline,
                               Progress* progress) override {
    kept_alive_ = false;
    deadline_.expire_at(deadline);
    const Outgoing outgoing(root_, request);
    const auto [failure, written] =
        co_await asio::async_write(stream_, outgoing.buffers(), kAsTuple);
    progress->sent = written > 0;
    const bool cancelled = co_await is_cancelled();
    if (failure || cancelled) {
      const Error error = failed("send", failure, cancelled, progress->sent);
      // A server may refuse an upload early and hang up; then its answer is worth more.
      if (cancelled || deadline_.has_expired() || !progress->sent) co_return error;
      auto answer = co_await read_answer(std::move(request), progress);
      kept_alive_ = false;
      if (!answer) co_return error;
      co_return answer;
    }
    co_return co_await read_answer(std::move(request), progress);
  }

  bool is_kept_alive() const override { return kept_alive_; }

  bool reusable(Deadline oldest) override {
    if (!kept_alive_ || last_used_ < oldest) return false;
    // Nothing may be waiting: neither the end of the stream nor bytes that nobody asked for.
    auto& socket = beast::get_lowest_layer(stream_);
    beast::error_code failure;
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, failure);
    return failure == asio::error::would_block;
  }

 private:
  using Parser = http::response_parser<ArrivingBody>;

  Error failed(std::string_view step, const beast::error_code& failure, bool cancelled, bool sent) {
    const beast::error_code why = deadline_.has_expired() ? beast::error::timeout : failure;
    return step_error(root_, step, why, cancelled, sent);
  }

  Async<HttpResponse> read_answer(HttpRequest request, Progress* progress) {
    HttpResponse response;
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(request.max_response_bytes);
    beast::error_code failure;
    while (!failure && !parser.is_header_done()) {
      failure = co_await read_on(&parser);
      progress->answered = progress->answered || buffer_.size() > 0 || parser.got_some();
    }
    if (!failure) {
      const auto& head = parser.get();
      response.status = head.result_int();
      response.content_type = std::string(head[http::field::content_type]);
      const auto retry_after = head[http::field::retry_after];
      response.retry_after_s = parse_seconds({retry_after.data(), retry_after.size()});
      parser.get().body().text = &response.body;
      if (request.sink && response.status / 100 == 2) parser.get().body().sink = &request.sink;
      parser.eager(true);
      while (!failure && !parser.is_done()) failure = co_await read_on(&parser);
    }
    if (parser.get().body().refusal) co_return *parser.get().body().refusal;
    const bool cancelled = co_await is_cancelled();
    if (failure || cancelled) co_return failed("receive", failure, cancelled, true);

    deadline_.expire_never();
    kept_alive_ = parser.get().keep_alive() && buffer_.size() == 0;
    last_used_ = steady_clock::now();
    co_return response;
  }

  // Parses what has come, and reads where that is not enough. As http::async_read does, which goes
  // through the queue of handlers and over an iterator of buffers at every step.
  asio::awaitable<beast::error_code> read_on(Parser* parser) {
    beast::error_code failure;
    if (buffer_.size() > 0) {
      buffer_.consume(parser->put(buffer_.data(), failure));
      if (failure != http::error::need_more) co_return failure;
      failure = {};
    }
    const std::size_t room = beast::read_size(buffer_, kBufferBytes);
    if (room == 0) co_return http::make_error_code(http::error::buffer_overflow);
    const asio::mutable_buffer space = buffer_.prepare(room);
    auto [broken, size] = co_await stream_.async_read_some(space, kAsTuple);
    buffer_.commit(size);
    if (broken == asio::error::eof) {
      if (!parser->got_some()) co_return http::make_error_code(http::error::end_of_stream);
      parser->put_eof(failure);
      co_return failure;
    }
    co_return broken;
  }

  ApiRoot root_;
  Stream stream_;
  SocketDeadline deadline_;
  beast::flat_buffer buffer_{kBufferBytes};
  bool kept_alive_ = false;
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
  auto connection = std::make_unique<StreamConnection<tcp::socket>>(std::move(root), executor);
  const std::optional<Proxy> direct;
  auto dialled = co_await dial(executor, connection->root(), direct, deadline);
  if (!dialled) co_return dialled.error();
  connection->take(*std::move(dialled));
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
  auto dialled = co_await dial(executor, connection->root(), proxy, deadline);
  if (!dialled) co_return dialled.error();
  connection->take(*std::move(dialled));
  connection->deadline().expire_at(deadline);
  auto [failure] =
      co_await connection->stream().async_handshake(asio::ssl::stream_base::client, kAsTuple);
  const bool cancelled = co_await is_cancelled();
  if (connection->deadline().has_expired()) failure = beast::error::timeout;
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
