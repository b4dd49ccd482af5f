#include "emulator/webhook_connection.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <type_traits>
#include <utility>

#include "emulator/streams.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr std::uint64_t kMaxBodyBytes = 1u << 20;
constexpr std::size_t kHeadBytes = 400;  // of a request, beside what is counted

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

WebhookAnswer failure(std::string error) {
  WebhookAnswer answer;
  answer.error = std::move(error);
  return answer;
}

/// TLS as Telegram's: verified, 1.2 or newer. Errors show at the handshake.
std::unique_ptr<asio::ssl::context> make_context(const std::string& certificate) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  beast::error_code ignored;
  context->set_verify_mode(asio::ssl::verify_peer, ignored);
  if (certificate.empty()) {
    context->set_default_verify_paths(ignored);
  } else {
    context->add_certificate_authority(asio::buffer(certificate), ignored);
  }
  return context;
}

template <class Stream>
class StreamConnection final : public WebhookConnection {
 public:
  static constexpr bool kIsTls = !std::is_same_v<Stream, tcp::socket>;

  template <class... Arguments>
  StreamConnection(WebhookUrl url, std::unique_ptr<asio::ssl::context> context,
                   Arguments&&... arguments)
      : url_(std::move(url)),
        context_(std::move(context)),
        stream_(std::forward<Arguments>(arguments)...) {}

  asio::awaitable<WebhookAnswer> post(std::string secret_token, std::string json) override {
    is_whole_ = false;
    if (!is_loopback_host(url_.host))
      co_return failure("The emulator delivers on its machine only");
    if (!socket().is_open()) {
      const auto refused = co_await connect();
      if (refused) {
        co_return failure(why(refused));
      }
    }
    const std::string request = make_request(secret_token, json);
    const auto [unsent, written] =
        co_await asio::async_write(stream_, asio::buffer(request), no_throw);
    if (unsent) co_return failure(why(unsent));
    http::response_parser<http::string_body> parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    const auto [unread, size] = co_await http::async_read(stream_, buffer_, parser, no_throw);
    if (unread) co_return failure(why(unread));
    is_whole_ = parser.keep_alive() && buffer_.size() == 0;
    co_return make_answer(parser.release());
  }

  void cut() override {
    is_cut_ = true;
    beast::error_code ignored;
    socket().close(ignored);
  }

  bool reusable() override {
    if (!is_whole_ || !socket().is_open()) return false;
    // Nothing may be waiting: neither the end of the stream nor bytes that nobody asked for.
    beast::error_code error;
    socket().non_blocking(true, error);
    char byte = 0;
    socket().receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
  }

 private:
  tcp::socket& socket() { return beast::get_lowest_layer(stream_); }

  asio::awaitable<beast::error_code> connect() {
    const auto address = asio::ip::make_address(url_.host == "localhost" ? "127.0.0.1" : url_.host);
    const auto [error] =
        co_await socket().async_connect(tcp::endpoint(address, url_.port), no_throw);
    if (error) co_return error;
    beast::error_code ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    if constexpr (kIsTls) {
      stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host), ignored);
      const auto [untrusted] =
          co_await stream_.async_handshake(asio::ssl::stream_base::client, no_throw);
      co_return untrusted;
    }
    co_return error;
  }

  /// Head and body in one buffer: one packet, one TLS record.
  std::string make_request(const std::string& secret_token, const std::string& json) const {
    const bool is_ipv6 = url_.host.find(':') != std::string::npos;
    std::string request;
    request.reserve(kHeadBytes + url_.target.size() + secret_token.size() + json.size());
    request.append("POST ").append(url_.target).append(" HTTP/1.1\r\nHost: ");
    request.append(is_ipv6 ? "[" + url_.host + "]" : url_.host);
    if (!secret_token.empty()) {
      request.append("\r\nX-Telegram-Bot-Api-Secret-Token: ").append(secret_token);
    }
    request.append("\r\nContent-Type: application/json\r\nContent-Length: ");
    request.append(std::to_string(json.size()));
    request.append("\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n");
    return request.append(json);
  }

  static WebhookAnswer make_answer(http::response<http::string_body> response) {
    WebhookAnswer answer;
    answer.status = static_cast<int>(response.result_int());
    answer.content_type = text_of(response[http::field::content_type]);
    answer.retry_after_s = to_integer(text_of(response[http::field::retry_after]));
    if (answer.status / 100 != 2) {
      answer.error = "Wrong response from the webhook: " + std::to_string(answer.status) + " " +
                     text_of(response.reason());
    }
    answer.body = std::move(response.body());
    return answer;
  }

  /// In the server's words (HttpOutboundConnection).
  std::string why(const beast::error_code& error) const {
    if (is_cut_) return "Read timeout expired";
    if (error == http::error::end_of_stream || error == asio::error::eof) {
      return "Connection closed";
    }
    return error.message();
  }

  WebhookUrl url_;
  std::unique_ptr<asio::ssl::context> context_;  // null without TLS
  Stream stream_;
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  bool is_whole_ = false;
  bool is_cut_ = false;
};

}  // namespace

std::unique_ptr<WebhookConnection> WebhookConnection::create(const asio::any_io_executor& executor,
                                                             WebhookUrl url,
                                                             const std::string& certificate) {
  if (!url.is_https) {
    return std::make_unique<StreamConnection<tcp::socket>>(std::move(url), nullptr, executor);
  }
  auto context = make_context(certificate);
  auto& shared = *context;
  return std::make_unique<StreamConnection<asio::ssl::stream<tcp::socket>>>(
      std::move(url), std::move(context), executor, shared);
}

}  // namespace telekv::emulator
