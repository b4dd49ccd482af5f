// Saves that players bring forward, over the real saver and vault on a simulated chat.
#include "bot/early_saves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "bot/post.h"
#include "vault/world.h"

namespace telekv::bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct SomePlayers : vault::World, ::testing::Test {
  ~SomePlayers() override {
    stopping.set();
    clock.run(context);
  }

  void start(vault::Clock::Duration interval) {
    saver.emplace(process->vault, clock, process->random, context.get_executor(), stopping,
                  vault::SaverOptions{.interval = interval},
                  vault::SaverEvents{.saved = [this](const vault::CommitReport&) { ++saves; }});
    begin(saver->run(), saver_end);
    early.emplace(*saver, clock, outbox, context.get_executor());
  }
  void pass(vault::Clock::Duration time) { clock.run_for(context, time); }

  void register_one() {
    change();
    early->save_soon();
  }
  void forget(std::int64_t who, std::string text) {
    change();
    early->save_soon_and_tell(
        {.chat = telegram::ChatId{who}, .text = std::move(text), .to = telegram::UserId{who}});
  }
  void change() {
    ++updates;
    process->apply(updates, updates % 10, std::to_string(updates));
  }

  vault::Event stopping{context.get_executor()};
  std::unique_ptr<vault::Process> process = opened();
  Post post{clock};
  telegram::Api api{post, test_token()};
  vault::SeededRandom jitter{1};
  telegram::FloodBudget budget{clock, telegram::FloodLimits::none()};
  telegram::Outbox outbox{api, budget, clock, jitter, context.get_executor()};
  std::optional<vault::Saver> saver;
  std::optional<EarlySaves> early;
  std::optional<Result<void>> saver_end;
  int saves = 0;
  std::int64_t updates = 0;
};

TEST_F(SomePlayers, WhoRegistersDoesNotWaitForTheInterval) {
  start(std::chrono::hours(1));
  register_one();
  pass(seconds(1));
  EXPECT_EQ(saves, 1);
  EXPECT_EQ(process->vault.unsaved_records(), 0u);
}

TEST_F(SomePlayers, WhoLeavesIsToldOnceThatIsSaved) {
  start(std::chrono::hours(1));
  process->channel.on_call =
      vault::nth(vault::CallKind::kReplace, 1,
                 {.kind = vault::Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "no"}});
  forget(5, "deleted");
  pass(milliseconds(500));
  EXPECT_THAT(post.texts(), IsEmpty());
  EXPECT_GT(process->vault.unsaved_records(), 0u);
  pass(seconds(10));
  EXPECT_THAT(post.texts(), ElementsAre("deleted"));
  EXPECT_EQ(process->vault.unsaved_records(), 0u);
}

TEST_F(SomePlayers, AreToldNothingWhenTheRunEndsBefore) {
  start(std::chrono::hours(1));
  process->channel.on_call = [](const vault::Call& call) {
    if (call.kind != vault::CallKind::kReplace) return vault::Fault{};
    return vault::Fault{.kind = vault::Fault::Kind::kRefuse,
                        .error = {ErrorCode::kUnavailable, "no"}};
  };
  forget(5, "deleted");
  pass(seconds(2));
  stopping.set();
  pass(seconds(60));
  EXPECT_THAT(post.texts(), IsEmpty());
}

TEST_F(SomePlayers, AreToldWhenTheLastSaveOfTheRunHoldsIt) {
  start(std::chrono::hours(1));
  forget(5, "deleted");
  pass(seconds(1));
  forget(6, "deleted, too");
  pass(milliseconds(100));
  stopping.set();
  pass(seconds(1));
  ASSERT_TRUE(saver_end && *saver_end);
  EXPECT_THAT(post.texts(), ElementsAre("deleted"));
  early->tell_the_rest();
  pass(seconds(60));
  EXPECT_THAT(post.texts(), ElementsAre("deleted", "deleted, too"));
}

// They have no time to wait for the last save, too.
TEST_F(SomePlayers, AreToldWhenTheRunEndsWhileTheSaveBeforeTheLastFails) {
  start(std::chrono::hours(1));
  process->channel.on_call = [this](const vault::Call& call) {
    if (call.kind != vault::CallKind::kReplace || stopping.is_set()) return vault::Fault{};
    stopping.set();
    return vault::Fault{.kind = vault::Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
  };
  forget(5, "deleted");
  pass(seconds(1));
  ASSERT_TRUE(saver_end && *saver_end);
  early->tell_the_rest();
  pass(seconds(60));
  EXPECT_THAT(post.texts(), ElementsAre("deleted"));
}

// Somebody registers, confirms /forget and begins anew, as fast as a client can; or many do.
TEST_F(SomePlayers, CostNoMoreSavesThanTheIntervalHoweverManyTheyAre) {
  const vault::Clock::Duration interval = vault::SaverOptions{}.interval;
  start(interval);
  constexpr seconds kFlood{300};
  for (int i = 0; i < kFlood / milliseconds(100); ++i) {
    register_one();
    forget(i % 7, std::to_string(i));
    pass(milliseconds(100));
  }
  const auto of_the_interval = kFlood / interval;
  EXPECT_GE(saves, of_the_interval);
  EXPECT_LE(saves, of_the_interval + of_the_interval / 20 + 1);
  const std::size_t told = post.calls.size();
  EXPECT_GT(told, 7u * 50);
  EXPECT_LE(told, 7u * static_cast<std::size_t>(saves)) << "the newest to each person";
}

TEST_F(SomePlayers, DoNotForceSavesWhereTheIntervalIsLong) {
  start(std::chrono::hours(1));
  for (int i = 0; i < 600; ++i) {
    register_one();
    pass(milliseconds(100));
  }
  EXPECT_LE(saves, 60'000 / EarlySaves::kApart.count() + 1);
}

TEST_F(SomePlayers, WaitToBeToldInABoundedNumber) {
  start(std::chrono::hours(1));
  const auto people = static_cast<std::int64_t>(EarlySaves::kMaxWaiting);
  for (std::int64_t who = 1; who <= people + 5; ++who) forget(who, "deleted");
  forget(1, "again");
  pass(seconds(5));
  EXPECT_EQ(post.calls.size(), EarlySaves::kMaxWaiting);
  const std::vector<std::string> texts = post.texts();
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "again"), 1);
}

}  // namespace
}  // namespace telekv::bot
