// Another key for everything in the chat: what it leaves, what it tells, and what others meet.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rekey_world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

TEST(VaultRekey, NothingInTheChatStaysReadableUnderTheOldKey) {
  RekeyWorld world;
  const Result<RekeyReport> done = world.rekey(world.chat);
  ASSERT_TRUE(done) << describe(done.error());
  EXPECT_TRUE(done->left.empty());
  EXPECT_EQ(done->records, world.content.size());
  for (const auto& [id, message] : world.chat.messages()) {
    EXPECT_TRUE(opens(new_sealer(), world.chat.document(id))) << message.name;
  }
  world.expect_new_key(world.chat);

  auto next = world.process_with(new_sealer());
  ASSERT_TRUE(world.open(*next));
  next->vault.note_witness();
  next->apply(100, 100, "life goes on");
  world.make_point(*next);
  EXPECT_EQ(world.found(world.chat, new_sealer()), next->state.content());
}

TEST(VaultRekey, TakesAlongWhatManyReignsHaveLeft) {
  for (const bool deletable : {true, false}) {
    RekeyWorld world;
    for (int reign = 0; reign < 8; ++reign) {
      auto process = world.opened();
      for (int i = 1; i <= 6; ++i) {
        process->apply(100 + 10 * reign + i, i, "record " + std::to_string(i));
        world.commit_all(*process);
      }
      world.content = process->state.content();
    }
    if (!deletable) {
      world.clock.advance(SimChat::kDeletable + std::chrono::hours(1));
      world.chat.now = world.clock.now();
    }
    // A slot that the operator has deleted is no hindrance.
    SimChannel::Hook remove_one = [&world, gone = false](const Call& call) mutable {
      if (!overwrites(call) || gone) return Fault{};
      gone = true;
      world.chat.remove(call.message);
      return Fault{};
    };
    const Result<RekeyReport> done = world.rekey(world.chat, remove_one);
    ASSERT_TRUE(done) << describe(done.error());
    EXPECT_TRUE(done->left.empty());
    EXPECT_EQ(RekeyWorld::open_to_the_old_key(world.chat), std::vector<std::string>());
    world.expect_new_key(world.chat);
  }
}

TEST(VaultRekey, TouchesNothingOfTheOldKeyBeforeTheNewOneIsInForce) {
  RekeyWorld world;
  const SimChat before = world.chat;
  std::optional<SimChat> at_the_switch;
  int pins = 0;
  const auto look = [&](const Call& call) {
    const Bytes* root = call.kind == CallKind::kPin ? &world.chat.document(call.message) : nullptr;
    if (root != nullptr && opens(new_sealer(), *root)) {
      if (++pins == 1) at_the_switch = world.chat;
    }
    return Fault{};
  };
  ASSERT_TRUE(world.rekey(world.chat, look));
  ASSERT_TRUE(at_the_switch);
  for (const auto& [id, message] : before.messages()) {
    const SimChat::Message* now = at_the_switch->find(id);
    ASSERT_NE(now, nullptr) << message.name;
    EXPECT_EQ(now->file_id, message.file_id) << message.name;
  }
}

TEST(VaultRekey, TellsWhatTelegramNeitherEditsNorDeletes) {
  for (const bool deletable : {true, false}) {
    RekeyWorld world;
    std::set<MessageId> refused;
    const auto refuse = [&](const Call& call) {
      const Fault no{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kRejected, "no"}};
      if (overwrites(call) && refused.size() < 2) refused.insert(call.message);
      if (overwrites(call) && refused.contains(call.message)) return no;
      const bool deletes = call.kind == CallKind::kRecycle && refused.contains(call.message);
      return deletes && !deletable ? no : Fault{};
    };
    const Result<RekeyReport> done = world.rekey(world.chat, refuse);
    ASSERT_TRUE(done) << describe(done.error());
    ASSERT_EQ(refused.size(), 2U);
    const std::set<MessageId> left(done->left.begin(), done->left.end());
    EXPECT_EQ(left, deletable ? std::set<MessageId>() : refused);
    EXPECT_EQ(RekeyWorld::open_to_the_old_key(world.chat).size(), left.size());
    world.expect_new_key(world.chat);
  }
}

