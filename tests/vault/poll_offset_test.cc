// What getUpdates is asked for.
#include "vault/poll_offset.h"

#include <gtest/gtest.h>

namespace telekv::vault {
namespace {

TEST(APollOffset, IsNotSentBeforeAPageIsDealtWith) {
  PollOffset offset;
  EXPECT_EQ(offset.send_once(), std::nullopt);
  offset.skip(5);
  EXPECT_EQ(offset.send_once(), std::nullopt) << "elements without an id move nothing";
}

TEST(APollOffset, StandsBehindTheLastPageAndMayGoDown) {
  PollOffset offset;
  offset.move_behind(std::int64_t{1} << 40);
  EXPECT_EQ(offset.send_once(), (std::int64_t{1} << 40) + 1);
  offset.skip(2);
  EXPECT_EQ(offset.send_once(), (std::int64_t{1} << 40) + 3);
  offset.move_behind(10);
  EXPECT_EQ(offset.send_once(), 11) << "Telegram chose its ids anew";
}

TEST(APollOffset, IsSentOnce) {
  PollOffset offset;
  offset.move_behind(7);
  EXPECT_EQ(offset.send_once(), 8);
  EXPECT_EQ(offset.send_once(), std::nullopt) << "ids may be drawn anew, also below it";
  EXPECT_EQ(offset.known(), 8);
}

TEST(APollOffset, SkipsOnlyWhatBeginsWhereItWasSent) {
  PollOffset offset;
  offset.move_behind(99);
  EXPECT_EQ(offset.send_once(), 100);
  offset.skip(2);
  EXPECT_EQ(offset.send_once(), 102) << "this poll fails";
  EXPECT_EQ(offset.send_once(), std::nullopt) << "and this one shows the two again";
  offset.skip(2);
  EXPECT_EQ(offset.send_once(), 102);
}

TEST(APollOffset, IsNeverNegative) {
  PollOffset offset;
  offset.move_behind(-5);
  EXPECT_EQ(offset.send_once(), 1);
  offset.move_behind(INT64_MAX);
  EXPECT_GT(offset.send_once(), 0);
}

}  // namespace
}  // namespace telekv::vault
