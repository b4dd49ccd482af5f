// The WebSocket of the chat page over a real loopback connection: who may open it, what it tells,
// what ends it.
#include "emulator/page_channel.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>
#include <functional>
#include <future>
#include <thread>

#include "emulator/server.h"
#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

class Channel : public testing::Test {
 protected:
  Channel()
      : bot_(*world_.authorize(kToken).value()),
        service_(io_.get_executor(), world_, files_, nullptr, FloodKind::kOff, [] {}),
        server_(Server::listen(io_, service_, 0).value()),
        host_("127.0.0.1:" + std::to_string(server_->port())) {
    world_.put_person({kAnya, "Аня", "", "", "ru"}).value();
    world_.open_chat(bot_, kAnya);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Channel() override {
    io_.stop();
    thread_.join();
  }

  // A page's end of the channel.
  struct Page {
    asio::io_context io;
    websocket::stream<asio::ip::tcp::socket> socket{io};

    boost::json::value read() {
      beast::flat_buffer buffer;
      socket.read(buffer);
      return boost::json::parse(beast::buffers_to_string(buffer.data()));
    }
    void watch(const std::string& json) { socket.write(asio::buffer(json)); }
    beast::error_code read_error() {
      beast::flat_buffer buffer;
      beast::error_code error;
      while (!error) socket.read(buffer, error);
      return error;
    }
  };

  struct Opener {
    std::string host;
    std::string origin;  ///< empty: none is sent
  };

  /// The status with which the opening is answered: 101 when it may be.
  unsigned open(Page& page, const Opener& opener, const std::string& path = "/emulator/events") {
    page.socket.next_layer().connect({asio::ip::address_v4::loopback(), server_->port()});
    page.socket.set_option(websocket::stream_base::decorator([&](websocket::request_type& head) {
      if (!opener.origin.empty()) head.set(beast::http::field::origin, opener.origin);
    }));
    websocket::response_type response;
    beast::error_code error;
    page.socket.handshake(response, opener.host, path, error);
    return response.result_int();
  }
  unsigned open(Page& page) { return open(page, {host_, "http://" + host_}); }

  void on_server(std::function<void()> work) {
    std::packaged_task<void()> task(std::move(work));
    asio::post(io_, [&] { task(); });
    task.get_future().get();
  }
  void write(const char* text) {
    on_server([&] { world_.person_sends(bot_, kAnya, text, 1'790'000'000'000).value(); });
  }

  const std::string watch_anya_ = R"({"watch":[{"bot_id":123456789,"chat_id":)" + kAnyaId + "}]}";
  asio::io_context io_;
  World world_{1'790'000'000'000};
  Bot& bot_;
  FileStore files_;
  Service service_;
  std::unique_ptr<Server> server_;
  std::string host_;
  std::thread thread_;
};

TEST_F(Channel, TellsThePageThatItsChatHasChanged) {
  Page page;
  ASSERT_EQ(open(page), 101u);
  page.watch(watch_anya_);
  const auto before = page.read().at("chats").at(0);
  EXPECT_EQ(before.at("chat_id").as_int64(), kAnya);
  write("Клик");
  const auto after = page.read().at("chats").at(0);
  EXPECT_GT(after.at("version").as_int64(), before.at("version").as_int64());
}

TEST_F(Channel, TellsEveryPage) {
  std::array<Page, 5> pages;
  for (Page& page : pages) {
    ASSERT_EQ(open(page), 101u);
    page.watch(watch_anya_);
    page.read();
  }
  write("Клик");
  for (Page& page : pages) EXPECT_EQ(page.read().at("chats").as_array().size(), 1u);
}

TEST_F(Channel, OpensForTheEmulatorsOwnPageOnly) {
  const std::string port = ":" + std::to_string(server_->port());
  const auto status = [&](const Opener& opener) {
    Page page;
    return open(page, opener);
  };
  EXPECT_EQ(status({host_, "http://" + host_}), 101u);
  EXPECT_EQ(status({"localhost" + port, "http://localhost" + port}), 101u);
  EXPECT_EQ(status({host_, "http://evil.example"}), 403u);
  EXPECT_EQ(status({host_, "http://localhost:3000"}), 403u) << "another program's page";
  EXPECT_EQ(status({host_, "http://localhost" + port}), 403u) << "not the host that was asked";
  EXPECT_EQ(status({host_, "null"}), 403u) << "a file or a sandboxed frame";
  EXPECT_EQ(status({host_, ""}), 403u) << "every browser sends it";
  EXPECT_EQ(status({"evil.example" + port, "http://evil.example" + port}), 403u)
      << "a name that was pointed at this machine";
  Page page;
  EXPECT_EQ(open(page, {host_, "http://" + host_}, "/emulator/chats"), 404u);
}

TEST_F(Channel, EndsWithAPageThatSaysSomethingElse) {
  for (const char* request : {"{", R"({"watch":[{"bot_id":1}]})"}) {
    Page page;
    ASSERT_EQ(open(page), 101u);
    page.watch(request);
    EXPECT_EQ(page.read_error(), websocket::error::closed);
    EXPECT_EQ(page.socket.reason().code, websocket::close_code::policy_error);
  }
  Page binary;
  ASSERT_EQ(open(binary), 101u);
  binary.socket.binary(true);
  binary.watch(watch_anya_);
  EXPECT_EQ(binary.read_error(), websocket::error::closed);
  Page large;
  ASSERT_EQ(open(large), 101u);
  large.watch(std::string(5000, ' '));
  EXPECT_TRUE(large.read_error());
  Page good;
  EXPECT_EQ(open(good), 101u) << "nobody else is disturbed";
}

TEST_F(Channel, RefusesMorePagesThanItHasRoomForAndTakesThemAgain) {
  std::vector<std::unique_ptr<Page>> pages;
  for (std::size_t i = 0; i < PageEvents::kMaxPages; ++i) {
    pages.push_back(std::make_unique<Page>());
    ASSERT_EQ(open(*pages.back()), 101u);
  }
  Page late;
  EXPECT_EQ(open(late), 503u);
  pages.pop_back();
  unsigned status = 0;
  while (status != 101) {
    Page again;
    status = open(again);
  }
}

// A page that never reads, served with deadlines that a test can wait for.
class DeafPage : public Channel {
 protected:
  static constexpr int kSmallBuffer = 1;  // the kernel makes it a few kilobytes

