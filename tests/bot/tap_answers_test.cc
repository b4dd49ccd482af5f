// The answers to taps, on virtual time.
#include "bot/tap_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "bot/post.h"
#include "vault/virtual_clock.h"

namespace telekv::bot {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr const char* kMethod = "answerCallbackQuery";

struct SomeTaps : ::testing::Test {
  void tap(std::int64_t who, std::string text) {
    answers.push({.id = "q" + text, .from = {.id = telegram::UserId{who}}, .data = {}}, text);
  }
  std::vector<std::string> answered() const {
    std::vector<std::string> ids;
    for (const Post::Call& call : post.calls) {
      ids.emplace_back(call.body.at("callback_query_id").as_string());
    }
    return ids;
  }
  void pass(seconds time) { clock.run_for(context, time); }

  boost::asio::io_context context;
  vault::VirtualClock clock;
  Post post{clock};
  telegram::Api api{post, test_token()};
  TapAnswers answers{api, clock, context.get_executor()};
};

TEST_F(SomeTaps, AreAnsweredAtOnce) {
  tap(1, "a");
  tap(2, "b");
  pass(seconds(0));
  EXPECT_THAT(answered(), ElementsAre("qa", "qb"));
  EXPECT_THAT(post.texts(), ElementsAre("a", "b"));
  pass(seconds(60));
  tap(1, "c");
  pass(seconds(0));
  EXPECT_THAT(answered(), ElementsAre("qa", "qb", "qc"));
}

TEST_F(SomeTaps, TakeFewConnectionsHoweverManyThereAre) {
  post.takes[kMethod] = seconds(1);
  for (int i = 0; i < 1000; ++i) tap(i, std::to_string(i));
  pass(seconds(60));
  EXPECT_EQ(post.most_at_once[kMethod], static_cast<int>(TapAnswers::kWorkers));
}

TEST_F(SomeTaps, OfOnePersonOnlyTheNewestWaits) {
  post.takes[kMethod] = seconds(1);
  tap(1, "a");
  tap(2, "b");
  pass(seconds(0));
  for (int i = 0; i < 500; ++i) tap(1, std::to_string(i));
  tap(2, "c");
  pass(seconds(5));
  EXPECT_THAT(answered(), ElementsAre("qa", "qb", "q499", "qc"));
}

TEST_F(SomeTaps, AreNotAnsweredWhenNobodyLooksAnyMore) {
  post.takes[kMethod] = seconds(6);
  for (int i = 0; i < 10; ++i) tap(i, std::to_string(i));
  pass(seconds(60));
  EXPECT_THAT(answered(), ElementsAre("q0", "q1", "q2", "q3"));
}

TEST_F(SomeTaps, AboveTheBoundLeaveOutTheOldest) {
  post.takes[kMethod] = std::chrono::milliseconds(1);
  for (int i = 0; i < static_cast<int>(TapAnswers::kMaxWaiting) + 3; ++i) tap(i, std::to_string(i));
  pass(seconds(5));
  ASSERT_EQ(post.calls.size(), TapAnswers::kMaxWaiting);
  EXPECT_EQ(answered().front(), "q3");
  EXPECT_EQ(answered().back(), "q202");
}

}  // namespace
}  // namespace telekv::bot
