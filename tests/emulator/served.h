// The emulator over a real loopback connection, in the hands of a test.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "emulator/journal.h"
#include "emulator/server.h"
#include "emulator/telegram.h"

namespace telekv::emulator {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Response = http::response<http::string_body>;

/// A blocking client on one keep-alive connection.
template <class Stream>
class StreamClient {
 public:
  /// `layers`: what the stream is made of, besides the socket.
  template <class... Layers>
  explicit StreamClient(std::uint16_t port, Layers&... layers) : stream_(io_, layers...) {
    boost::beast::get_lowest_layer(stream_).connect({asio::ip::address_v4::loopback(), port});
    if constexpr (sizeof...(layers) > 0) stream_.handshake(Stream::client);
  }

  Stream& stream() { return stream_; }

  Response send(http::verb verb, const std::string& target, const std::string& body = {},
                const std::string& type = "application/json",
                const std::string& host = "127.0.0.1") {
    http::request<http::string_body> request(verb, target, 11);
    request.set(http::field::host, host);
    if (!body.empty()) request.set(http::field::content_type, type);
    request.body() = body;
    request.prepare_payload();
    http::write(stream_, request);
    return read();
  }

  Response send_raw(const std::string& bytes) {
    asio::write(stream_, asio::buffer(bytes));
    return read();
  }

  Response read() {
    http::response_parser<http::string_body> parser;
    parser.body_limit(64u << 20);
    http::read(stream_, buffer_, parser);
    return parser.release();
  }

  /// The head that answers HEAD.
  Response head(const std::string& target) {
    asio::write(stream_, asio::buffer("HEAD " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    http::response_parser<http::string_body> parser;
    parser.skip(true);
    http::read(stream_, buffer_, parser);
    return parser.release();
  }

  /// Head and body of an answer after which the connection is closed.
  std::pair<std::string, std::string> send_and_read_all(const std::string& bytes) {
    asio::write(stream_, asio::buffer(bytes));
    std::string all;
    boost::system::error_code end;
    asio::read(stream_, asio::dynamic_buffer(all), end);
    EXPECT_EQ(end, asio::error::eof);
    const std::size_t body = all.find("\r\n\r\n") + 4;
    return {all.substr(0, body), all.substr(body)};
  }

  boost::json::value get(const std::string& target) {
    return boost::json::parse(send(http::verb::get, target).body());
  }
  boost::json::value post(const std::string& target, const std::string& json) {
    return boost::json::parse(send(http::verb::post, target, json).body());
  }

 private:
  asio::io_context io_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
};

using Client = StreamClient<asio::ip::tcp::socket>;

/// A bot's web server, one request at a time.
class BotServer {
 public:
  std::string settings() const {
    return R"({"url":"http://127.0.0.1:)" + std::to_string(acceptor_.local_endpoint().port()) +
           R"(/hook","secret_token":"s"})";
  }
  http::request<http::string_body> receive() {
    if (!socket_.is_open()) acceptor_.accept(socket_);
    http::request<http::string_body> request;
    http::read(socket_, buffer_, request);
    return request;
  }
  void answer(const std::string& json) {
    Response response(http::status::ok, 11);
    response.set(http::field::content_type, "application/json");
    response.body() = json;
    say(std::move(response));
  }
  void ask_to_wait(const std::string& seconds) {
    Response response(http::status::service_unavailable, 11);
    response.set(http::field::retry_after, seconds);
    say(std::move(response));
  }

 private:
  void say(Response response) {
    response.prepare_payload();
    http::write(socket_, response);
  }

  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
};

/// An emulator behind a port, on a thread of its own, with Anya, who has pressed Start before.
class Http : public testing::Test {
 protected:
  explicit Http(FloodKind flood = FloodKind::kOff, const std::filesystem::path& state_folder = {})
      : world_(1'790'000'000'000),
        journal_(state_folder.empty() ? nullptr
                                      : Journal::open(state_folder, world_).value().journal),
        service_(io_.get_executor(), world_, files_, journal_.get(), flood, [] {}),
        server_(Server::listen(io_, service_, 0).value()),
        thread_([this] { io_.run(); }),
        client_(server_->port()) {
    client_.post("/emulator/people", R"({"id":5123456789,"first_name":"Аня","bot_id":123456789})");
  }
  ~Http() override { stop(); }

  /// The server's thread ends.
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::string bot(const std::string& method) const {
    return std::string("/bot") + kToken + "/" + method;
  }
  void write(Client& client, const std::string& text) {
    client.post("/emulator/send",
                R"({"bot_id":123456789,"from":5123456789,"text":")" + text + "\"}");
  }

  /// What `work` says on the server's thread, between two requests.
  bool on_server(std::function<bool()> work) {
    std::packaged_task<bool()> task(std::move(work));
    asio::post(io_, [&] { task(); });
    return task.get_future().get();
  }

  asio::io_context io_;
  World world_;
  std::unique_ptr<Journal> journal_;
  FileStore files_;
  Service service_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  Client client_;
};

}  // namespace telekv::emulator
