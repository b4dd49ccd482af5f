// API roots: which addresses are accepted, and what they mean.
#include "telegram/api_root.h"

#include <gtest/gtest.h>

namespace telekv::telegram {
namespace {

TEST(ApiRoot, ReadsTheCloud) {
  const auto root = parse_api_root("https://api.telegram.org");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->scheme, ApiRoot::Scheme::kHttps);
  EXPECT_EQ(root->host, "api.telegram.org");
  EXPECT_EQ(root->port, 443);
  EXPECT_EQ(root->path, "");
  EXPECT_EQ(root->to_string(), "https://api.telegram.org");
}

TEST(ApiRoot, ReadsPortPathAndUpperCase) {
  const auto root = parse_api_root("HTTPS://Bots.Example:8443/v1/proxy//");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->host, "bots.example");
  EXPECT_EQ(root->port, 8443);
  EXPECT_EQ(root->path, "/v1/proxy");
  EXPECT_EQ(root->to_string(), "https://bots.example:8443/v1/proxy");
}

TEST(ApiRoot, ReadsIpv6) {
  const auto root = parse_api_root("http://[::1]:8081");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->host, "::1");
  EXPECT_EQ(root->port, 8081);
  EXPECT_EQ(root->to_string(), "http://[::1]:8081");
}

TEST(ApiRoot, AcceptsPlainHttpForThisMachineOnly) {
  for (const char* text :
       {"http://127.0.0.1:8081", "http://127.9.8.7", "http://localhost:1", "http://[::1]"}) {
    EXPECT_TRUE(parse_api_root(text)) << text;
  }
  for (const char* text : {"http://api.telegram.org", "http://10.0.0.1:8081", "http://128.0.0.1",
                           "http://127.0.0.1.example.org", "http://localhost.example.org",
                           "http://[::2]", "http://0.0.0.0"}) {
    const auto root = parse_api_root(text);
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(root.error().message.find("plain http"), std::string::npos) << text;
    EXPECT_NE(root.error().hint.find("https://"), std::string::npos) << text;
  }
}

TEST(ApiRoot, RefusesWhatIsNoAddress) {
  for (const char* text : {"",
                           "api.telegram.org",
                           "ftp://x",
                           "https://",
                           "https:///path",
                           "https://:443",
                           "https://user:secret@host",
                           "https://host?query",
                           "https://host#fragment",
                           "https://host:0",
                           "https://host:65536",
                           "https://host:",
                           "https://host:80x",
                           "https://[::1",
                           "https://[nonsense]",
                           "https://[::1]8081",
                           "https://ho st",
                           "https://host/pa th",
                           "https://host\r\nHost: other",
                           "https://xn\xC3\xA4"}) {
    const auto root = parse_api_root(text);
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.error().code, ErrorCode::kInvalidArgument) << text;
    EXPECT_FALSE(root.error().hint.empty()) << text;
  }
}

}  // namespace
}  // namespace telekv::telegram
