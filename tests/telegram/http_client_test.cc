// HttpClient over real sockets: what is reused, what is bounded, and what an error says is certain.
#include "telegram/http_client.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include "run.h"
#include "test_server.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

SharedBytes share(std::string text) { return std::make_shared<const Bytes>(std::move(text)); }

HttpRequest post(std::string body) {
  HttpRequest request;
  request.target = "/bot1:SECRET/method";
  request.content_type = "application/json";
  request.body = {share(std::move(body))};
  return request;
}

HttpRequest get() {
  HttpRequest request;
  request.method = HttpRequest::Method::kGet;
  request.target = "/bot1:SECRET/method";
  request.repeat = HttpRequest::Repeat::kSafe;
  return request;
}

std::unique_ptr<HttpClient> make_client(asio::io_context& io, const std::string& root,
                                        HttpClient::Options options = {}) {
  auto client = HttpClient::create(io.get_executor(), *parse_api_root(root), options);
  EXPECT_TRUE(client);
  return std::move(*client);
}

class HttpClientTest : public testing::Test {
 protected:
  /// Answers every request of a connection with its own head and body.
  static asio::awaitable<void> echo(tcp::socket socket, int /*number*/) {
    std::string buffer;
    while (auto received = co_await test::receive(socket, buffer)) {
      std::string answer = test::ok(received->head + received->body);
      co_await test::say(socket, std::move(answer));
    }
  }

  asio::io_context io_;
};

TEST_F(HttpClientTest, SendsPathHeadersAndTheGatherListAsOneBody) {
  test::Server server(io_, echo);
  auto client = make_client(io_, server.root() + "/prefix");
  auto request = post("head-");
  request.body.push_back(share(""));
  request.body.push_back(share("middle"));
  request.body.push_back(share("-tail"));
  const auto answer = run(io_, client->exchange(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_TRUE(answer->body.starts_with("POST /prefix/bot1:SECRET/method HTTP/1.1\r\n"));
  EXPECT_NE(answer->body.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(answer->body.find("Content-Length: 16\r\n"), std::string::npos);
  EXPECT_NE(answer->body.find("Host: " + server.root().substr(7) + "\r\n"), std::string::npos);
  EXPECT_TRUE(answer->body.ends_with("\r\n\r\nhead-middle-tail"));
}

TEST_F(HttpClientTest, KeepsTheConnectionForTheNextExchange) {
  test::Server server(io_, echo);
  auto client = make_client(io_, server.root());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(run(io_, client->exchange(post("x"))));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, DoesNotKeepItWhenTheServerCloses) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer = test::ok("{}", "Connection: close\r\n");
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(io_, client->exchange(post("x"))));
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClientTest, DropsAnIdleConnectionThatTheServerClosed) {
  // The end of the stream arrives while the connection is idle, so it is noticed before use.
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer = test::ok("{}");
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  ASSERT_TRUE(run(io_, client->exchange(post("x"))));
  io_.poll();
  EXPECT_TRUE(run(io_, client->exchange(post("x"))));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpClientTest, DropsAnIdleConnectionWithBytesNobodyAskedFor) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    while (co_await test::receive(socket, buffer)) {
      std::string answer = test::ok("{}") + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
      co_await test::say(socket, std::move(answer));
    }
  });
  auto client = make_client(io_, server.root());
  for (int i = 0; i < 2; ++i) {
    const auto answer = run(io_, client->exchange(post("x")));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "{}");
  }
  EXPECT_EQ(server.connections(), 2);
}

/// The first connection answers once and hangs up on the second request; later ones answer.
asio::awaitable<void> dies_on_second_request(tcp::socket socket, int number) {
  std::string buffer;
  for (int i = 0; co_await test::receive(socket, buffer); ++i) {
    if (number == 1 && i == 1) co_return;
    std::string answer = test::ok("{}");
    co_await test::say(socket, std::move(answer));
  }
}

