// The order and the times of deliveries, in virtual time and without a network.
#include "emulator/webhook_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "emulator/id_intervals.h"
#include "emulator/webhook_url.h"

namespace telekv::emulator {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::int64_t kAnya = 5;
constexpr std::int64_t kBorya = 6;
constexpr std::int64_t kNeverExpires = std::int64_t{1} << 40;

class WebhookPlanTest : public testing::Test {
 protected:
  std::int64_t push(std::int64_t lane) {
    EXPECT_TRUE(queue_.push(kNeverExpires, lane, "{}"));
    return queue_.next_id() - 1;
  }
  /// Everything that may be sent now.
  std::vector<std::int64_t> send(WebhookPlan& plan) {
    plan.load(queue_, now_);
    std::vector<std::int64_t> updates;
    while (const auto update = plan.next(now_)) updates.push_back(*update);
    return updates;
  }
  bool fail(WebhookPlan& plan, std::int64_t update, std::int64_t retry_after_s = 0) {
    return plan.failed(update, retry_after_s, kNeverExpires, now_);
  }
  /// Seconds until the plan has something to do.
  std::int64_t wait(const WebhookPlan& plan) { return (plan.next_event().value() - now_) / 1000; }

  UpdateQueue queue_;
  TimeMs now_ = 1'790'000'000'000;
};

TEST_F(WebhookPlanTest, AChatGetsItsUpdatesOneByOneAndOthersDoNotWaitForIt) {
  WebhookPlan plan(40, 1);
  const auto a1 = push(kAnya);
  const auto a2 = push(kAnya);
  const auto b1 = push(kBorya);
  EXPECT_THAT(send(plan), ElementsAre(a1, b1));
  plan.done(b1);
  EXPECT_THAT(send(plan), ElementsAre());
  plan.done(a1);
  EXPECT_THAT(send(plan), ElementsAre(a2));
  plan.done(a2);
  EXPECT_FALSE(plan.next_event());
}

TEST_F(WebhookPlanTest, UpdatesWithoutALaneWaitForNobody) {
  WebhookPlan plan(40, 1);
  const auto first = push(0);
  const auto second = push(0);
  EXPECT_THAT(send(plan), ElementsAre(first, second));
}

TEST_F(WebhookPlanTest, SendsNoMoreAtOnceThanItMay) {
  WebhookPlan plan(2, 1);
  const auto first = push(1);
  const auto second = push(2);
  const auto third = push(3);
  EXPECT_THAT(send(plan), ElementsAre(first, second));
  EXPECT_EQ(plan.sending(), 2u);
  plan.done(second);
  EXPECT_THAT(send(plan), ElementsAre(third));
}

TEST_F(WebhookPlanTest, AFailedUpdateComesAgainAtOnceThenAtDoublingPausesUpToTwoMinutes) {
  WebhookPlan plan(40, 1);
  const auto update = push(kAnya);
  push(kAnya);
  for (const std::int64_t pause : {0, 2, 4, 8, 16, 32}) {
    ASSERT_THAT(send(plan), ElementsAre(update));
    ASSERT_TRUE(fail(plan, update));
    ASSERT_EQ(wait(plan), pause);
    if (pause > 0) {
      now_ += pause * 1000 - 1;
      ASSERT_THAT(send(plan), ElementsAre());
      now_ += 1;
    }
  }
  std::vector<std::int64_t> longest;
  for (int i = 0; i < 200; ++i) {
    ASSERT_THAT(send(plan), ElementsAre(update));
    ASSERT_TRUE(fail(plan, update));
    longest.push_back(wait(plan));
    now_ += longest.back() * 1000;
  }
  EXPECT_GE(*std::min_element(longest.begin(), longest.end()), 60);
  EXPECT_LE(*std::max_element(longest.begin(), longest.end()), 120);
  EXPECT_NE(*std::min_element(longest.begin() + 2, longest.end()),
            *std::max_element(longest.begin() + 2, longest.end()));
}

TEST_F(WebhookPlanTest, ASuccessEndsTheDoubling) {
  WebhookPlan plan(40, 1);
  const auto first = push(kAnya);
  const auto second = push(kAnya);
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(send(plan), ElementsAre(first));
    fail(plan, first);
    now_ += wait(plan) * 1000;
  }
  ASSERT_THAT(send(plan), ElementsAre(first));
  plan.done(first);
  ASSERT_THAT(send(plan), ElementsAre(second));
  fail(plan, second);
  EXPECT_EQ(wait(plan), 0);
}

