#include "emulator/webhook_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "emulator/text.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr std::uint32_t kMaxHeaderBytes = 64u << 10;  // server.cc says why no more
constexpr std::uint64_t kMaxBodyBytes = 1u << 20;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

WebhookAnswer failure(std::string error) {
  WebhookAnswer answer;
  answer.error = std::move(error);
  return answer;
}

class PlainConnection final : public WebhookConnection {
 public:
  PlainConnection(const asio::any_io_executor& executor, WebhookUrl url)
      : url_(std::move(url)), socket_(executor) {}

  asio::awaitable<WebhookAnswer> post(std::string secret_token, std::string json) override {
    is_whole_ = false;
    if (url_.is_https) co_return failure("The emulator delivers to plain HTTP only");
    if (!socket_.is_open()) {
      const auto refused = co_await connect();
      if (refused) co_return failure(refused.message());
    }
    const auto request = make_request(secret_token, std::move(json));
    const auto [unsent, written] = co_await http::async_write(socket_, request, no_throw);
    if (unsent) co_return failure(why(unsent));
    http::response_parser<http::string_body> parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    const auto [unread, size] = co_await http::async_read(socket_, buffer_, parser, no_throw);
    if (unread) co_return failure(why(unread));
    is_whole_ = parser.keep_alive() && buffer_.size() == 0;
    co_return make_answer(parser.release());
  }

  void cut() override {
    is_cut_ = true;
    beast::error_code ignored;
    socket_.close(ignored);
  }

  bool reusable() override {
    if (!is_whole_ || !socket_.is_open()) return false;
    // Nothing may be waiting: neither the end of the stream nor bytes that nobody asked for.
    beast::error_code error;
    socket_.non_blocking(true, error);
    char byte = 0;
    socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
  }

 private:
  asio::awaitable<beast::error_code> connect() {
    const auto address = asio::ip::make_address(url_.host == "localhost" ? "127.0.0.1" : url_.host);
    const auto [error] =
        co_await socket_.async_connect(tcp::endpoint(address, url_.port), no_throw);
    beast::error_code ignored;
    if (!error) socket_.set_option(tcp::no_delay(true), ignored);
    co_return error;
  }

  http::request<http::string_body> make_request(const std::string& secret_token,
                                                std::string json) const {
    http::request<http::string_body> request(http::verb::post, url_.target, 11);
    const bool is_ipv6 = url_.host.find(':') != std::string::npos;
    request.set(http::field::host, is_ipv6 ? "[" + url_.host + "]" : url_.host);
    if (!secret_token.empty()) request.set("X-Telegram-Bot-Api-Secret-Token", secret_token);
    request.set(http::field::content_type, "application/json");
    request.body() = std::move(json);
    request.prepare_payload();
    request.set(http::field::connection, "keep-alive");
    request.set(http::field::accept_encoding, "gzip, deflate");
    return request;
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
  tcp::socket socket_;
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  bool is_whole_ = false;
  bool is_cut_ = false;
};

}  // namespace

std::unique_ptr<WebhookConnection> WebhookConnection::create(const asio::any_io_executor& executor,
                                                             WebhookUrl url) {
  return std::make_unique<PlainConnection>(executor, std::move(url));
}

}  // namespace telekv::emulator
