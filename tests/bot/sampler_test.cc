// A day of samples.
#include "bot/sampler.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "vault/virtual_clock.h"

namespace telekv::bot {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ADay : public ::testing::Test {
 protected:
  ADay() {
    facts_.clicks = 1000;
    sampler_.emplace([this] { return facts_; }, clock_);
    boost::asio::co_spawn(io_, sampler_->run(stopping_), boost::asio::detached);
    pass(seconds(0));
  }
  ~ADay() override {
    stopping_.set();
    pass(seconds(0));
  }

  void pass(vault::Clock::Duration time) { clock_.run_for(io_, time); }
  const Sample& newest() { return sampler_->samples().back(); }

  vault::VirtualClock clock_;
  boost::asio::io_context io_;
  vault::Event stopping_{io_.get_executor()};
  StoreFacts facts_;
  std::optional<Sampler> sampler_;
};

TEST_F(ADay, HasASampleAMinute) {
  pass(seconds(59));
  EXPECT_TRUE(sampler_->samples().empty());
  pass(seconds(1));
  ASSERT_EQ(sampler_->samples().size(), 1u);
  EXPECT_EQ(newest().unix_time, clock_.unix_time());
  pass(minutes(9));
  EXPECT_EQ(sampler_->samples().size(), 10u);
  EXPECT_EQ(newest().unix_time - sampler_->samples().front().unix_time, minutes(9));
}

TEST_F(ADay, ForgetsWhatIsOlder) {
  facts_.users = 1;
  pass(hours(24));
  facts_.users = 2;
  ASSERT_EQ(sampler_->samples().size(), Sampler::kKept);
  EXPECT_EQ(sampler_->samples().front().users, 1u);
  pass(hours(24));
  ASSERT_EQ(sampler_->samples().size(), Sampler::kKept);
  EXPECT_EQ(sampler_->samples().front().users, 2u);
}

TEST_F(ADay, CountsClicksWithinTheMinute) {
  facts_.clicks += 5;
  pass(seconds(30));
  EXPECT_EQ(sampler_->so_far().clicks, 5u);
  facts_.clicks += 2;
  pass(seconds(30));
  EXPECT_EQ(newest().clicks, 7u);
  EXPECT_EQ(sampler_->so_far().clicks, 0u);
  pass(minutes(1));
  EXPECT_EQ(newest().clicks, 0u);
}

TEST_F(ADay, ShowsTheWorstOfAMinute) {
  facts_.vault.unsaved_since = clock_.now();
  pass(seconds(22));
  facts_.vault.unsaved_since.reset();
  sampler_->note_saved({.root_bytes = 10, .duration = milliseconds(900)});
  sampler_->note_saved({.root_bytes = 10, .duration = milliseconds(300)});
  EXPECT_EQ(sampler_->so_far().unsaved_age, seconds(20)) << "at the last look before the save";
  pass(seconds(38));
  EXPECT_EQ(newest().unsaved_age, seconds(20));
  EXPECT_EQ(newest().longest_save, milliseconds(900));
  pass(minutes(1));
  EXPECT_EQ(newest().unsaved_age, seconds(0));
  EXPECT_FALSE(newest().longest_save);
}

TEST_F(ADay, IsNotToldOfASaveThatHadNothingToSave) {
  sampler_->note_saved({.root_bytes = 0, .duration = milliseconds(300)});
  EXPECT_FALSE(sampler_->so_far().longest_save);
}

TEST_F(ADay, TellsHowLongACallToTheChatTakes) {
  EXPECT_FALSE(sampler_->so_far().mean_chat_call);
  facts_.channel.calls += 4;
  facts_.channel.in_calls += seconds(2);
  pass(minutes(1));
  EXPECT_EQ(newest().mean_chat_call, milliseconds(500));
  pass(minutes(1));
  EXPECT_FALSE(newest().mean_chat_call);
}

TEST_F(ADay, KeepsTheSizes) {
  facts_.users = 3;
  facts_.vault.base_bytes = 100;
  facts_.vault.delta_bytes = 20;
  facts_.resident_bytes = 9000;
  pass(minutes(1));
  EXPECT_EQ(newest().users, 3u);
  EXPECT_EQ(newest().stored_bytes, 120u);
  EXPECT_EQ(newest().resident_bytes, 9000u);
}

}  // namespace
}  // namespace telekv::bot
