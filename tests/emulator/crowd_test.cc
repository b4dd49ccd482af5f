// Simulated people: who writes, how many wait, and what is reported of the answers.
#include "emulator/crowd.h"

#include <gtest/gtest.h>

#include <map>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr PersonId kFirst = 1000;

struct People : testing::Test {
  People() {
    for (PersonId id = kFirst; id < kFirst + 100; ++id) {
      telegram.world.put_person({id, "Аня", "", "", ""}).value();
    }
    World::Observer observer;
    observer.bot_wrote = [this](BotId, ChatId chat) { crowd->note_answer(chat, now); };
    telegram.world.set_observer(std::move(observer));
  }

  void start(CrowdPlan plan) {
    crowd.emplace(telegram.world, kBot, std::move(plan), now);
    write();
  }

  void write() { crowd->write(now, telegram.now); }

  // What people have written since, by person.
  std::map<PersonId, std::string> take_written() {
    std::map<PersonId, std::string> written;
    const PollPlan plan = telegram.world.plan_poll(telegram.bot, {.offset = offset}, telegram.now);
    for (const QueuedUpdate* each : telegram.world.poll(telegram.bot, plan, telegram.now)) {
      const boost::json::value update = boost::json::parse(each->json);
      offset = update.at("update_id").as_int64() + 1;
      const auto& message = update.at("message");
      const PersonId person = message.at("chat").at("id").as_int64();
      const bool is_first = written.emplace(person, message.at("text").as_string()).second;
      EXPECT_TRUE(is_first);
    }
    return written;
  }

  // Everybody says the same, all with the two that every test's Telegram has.
  static CrowdPlan closed_loop(std::uint32_t waiting, seconds time) {
    CrowdPlan plan;
    plan.people = 102;
    plan.says = {{"Клик", 1}};
    plan.waiting = waiting;
    plan.time = time;
    return plan;
  }
  static CrowdPlan open_loop(double per_second, seconds time) {
    CrowdPlan plan = closed_loop(0, time);
    plan.per_second = per_second;
    return plan;
  }

  Telegram telegram;
  std::optional<Crowd> crowd;
  Crowd::Instant now{};
  std::int64_t offset = 0;
};

TEST_F(People, InAClosedLoopAnAnswerLetsTheNextOneWrite) {
  start(closed_loop(5, seconds(60)));
  auto written = take_written();
  EXPECT_EQ(written.size(), 5u);
  EXPECT_EQ(crowd->report().waiting, 5u);
  now += milliseconds(7);
  telegram.send(written.begin()->first, "Кликов: 1");
  EXPECT_EQ(crowd->report().waiting, 4u);
  write();
  EXPECT_EQ(take_written().size(), 1u);
  const CrowdReport report = crowd->report();
  EXPECT_EQ(report.written, 6u);
  EXPECT_EQ(report.answers, 1u);
  EXPECT_EQ(report.elapsed, milliseconds(7));
  EXPECT_GE(report.latency->at(0.5), 7'000'000u);
  EXPECT_LE(report.latency->at(0.5), 7'120'000u);
}

TEST_F(People, InAnOpenLoopAnAnswerIsMeasuredFromWhenItsMessageWasDue) {
  start(open_loop(100, seconds(1)));
  now += milliseconds(100);
  write();
  const auto written = take_written();
  EXPECT_EQ(written.size(), 10u);
  for (const auto& [person, text] : written) telegram.send(person, "Кликов: 1");
  EXPECT_EQ(crowd->report().latency->max(), 90'000'000u);  // the first was due after 10
  now += seconds(10);                                      // beyond its end
  write();
  EXPECT_EQ(crowd->report().written + crowd->report().skipped, 100u);
}

TEST_F(People, WhoWaitsDoesNotWriteAgain) {
  start(open_loop(1000, seconds(1)));
  now += seconds(1);
  write();
  EXPECT_LE(take_written().size(), 102u);
  EXPECT_EQ(crowd->report().waiting, crowd->report().written);
  EXPECT_EQ(crowd->report().written + crowd->report().skipped, 1000u);
  EXPECT_GT(crowd->report().skipped, 0u);
}

TEST_F(People, AnAnswerThatDoesNotComeIsCountedAndThePlaceIsFree) {
  start(closed_loop(3, seconds(600)));
  const auto first = take_written();
  now += Crowd::kPatience - milliseconds(1);
  write();
  EXPECT_EQ(crowd->report().unanswered, 0u);
  now += milliseconds(1);
  write();
  EXPECT_EQ(crowd->report().unanswered, 3u);
  EXPECT_EQ(crowd->report().waiting, 3u);
  EXPECT_EQ(crowd->report().written, 6u);
}