TEST_F(HttpClientTest, RepeatsAReadOnceWhenAKeptConnectionDies) {
  test::Server server(io_, dies_on_second_request);
  auto client = make_client(io_, server.root());
  ASSERT_TRUE(run(io_, client->exchange(get())));
  EXPECT_TRUE(run(io_, client->exchange(get())));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpClientTest, NeverRepeatsARequestWithAnEffect) {
  test::Server server(io_, dies_on_second_request);
  auto client = make_client(io_, server.root());
  ASSERT_TRUE(run(io_, client->exchange(post("x"))));
  const auto answer = run(io_, client->exchange(post("x")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, DoesNotRepeatOnAFreshConnection) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(get()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, NobodyListeningMeansNotDone) {
  std::string root;
  {
    tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    root = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }
  auto client = make_client(io_, root);
  const auto answer = run(io_, client->exchange(post("x")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message.find(root), std::string::npos);
  EXPECT_NE(answer.error().message.find("refused"), std::string::npos);
  EXPECT_FALSE(answer.error().hint.empty());
}

TEST_F(HttpClientTest, ANameThatCannotBeResolvedMeansNotDone) {
  auto client = make_client(io_, "https://nobody.invalid");
  const auto answer = run(io_, client->exchange(post("x")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message.find("nobody.invalid"), std::string::npos);
}

TEST_F(HttpClientTest, LocalhostIsResolvedToThisMachine) {
  test::Server server(io_, echo);
  auto client = make_client(io_, server.root("http", "localhost"));
  EXPECT_TRUE(run(io_, client->exchange(post("x"))));
}

TEST_F(HttpClientTest, ASilentServerIsLeftAtTheDeadlineWithUnknownOutcome) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root());
  auto request = get();
  request.deadline = milliseconds(50);
  const auto answer = run(io_, client->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_NE(answer.error().message.find("deadline"), std::string::npos);
}

TEST_F(HttpClientTest, ATricklingServerIsLeftAtTheDeadlineToo) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    co_await test::say(socket, std::move(head));
    asio::steady_timer pause(socket.get_executor());
    for (;;) {  // a byte every few milliseconds, for ever
      pause.expires_after(milliseconds(5));
      co_await pause.async_wait(test::kToken);
      const auto [failure, length] =
          co_await asio::async_write(socket, asio::buffer("1\r\nx\r\n", 6), test::kToken);
      if (failure) co_return;
    }
  });
  auto client = make_client(io_, server.root());
  auto request = get();
  request.deadline = milliseconds(80);
  const auto answer = run(io_, client->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
}

TEST_F(HttpClientTest, AServerThatDoesNotReadIsLeftAtTheDeadline) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    asio::steady_timer never(socket.get_executor(), asio::steady_timer::time_point::max());
    co_await never.async_wait(test::kToken);
  });
  auto client = make_client(io_, server.root());
  auto request = post(std::string(std::size_t{19} << 20, 'x'));
  request.deadline = milliseconds(100);
  const auto answer = run(io_, client->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
}

TEST_F(HttpClientTest, ACutAnswerIsAnUnknownOutcome) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":true";
    co_await test::say(socket, std::move(half));
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(get()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
}

TEST_F(HttpClientTest, GarbageInsteadOfHttpIsAnUnknownOutcome) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string garbage = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
    co_await test::say(socket, std::move(garbage));
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(post("x")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
}

TEST_F(HttpClientTest, AnAnswerBeforeTheUploadEndedIsHeard) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string some(1000, '\0');
    co_await asio::async_read(socket, asio::buffer(some), test::kToken);
    std::string refusal = "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n";
    co_await test::say(socket, std::move(refusal));
    socket.shutdown(tcp::socket::shutdown_send);
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(post(std::string(std::size_t{8} << 20, 'x'))));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413u);
}

TEST_F(HttpClientTest, AnyStatusIsAnAnswer) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer =
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 35\r\nContent-Type: text/html\r\n"
        "Content-Length: 6\r\n\r\n<html>";
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(post("x")));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429u);
  EXPECT_EQ(answer->retry_after_s, 35u);
  EXPECT_EQ(answer->content_type, "text/html");
  EXPECT_EQ(answer->body, "<html>");
}