  /// Answers when the page has been cut off.
  void serve_until_cut(PageDeadlines deadlines) {
    asio::ip::tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    Page page;
    auto& client = page.socket.next_layer();
    client.open(asio::ip::tcp::v4());
    client.set_option(asio::socket_base::receive_buffer_size(kSmallBuffer));
    client.connect(acceptor.local_endpoint());
    asio::ip::tcp::socket server(io_);
    acceptor.accept(server);
    server.set_option(asio::socket_base::send_buffer_size(kSmallBuffer));
    std::weak_ptr<PageWatch> open;
    on_server([&] {
      auto watch = service_.page_events().open();
      open = watch;
      asio::co_spawn(io_, serve(std::move(server), std::move(watch), deadlines), asio::detached);
    });
    page.socket.handshake(host_, "/emulator/events");
    page.watch(many_chats());
    bool is_open = true;
    while (is_open) {
      on_server([&] {
        if (const auto watch = open.lock()) watch->chat_changed(kBot, kAnya);
        is_open = !open.expired();
      });
    }
  }

 private:
  static std::string many_chats() {
    std::string json = R"({"watch":[)";
    for (std::size_t i = 0; i < PageWatch::kMaxChats; ++i) {
      json += std::string(i == 0 ? "" : ",") + R"({"bot_id":123456789,"chat_id":)" + kAnyaId + "}";
    }
    return json + "]}";
  }

  asio::awaitable<void> serve(asio::ip::tcp::socket socket, std::shared_ptr<PageWatch> watch,
                              PageDeadlines deadlines) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    UpgradeRequest request;
    co_await beast::http::async_read(stream, buffer, request, asio::use_awaitable);
    co_await serve_page(std::move(stream), std::move(request), std::move(watch),
                        service_.page_events(), deadlines);
  }
};

constexpr std::chrono::hours kNever{1};

TEST_F(DeafPage, IsCutOffWhenItDoesNotReadItsNews) {
  serve_until_cut({.idle = kNever, .write = std::chrono::milliseconds(200)});
}

TEST_F(DeafPage, IsCutOffWhenItDoesNotAnswerPings) {
  serve_until_cut({.idle = std::chrono::milliseconds(300), .write = kNever});
}

}  // namespace
}  // namespace telekv::emulator
