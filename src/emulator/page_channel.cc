#include "emulator/page_channel.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "emulator/streams.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

constexpr std::size_t kMaxRequestBytes = 4096;  // eight chats take 400
constexpr auto kHandshakeTimeout = std::chrono::seconds(10);
constexpr auto kPauseBetweenNews = std::chrono::milliseconds(30);

class PageChannel : public std::enable_shared_from_this<PageChannel> {
 public:
  PageChannel(beast::tcp_stream stream, std::shared_ptr<PageWatch> watch, PageEvents& events,
              PageDeadlines deadlines)
      : stream_(std::move(stream)),
        watch_(std::move(watch)),
        events_(events),
        deadlines_(deadlines),
        alarm_(stream_.get_executor()),
        pause_(stream_.get_executor()),
        write_deadline_(stream_.get_executor()) {
    // As long as it runs, the channel has the only strong pointer to its watch.
    watch_->set_alarm([this] { alarm_.cancel(); });
  }

  asio::awaitable<void> run(UpgradeRequest request) {
    beast::get_lowest_layer(stream_).expires_never();  // the WebSocket has its own deadlines
    stream_.set_option(websocket::stream_base::timeout{.handshake_timeout = kHandshakeTimeout,
                                                       .idle_timeout = deadlines_.idle,
                                                       .keep_alive_pings = true});
    stream_.read_message_max(kMaxRequestBytes);
    auto [error] = co_await stream_.async_accept(request, no_throw);
    if (error) co_return;
    asio::co_spawn(stream_.get_executor(), tell_page(shared_from_this()), asio::detached);
    co_await listen();
    is_over_ = true;
    alarm_.cancel();
  }

 private:
  static asio::awaitable<void> tell_page(std::shared_ptr<PageChannel> channel) {
    co_await channel->tell();
  }

  asio::awaitable<void> listen() {
    beast::flat_buffer buffer(kMaxRequestBytes);
    while (true) {
      auto [error, size] = co_await stream_.async_read(buffer, no_throw);
      if (error) co_return;
      const std::string_view text(static_cast<const char*>(buffer.data().data()), size);
      if (!stream_.got_text() || !watch_->read_request(text)) {
        const websocket::close_reason reason(websocket::close_code::policy_error);
        co_await stream_.async_close(reason, no_throw);
        co_return;
      }
      buffer.consume(size);
    }
  }

  asio::awaitable<void> tell() {
    while (!is_over_) {
      if (!watch_->has_news()) {
        alarm_.expires_at(asio::steady_timer::time_point::max());
        co_await alarm_.async_wait(no_throw);
        continue;
      }
      const std::string news = watch_->take_news(events_.world());
      const asio::const_buffer bytes = asio::buffer(news);
      set_write_deadline();
      auto [error, size] = co_await stream_.async_write(bytes, no_throw);
      write_deadline_.cancel();
      if (error) co_return;
      pause_.expires_after(kPauseBetweenNews);
      co_await pause_.async_wait(no_throw);
    }
  }

  void set_write_deadline() {
    write_deadline_.expires_after(deadlines_.write);
    write_deadline_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (!error) beast::get_lowest_layer(self->stream_).close();
    });
  }

  websocket::stream<beast::tcp_stream> stream_;
  std::shared_ptr<PageWatch> watch_;
  PageEvents& events_;
  PageDeadlines deadlines_;
  asio::steady_timer alarm_;
  asio::steady_timer pause_;
  asio::steady_timer write_deadline_;
  bool is_over_ = false;
};

}  // namespace

asio::awaitable<void> serve_page(beast::tcp_stream stream, UpgradeRequest request,
                                 std::shared_ptr<PageWatch> watch, PageEvents& events,
                                 PageDeadlines deadlines) {
  const auto channel =
      std::make_shared<PageChannel>(std::move(stream), std::move(watch), events, deadlines);
  co_await channel->run(std::move(request));
}

}  // namespace telekv::emulator