TEST_F(HttpClientTest, ReadsChunkedAnswersAndKeepsTheConnection) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    while (co_await test::receive(socket, buffer)) {
      std::string answer =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "4\r\n{\"ok\r\n8;extension=1\r\n\":true}\n\r\n0\r\nTrailer: x\r\n\r\n";
      co_await test::say(socket, std::move(answer));
    }
  });
  auto client = make_client(io_, server.root());
  for (int i = 0; i < 2; ++i) {
    const auto answer = run(io_, client->exchange(post("x")));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "{\"ok\":true}\n");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, BoundsTheAnswerWhetherItsLengthIsToldOrNot) {
  const std::string body(10001, 'x');
  const std::vector<std::string> answers = {
      test::ok(body),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n" + body + "\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n" + body};
  for (const auto& text : answers) {
    test::Server server(io_, [&text](tcp::socket socket, int) -> asio::awaitable<void> {
      std::string buffer;
      co_await test::receive(socket, buffer);
      std::string answer = text;
      co_await test::say(socket, std::move(answer));
    });
    auto client = make_client(io_, server.root());
    auto request = get();
    request.max_response_bytes = 10000;
    const auto refused = run(io_, client->exchange(request));
    ASSERT_FALSE(refused) << text.substr(0, 60);
    EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
    request.max_response_bytes = 10001;
    const auto accepted = run(io_, client->exchange(request));
    ASSERT_TRUE(accepted) << text.substr(0, 60);
    EXPECT_EQ(accepted->body, body);
  }
}

TEST_F(HttpClientTest, BoundsTheHeaders) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer = "HTTP/1.1 200 OK\r\nX: " + std::string(1u << 20, 'x') + "\r\n\r\n";
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  const auto answer = run(io_, client->exchange(get()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTooLarge);
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST_F(HttpClientTest, BoundsAFieldBehindTheBodyToo) {
  for (const std::size_t length :
       {std::size_t{40'000}, std::size_t{70'000}, std::size_t{300'000}}) {
    test::Server server(io_, [&](tcp::socket socket, int) -> asio::awaitable<void> {
      std::string buffer;
      (void)co_await test::receive(socket, buffer);
      std::string answer =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: ";
      answer.append(length, 'a').append("\r\n\r\n");
      co_await test::say(socket, std::move(answer));
      co_await test::until_closed(socket);
    });
    auto client = make_client(io_, server.root());
    const auto answer = run(io_, client->exchange(post("x")));
    ASSERT_FALSE(answer && length > 40'000);
    if (!answer) {
      EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown);
    }
  }
}

TEST_F(HttpClientTest, UploadsAndStreamsBack19MebibytesByteForByte) {
  const std::string document = pattern(std::size_t{19} << 20);
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    auto received = co_await test::receive(socket, buffer);
    if (!received) co_return;
    std::string answer = test::ok(received->body);
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  auto request = post("head\r\n");
  request.body.push_back(share(document));
  request.body.push_back(share("\r\ntail"));
  request.max_response_bytes = std::size_t{20} << 20;
  std::string back;
  std::size_t longest = 0;
  request.sink = [&](std::string_view piece) -> Result<void> {
    longest = std::max(longest, piece.size());
    back.append(piece);
    return {};
  };
  const auto answer = run(io_, client->exchange(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->body.empty());
  EXPECT_TRUE(back == "head\r\n" + document + "\r\ntail");
  EXPECT_LE(longest, std::size_t{64} << 10) << "a download must not gather in memory";
}

TEST_F(HttpClientTest, TheSinkCanStopADownload) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer = test::ok(std::string(1u << 20, 'x'));
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  auto request = get();
  request.max_response_bytes = 2u << 20;
  int calls = 0;
  request.sink = [&calls](std::string_view) -> Result<void> {
    ++calls;
    return Error{.code = ErrorCode::kDamaged, .message = "enough"};
  };
  const auto answer = run(io_, client->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "enough");
  EXPECT_EQ(calls, 1);
}

TEST_F(HttpClientTest, TheSinkSeesNoErrorPage) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone";
    co_await test::say(socket, std::move(answer));
  });
  auto client = make_client(io_, server.root());
  auto request = get();
  request.sink = [](std::string_view) -> Result<void> {
    ADD_FAILURE();
    return {};
  };
  const auto answer = run(io_, client->exchange(request));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "gone");
}

TEST_F(HttpClientTest, UsesNoMoreConnectionsThanAllowedAndServesTheWaitingInOrder) {
  int at_once = 0;
  int most_at_once = 0;
  test::Server server(io_, [&](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    while (co_await test::receive(socket, buffer)) {
      most_at_once = std::max(most_at_once, ++at_once);
      co_await asio::post(socket.get_executor(), test::kToken);
      --at_once;
      std::string answer = test::ok("{}");
      co_await test::say(socket, std::move(answer));
    }
  });
  auto client = make_client(io_, server.root(), {.max_connections = 2});
  std::vector<int> finished;
  for (int i = 0; i < 10; ++i) {
    asio::co_spawn(io_, client->exchange(post("x")),
                   [&finished, i](const std::exception_ptr& thrown, Result<HttpResponse> answer) {
                     EXPECT_FALSE(thrown);
                     EXPECT_TRUE(answer);
                     finished.push_back(i);
                   });
  }
  while (finished.size() < 10 && io_.run_one() > 0) {
  }
  EXPECT_LE(server.connections(), 2);
  EXPECT_LE(most_at_once, 2);
  ASSERT_EQ(finished.size(), 10u);
  EXPECT_LT(finished.front(), 2);
  EXPECT_GE(finished.back(), 8);
}

