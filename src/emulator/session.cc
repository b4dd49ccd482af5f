#include "emulator/session.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <type_traits>
#include <utility>

#include "emulator/control_api.h"
#include "emulator/page_channel.h"
#include "emulator/streams.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr auto kIdleTimeout = std::chrono::seconds(500);  // HttpServer.h
constexpr auto kLingerTimeout = std::chrono::seconds(5);
constexpr auto kSilenceCheck = std::chrono::seconds(1);
constexpr std::size_t kTlsRecordBytes = 16u << 10;  // RFC 8446 5.1

// The chat page's WebSocket (docs/emulator.md).
constexpr std::string_view kPageEventsPath = "/emulator/events";

using Clock = std::chrono::steady_clock;
using Parser = http::request_parser<http::string_body>;

std::string_view reason_of(int status) {
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

std::string make_head(const HttpReply& reply, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  head += reason_of(reply.status);
  head += "\r\nServer: telegram-emulator\r\nContent-Type: ";
  head += reply.content_type;
  head += "\r\nContent-Length: ";
  head += std::to_string(reply.size());
  head += keep_alive ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n";
  head += reply.extra_headers;
  head += "\r\n";
  return head;
}

HttpRequest take_request(Parser& parser) {
  const auto text = [&](http::field field) {
    const auto value = parser.get()[field];
    return std::string(value.data(), value.size());
  };
  HttpRequest request;
  request.method = std::string(parser.get().method_string());
  request.target = std::string(parser.get().target());
  request.content_type = text(http::field::content_type);
  request.content_encoding = text(http::field::content_encoding);
  request.host = text(http::field::host);
  request.origin = text(http::field::origin);
  request.body = std::move(parser.get().body());
  return request;
}

template <class Stream>
class StreamSession final : public Session {
 public:
  static constexpr bool kIsTls = !std::is_same_v<Stream, tcp::socket>;

  StreamSession(Stream stream, Service& service, std::shared_ptr<Sessions> sessions)
      : stream_(std::move(stream)), service_(service), sessions_(std::move(sessions)) {
    sessions_->add(this);
    beast::error_code ignored;
    socket().set_option(tcp::no_delay(true), ignored);
  }
  ~StreamSession() override { sessions_->remove(this); }
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  asio::awaitable<bool> handshake(std::chrono::milliseconds time) {
    allow(time);
    const auto [error] = co_await stream_.async_handshake(Stream::server, no_throw);
    co_return !error;
  }

  asio::awaitable<void> run() {
    bool goes_on = true;
    while (goes_on) goes_on = co_await serve_one();
    co_await end_writing();
  }

  void close_if_silent(Clock::time_point now) override {
    beast::error_code ignored;
    if (now >= deadline_) socket().close(ignored);
  }

 private:
  tcp::socket& socket() { return beast::get_lowest_layer(stream_); }

  void allow(Clock::duration time) { deadline_ = Clock::now() + time; }

  // What of a reply is sent: to HEAD, no body, or it would be read as the next answer.
  enum class Part { kHead, kWhole };

  // Whether the connection goes on.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(kMaxBodyBytes);
    const beast::error_code no_header = co_await read_header(&parser);
    if (no_header) co_return co_await refuse(no_header);
    if (beast::websocket::is_upgrade(parser.get()) && parser.get().target() == kPageEventsPath) {
      co_await upgrade(&parser);
      co_return false;
    }
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const asio::const_buffer bytes = asio::buffer(kContinue);
      auto [error, size] = co_await asio::async_write(stream_, bytes, no_throw);
      if (error) co_return false;
    }
    const beast::error_code no_body = co_await read_rest(&parser);
    if (no_body) co_return co_await refuse(no_body);

    const bool keep_alive = parser.keep_alive();
    HttpRequest request = take_request(parser);
    deadline_ = Clock::time_point::max();  // a long poll's own deadline rules while it waits
    HttpReply reply = co_await service_.handle(&request);
    if (reply.delivery == Delivery::kCut) {
      beast::error_code ignored;
      socket().close(ignored);
      co_return false;
    }
    const bool is_head = parser.get().method() == http::verb::head;
    const bool written = co_await write(&reply, keep_alive, is_head ? Part::kHead : Part::kWhole);
    co_return written&& keep_alive;
  }

  asio::awaitable<beast::error_code> read_header(Parser* parser) {
    allow(kIdleTimeout);
    return read_until(parser, [parser] { return parser->is_header_done(); });
  }

  asio::awaitable<beast::error_code> read_rest(Parser* parser) {
    parser->eager(true);
    return read_until(parser, [parser] { return parser->is_done(); });
  }

  // As http::async_read does, which goes through the queue of handlers twice a request even where
  // everything has been read already.
  template <class IsEnough>
  asio::awaitable<beast::error_code> read_until(Parser* parser, IsEnough is_enough) {
    beast::error_code error;
    while (!is_enough()) {
      if (buffer_.size() > 0) {
        buffer_.consume(parser->put(buffer_.data(), error));
        if (!error) continue;
        if (error != http::error::need_more) co_return error;
      }
      const std::size_t room = beast::read_size(buffer_, kMaxHeaderBytes);
      if (room == 0) co_return http::make_error_code(http::error::buffer_overflow);
      const asio::mutable_buffer space = buffer_.prepare(room);
      auto [failure, size] = co_await stream_.async_read_some(space, no_throw);
      buffer_.commit(size);
      if (failure == asio::error::eof) {
        if (!parser->got_some()) co_return http::make_error_code(http::error::end_of_stream);
        parser->put_eof(error);
        if (error) co_return error;
      } else if (failure) {
        co_return failure;
      }
    }
    co_return beast::error_code();
  }

  // A WebSocket takes the connection over; nobody but the emulator's own page gets one, because a
  // browser lets every site open it.
  asio::awaitable<void> upgrade(Parser* parser) {
    HttpReply refusal = control_error(403, "only for the emulator's own page");
    if constexpr (kIsTls) {
      refusal = control_error(403, "the chat page is served over plain HTTP");
    } else if (is_from_own_page(take_request(*parser))) {
      if (std::shared_ptr<PageWatch> watch = service_.page_events().open()) {
        co_await serve_page(beast::tcp_stream(std::move(stream_)), parser->release(),
                            std::move(watch), service_.page_events());
        co_return;
      }
      refusal = control_error(503, "too many pages are open; close one");
    }
    co_await write(&refusal, false, Part::kWhole);
  }

  asio::awaitable<bool> write(const HttpReply* reply, bool keep_alive, Part part) {
    std::string head = make_head(*reply, keep_alive);
    std::array<asio::const_buffer, 2> buffers{asio::buffer(head)};
    if (part == Part::kWhole) {
      buffers[1] = reply->file ? asio::buffer(*reply->file) : asio::buffer(reply->body);
      if (reply->cut_after_bytes) {
        buffers[1] = asio::buffer(buffers[1], static_cast<std::size_t>(*reply->cut_after_bytes));
      }
    }
    if constexpr (kIsTls) {  // as one record, where it fits
      if (head.size() + buffers[1].size() <= kTlsRecordBytes) {
        head.append(static_cast<const char*>(buffers[1].data()), buffers[1].size());
        buffers = {asio::buffer(head)};
      }
    }
    allow(kIdleTimeout);
    auto [error, size] = co_await asio::async_write(stream_, buffers, no_throw);
    co_return !error && !reply->cut_after_bytes;
  }

  // Not waiting for the peer's own end, which may come after more requests or never.
  asio::awaitable<void> end_writing() {
    beast::error_code ignored;
    if constexpr (kIsTls) {
      if (socket().is_open()) {
        allow(kLingerTimeout);
        SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);
        co_await stream_.async_shutdown(no_throw);
      }
    }
    socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  // What cannot be read gets an answer where one is due, and the connection ends.
  asio::awaitable<bool> refuse(beast::error_code error) {
    HttpReply reply;
    if (error == http::error::body_limit) {
      reply.status = 413;
      reply.body = R"({"ok":false,"error_code":413,"description":"Request Entity Too Large"})";
    } else if (error == http::error::header_limit) {
      reply.status = 431;
      reply.body =
          R"({"ok":false,"error_code":431,"description":"Request Header Fields Too Large"})";
    } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      reply.status = 400;
      reply.body = R"({"ok":false,"error_code":400,"description":"Bad Request"})";
    } else {
      co_return false;
    }
    const bool written = co_await write(&reply, false, Part::kWhole);
    if (written) co_await drain();
    co_return false;
  }

  // A client that is still sending would take a reset for the answer: read on for a while.
  asio::awaitable<void> drain() {
    co_await end_writing();
    allow(kLingerTimeout);
    std::array<char, 65536> sink;
    for (std::uint64_t total = 0; total < 4 * kMaxBodyBytes;) {
      const asio::mutable_buffer bytes = asio::buffer(sink);
      auto [error, size] = co_await socket().async_read_some(bytes, no_throw);
      if (error) break;
      total += size;
    }
  }

  Stream stream_;
  Clock::time_point deadline_ = Clock::time_point::max();
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  Service& service_;
  std::shared_ptr<Sessions> sessions_;
};

}  // namespace

void Sessions::close_the_silent() const {
  for (Session* session : open_) session->close_if_silent(Clock::now());
}

asio::awaitable<void> Sessions::watch(std::shared_ptr<Sessions> sessions) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (;;) {
    pause.expires_after(kSilenceCheck);
    co_await pause.async_wait(no_throw);
    sessions->close_the_silent();
  }
}

asio::awaitable<void> serve(tcp::socket socket, Service& service,
                            std::shared_ptr<Sessions> sessions) {
  StreamSession<tcp::socket> session(std::move(socket), service, std::move(sessions));
  co_await session.run();
}

asio::awaitable<void> serve_tls(TlsStream stream, std::chrono::milliseconds handshake,
                                Service& service, std::shared_ptr<Sessions> sessions) {
  StreamSession<TlsStream> session(std::move(stream), service, std::move(sessions));
  const bool is_secure = co_await session.handshake(handshake);
  if (is_secure) co_await session.run();
}

}  // namespace telekv::emulator