TEST_F(WebhookPlanTest, RetryAfterIsObeyedExactlyUpToAnHour) {
  WebhookPlan plan(40, 1);
  const auto update = push(kAnya);
  for (const auto& [told, meant] :
       std::map<std::int64_t, std::int64_t>{{1, 1}, {3600, 3600}, {100'000, 3600}}) {
    for (int repeated = 0; repeated < 3; ++repeated) {
      ASSERT_THAT(send(plan), ElementsAre(update));
      ASSERT_TRUE(fail(plan, update, told));
      EXPECT_EQ(wait(plan), meant);
      now_ += meant * 1000;
    }
  }
  ASSERT_THAT(send(plan), ElementsAre(update));
  fail(plan, update, -5);
  EXPECT_EQ(wait(plan), 2) << "told nothing: the pauses that double begin";
}

TEST_F(WebhookPlanTest, AnUpdateThatWouldExpireBeforeTheNextAttemptIsGivenUp) {
  WebhookPlan plan(40, 1);
  const auto first = push(kAnya);
  const auto second = push(kAnya);
  ASSERT_THAT(send(plan), ElementsAre(first));
  EXPECT_TRUE(plan.failed(first, 10, now_ / 1000 + 10, now_));
  now_ += 10'000;
  ASSERT_THAT(send(plan), ElementsAre(first));
  EXPECT_FALSE(plan.failed(first, 10, now_ / 1000 + 9, now_));
  EXPECT_THAT(send(plan), ElementsAre(second));
}

TEST_F(WebhookPlanTest, AnAnswerIsAwaitedForAMinute) {
  WebhookPlan plan(40, 1);
  const auto update = push(kAnya);
  send(plan);
  EXPECT_EQ(wait(plan), 60);
  now_ += 59'999;
  EXPECT_THAT(plan.overdue(now_), ElementsAre());
  now_ += 1;
  EXPECT_THAT(plan.overdue(now_), ElementsAre(update));
}

TEST_F(WebhookPlanTest, ManyFailingChatsHoldUpTheOthers) {
  WebhookPlan plan(2, 1);
  std::vector<std::int64_t> failing;
  for (std::int64_t chat = 1; chat <= 4; ++chat) failing.push_back(push(chat));
  const auto healthy = push(5);
  for (int round = 0; round < 2; ++round) {
    for (const auto update : send(plan)) fail(plan, update, 100);
  }
  EXPECT_THAT(send(plan), ElementsAre()) << "four chats are looked at, twice max_connections";
  now_ += 100'000;
  std::vector<std::int64_t> taken;
  for (auto sent = send(plan); !sent.empty(); sent = send(plan)) {
    for (const auto update : sent) {
      plan.done(update);
      taken.push_back(update);
    }
  }
  EXPECT_THAT(taken, ElementsAre(failing[0], failing[1], failing[2], failing[3], healthy));
}

// Whatever fails whenever: each update is sent until it is taken, never two of a chat at once, and
// those of a chat in their order.
TEST_F(WebhookPlanTest, EveryUpdateIsTakenOnceAndInTheOrderOfItsChat) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::minstd_rand random(seed);
    queue_ = UpdateQueue();
    const std::size_t max = 1 + random() % 5;
    WebhookPlan plan(max, seed);
    std::map<std::int64_t, std::vector<std::int64_t>> pushed;
    std::map<std::int64_t, std::vector<std::int64_t>> taken;
    std::map<std::int64_t, std::int64_t> lane_of;
    std::vector<std::int64_t> sending;
    std::size_t left = 0;
    for (int step = 0; step < 300 || left > 0; ++step) {
      if (step < 300 && random() % 2 == 0) {
        const auto lane = static_cast<std::int64_t>(1 + random() % 7);
        const auto update = push(lane);
        pushed[lane].push_back(update);
        lane_of[update] = lane;
        ++left;
      }
      for (const auto update : send(plan)) {
        for (const auto other : sending) ASSERT_NE(lane_of[other], lane_of[update]);
        sending.push_back(update);
      }
      ASSERT_LE(sending.size(), max);
      if (sending.empty()) {
        if (left > 0) now_ = std::max(now_, plan.next_event().value());
        continue;
      }
      const std::size_t i = random() % sending.size();
      const auto update = sending[i];
      sending.erase(sending.begin() + static_cast<std::ptrdiff_t>(i));
      if (random() % 3 == 0) {
        ASSERT_TRUE(fail(plan, update, random() % 2));
      } else {
        plan.done(update);
        queue_.confirm_one(update);
        taken[lane_of[update]].push_back(update);
        --left;
      }
    }
    ASSERT_EQ(taken, pushed) << "seed " << seed;
    ASSERT_EQ(queue_.size(), 0u);
  }
}

// ---- what goes with it -------------------------------------------------------------------------