TEST_F(HttpClientTest, WaitingForAConnectionEndsAtTheDeadlineWithNothingSent) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root(), {.max_connections = 1});
  bool first_done = false;
  auto slow = post("x");
  slow.deadline = milliseconds(400);
  asio::co_spawn(io_, client->exchange(slow),
                 [&](const std::exception_ptr&, Result<HttpResponse>) { first_done = true; });
  auto request = post("y");
  request.deadline = milliseconds(30);
  const auto answer = run(io_, client->exchange(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  while (!first_done && io_.run_one() > 0) {
  }
}

TEST_F(HttpClientTest, CancellationCutsALongPollAtOnce) {
  asio::cancellation_signal stop;
  test::Server server(io_, [&stop](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    stop.emit(asio::cancellation_type::terminal);
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root());
  auto request = get();
  request.deadline = std::chrono::hours(1);
  std::optional<Result<HttpResponse>> outcome;
  asio::co_spawn(io_, client->exchange(request),
                 asio::bind_cancellation_slot(
                     stop.slot(), [&](const std::exception_ptr& thrown, Result<HttpResponse> r) {
                       EXPECT_FALSE(thrown);
                       outcome = std::move(r);
                     }));
  while (!outcome && io_.run_one() > 0) {
  }
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::kCancelled);
}

asio::awaitable<Result<HttpResponse>> poll_or_stop(HttpClient& client, asio::steady_timer& stop) {
  using namespace asio::experimental::awaitable_operators;
  auto request = get();
  request.deadline = std::chrono::hours(1);
  auto poll = client.exchange(std::move(request));
  auto stopped = stop.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto first = co_await (std::move(poll) || std::move(stopped));
  if (first.index() == 1) co_return Error{.code = ErrorCode::kCancelled, .message = "stopped"};
  co_return std::get<0>(first);
}

TEST_F(HttpClientTest, AwaitableOperatorsCutALongPollToo) {
  asio::steady_timer stop(io_, asio::steady_timer::time_point::max());
  test::Server server(io_, [&stop](tcp::socket socket, int) -> asio::awaitable<void> {
    std::string buffer;
    co_await test::receive(socket, buffer);
    stop.cancel();
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root());
  const auto outcome = run(io_, poll_or_stop(*client, stop));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "stopped");
}

TEST_F(HttpClientTest, CancellationReachesOneWhoWaitsForAConnection) {
  test::Server server(io_, [](tcp::socket socket, int) -> asio::awaitable<void> {
    co_await test::until_closed(socket);
  });
  auto client = make_client(io_, server.root(), {.max_connections = 1});
  asio::cancellation_signal stops[2];
  std::vector<ErrorCode> codes;
  for (auto& stop : stops) {
    auto request = get();
    request.deadline = std::chrono::hours(1);
    asio::co_spawn(io_, client->exchange(request),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&](const std::exception_ptr& thrown, Result<HttpResponse> r) {
                         EXPECT_FALSE(thrown);
                         if (!r) codes.push_back(r.error().code);
                       }));
  }
  while (server.connections() == 0 && io_.run_one() > 0) {
  }
  for (auto* stop : {&stops[1], &stops[0]}) {
    const std::size_t before = codes.size();
    stop->emit(asio::cancellation_type::terminal);
    while (codes.size() == before && io_.run_one() > 0) {
    }
  }
  EXPECT_EQ(codes, std::vector<ErrorCode>(2, ErrorCode::kCancelled));
}

TEST_F(HttpClientTest, NoErrorShowsTheTarget) {
  const std::vector<std::string> answers = {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"};
  for (const auto& text : answers) {
    test::Server server(io_, [&text](tcp::socket socket, int) -> asio::awaitable<void> {
      std::string buffer;
      co_await test::receive(socket, buffer);
      std::string answer = text;
      co_await test::say(socket, std::move(answer));
    });
    auto client = make_client(io_, server.root());
    const auto answer = run(io_, client->exchange(get()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(describe(answer.error()).find("SECRET"), std::string::npos);
  }
}

}  // namespace
}  // namespace telekv::telegram
