#include "emulator/flood_control.h"

#include <gtest/gtest.h>

namespace telekv::emulator {
namespace {

constexpr BotId kBot = 1;
constexpr ChatId kPerson = 7;
constexpr ChatId kGroup = -100;

TEST(FloodControl, OffRefusesNothing) {
  FloodControl off(FloodKind::kOff);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(off.charge(kBot, kPerson, 0), 0u);
}

TEST(FloodControl, RealLetsABurstIntoAChatAndThenOneASecond) {
  FloodControl real(FloodKind::kReal);
  TimeMs now = 1'000'000;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(real.charge(kBot, kPerson, now), 0u) << i;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(real.charge(kBot, kPerson, now += 1000), 0u) << i;
  EXPECT_EQ(real.charge(kBot, kPerson, now), 5u);
  EXPECT_EQ(real.charge(kBot, kPerson + 1, now), 0u) << "another chat goes on";
  EXPECT_EQ(real.charge(kBot + 1, kPerson, now), 0u) << "so does another bot";
}

TEST(FloodControl, ACallInsideAPenaltyDoublesWhatIsLeft) {
  FloodControl real(FloodKind::kReal);
  const TimeMs now = 1'000'000;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(real.charge(kBot, kPerson, now), 0u);
  EXPECT_EQ(real.charge(kBot, kPerson, now), 5u);
  EXPECT_EQ(real.charge(kBot, kPerson, now), 10u);
  EXPECT_EQ(real.charge(kBot, kPerson, now + 9999), 1u);
  EXPECT_EQ(real.charge(kBot, kPerson, now + 20'000), 0u);
}

TEST(FloodControl, AGroupTakesTwentyAMinuteAndABotThirtyASecond) {
  FloodControl real(FloodKind::kReal);
  TimeMs now = 1'000'000;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(real.charge(kBot, kGroup, now), 0u);
  EXPECT_EQ(real.charge(kBot, kGroup, now), 30u);
  now += 60'000;
  for (int i = 0; i < 30; ++i) ASSERT_EQ(real.charge(kBot, 1000 + i, now), 0u);
  EXPECT_EQ(real.charge(kBot, 2000, now), 5u);
}

TEST(FloodControl, GentleTakesTenTimesAsMuchAndDoublesNothing) {
  FloodControl gentle(FloodKind::kGentle);
  const TimeMs now = 1'000'000;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(gentle.charge(kBot, kPerson, now), 0u) << i;
  EXPECT_EQ(gentle.charge(kBot, kPerson, now), 5u);
  EXPECT_EQ(gentle.charge(kBot, kPerson, now), 5u);
}

TEST(FloodControl, ChargesWhatWritesIntoAChat) {
  for (const char* name : {"sendMessage", "sendDocument", "sendChatAction", "editMessageMedia",
                           "forwardMessage", "copyMessage", "deleteMessage", "pinChatMessage"}) {
    EXPECT_TRUE(FloodControl::is_charged(name)) << name;
  }
  for (const char* name : {"getChat", "getUpdates", "setMyCommands", "deleteMyCommands",
                           "deleteWebhook", "answerCallbackQuery"}) {
    EXPECT_FALSE(FloodControl::is_charged(name)) << name;
  }
}

}  // namespace
}  // namespace telekv::emulator
