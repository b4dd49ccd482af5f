// How the client comes through: several addresses, of which some are dead, and a proxy in between.
#include "telegram/dial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "identities.h"
#include "run.h"
#include "telegram/http_client.h"
#include "test_server.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

/// An address that answers nothing, not even with a refusal: its queue of connections is full.
class DeadAddress {
 public:
  explicit DeadAddress(asio::io_context& io) : acceptor_(io), first_(io), second_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    first_.connect(endpoint());
    second_.async_connect(endpoint(), [](const boost::system::error_code&) {});
  }

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  tcp::socket first_;
  tcp::socket second_;
};

class DialTest : public testing::Test {
 protected:
  Result<tcp::socket> connect(std::vector<tcp::endpoint> endpoints,
                              milliseconds limit = std::chrono::seconds(30)) {
    return run(io_, connect_to_any(io_.get_executor(), *parse_api_root("https://example.org"),
                                   std::move(endpoints), steady_clock::now() + limit));
  }

  tcp::endpoint nobody() {
    tcp::acceptor gone(io_, {asio::ip::address_v4::loopback(), 0});
    return gone.local_endpoint();
  }

  asio::io_context io_;
  tcp::acceptor live_{io_, {asio::ip::address_v4::loopback(), 0}};
};

TEST_F(DialTest, ADeadFirstAddressDoesNotTakeTheOthersTime) {
  const DeadAddress dead(io_);
  const auto socket = connect({dead.endpoint(), dead.endpoint(), live_.local_endpoint()});
  ASSERT_TRUE(socket) << describe(socket.error());
  EXPECT_EQ(socket->remote_endpoint(), live_.local_endpoint());
}

TEST_F(DialTest, ARefusedAddressIsFollowedByTheNext) {
  const auto socket = connect({nobody(), nobody(), live_.local_endpoint()});
  ASSERT_TRUE(socket) << describe(socket.error());
  EXPECT_EQ(socket->remote_endpoint(), live_.local_endpoint());
}

TEST_F(DialTest, TheFirstAddressIsTakenWhenItAnswers) {
  tcp::acceptor other(io_, {asio::ip::address_v4::loopback(), 0});
  const auto socket = connect({live_.local_endpoint(), other.local_endpoint()});
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->remote_endpoint(), live_.local_endpoint());
}

TEST_F(DialTest, WhenNobodyAnswersTheDeadlineEndsIt) {
  const DeadAddress dead(io_);
  const auto socket = connect({dead.endpoint(), dead.endpoint()}, milliseconds(400));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(socket.error().message, HasSubstr("connect: no progress before the deadline"));
}

TEST_F(DialTest, WhenAllRefuseTheReasonIsTold) {
  const auto socket = connect({nobody(), nobody()});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(socket.error().message, HasSubstr("Connection refused"));
}

TEST(ProxySetting, IsReadWithItsPortAndCredentials) {
  const auto plain = parse_proxy("http://proxy.example.org");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->address.host, "proxy.example.org");
  EXPECT_EQ(plain->address.port, 80);
  EXPECT_EQ(plain->authorization, "");
  const auto full = parse_proxy("http://Aladdin:open%20sesame@[::1]:3128/");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->address.host, "::1");
  EXPECT_EQ(full->address.port, 3128);
  EXPECT_EQ(full->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") << "RFC 7617, section 2";
  EXPECT_THAT(full->address.to_string(), Not(HasSubstr("sesame")));
}

TEST(ProxySetting, ThatIsNoneIsRefusedWithoutRepeatingIt) {
  for (const char* text :
       {"", "proxy.example.org:3128", "https://proxy.example.org", "socks5://proxy.example.org",
        "http://", "http://user:secret@", "http://user:secret@host:0",
        "http://user:secret@host/path", "http://us%er:secret@host", "http://user:secret@ho st"}) {
    const auto proxy = parse_proxy(text);
    ASSERT_FALSE(proxy) << text;
    EXPECT_EQ(proxy.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(describe(proxy.error()), Not(HasSubstr("secret"))) << text;
  }
}

/// A proxy that, asked through, answers `verdict`, and with a 200 is the server behind itself.
class ProxyTest : public testing::Test {
 protected:
  ProxyTest() {
    SSL_CTX_use_certificate(context_.native_handle(), identity_.certificate.get());
    SSL_CTX_use_PrivateKey(context_.native_handle(), identity_.key.get());
  }
  Result<HttpResponse> ask(std::string verdict, std::string_view credentials = "") {
    test::Server proxy(io_,
                       [&](tcp::socket socket, int) { return serve(std::move(socket), verdict); });
    std::string address = proxy.root();
    address.insert(std::string_view("http://").size(), credentials);
    auto client = HttpClient::create(io_.get_executor(), *parse_api_root("https://api.example.org"),
                                     {.proxy = *parse_proxy(address)});
    EXPECT_TRUE(client);
    HttpRequest request;
    request.target = "/bot1:SECRET/getMe";
    return run(io_, (*client)->exchange(std::move(request)));
  }

  asio::awaitable<void> serve(tcp::socket socket, std::string verdict) {
    std::string buffer;
    const auto asked = co_await test::receive(socket, buffer);
    if (!asked) co_return;
    asked_ = asked->head;
    co_await test::say(socket, std::move(verdict));
    asio::ssl::stream<tcp::socket> stream(std::move(socket), context_);
    const auto [failure] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, test::kToken);
    if (failure) co_return;
    buffer.clear();
    while (auto received = co_await test::receive(stream, buffer)) {
      std::string answer = test::ok(received->head);
      co_await test::say(stream, std::move(answer));
    }
  }

  asio::io_context io_;
  const test::Identity identity_ = test::make_identity("api", "DNS:api.example.org", nullptr);
  asio::ssl::context context_{asio::ssl::context::tls_server};
  const test::Trusting trusting_{identity_};
  std::string asked_;
};

TEST_F(ProxyTest, IsAskedForTheHostAndSeesNothingElse) {
  const auto answer = ask("HTTP/1.1 200 Connection established\r\n\r\n");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_THAT(answer->body, HasSubstr("/bot1:SECRET/getMe"));
  EXPECT_THAT(asked_, testing::StartsWith("CONNECT api.example.org:443 HTTP/1.1\r\n"));
  EXPECT_THAT(asked_, Not(HasSubstr("SECRET")));
  EXPECT_THAT(asked_, Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(ProxyTest, IsShownTheCredentials) {
  const auto answer = ask("HTTP/1.1 200 OK\r\n\r\n", "me:pass@");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_THAT(asked_, HasSubstr("Proxy-Authorization: Basic bWU6cGFzcw==\r\n"));
}

TEST_F(ProxyTest, ThatRefusesIsNamedWithItsReason) {
  const auto answer = ask("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "me:pass@");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("407 Proxy Authentication Required"));
  EXPECT_THAT(answer.error().hint, HasSubstr("HTTPS_PROXY"));
  EXPECT_THAT(describe(answer.error()), Not(HasSubstr("pass")));
}

TEST_F(ProxyTest, ThatSpeaksBeforeTlsOrNoHttpIsNotTrusted) {
  for (const std::string& verdict :
       {std::string("HTTP/1.1 200 OK\r\n\r\nsurprise"), std::string("SSH-2.0-x\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a')}) {
    const auto answer = ask(verdict);
    ASSERT_FALSE(answer) << verdict.substr(0, 40);
    EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << verdict.substr(0, 40);
  }
}

}  // namespace
}  // namespace telekv::telegram
