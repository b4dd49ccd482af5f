// HttpServer over real loopback sockets and virtual time: what it serves, and that no peer, however
// slow, large, malformed or dead, holds anything for longer than its bounds say.
#include "telegram/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <list>
#include <optional>

#include "peer.h"
#include "vault/virtual_clock.h"

namespace telekv::telegram {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using test::body_of;
using test::Peer;
using test::status_of;
using testing::EndsWith;
using testing::HasSubstr;
using Request = HttpServer::Request;
using Response = HttpServer::Response;

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(std::string_view body, std::string_view headers = "") {
  return std::string("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n")
      .append(headers)
      .append("\r\n")
      .append(body);
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    server_ = *HttpServer::listen(io_.get_executor(), clock_, {.address = "127.0.0.1"},
                                  [this](Request request) { return answer(std::move(request)); });
  }
  ~HttpServerTest() override {
    server_.reset();
    gate_.cancel();
    io_.restart();
    io_.poll();
  }

  /// Echoes; a request for /wait is held until open_gate().
  asio::awaitable<Response> answer(Request request) {
    ++at_once_;
    most_at_once_ = std::max(most_at_once_, at_once_);
    if (request.path == "/wait") {
      boost::system::error_code opened;
      co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    }
    --at_once_;
    ++answered_;
    Response response;
    response.body = request.path == "/large" ? std::string(kLargeBytes, 'x') : request.body;
    last_ = std::move(request);
    co_return response;
  }

  Peer connect() { return {io_, server_->port()}; }
  void open_gate() { gate_.cancel(); }

  /// Runs the loop until `condition`; what never comes true fails the test and does not hang it.
  void until(const std::function<bool()>& condition) {
    io_.restart();
    while (!condition()) {
      if (io_.run_one_for(seconds(20)) == 0) {
        FAIL() << "nothing happens any more";
      }
    }
  }

  std::string ask(Peer& peer, std::string text) {
    peer.say(std::move(text));
    until([&] { return peer.has_answer() || peer.ended(); });
    return peer.take_answer();
  }

  /// Lets virtual time pass second by second, `each` before each one, until the server hangs up.
  seconds time_until_ended(
      Peer& peer, const std::function<void()>& each = [] {}) {
    seconds passed{0};
    while (!peer.ended() && passed < kForever) {
      each();
      ++passed;
      clock_.pass(seconds(1));
      io_.restart();
      io_.poll();
    }
    return passed;
  }

  static constexpr std::size_t kLargeBytes = std::size_t{32} << 20;  // beyond any socket buffer
  static constexpr seconds kForever{1000};
  static constexpr seconds kTolerance{2};  // deadlines are looked at once a second

  asio::io_context io_;
  vault::VirtualClock clock_;
  asio::steady_timer gate_{io_, asio::steady_timer::time_point::max()};
  std::unique_ptr<HttpServer> server_;
  std::optional<Request> last_;
  int answered_ = 0;
  int at_once_ = 0;
  int most_at_once_ = 0;
};

// ---- what it serves ----------------------------------------------------------------------------

