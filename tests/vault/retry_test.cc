// How long a call that fails is tried again, and what whoever waits is told.
#include "vault/retry.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "world.h"

namespace telekv::vault {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Retry : public ::testing::Test {
 protected:
  /// A call that answers `error` until `until` has passed.
  Result<int> try_until(Clock::Duration until, const Error& error, Patience patience) {
    const Clock::Time works_at = world.clock.now() + until;
    const auto call = [&]() -> Channel::Async<int> {
      if (world.clock.now() < works_at) co_return error;
      co_return 7;
    };
    return world.run(retry(patience, OnUnknown::kRepeat, call));
  }
  Patience patience() {
    Patience patience{&world.clock, &random, world.deadline(minutes(10))};
    patience.on_waiting = &on_waiting;
    return patience;
  }

  World world;
  SeededRandom random{1};
  std::vector<std::string> told;
  const std::function<void(const Error&)> on_waiting = [this](const Error& error) {
    told.push_back(still_trying(error));
  };
  const Error outage{ErrorCode::kUnavailable, "no route"};
  const Error penalty{ErrorCode::kRateLimited, "too many", "wait", 90};
};

TEST_F(Retry, ShortFailuresAreNobodysBusiness) {
  EXPECT_EQ(try_until(seconds(1), outage, patience()).value(), 7);
  EXPECT_TRUE(told.empty());
}

TEST_F(Retry, WhatTakesLongIsToldOnce) {
  EXPECT_EQ(try_until(minutes(3), outage, patience()).value(), 7);
  EXPECT_EQ(told, std::vector<std::string>{"still trying: no route"});
}

TEST_F(Retry, APenaltyIsToldBeforeItIsWaitedOut) {
  EXPECT_EQ(try_until(seconds(1), penalty, patience()).value(), 7);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(Retry, ACallThatKeepsFailingIsGivenUpBeforeTheDeadline) {
  Patience short_of = patience();
  short_of.failing_for = seconds(60);
  const Clock::Time began = world.clock.now();
  EXPECT_EQ(try_until(minutes(5), outage, short_of).error().code, ErrorCode::kUnavailable);
  EXPECT_LE(world.clock.now() - began, seconds(60));
  EXPECT_GE(world.clock.now() - began, seconds(20));
}

TEST_F(Retry, APenaltyIsNoFailureThatCounts) {
  Patience short_of = patience();
  short_of.failing_for = seconds(60);
  EXPECT_EQ(try_until(seconds(1), penalty, short_of).value(), 7);
}

}  // namespace
}  // namespace telekv::vault
