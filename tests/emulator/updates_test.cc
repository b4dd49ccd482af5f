// The queue of updates: confirmation, odd offsets, repetition, expiry, filters.
#include <gtest/gtest.h>

#include "emulator/telegram.h"

namespace telekv::emulator {
namespace {

std::vector<std::int64_t> ids(const boost::json::array& updates) {
  std::vector<std::int64_t> result;
  for (const auto& update : updates) result.push_back(update.at("update_id").as_int64());
  return result;
}

// `count` messages by Anya; the id of the first update.
std::int64_t write(Telegram& telegram, int count) {
  const std::int64_t first = telegram.bot.queue.next_id();
  for (int i = 0; i < count; ++i) {
    telegram.world.person_sends(telegram.bot, kAnya, "Клик", telegram.now).value();
  }
  return first;
}

boost::json::array poll(Telegram& telegram, std::int64_t offset, std::int64_t limit = 100) {
  telegram.pass(10);  // out of the reach of the rules about repeated calls
  return telegram.updates({.offset = offset, .limit = limit});
}

TEST(GetUpdates, ReturnsFromTheEarliestUnconfirmed) {
  Telegram telegram;
  const auto first = write(telegram, 3);
  EXPECT_EQ(ids(poll(telegram, 0)), (std::vector{first, first + 1, first + 2}));
  EXPECT_EQ(ids(poll(telegram, first + 1)), (std::vector{first + 1, first + 2}));
  EXPECT_EQ(ids(poll(telegram, 0)), (std::vector{first + 1, first + 2}))
      << "the first is confirmed";
  EXPECT_EQ(telegram.bot.queue.highest_confirmed(), first);
}

TEST(GetUpdates, ANegativeOffsetKeepsOnlyTheLast) {
  Telegram telegram;
  const auto first = write(telegram, 5);
  EXPECT_EQ(ids(poll(telegram, -2)), (std::vector{first + 3, first + 4}));
  EXPECT_EQ(telegram.bot.queue.size(), 2u);
  EXPECT_EQ(poll(telegram, -50).size(), 2u);
}

TEST(GetUpdates, IgnoresAnOffsetFarInTheFutureOrThePast) {
  Telegram telegram;
  const auto first = write(telegram, 2);
  EXPECT_EQ(poll(telegram, first + 2 + 11).size(), 2u);
  EXPECT_EQ(poll(telegram, first - 200'000).size(), 2u);
  EXPECT_EQ(poll(telegram, first + 2 + 10).size(), 0u) << "ten ahead still confirms everything";
}

TEST(GetUpdates, ClampsLimitAndTimeout) {
  Telegram telegram;
  write(telegram, 150);
  EXPECT_EQ(poll(telegram, 0, 1000).size(), 100u);
  EXPECT_EQ(poll(telegram, 0, -5).size(), 1u);
  telegram.pass(10);
  EXPECT_EQ(telegram.world.plan_poll(telegram.bot, {.timeout_s = 3600}, telegram.now).timeout_s,
            50);
}

TEST(GetUpdates, SlowsDownARepeatedOffset) {
  Telegram telegram;
  const auto plan = [&](std::int64_t offset) {
    return telegram.world.plan_poll(telegram.bot, {.offset = offset}, telegram.now);
  };
  EXPECT_EQ(plan(7).timeout_s, 0);
  telegram.now += 499;
  EXPECT_EQ(plan(7).limit, 1u);
  telegram.now += 2999;
  EXPECT_EQ(plan(7).timeout_s, 3);
  EXPECT_EQ(plan(8).timeout_s, 0) << "another offset is no repetition";
  telegram.now += 3000;
  EXPECT_EQ(plan(8).timeout_s, 0);
}

TEST(GetUpdates, CutsTheAnswerAtFourMebibytes) {
  UpdateQueue queue;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(queue.push(1, 0, std::string(500'000, 'x')));
  EXPECT_EQ(queue.read(100).size(), 9u);
}

TEST(UpdateQueue, RefusesWhatIsOverItsBounds) {
  UpdateQueue queue;
  EXPECT_FALSE(queue.push(1, 0, std::string(UpdateQueue::kMaxUpdateBytes + 1, 'x')));
  while (queue.push(1, 0, std::string(UpdateQueue::kMaxUpdateBytes, 'x'))) {
  }
  EXPECT_EQ(queue.size(), 256u) << "128 MiB";
}

TEST(Updates, MessagesLiveADayAndTaps150Seconds) {
  Telegram telegram;
  const auto message = std::stoi(telegram.send(kAnya, "x"));
  telegram.world.person_taps(telegram.bot, kAnya, message, "c", telegram.now).value();
  write(telegram, 1);
  telegram.pass(150);
  EXPECT_EQ(telegram.updates({.offset = 1}).size(), 2u);
  telegram.pass(1);
  EXPECT_EQ(telegram.updates({.offset = 2}).size(), 1u);
  telegram.pass(86400 - 151);
  EXPECT_EQ(telegram.updates({.offset = 3}).size(), 1u);
  telegram.pass(1);
  EXPECT_EQ(telegram.updates({.offset = 4}).size(), 0u);
}

TEST(Updates, AllowedUpdatesPersist) {
  Telegram telegram;
  telegram.updates({.allowed_updates = 1u << 4});  // callback_query
  EXPECT_EQ(write(telegram, 1), telegram.bot.queue.next_id()) << "kept out";
  telegram.updates({});
  write(telegram, 1);
  EXPECT_EQ(telegram.bot.queue.size(), 0u);
  telegram.updates({.allowed_updates = kDefaultUpdates});
  write(telegram, 1);
  EXPECT_EQ(telegram.bot.queue.size(), 1u);
}

TEST(Updates, BlockingIsToldAsMembership) {
  Telegram telegram;
  telegram.world.set_blocked(telegram.bot, kAnya, true, telegram.now).value();
  const auto change = telegram.updates()[0].at("my_chat_member");
  EXPECT_EQ(change.at("old_chat_member").at("status").as_string(), "member");
  EXPECT_EQ(change.at("new_chat_member").at("status").as_string(), "kicked");
}

TEST(Updates, CarryCommandsInUtf16Units) {
  Telegram telegram;
  telegram.world.person_sends(telegram.bot, kAnya, "𝕏 /start", telegram.now).value();
  const auto entity = telegram.updates()[0].at("message").at("entities").as_array()[0];
  EXPECT_EQ(entity, boost::json::parse(R"({"offset":3,"length":6,"type":"bot_command"})"));
}

TEST(Updates, RawOnesAreQueuedByteForByte) {
  Telegram telegram;
  const auto id = telegram.world.queue_raw_update(telegram.bot, "\xFF[", telegram.now);
  EXPECT_EQ(telegram.bot.queue.updates().front().json,
            "{\"update_id\":" + std::to_string(id) + ",\xFF[");
}

TEST(Tokens, AreCheckedAsTheServerChecksThem) {
  World world(0);
  const std::string secret(35, 'a');
  EXPECT_TRUE(world.authorize("18014398509481983:" + secret).has_value());
  for (const std::string& token :
       {"18014398509481984:" + secret, "1:" + std::string(23, 'a'), "x:" + secret, secret,
        "-1:" + secret, "1:" + std::string(80, 'a'), "1:" + std::string(30, '!'), std::string()}) {
    EXPECT_EQ(world.authorize(token).error().description, "Unauthorized: invalid token specified")
        << token;
  }
  EXPECT_TRUE(world.authorize("1:" + secret).has_value());
  EXPECT_EQ(world.authorize("1:" + std::string(35, 'b')).error().description, "Unauthorized");
}

}  // namespace
}  // namespace telekv::emulator