TEST_F(People, TheLongestGapIsThatBetweenTwoAnswers) {
  start(closed_loop(3, seconds(60)));
  const auto written = take_written();
  auto person = written.begin();
  now += milliseconds(500);  // before the first answer: no gap
  telegram.send((person++)->first, "1");
  now += milliseconds(30);
  telegram.send((person++)->first, "1");
  now += milliseconds(20);
  telegram.send((person++)->first, "1");
  EXPECT_EQ(crowd->report().longest_gap, milliseconds(30));
}

TEST_F(People, IsOverWhenItsTimeIsAndNobodyWaits) {
  start(closed_loop(1, seconds(2)));
  const auto written = take_written();
  now += seconds(2);
  EXPECT_FALSE(crowd->is_over(now));
  telegram.send(written.begin()->first, "Кликов: 1");
  write();
  EXPECT_TRUE(crowd->is_over(now));
  EXPECT_TRUE(take_written().empty());
}

TEST_F(People, FewWriteMuch) {
  start(closed_loop(1, seconds(3600)));
  std::map<PersonId, int> times;
  for (int i = 0; i < 2000; ++i) {
    for (const auto& [person, text] : take_written()) {
      ++times[person];
      telegram.send(person, "Кликов: 1");
    }
    write();
  }
  std::vector<int> counts;
  for (const auto& [person, count] : times) counts.push_back(count);
  std::sort(counts.rbegin(), counts.rend());
  EXPECT_GT(times.size(), 80u);  // nearly everybody does
  EXPECT_GT(counts[0], 200);     // log(2) / log(103) of 2000 are 299
  EXPECT_LT(counts[0], 400);
  EXPECT_GT(counts[0], counts[9] * 4);
}

TEST_F(People, SayWhatThePlanSaysAndNewcomersStart) {
  CrowdPlan plan = closed_loop(1, seconds(9));
  plan.says = {{"Клик", 0.5}, {"Рейтинг", 0.25}};
  plan.newcomers = 0.25;
  start(plan);
  std::map<std::string, int> times;
  for (int i = 0; i < 400; ++i) {
    for (const auto& [person, text] : take_written()) {
      ++times[text];
      EXPECT_EQ(text == "/start", person > 5'000'000'000 && person != kAnya && person != kAdmin);
      telegram.send(person, "ok");
    }
    write();
  }
  EXPECT_NEAR(times["Клик"], 200, 50);
  EXPECT_NEAR(times["Рейтинг"], 100, 50);
  EXPECT_NEAR(times["/start"], 100, 50);
}

TEST_F(People, WhoCannotWriteIsSkipped) {
  for (const PersonId id : telegram.world.people_in_order()) {
    telegram.world.open_chat(telegram.bot, id);
    telegram.world.set_blocked(telegram.bot, id, true, telegram.now).value();
  }
  start(closed_loop(4, seconds(9)));
  EXPECT_EQ(crowd->report().skipped, 1u) << "the other places are tried when an answer comes";
  EXPECT_EQ(crowd->report().waiting, 0u);
}

TEST_F(People, WhatIsDueIsWrittenBitByBitAndTooLateNotAtAll) {
  constexpr std::uint64_t kDue = 100'000;
  start(open_loop(kDue, seconds(1)));
  now += seconds(1);
  write();
  EXPECT_EQ(crowd->report().written + crowd->report().skipped, Crowd::kMostAtOnce);
  for (const auto& [person, text] : take_written()) telegram.send(person, "ok");
  EXPECT_FALSE(crowd->is_over(now)) << "most of it is still due";
  now += Crowd::kPatience - milliseconds(500);
  write();
  EXPECT_EQ(crowd->report().written + crowd->report().skipped, kDue / 2 + Crowd::kMostAtOnce);
  now += milliseconds(500);
  write();
  EXPECT_EQ(crowd->report().written + crowd->report().skipped, kDue);
  now += Crowd::kPatience;
  write();
  EXPECT_TRUE(crowd->is_over(now));
}

TEST_F(People, AnOpenLoopIsNotOverBeforeItsLastMessage) {
  start(open_loop(10, seconds(1)));
  now += milliseconds(999);
  write();
  for (const auto& [person, text] : take_written()) telegram.send(person, "ok");
  now += milliseconds(1);
  EXPECT_FALSE(crowd->is_over(now));
  write();
  EXPECT_EQ(crowd->report().written, 10u);
}

TEST(LatencyHistogram, TellsNoLessThanWasRecordedAndLittleMore) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.at(0.5), 0u);
  for (std::uint64_t value = 1; value < 1'000'000'000'000; value = value * 9 / 8 + 1) {
    LatencyHistogram one;
    one.record(value);
    one.record(std::uint64_t{1} << 62);
    EXPECT_GE(one.at(0.5), value);
    EXPECT_LE(one.at(0.5), value + value / 64);
  }
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.at(0.5), 50u);
  EXPECT_EQ(histogram.at(0.99), 99u);
  EXPECT_EQ(histogram.at(1), 100u);
  EXPECT_EQ(histogram.max(), 100u);
}

}  // namespace
}  // namespace telekv::emulator
