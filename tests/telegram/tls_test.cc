// TLS as HttpClient demands it: a certificate from a trusted authority for the very host that was
// asked for, and nothing less. The certificates are made by the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>

#include "identities.h"
#include "run.h"
#include "telegram/http_client.h"
#include "test_server.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;

using test::Identity;
using test::make_identity;

class TlsTest : public testing::Test {
 protected:
  void trust(const Identity& authority) { trusting_.emplace(authority); }

  /// A server with that identity; what a client asking it under `host` gets.
  Result<HttpResponse> ask(const Identity& identity, const char* host, int newest = TLS1_3_VERSION,
                           int times = 1) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    SSL_CTX_use_certificate(context.native_handle(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), identity.key.get());
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), newest);
    SSL_CTX_set_security_level(context.native_handle(), 0);
    test::Server server(io_, [&](tcp::socket socket, int) -> asio::awaitable<void> {
      asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
      const auto [failure] =
          co_await stream.async_handshake(asio::ssl::stream_base::server, test::kToken);
      if (failure) co_return;
      const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      const std::string asked_for = name != nullptr ? name : "";
      std::string buffer;
      while (co_await test::receive(stream, buffer)) {
        ++requests_;
        std::string answer = test::ok(asked_for);
        co_await test::say(stream, std::move(answer));
      }
    });
    auto client =
        HttpClient::create(io_.get_executor(), *parse_api_root(server.root("https", host)));
    EXPECT_TRUE(client);
    HttpRequest request;
    request.target = "/bot1:SECRET/getMe";
    auto answer = run(io_, (*client)->exchange(request));
    for (int i = 1; i < times && answer; ++i) answer = run(io_, (*client)->exchange(request));
    connections_ = server.connections();
    return answer;
  }

  void expect_refused(const Result<HttpResponse>& answer, const char* reason) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(answer.error().message, HasSubstr("certificate is not accepted"));
    EXPECT_THAT(answer.error().message, HasSubstr(reason));
    EXPECT_FALSE(answer.error().hint.empty());
    EXPECT_EQ(requests_, 0) << "the token must not be sent";
  }

  asio::io_context io_;
  std::optional<test::Trusting> trusting_;
  int requests_ = 0;
  int connections_ = 0;
};

TEST_F(TlsTest, ATrustedAuthorityAndTheRightNameAreAcceptedAndTheConnectionIsKept) {
  const auto authority = make_identity("Authority", nullptr, nullptr);
  trust(authority);
  const auto answer =
      ask(make_identity("x", "DNS:localhost", &authority), "localhost", TLS1_3_VERSION, 3);
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->body, "localhost") << "the server name indication";
  EXPECT_EQ(connections_, 1);
}

TEST_F(TlsTest, AnAddressCanBeCertifiedToo) {
  const auto authority = make_identity("Authority", nullptr, nullptr);
  trust(authority);
  const auto answer = ask(make_identity("x", "IP:127.0.0.1", &authority), "127.0.0.1");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->body, "") << "an address is no server name";
}

TEST_F(TlsTest, ASelfSignedCertificateIsRefused) {
  trust(make_identity("Authority", nullptr, nullptr));
  expect_refused(ask(make_identity("localhost", "DNS:localhost", nullptr), "localhost"),
                 "self-signed");
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefused) {
  trust(make_identity("Authority", nullptr, nullptr));
  const auto other = make_identity("Other", nullptr, nullptr);
  expect_refused(ask(make_identity("x", "DNS:localhost", &other), "localhost"), "issuer");
}

TEST_F(TlsTest, AnotherHostNameIsRefused) {
  const auto authority = make_identity("Authority", nullptr, nullptr);
  trust(authority);
  expect_refused(ask(make_identity("x", "DNS:api.telegram.org", &authority), "localhost"),
                 "mismatch");
  expect_refused(ask(make_identity("x", "DNS:localhost", &authority), "127.0.0.1"), "mismatch");
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  const auto authority = make_identity("Authority", nullptr, nullptr);
  trust(authority);
  expect_refused(ask(make_identity("x", "DNS:localhost", &authority, -7200, -3600), "localhost"),
                 "expired");
}

TEST_F(TlsTest, TlsBefore12IsRefusedAnd12IsNot) {
  const auto authority = make_identity("Authority", nullptr, nullptr);
  trust(authority);
  const auto identity = make_identity("x", "DNS:localhost", &authority);
  const auto old = ask(identity, "localhost", TLS1_1_VERSION);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(requests_, 0);
  EXPECT_TRUE(ask(identity, "localhost", TLS1_2_VERSION));
}

TEST_F(TlsTest, AServerWithoutTlsIsNotSpokenTo) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string plain = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    co_await test::say(socket, std::move(plain));
    co_await test::until_closed(socket);
  });
  auto client =
      HttpClient::create(io_.get_executor(), *parse_api_root(server.root("https", "localhost")));
  HttpRequest request;
  request.target = "/bot1:SECRET/getMe";
  const auto answer = run(io_, (*client)->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("TLS handshake"));
}

}  // namespace
}  // namespace telekv::telegram