TEST(VaultRekey, TellsToKeepBothKeysOnceTheNewOneIsInForce) {
  RekeyWorld world;
  bool in_force = false;
  const auto penalty = [&](const Call& call) {
    if (call.kind == CallKind::kPin)
      in_force = opens(new_sealer(), world.chat.document(call.message));
    if (!in_force || call.kind == CallKind::kPin) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse,
                 .error = {ErrorCode::kRateLimited, "Too Many Requests", "", 400}};
  };
  const Result<RekeyReport> done = world.rekey(world.chat, penalty);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kRateLimited);
  EXPECT_NE(done.error().message.find("the new key is in force"), std::string::npos);
  EXPECT_NE(done.error().hint.find("keep both keys"), std::string::npos);
  EXPECT_TRUE(world.noted("keep both")) << "whoever is killed here has been told before";
  world.expect_new_key(world.chat);
}

TEST(VaultRekey, GoesOnFromTheLongestHistoryWhateverTheChatShows) {
  RekeyWorld world;
  const MessageId longer = *world.chat.shown_pin();
  world.chat.unpin(longer);
  world.chat.set_pointer(std::nullopt);
  world.options.when_absent = WhenAbsent::kStartEmpty;
  (void)world.opened();
  world.chat.pin(longer);
  world.options.when_absent = WhenAbsent::kStartEmptyIfProven;
  const Result<RekeyReport> done = world.rekey(world.chat);
  ASSERT_TRUE(done) << describe(done.error());
  world.expect_new_key(world.chat);
}

TEST(VaultRekey, LeavesOneRootAfterEditsWithoutAnAnswer) {
  RekeyWorld world;
  int edits = 0;
  const auto no_answer = [&](const Call& call) {
    const bool completes =
        call.kind == CallKind::kReplace && opens(new_sealer(), world.chat.document(call.message));
    const bool lost = completes && ++edits <= 3;
    return Fault{.kind = lost ? Fault::Kind::kUnknownNever : Fault::Kind::kNone};
  };
  ASSERT_TRUE(world.rekey(world.chat, no_answer));
  const auto& messages = world.chat.messages();
  EXPECT_EQ(std::count_if(messages.begin(), messages.end(),
                          [](const auto& each) { return is_root(each.second); }),
            1);
}

TEST(VaultRekey, TellsWhenTheRegisterHasBeenTurnedBack) {
  RekeyWorld world;
  const MessageId older = *world.chat.shown_pin();
  std::optional<MessageId> fresh;
  const auto turn_back = [&](const Call& call) {
    if (call.kind == CallKind::kPin) fresh = call.message;
    if (world.chat.pointer() == fresh && call.kind == CallKind::kPinned &&
        opens(new_sealer(), world.chat.document(*fresh))) {
      world.chat.set_pointer(older);
    }
    return Fault{};
  };
  const Result<RekeyReport> done = world.rekey(world.chat, turn_back);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("the new key is in force"), std::string::npos);
  world.expect_new_key(world.chat);
}

TEST(VaultRekey, OverwritesNothingMoreOnceAnotherOneHasTakenTheVaultOver) {
  RekeyWorld world;
  int overwritten = 0;
  const auto take_over = [&](const Call& call) {
    if (overwrites(call) && ++overwritten == 1) {
      auto root = std::make_shared<const Bytes>("of another process");
      world.chat.pin(world.chat.send(std::string(kRootName), std::move(root)));
    }
    return Fault{};
  };
  const Result<RekeyReport> done = world.rekey(world.chat, take_over);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kSuperseded);
  EXPECT_EQ(overwritten, 1);
}

TEST(VaultRekey, AnOverwritingThatLandsLateHitsNothingOfTheNextTwoWriters) {
  RekeyWorld world;
  ASSERT_TRUE(world.rekey(world.chat, overwriting_lands_late()));
  world.expect_that_nothing_lands_on_the_next_two();
}

}  // namespace
}  // namespace telekv::vault