TEST_F(HttpServerTest, ShowsTheHandlerMethodPathQueryHeadersAndBody) {
  auto peer = connect();
  const auto answer = ask(peer,
                          "PUT /a/b%20c?q=1?2 HTTP/1.1\r\nhost: a\r\nX-Two:  2 \r\nx-two: 3\r\n"
                          "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(status_of(answer), "200");
  EXPECT_EQ(last_->method, "PUT");
  EXPECT_EQ(last_->path, "/a/b%20c");
  EXPECT_EQ(last_->query, "q=1?2");
  EXPECT_EQ(last_->header("Content-type"), "text/plain");
  EXPECT_EQ(last_->header("X-TWO"), "2");
  EXPECT_EQ(last_->header("absent"), "");
  EXPECT_EQ(last_->body, "body");
}

TEST_F(HttpServerTest, SendsStatusTypeHeadersAndBody) {
  server_ = *HttpServer::listen(io_.get_executor(), clock_, {.address = "127.0.0.1"},
                                [](Request) -> asio::awaitable<Response> {
                                  Response response{.status = 503, .content_type = "a/b"};
                                  response.headers = {{"Retry-After", "1"}};
                                  response.body = "later";
                                  co_return response;
                                });
  auto peer = connect();
  const auto answer = ask(peer, kGet);
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: a/b\r\n"));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(answer, EndsWith("Content-Length: 5\r\n\r\nlater"));
}

TEST_F(HttpServerTest, KeepsTheConnectionForTheNextRequest) {
  auto peer = connect();
  for (const char* body : {"one", "", "three"}) EXPECT_EQ(body_of(ask(peer, post(body))), body);
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(HttpServerTest, ClosesWhenThePeerAsksForIt) {
  for (const char* request :
       {"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n"}) {
    auto peer = connect();
    EXPECT_EQ(status_of(ask(peer, request)), "200");
    until([&] { return peer.ended() && server_->connections() == 0; });
  }
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  auto peer = connect();
  const auto answer = ask(peer,
                          "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(body_of(answer), "abcdefg");
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  auto peer = connect();
  peer.say("HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  peer.say(kGet);
  until([&] {
    return answered_ == 2 && peer.received().find("Content-Length: 0") != std::string::npos;
  });
  EXPECT_THAT(peer.received(), HasSubstr("Content-Length: 3\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, InvitesABodyThatWaitsForItsInvitation) {
  auto peer = connect();
  peer.say("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  until([&] { return peer.has_answer(); });
  EXPECT_EQ(peer.take_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(ask(peer, "ok")), "ok");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsOneByOneInOrder) {
  auto peer = connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += post(std::to_string(i));
  peer.say(all);
  for (int i = 0; i < 50; ++i) {
    until([&] { return peer.has_answer(); });
    EXPECT_EQ(body_of(peer.take_answer()), std::to_string(i));
  }
  EXPECT_EQ(most_at_once_, 1);
}

TEST_F(HttpServerTest, AnswersTheLastRequestOfAPeerThatSendsNoMore) {
  auto peer = connect();
  peer.say(post("last"));
  until([&] { return answered_ == 1; });
  peer.end_of_requests();
  until([&] { return peer.ended(); });
  EXPECT_EQ(body_of(peer.take_answer()), "last");
}

TEST_F(HttpServerTest, ConnectionsDoNotWaitForEachOther) {
  auto slow = connect();
  slow.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  auto quick = connect();
  EXPECT_EQ(status_of(ask(quick, kGet)), "200");
  EXPECT_FALSE(slow.has_answer());
  open_gate();
  until([&] { return slow.has_answer(); });
}

// ---- hostile peers -----------------------------------------------------------------------------

TEST_F(HttpServerTest, RefusesABodyOverTheBoundHoweverItIsSent) {
  const std::string body(HttpServer::kMaxBodyBytes + 1, 'x');
  {
    auto peer = connect();
    EXPECT_EQ(status_of(ask(peer, post(body))), "413") << "told by its length";
  }
  auto peer = connect();
  std::string chunked = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 0x1000) {
    chunked.append("1000\r\n").append(0x1000, 'x').append("\r\n");
  }
  EXPECT_EQ(status_of(ask(peer, chunked + "0\r\n\r\n")), "413") << "told by nothing";
  EXPECT_EQ(answered_, 0);
}

TEST_F(HttpServerTest, TakesABodyAtTheBound) {
  auto peer = connect();
  EXPECT_EQ(body_of(ask(peer, post(std::string(HttpServer::kMaxBodyBytes, 'x')))).size(),
            HttpServer::kMaxBodyBytes);
}

TEST_F(HttpServerTest, RefusesHeadersOverTheBound) {
  const std::string many(HttpServer::kMaxHeaderBytes, 'x');
  auto one = connect();
  EXPECT_EQ(status_of(ask(one, "GET /x HTTP/1.1\r\nA: " + many + "\r\n\r\n")), "431");
  auto endless = connect();
  EXPECT_EQ(status_of(ask(endless, "GET /" + many + many)), "431");
  EXPECT_EQ(answered_, 0);
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
  const std::string chunked = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
  const std::vector<std::string> requests = {
      "\x16\x03\x01\x02",  // the first bytes of TLS
      "garbage\r\n\r\n",
      "GET /x HTTP/9.9\r\n\r\n",
      "GET /x HTTP/1.1\r\nno colon\r\n\r\n",
      "GET /x HTTP/1.1\r\nA: \x01\r\n\r\n",
      "POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST /x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      chunked + "Content-Length: 5\r\n\r\n0\r\n\r\n",  // what two readers would cut differently
      chunked + "\r\nzz\r\nabc\r\n0\r\n\r\n",
      chunked + "\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
      chunked + "\r\n3\r\nabcdef\r\n0\r\n\r\n",
  };
  for (const auto& request : requests) {
    auto peer = connect();
    EXPECT_THAT(ask(peer, request), testing::ContainsRegex("^HTTP/1.1 4(00|13) ")) << request;
    peer.end_of_requests();
    until([&] { return peer.ended() && server_->connections() == 0; });
  }
  EXPECT_EQ(answered_, 0);
}

TEST_F(HttpServerTest, ChunkExtensionsAndTrailersAreBounded) {
  const std::string chunked = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string endless(std::size_t{1} << 20, 'x');
  for (const std::string_view begin : {"1;", "0\r\nA: "}) {
    auto peer = connect();
    std::string request = chunked;
    request.append(begin).append(endless);
    EXPECT_THAT(status_of(ask(peer, request)), testing::AnyOf("400", "431"));
  }
  EXPECT_EQ(answered_, 0);
}

TEST_F(HttpServerTest, ARefusedPeerThatGoesOnSendingIsCut) {
  auto peer = connect();
  EXPECT_EQ(status_of(ask(peer, "garbage\r\n\r\n")), "400");
  until([&] { return peer.ended(); });  // its side is closed; ours may still talk
  ASSERT_EQ(server_->connections(), 1u);
  seconds passed{0};
  while (server_->connections() == 1 && passed < kForever) {
    peer.say("more");
    ++passed;
    clock_.pass(seconds(1));
    io_.restart();
    io_.poll();
  }
  EXPECT_LE(passed, seconds(5) + kTolerance);
}

TEST_F(HttpServerTest, ASilentConnectionIsClosed) {
  auto peer = connect();
  until([&] { return server_->connections() == 1; });
  const auto passed = time_until_ended(peer);
  EXPECT_GE(passed, HttpServer::kIdleLimit);
  EXPECT_LE(passed, HttpServer::kIdleLimit + kTolerance);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(HttpServerTest, ARequestThatTricklesInIsCutByItsDeadlineNotByItsPauses) {
  for (const char* begin :
       {"GET /x HTTP/1.1\r\nA: ", "POST /x HTTP/1.1\r\nContent-Length: 10000\r\n\r\n",
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;"}) {
    auto peer = connect();
    peer.say(begin);
    const auto passed = time_until_ended(peer, [&] { peer.say("x"); });
    EXPECT_GE(passed, HttpServer::kRequestDeadline) << begin;
    EXPECT_LE(passed, HttpServer::kRequestDeadline + kTolerance) << begin;
  }
  EXPECT_EQ(answered_, 0);
}

TEST_F(HttpServerTest, APeerThatDoesNotTakeItsAnswersIsCut) {
  // What it is sent fits no buffer, and a request behind it must not be handled meanwhile.
  auto peer = connect();
  asio::ip::tcp::socket deaf(io_);
  deaf.connect({asio::ip::address_v4::loopback(), server_->port()});
  const std::string request = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  asio::write(deaf, asio::buffer(request + request));
  until([&] { return answered_ == 1; });
  io_.poll();
  EXPECT_EQ(answered_, 1);
  EXPECT_EQ(server_->connections(), 2u);
  clock_.pass(HttpServer::kWriteDeadline + kTolerance);
  until([&] { return server_->connections() == 1; });
  EXPECT_EQ(answered_, 1);
}

TEST_F(HttpServerTest, AHandlerThatIsTooSlowLosesItsConnection) {
  auto peer = connect();
  peer.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  const auto passed = time_until_ended(peer);
  EXPECT_GE(passed, HttpServer::kHandlerDeadline);
  EXPECT_LE(passed, HttpServer::kHandlerDeadline + kTolerance);
  open_gate();
  until([&] { return server_->connections() == 0; });
  EXPECT_EQ(answered_, 1) << "it was left to finish";
}

TEST_F(HttpServerTest, PeersThatDieAtAnyPointLeaveNothingBehind) {
  const std::string request = post("0123456789");
  for (std::size_t length = 0; length <= request.size(); ++length) {
    auto peer = connect();
    peer.say(request.substr(0, length));
    until([&] { return server_->connections() == 1; });
    peer.hang_up();
    until([&] { return server_->connections() == 0; });
  }
  auto waiting = connect();
  waiting.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  waiting.hang_up();
  open_gate();
  until([&] { return server_->connections() == 0; });
}

// ---- many connections --------------------------------------------------------------------------

TEST_F(HttpServerTest, OneMoreConnectionTakesThePlaceOfTheLongestIdle) {
  std::list<Peer> peers;
  for (std::size_t i = 0; i < HttpServer::kMaxConnections; ++i) {
    peers.push_back(connect());
    until([&] { return server_->connections() == i + 1; });
    clock_.pass(std::chrono::milliseconds(1));
  }
  ask(peers.front(), kGet);  // no longer the longest idle
  auto one_more = connect();
  EXPECT_EQ(status_of(ask(one_more, kGet)), "200");
  until([&] { return std::next(peers.begin())->ended(); });
  EXPECT_EQ(server_->connections(), HttpServer::kMaxConnections);
  EXPECT_EQ(status_of(ask(peers.front(), kGet)), "200");
}

TEST_F(HttpServerTest, SlowRequestsGiveWayToo) {
  std::list<Peer> peers;
  for (std::size_t i = 0; i < HttpServer::kMaxConnections; ++i) {
    peers.push_back(connect());
    peers.back().say("GET /x HTT");
    until([&] { return server_->connections() == i + 1; });
  }
  for (int i = 0; i < 10; ++i) {
    auto one_more = connect();
    EXPECT_EQ(status_of(ask(one_more, kGet)), "200");
  }
}

TEST_F(HttpServerTest, NoRequestInWorkGivesWay) {
  std::list<Peer> peers;
  for (std::size_t i = 0; i < HttpServer::kMaxConnections; ++i) {
    peers.push_back(connect());
    peers.back().say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    until([&] { return at_once_ == static_cast<int>(i + 1); });
  }
  auto one_more = connect();
  until([&] { return one_more.ended(); });
  open_gate();
  for (auto& peer : peers) {
    until([&] { return peer.has_answer(); });
  }
  EXPECT_EQ(answered_, static_cast<int>(HttpServer::kMaxConnections));
}

// ---- the end -----------------------------------------------------------------------------------

class HttpServerDrainTest : public HttpServerTest {
 protected:
  void drain(seconds limit) {
    asio::co_spawn(io_, server_->drain(limit), [this](const std::exception_ptr& thrown) {
      EXPECT_FALSE(thrown);
      drained_ = true;
    });
  }
  bool drained_ = false;
};

TEST_F(HttpServerDrainTest, WithNobodyThereItIsDoneAtOnceAndNobodyCanCome) {
  drain(seconds(20));
  until([&] { return drained_; });
  EXPECT_THROW(connect(), boost::system::system_error);
}

TEST_F(HttpServerDrainTest, ClosesIdleConnectionsAndLetsRequestsEnd) {
  auto idle = connect();
  ask(idle, kGet);
  auto working = connect();
  working.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  working.say(kGet);
  auto arriving = connect();
  arriving.say("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha");
  until([&] { return at_once_ == 1 && server_->connections() == 3; });
  io_.poll();
  drain(seconds(20));
  until([&] { return idle.ended(); });
  EXPECT_FALSE(drained_);

  arriving.say("lf");
  until([&] { return arriving.ended(); });
  EXPECT_THAT(arriving.received(), HasSubstr("Connection: close"));
  EXPECT_THAT(arriving.received(), EndsWith("half"));
  EXPECT_FALSE(drained_);

  open_gate();
  until([&] { return working.ended() && drained_; });
  EXPECT_EQ(status_of(working.take_answer()), "200");
  EXPECT_EQ(working.received(), "") << "the request behind it was not begun";
  EXPECT_EQ(answered_, 3);
}

TEST_F(HttpServerDrainTest, CutsTheRestAtItsLimit) {
  auto working = connect();
  working.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  drain(seconds(20));
  const auto passed = time_until_ended(working);
  EXPECT_GE(passed, seconds(20));
  EXPECT_LE(passed, seconds(20) + kTolerance);
  EXPECT_TRUE(drained_);
  EXPECT_EQ(working.received(), "");
}

TEST_F(HttpServerDrainTest, ADestroyedServerLeavesItsHandlersToFinish) {
  auto working = connect();
  working.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  server_.reset();
  until([&] { return working.ended(); });
  open_gate();
  until([&] { return answered_ == 1; });
  io_.restart();
  io_.poll();
  EXPECT_TRUE(io_.stopped()) << "nothing of it is left in the loop";
}

TEST_F(HttpServerDrainTest, EndsWhenTheServerIsDestroyedMeanwhile) {
  auto working = connect();
  working.say("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return at_once_ == 1; });
  drain(seconds(20));
  io_.restart();
  io_.poll();
  server_.reset();
  open_gate();
  until([&] { return drained_; });
}

TEST(HttpServer, SaysWhyItCannotListen) {
  asio::io_context io;
  vault::VirtualClock clock;
  const auto handler = [](Request) -> asio::awaitable<Response> { co_return Response(); };
  const auto bad = HttpServer::listen(io.get_executor(), clock, {.address = "example"}, handler);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  const auto first =
      HttpServer::listen(io.get_executor(), clock, {.address = "127.0.0.1"}, handler);
  ASSERT_TRUE(first);
  const auto taken = HttpServer::listen(
      io.get_executor(), clock, {.address = "127.0.0.1", .port = (*first)->port()}, handler);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(taken.error().message, HasSubstr(std::to_string((*first)->port())));
}

}  // namespace
}  // namespace telekv::telegram
