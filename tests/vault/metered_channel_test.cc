// What goes through the vault's channel is counted.
#include "vault/metered_channel.h"

#include <gtest/gtest.h>

#include <memory>

#include "world.h"

namespace telekv::vault {
namespace {

using std::chrono::seconds;

struct Metered : World, testing::Test {
  SimChannel inner{chat, 1};
  MeteredChannel channel{inner, clock};

  Document document(std::size_t bytes) {
    return {.name = "x", .caption = {}, .bytes = std::make_shared<const Bytes>(bytes, 'x')};
  }
  void answer(Fault fault) {
    inner.on_call = [fault](const Call&) { return fault; };
  }
};

TEST_F(Metered, CountsCallsAndBytesBothWays) {
  const auto posted = run(channel.post(document(100)));
  ASSERT_TRUE(posted);
  ASSERT_TRUE(run(channel.replace(posted->id, document(40))));
  const auto file = run(channel.look_up(posted->id));
  ASSERT_TRUE(file);
  ASSERT_EQ(run(channel.fetch(*file, 1000)).value().size(), 40u);
  ASSERT_TRUE(run(channel.pin(posted->id)));
  EXPECT_EQ(run(channel.pinned()).value()->id, posted->id);
  const ChannelCounters counters = channel.counters();
  EXPECT_EQ(counters.calls, 6u);
  EXPECT_EQ(counters.failed, 0u);
  EXPECT_EQ(counters.uploaded_bytes, 140u);
  EXPECT_EQ(counters.downloaded_bytes, 40u);
}

TEST_F(Metered, CountsAnUploadOfUnknownOutcomeButNoRefusedOne) {
  answer({.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "away"}});
  (void)run(channel.post(document(100)));
  answer({.kind = Fault::Kind::kUnknownNever});
  (void)run(channel.post(document(7)));
  EXPECT_EQ(channel.counters().failed, 2u);
  EXPECT_EQ(channel.counters().uploaded_bytes, 7u);
}

TEST_F(Metered, TellsHowLongCallsTook) {
  inner.on_call = [this](const Call&) {
    clock.advance(seconds(3));
    return Fault{};
  };
  (void)run(channel.pinned());
  (void)run(channel.pinned());
  EXPECT_EQ(channel.counters().in_calls, seconds(6));
}

TEST_F(Metered, CountsTimeInPenaltiesOnceAndNotAhead) {
  const auto penalty = [this](std::uint32_t wait_s) {
    answer({.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRateLimited, "wait", "", wait_s}});
    (void)run(channel.pinned());
  };
  penalty(10);
  EXPECT_EQ(channel.counters().in_penalties, seconds(0)) << "it has only begun";
  clock.advance(seconds(4));
  EXPECT_EQ(channel.counters().in_penalties, seconds(4));
  penalty(16);
  clock.advance(seconds(100));
  EXPECT_EQ(channel.counters().in_penalties, seconds(20));
  EXPECT_EQ(channel.counters().penalties, 2u);
}

TEST_F(Metered, CountsNoPenaltyWithinAnother) {
  for (const std::uint32_t wait_s : {10u, 3u}) {
    answer({.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRateLimited, "wait", "", wait_s}});
    (void)run(channel.set_pointer(MessageId{1}));
  }
  clock.advance(seconds(100));
  EXPECT_EQ(channel.counters().in_penalties, seconds(10));
  EXPECT_EQ(channel.counters().penalties, 2u);
}

TEST_F(Metered, CountsEveryKindOfCallAndNoBytesThatDidNotCome) {
  const auto posted = run(channel.post(document(5)));
  ASSERT_TRUE(posted);
  ASSERT_TRUE(run(channel.set_pointer(posted->id)));
  EXPECT_EQ(run(channel.pointer()).value(), posted->id);
  ASSERT_TRUE(run(channel.unpin(posted->id)));
  ASSERT_TRUE(run(channel.recycle(posted->id)));
  answer({.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kNotFound, "gone"}});
  EXPECT_FALSE(run(channel.fetch(posted->file, 1000)));
  EXPECT_EQ(channel.counters().calls, 6u);
  EXPECT_EQ(channel.counters().failed, 1u);
  EXPECT_EQ(channel.counters().downloaded_bytes, 0u);
}

}  // namespace
}  // namespace telekv::vault