TEST(IdIntervals, JoinWhatTouchesInAnyOrder) {
  IdIntervals ids;
  EXPECT_EQ(ids.highest(), 0);
  ids.add(5, 5);
  ids.add(7, 7);
  ids.add(3, 3);
  EXPECT_THAT(ids.list(), ElementsAre(Pair(3, 3), Pair(5, 5), Pair(7, 7)));
  ids.add(6, 6);
  EXPECT_THAT(ids.list(), ElementsAre(Pair(3, 3), Pair(5, 7)));
  ids.add(4, 4);
  EXPECT_THAT(ids.list(), ElementsAre(Pair(3, 7)));
  ids.add(5, 6);
  EXPECT_THAT(ids.list(), ElementsAre(Pair(3, 7)));
  ids.add(10, 12);
  ids.add(1, 20);
  EXPECT_THAT(ids.list(), ElementsAre(Pair(1, 20)));
  EXPECT_EQ(ids.highest(), 20);
}

TEST(IdIntervals, AreWhatASetWouldBe) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    std::minstd_rand random(seed);
    IdIntervals ids;
    std::set<std::int64_t> expected;
    for (int i = 0; i < 100; ++i) {
      const auto first = static_cast<std::int64_t>(1 + random() % 60);
      const auto last = first + static_cast<std::int64_t>(random() % 4);
      ids.add(first, last);
      for (auto id = first; id <= last; ++id) expected.insert(id);
      std::set<std::int64_t> held;
      std::int64_t previous_last = -1;
      for (const auto& [from, to] : ids.list()) {
        ASSERT_GT(from, previous_last + 1) << "touching";
        previous_last = to;
        for (auto id = from; id <= to; ++id) held.insert(id);
      }
      ASSERT_EQ(held, expected) << "seed " << seed;
    }
  }
}

TEST(IdIntervals, ForgetTheLowestAboveTheirBound) {
  IdIntervals ids;
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(IdIntervals::kMaxIntervals); ++i) {
    ids.add(2 * i + 2, 2 * i + 2);
  }
  EXPECT_EQ(ids.list().size(), IdIntervals::kMaxIntervals);
  EXPECT_EQ(ids.list().begin()->first, 4);
}

TEST(UpdateQueue, ConfirmsOneByOneAnywhere) {
  UpdateQueue queue;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.push(1, 0, "{}"));
  const auto first = queue.head_id();
  queue.confirm_one(first + 2);
  queue.confirm_one(first + 3);
  queue.confirm_one(first);
  queue.confirm_one(first);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.head_id(), first + 1);
  EXPECT_EQ(queue.find(first + 2), nullptr);
  EXPECT_EQ(queue.find(first + 4)->id, first + 4);
  EXPECT_THAT(queue.confirmed().list(),
              ElementsAre(Pair(first, first), Pair(first + 2, first + 3)));
  queue.confirm(first + 5);
  EXPECT_THAT(queue.confirmed().list(), ElementsAre(Pair(first, first + 4)));
}

TEST(UpdateQueue, WhatIsForgottenOrExpiredIsNotConfirmed) {
  UpdateQueue queue;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.push(i == 1 ? 10 : 1000, 0, "{}"));
  const auto first = queue.head_id();
  queue.forget(first + 2);
  queue.expire(11);
  queue.confirm(first + 4);
  EXPECT_THAT(queue.confirmed().list(),
              ElementsAre(Pair(first, first), Pair(first + 3, first + 3)));
}

TEST(WebhookUrls, AreTakenApart) {
  const auto url = parse_webhook_url("HTTP://LocalHost:8080/Hook/1?a=b#c");
  ASSERT_TRUE(url.has_value());
  EXPECT_FALSE(url->is_https);
  EXPECT_EQ(url->host, "localhost");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/Hook/1?a=b");
  EXPECT_EQ(parse_webhook_url("http://[::1]:90")->host, "::1");
  EXPECT_EQ(parse_webhook_url("http://127.0.0.1")->port, 80);
  EXPECT_EQ(parse_webhook_url("example.org?x")->target, "/?x");
  EXPECT_TRUE(parse_webhook_url("example.org:8443/hook")->is_https);
}

TEST(WebhookUrls, MustBeHttpsOrThisMachine) {
  const auto error = [](std::string_view text) {
    const auto url = parse_webhook_url(text);
    return url.has_error() ? url.error().description : std::string();
  };
  for (const char* good :
       {"https://example.org", "https://example.org:88/x", "https://[1::2]:443/",
        "http://localhost:1/", "http://127.0.0.1:65535/x", "https://localhost:8080/"}) {
    EXPECT_EQ(error(good), "") << good;
  }
  for (const char* plain :
       {"http://example.org", "http://127.0.0.1.example.org/x", "http://10.0.0.1/x"}) {
    EXPECT_EQ(error(plain), "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        << plain;
  }
  EXPECT_EQ(error("https://example.org:8080/"),
            "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  for (const char* bad : {"ftp://example.org", "https://", "https:///x", "https://a:b/",
                          "https://a:0/", "https://a:65536/", "https://a b/", "https://[::1",
                          "https://me@a/", "https://a/\r\nX: y", "https://a:443x/"}) {
    EXPECT_EQ(error(bad), "Bad Request: invalid webhook URL specified") << bad;
  }
}

}  // namespace
}  // namespace telekv::emulator
