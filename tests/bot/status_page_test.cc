// Who may see the status page, and what it is made of.
#include "bot/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Request = StatusPage::Request;
using Response = StatusPage::Response;

constexpr const char* kToken = "0123456789abcdef";

std::string data(seconds after) { return "after " + std::to_string(after.count()); }

StatusPage with_token(bool only_this_machine = false) {
  return {{.token = telegram::WebhookSecret::parse(kToken).value(),
           .only_this_machine = only_this_machine},
          data};
}
StatusPage open_here() { return {{.token = {}, .only_this_machine = true}, data}; }

Request request(std::string path, std::vector<telegram::HttpServer::Header> headers = {}) {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.headers = std::move(headers);
  return request;
}
unsigned status_for(const StatusPage& page, std::string authorization) {
  return page.answer(request("/status", {{"Authorization", std::move(authorization)}})).status;
}
unsigned status_at(const StatusPage& page, std::string host) {
  return page.answer(request("/status", {{"Host", std::move(host)}})).status;
}
std::string header_of(const Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

TEST(StatusPage, OwnsItsPathAndWhatIsBelow) {
  EXPECT_TRUE(StatusPage::owns("/status"));
  EXPECT_TRUE(StatusPage::owns("/status/data"));
  EXPECT_FALSE(StatusPage::owns("/statuses"));
  EXPECT_FALSE(StatusPage::owns("/"));
}

TEST(StatusPage, IsNotThereForStrangersWithoutAToken) {
  const StatusPage page({}, data);
  for (const char* path : {"/status", "/status/data", "/status/page.js"}) {
    EXPECT_EQ(page.answer(request(path, {{"Host", "localhost"}})).status, 404u) << path;
  }
}

TEST(StatusPage, AsksForTheTokenOfEveryPart) {
  for (const char* path : {"/status", "/status/data", "/status/page.js", "/status/none"}) {
    const Response response = with_token().answer(request(path));
    EXPECT_EQ(response.status, 401u) << path;
    EXPECT_THAT(header_of(response, "WWW-Authenticate"), HasSubstr("Basic realm="));
  }
  EXPECT_EQ(with_token(true).answer(request("/status", {{"Host", "localhost"}})).status, 401u);
}

TEST(StatusPage, TakesTheTokenAsPasswordOrBearer) {
  const StatusPage page = with_token();
  EXPECT_EQ(status_for(page, "Bearer 0123456789abcdef"), 200u);
  EXPECT_EQ(status_for(page, "bearer  0123456789abcdef"), 200u);
  EXPECT_EQ(status_for(page, "Basic OjAxMjM0NTY3ODlhYmNkZWY="), 200u) << "no user name";
  EXPECT_EQ(status_for(page, "BASIC bWU6MDEyMzQ1Njc4OWFiY2RlZg=="), 200u) << "me:...";
}

TEST(StatusPage, TakesNothingElseForTheToken) {
  for (const char* header :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeF", "Bearer 0123456789abcdef ",
        "0123456789abcdef", "Basic", "Basic ", "Basic ====", "Basic MDEyMzQ1Njc4OWFiY2RlZg==",
        "Basic 0123456789abcdef", "Digest 0123456789abcdef", "Bearerx 0123456789abcdef"}) {
    EXPECT_EQ(status_for(with_token(), header), 401u) << header;
  }
}

TEST(StatusPage, NeedsNoTokenWhereOnlyThisMachineAsks) {
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"}) {
    EXPECT_EQ(status_at(open_here(), host), 200u) << host;
  }
  for (const char* host : {"", "evil.example", "127.0.0.1.evil.example:80", "[", ":80"}) {
    EXPECT_EQ(status_at(open_here(), host), 404u) << host;
  }
}

TEST(StatusPage, LetsNothingElseRunOrBeAsked) {
  const Response page = open_here().answer(request("/status", {{"Host", "localhost"}}));
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  const std::string policy = header_of(page, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self'"));
  EXPECT_THAT(policy, ::testing::Not(HasSubstr("unsafe")));
  const Response script = open_here().answer(request("/status/page.js", {{"Host", "localhost"}}));
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
}

TEST(StatusPage, AnswersTheNumbersThatAreNew) {
  const auto body = [](std::string query) {
    Request asked = request("/status/data", {{"Host", "localhost"}});
    asked.query = std::move(query);
    const Response response = open_here().answer(asked);
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
    return response.body;
  };
  EXPECT_EQ(body(""), "after 0");
  EXPECT_EQ(body("after=1790000000"), "after 1790000000");
  EXPECT_EQ(body("after=99999999999999999999"), "after 0");
  EXPECT_EQ(body("after=x"), "after 0");
}

TEST(StatusPage, HasNoOtherFiles) {
  for (const char* path : {"/status/", "/status//", "/status/../metrics", "/status/index.html"}) {
    EXPECT_EQ(open_here().answer(request(path, {{"Host", "localhost"}})).status, 404u) << path;
  }
}

}  // namespace
}  // namespace telekv::bot
