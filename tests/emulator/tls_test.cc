// The emulator over TLS: the same as over plain HTTP, but for the chat page's WebSocket; what is no
// TLS ends its own connection alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "emulator/served.h"
#include "telegram/identities.h"

namespace telekv::emulator {
namespace {

namespace fs = std::filesystem;
namespace ssl = asio::ssl;
using telegram::test::Identity;
using telegram::test::Key;
using telegram::test::make_identity;
using testing::HasSubstr;
using testing::StartsWith;
using TlsClient = StreamClient<ssl::stream<asio::ip::tcp::socket>>;

class Tls : public Http {
 protected:
  explicit Tls(std::chrono::milliseconds handshake = std::chrono::seconds(10)) {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("telekv_tls_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_pem(identity_);
    secure_ = listen_tls(handshake).value();
    trust_.set_verify_mode(ssl::verify_peer);
    trust_.load_verify_file(certificate_file().string());
  }
  ~Tls() override {
    stop();
    fs::remove_all(folder_);
  }

  fs::path certificate_file() const { return folder_ / "crt.pem"; }
  fs::path key_file() const { return folder_ / "key.pem"; }

  void write_pem(const Identity& identity) const {
    std::FILE* file = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

  Answer<std::unique_ptr<Server>> listen_tls(std::chrono::milliseconds handshake) {
    Answer<std::unique_ptr<Server>> server = ApiError();
    const TlsSettings settings{.certificate_file = certificate_file().string(),
                               .key_file = key_file().string(),
                               .handshake = handshake};
    on_server([&] {
      server = Server::listen_tls(io_, service_, 0, settings);
      return true;
    });
    return server;
  }

  std::string refusal() {
    const auto server = listen_tls(std::chrono::seconds(10));
    return server.has_error() ? server.error().description : "";
  }

  Identity identity_ = make_identity("127.0.0.1", "IP:127.0.0.1", nullptr);
  ssl::context trust_{ssl::context::tls_client};
  fs::path folder_;
  std::unique_ptr<Server> secure_;
};

TEST_F(Tls, ServesWhatThePlainPortServes) {
  TlsClient client(secure_->port(), trust_);
  write(client_, "Клик");
  EXPECT_EQ(client.get(bot("getMe")).at("result").at("id").as_int64(), kBot);
  EXPECT_EQ(client.get(bot("getUpdates")).at("result").at(0).at("message").at("text").as_string(),
            "Клик");
  EXPECT_EQ(client.send(http::verb::get, "/page.js").result_int(), 200u);
  EXPECT_EQ(client.head("/").result_int(), 200u);
  const auto page = client.send_raw(
      "POST /emulator/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://127.0.0.1:8443\r\n"
      "Content-Length: 15\r\n\r\n{\"advance_s\":1}");
  EXPECT_EQ(page.result_int(), 200u);
  const auto other = client.send_raw(
      "POST /emulator/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\n"
      "Content-Length: 15\r\n\r\n{\"advance_s\":1}");
  EXPECT_EQ(other.result_int(), 403u);
}

TEST_F(Tls, ADocumentGoesThereAndBack) {
  std::string content;
  for (std::uint32_t i = 0; i < 100'000; ++i) content += static_cast<char>((i * 7919u) >> 5);
  TlsClient client(secure_->port(), trust_);
  const auto sent = boost::json::parse(
      client
          .send(http::verb::post, bot("sendDocument"),
                "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5123456789\r\n"
                "--B\r\nContent-Disposition: form-data; name=\"document\"; filename=\"s\"\r\n\r\n" +
                    content + "\r\n--B--\r\n",
                "multipart/form-data; boundary=B")
          .body());
  const std::string id(sent.at("result").at("document").at("file_id").as_string());
  const auto file = client.get(bot("getFile?file_id=" + id)).at("result").at("file_path");
  const auto loaded = client.send(
      http::verb::get, std::string("/file/bot") + kToken + "/" + std::string(file.as_string()));
  EXPECT_TRUE(loaded.body() == content);
}

TEST_F(Tls, AReplyThatFitsIsOneRecord) {
  std::string commands;
  for (int i = 0; i < 100; ++i) {
    commands += std::string(i == 0 ? "" : ",") + R"({"command":"c)" + std::to_string(i) +
                R"(","description":")" + std::string(100, 'x') + "\"}";
  }
  client_.post(bot("setMyCommands"), R"({"commands":[)" + commands + "]}");
  TlsClient client(secure_->port(), trust_);
  for (const char* method : {"getMe", "getMyCommands"}) {
    asio::write(client.stream(),
                asio::buffer("GET " + bot(method) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    std::array<char, 32768> bytes;
    const std::size_t size = client.stream().read_some(asio::buffer(bytes));  // a record at most
    const std::string_view reply(bytes.data(), size);
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(reply.ends_with("}}") || reply.ends_with("]}")) << reply;
  }
}

TEST_F(Tls, TheLastAnswerIsFollowedByTheEndsOfTlsAndOfTheConnection) {
  TlsClient client(secure_->port(), trust_);
  const auto begin = std::chrono::steady_clock::now();
  const auto [head, body] = client.send_and_read_all(
      "GET /favicon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("200 OK"));
  EXPECT_THAT(body, HasSubstr("</svg>"));
  std::string rest;
  boost::system::error_code end;
  asio::read(client.stream().next_layer(), asio::dynamic_buffer(rest), end);
  EXPECT_EQ(end, asio::error::eof);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4))
      << "it waits for no end of the client's";
}

TEST_F(Tls, ABodyOverTheBoundIsAnsweredWhileItIsStillSent) {
  TlsClient client(secure_->port(), trust_);
  const auto response = client.send_raw("POST " + bot("sendDocument") +
                                        " HTTP/1.1\r\nHost: x\r\nContent-Length: 70000000\r\n\r\n");
  EXPECT_EQ(response.result_int(), 413u);
}

TEST_F(Tls, AnAnswerThatIsCutIsCutHereToo) {
  TlsClient client(secure_->port(), trust_);
  client_.post("/emulator/faults", R"({"method":"getMe","kind":"cut","bytes":3})");
  const auto [head, body] =
      client.send_and_read_all("GET " + bot("getMe") + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_EQ(body, R"({"o)");
}

TEST_F(Tls, TheChatPagesWebSocketIsServedOverPlainHttpAlone) {
  TlsClient client(secure_->port(), trust_);
  const std::string host = "127.0.0.1:" + std::to_string(secure_->port());
  const auto response = client.send_raw(
      "GET /emulator/events HTTP/1.1\r\nHost: " + host + "\r\nOrigin: https://" + host +
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  EXPECT_EQ(response.result_int(), 403u);
  EXPECT_EQ(response.body(), R"({"error":"the chat page is served over plain HTTP"})");
}

// Reads until the server ends the connection.
void read_to_the_end(Client& client) {
  std::string all;
  boost::system::error_code end;
  asio::read(client.stream(), asio::dynamic_buffer(all), end);
  EXPECT_THAT(all, testing::Not(HasSubstr("HTTP")));
}

TEST_F(Tls, APlainRequestEndsItsOwnConnectionAlone) {
  TlsClient other(secure_->port(), trust_);
  Client plain(secure_->port());
  asio::write(plain.stream(), asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  read_to_the_end(plain);
  EXPECT_TRUE(other.get(bot("getMe")).at("ok").as_bool());
  EXPECT_TRUE(TlsClient(secure_->port(), trust_).get(bot("getMe")).at("ok").as_bool());
}

class TlsInAHurry : public Tls {
 protected:
  TlsInAHurry() : Tls(std::chrono::milliseconds(1)) {}
};

TEST_F(TlsInAHurry, AHandshakeThatDoesNotEndIsEnded) {
  Client silent(secure_->port());
  read_to_the_end(silent);
  EXPECT_TRUE(client_.get(bot("getMe")).at("ok").as_bool());
}

TEST_F(Tls, WhatCannotBeLoadedIsNamed) {
  const Identity other = make_identity("127.0.0.1", "IP:127.0.0.1", nullptr);
  write_pem({other.key, identity_.certificate});
  EXPECT_THAT(refusal(), StartsWith(key_file().string() + ": no private key of "));
  write_pem({Key(EVP_RSA_gen(2048), EVP_PKEY_free), identity_.certificate});
  EXPECT_THAT(refusal(), StartsWith(key_file().string() + ": no private key of "));
  fs::remove(key_file());
  EXPECT_THAT(refusal(), StartsWith(key_file().string() + ": no private key of "));
  fs::copy_file(certificate_file(), key_file());
  EXPECT_THAT(refusal(), StartsWith(key_file().string() + ": no private key of "));
  fs::remove(certificate_file());
  EXPECT_THAT(refusal(), StartsWith(certificate_file().string() + ": no certificate "));
}

}  // namespace
}  // namespace telekv::emulator
