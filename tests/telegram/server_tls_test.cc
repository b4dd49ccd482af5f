// An HttpServer with a certificate of its own: what it speaks, and what it refuses to load.
#include "telegram/server_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "identities.h"
#include "peer.h"
#include "run.h"
#include "telegram/http_client.h"
#include "telegram/http_server.h"
#include "vault/virtual_clock.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using test::Identity;
using test::make_identity;
using testing::HasSubstr;
using testing::StartsWith;

class ServerTlsTest : public testing::Test {
 protected:
  ServerTlsTest() {
    char path[] = "/tmp/telekv-server-tls-XXXXXX";
    folder_ = mkdtemp(path);
  }
  ~ServerTlsTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const char* name) const { return folder_ + "/" + name; }

  std::string write_certificate(const Identity& identity, const char* name = "certificate.pem") {
    std::FILE* out = std::fopen(file(name).c_str(), "w");
    PEM_write_X509(out, identity.certificate.get());
    std::fclose(out);
    return file(name);
  }

  std::string write_key(const Identity& identity, const char* passphrase = nullptr) {
    std::FILE* out = std::fopen(file("key.pem").c_str(), "w");
    const EVP_CIPHER* cipher = passphrase != nullptr ? EVP_aes_256_cbc() : nullptr;
    PEM_write_PrivateKey(out, identity.key.get(), cipher, nullptr, 0, nullptr,
                         const_cast<char*>(passphrase));
    std::fclose(out);
    return file("key.pem");
  }

  std::shared_ptr<const ServerTls> load(const Identity& identity) {
    const std::string certificate = write_certificate(identity);
    const auto tls = ServerTls::load(certificate, write_key(identity));
    EXPECT_TRUE(tls) << describe(tls.error());
    return tls ? *tls : nullptr;
  }

  void refuses(const std::string& certificate, const std::string& key, const std::string& named) {
    const auto tls = ServerTls::load(certificate, key);
    ASSERT_FALSE(tls);
    EXPECT_EQ(tls.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(tls.error().message, StartsWith(named + ": "));
  }

  std::unique_ptr<HttpServer> serve(std::shared_ptr<const ServerTls> tls) {
    auto server = HttpServer::listen(
        io_.get_executor(), clock_, {.address = "127.0.0.1"},
        [](HttpServer::Request request) -> asio::awaitable<HttpServer::Response> {
          co_return HttpServer::Response{.body = request.path};
        },
        std::move(tls));
    EXPECT_TRUE(server);
    return *std::move(server);
  }

  asio::io_context io_;
  vault::VirtualClock clock_;
  std::string folder_;
};

TEST_F(ServerTlsTest, AClientThatTrustsTheCertificateIsAnsweredAndItsConnectionKept) {
  const Identity identity = make_identity("localhost", "DNS:localhost", nullptr);
  const auto server = serve(load(identity));
  const test::Trusting trusting(identity);
  const std::string root = "https://localhost:" + std::to_string(server->port());
  const auto client = HttpClient::create(io_.get_executor(), *parse_api_root(root));
  ASSERT_TRUE(client);
  for (const char* path : {"/one", "/two"}) {
    HttpRequest request;
    request.target = path;
    const auto answer = run(io_, (*client)->exchange(std::move(request)));
    ASSERT_TRUE(answer) << describe(answer.error());
    EXPECT_EQ(answer->body, path);
    EXPECT_EQ(server->connections(), 1U);
  }
}

TEST_F(ServerTlsTest, PlainHttpIsNotAnswered) {
  const auto server = serve(load(make_identity("x", "DNS:localhost", nullptr)));
  test::Peer peer(io_, server->port());
  peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!peer.ended()) io_.run_one();
  EXPECT_THAT(peer.received(), testing::Not(HasSubstr("HTTP/1.1")));
}

TEST_F(ServerTlsTest, APeerThatNeverShakesHandsIsCutAtTheDeadline) {
  const auto server = serve(load(make_identity("x", "DNS:localhost", nullptr)));
  const test::Peer peer(io_, server->port());
  while (server->connections() == 0) io_.run_one();
  seconds passed{0};
  while (!peer.ended() && passed < 2 * HttpServer::kRequestDeadline) {
    ++passed;
    clock_.pass(seconds(1));
    io_.restart();
    io_.poll();
  }
  constexpr seconds kTolerance{2};  // deadlines are looked at once a second
  EXPECT_GE(passed, HttpServer::kRequestDeadline);
  EXPECT_LE(passed, HttpServer::kRequestDeadline + kTolerance);
}

TEST_F(ServerTlsTest, KnowsWhatTheCertificateIs) {
  const Identity authority = make_identity("Authority", nullptr, nullptr);
  const auto own = load(make_identity("x", "DNS:bot.example.org,IP:192.0.2.7", nullptr));
  EXPECT_TRUE(own->is_self_signed());
  EXPECT_TRUE(own->is_for("bot.example.org"));
  EXPECT_TRUE(own->is_for("192.0.2.7"));
  EXPECT_FALSE(own->is_for("example.org"));
  EXPECT_FALSE(load(make_identity("x", "DNS:a", &authority))->is_self_signed());

  const seconds now(std::time(nullptr));
  EXPECT_TRUE(own->is_valid_at(now));
  EXPECT_FALSE(own->is_valid_at(now + seconds(3700)));
  EXPECT_FALSE(own->is_valid_at(now - seconds(3700)));
}

TEST_F(ServerTlsTest, TellsTheCertificateButNotItsKey) {
  const auto tls = load(make_identity("x", "DNS:a", nullptr));
  const std::string pem = tls->certificate_pem();
  EXPECT_THAT(pem, StartsWith("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(pem, testing::Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(ServerTlsTest, WhatIsNoCertificateOrNotItsKeyIsRefusedByName) {
  const Identity identity = make_identity("x", "DNS:a", nullptr);
  const std::string certificate = write_certificate(identity);
  const std::string key = write_key(identity);
  refuses(file("none"), key, file("none"));
  refuses(key, key, key);
  refuses(certificate, certificate, certificate);
  refuses(certificate, write_key(make_identity("y", "DNS:a", nullptr)), key);
  refuses(certificate, write_key(identity, "opens it"), key);
}

}  // namespace
}  // namespace telekv::telegram
