// The status page's numbers.
#include "bot/status_report.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "vault/virtual_clock.h"

namespace telekv::bot {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Report : public ::testing::Test {
 protected:
  Report() {
    facts_.users = 12;
    facts_.vault.base_bytes = 100;
    facts_.vault.delta_bytes = 20;
    facts_.vault.committed_at = clock_.unix_time().count() - 10;
  }

  json::object report(seconds after = seconds(0)) {
    return json::parse(status_json({.health = "ok",
                                    .unix_now = clock_.unix_time(),
                                    .now = clock_.now(),
                                    .running = seconds(90),
                                    .facts = &facts_,
                                    .sampler = &sampler_,
                                    .after = after}))
        .as_object();
  }
  void pass(minutes time) {
    vault::Event stopping(io_.get_executor());
    boost::asio::co_spawn(io_, sampler_.run(stopping), boost::asio::detached);
    clock_.run_for(io_, time);
    stopping.set();
    clock_.run_for(io_, seconds(0));
  }

  boost::asio::io_context io_;
  vault::VirtualClock clock_;
  StoreFacts facts_;
  Sampler sampler_{[this] { return facts_; }, clock_};
};

TEST_F(Report, SaysOnlyThatTheStoreIsBeingLoaded) {
  const json::object loading =
      json::parse(status_json({.health = "loading", .unix_now = seconds(1'790'000'000)}))
          .as_object();
  EXPECT_EQ(loading.at("health"), "loading");
  EXPECT_TRUE(loading.at("now").is_null());
  EXPECT_TRUE(loading.at("samples").as_array().empty());
}

TEST_F(Report, TellsWhatThereIsAndLeavesOpenWhatIsNotKnown) {
  const json::object now = report().at("now").as_object();
  EXPECT_EQ(now.at("users"), 12);
  EXPECT_EQ(now.at("running"), 90.0);
  EXPECT_EQ(now.at("saved_age"), 10);
  EXPECT_TRUE(now.at("verified_age").is_null());
  EXPECT_TRUE(now.at("save_seconds").is_null());
  EXPECT_TRUE(now.at("resident_bytes").is_null());
}

TEST_F(Report, TellsOfTheLastSave) {
  facts_.last_save =
      vault::CommitReport{.root_bytes = 30, .object_bytes = 12, .duration = milliseconds(250)};
  const json::object now = report().at("now").as_object();
  EXPECT_EQ(now.at("save_seconds"), 0.25);
  EXPECT_EQ(now.at("save_bytes"), 42);
}

TEST_F(Report, HasEverySampleAsARowOfTheColumns) {
  facts_.clicks = 7;
  pass(minutes(1));
  const json::object all = report();
  const json::array& columns = all.at("columns").as_array();
  const json::array& rows = all.at("samples").as_array();
  ASSERT_EQ(rows.size(), 1u);
  const json::array expected{
      clock_.unix_time().count(), 7, 12, 120, nullptr, 0.0, nullptr, nullptr};
  EXPECT_EQ(rows[0].as_array(), expected);
  EXPECT_EQ(columns.size(), expected.size());
  EXPECT_EQ(columns[0], "time");
  EXPECT_EQ(columns[3], "stored_bytes");
  EXPECT_EQ(all.at("so_far").as_array().size(), columns.size());
}

TEST_F(Report, LeavesOutTheSamplesThatAreKnown) {
  pass(minutes(3));
  EXPECT_EQ(report().at("samples").as_array().size(), 3u);
  EXPECT_EQ(report(clock_.unix_time() - seconds(60)).at("samples").as_array().size(), 1u);
  EXPECT_EQ(report(clock_.unix_time()).at("samples").as_array().size(), 0u);
}

}  // namespace
}  // namespace telekv::bot
