// The ring: which message may be written, over reigns and hostile input.
#include "vault/ring.h"

#include <gtest/gtest.h>

namespace telekv::vault {
namespace {

MessageId id(std::int64_t value) { return MessageId{value}; }

Ring reparsed(const Ring& ring) {
  format::Ring stored;
  ring.write(stored);
  return Ring::parse(stored).value();
}

TEST(Ring, AReignWritesOnlyWhatItPostedUntilItsBankComesRoundAgain) {
  Ring ring;
  ring.add(id(5));
  EXPECT_EQ(ring.free_slot({}), id(5));
  for (int reign = 1; reign <= 3; ++reign) {
    Ring next;
    next.succeed(reparsed(ring));
    ring = next;
    EXPECT_EQ(ring.free_slot({}), reign < 3 ? std::nullopt : std::optional(id(5)));
  }
}

TEST(Ring, NamedAndAbandonedSlotsAreNotFree) {
  Ring ring;
  for (const std::int64_t slot : {1, 2, 3}) ring.add(id(slot));
  EXPECT_EQ(ring.free_slot({id(1)}), id(2));
  ring.abandon(id(2));
  EXPECT_EQ(ring.free_slot({id(1)}), id(3));
  ring.remove(id(3));
  EXPECT_EQ(ring.free_slot({id(1)}), std::nullopt);
  EXPECT_EQ(ring.slots(), 2u);
}

TEST(Ring, WhatIsFrozenWaitsForTwoMoreTakeOvers) {
  Ring ring;
  ring.add_frozen(id(9));
  Ring second;
  second.succeed(ring);
  EXPECT_EQ(second.free_slot({}), std::nullopt);
  Ring third;
  third.succeed(second);
  EXPECT_EQ(third.free_slot({}), id(9));
}

TEST(Ring, WhatIsGatheredWaitsForTheBankOfThisReign) {
  Ring ring;
  for (const std::int64_t slot : {1, 2, 3}) {
    ring.add(id(slot));
    Ring next;
    next.succeed(ring);
    ring = next;
  }
  ring.gather();
  EXPECT_EQ(ring.slots(), 3u);
  EXPECT_EQ(ring.free_slot({id(1), id(3)}), id(2));
  for (int reign = 1; reign <= 3; ++reign) {
    Ring next;
    next.succeed(reparsed(ring));
    ring = next;
    EXPECT_EQ(ring.free_slot({}), reign < 3 ? std::nullopt : std::optional(id(1)));
  }
}

TEST(Ring, AReignThatAbsorbsAnotherLeavesThatOnesBankAlone) {
  Ring other;
  other.add(id(1));
  Ring mine = other;
  mine.keep_clear_of(other);
  EXPECT_EQ(mine.free_slot({}), std::nullopt) << "an edit of the other's may land late";
  mine.add(id(2));
  mine.keep_clear_of(other);
  EXPECT_EQ(mine.free_slot({}), id(2)) << "its own bank is another already";
}

TEST(Ring, OtherRootsTeachSlotsAndNeverMoveKnownOnes) {
  Ring mine;
  mine.add(id(1));
  Ring other;
  other.succeed(Ring());
  other.add(id(1));
  other.add(id(2));
  mine.merge(other);
  EXPECT_EQ(mine.slots(), 2u);
  EXPECT_EQ(mine.free_slot({}), id(1));
  EXPECT_EQ(mine.free_slot({id(1)}), std::nullopt) << "2 is another bank's";
}

TEST(Ring, AMessageHasOnePlace) {
  Ring ring;
  ring.add_frozen(id(1));
  ring.add(id(1));
  EXPECT_EQ(ring.slots(), 1u);
  EXPECT_EQ(ring.free_slot({}), std::nullopt) << "it is frozen still";
}

TEST(Ring, HostileRingsAreRefused) {
  format::Ring backwards;
  backwards.add_banks()->add_id_steps(7);
  backwards.mutable_banks(0)->add_id_steps(0);
  format::Ring twice;
  twice.add_banks()->add_id_steps(7);
  twice.add_banks()->add_id_steps(7);
  format::Ring overflow;
  overflow.add_banks()->add_id_steps(INT64_MAX);
  overflow.mutable_banks(0)->add_id_steps(1);
  format::Ring banks;
  for (std::size_t i = 0; i <= Ring::kBanks; ++i) banks.add_banks();
  format::Ring written;
  written.set_written(Ring::kBanks);
  format::Ring large;
  large.add_banks();
  for (std::size_t i = 0; i <= Ring::kMaxSlots; ++i) large.mutable_banks(0)->add_id_steps(1);
  for (const format::Ring& ring : {backwards, twice, overflow, banks, written, large}) {
    EXPECT_EQ(Ring::parse(ring).error().code, ErrorCode::kDamaged)
        << ring.ShortDebugString().substr(0, 100);
  }
  EXPECT_TRUE(Ring::parse(format::Ring()));
}

}  // namespace
}  // namespace telekv::vault
