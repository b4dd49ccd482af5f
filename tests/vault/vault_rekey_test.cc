// Another key for everything in the chat, and an edit of the root that gets no answer meanwhile.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "restore_world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

void fill(MapState& state, const Content& content) {
  for (const auto& [key, value] : content) state.put(key, value);
  (void)state.take_changes();
}

TEST(VaultRekey, NothingInTheChatStaysReadableUnderTheOldKey) {
  RestoreWorld world;
  for (int reign = 0; reign < 3; ++reign) {
    auto process = world.opened();
    process->vault.note_witness();
    for (int i = 1; i <= 6; ++i) {
      process->apply(10 * reign + i, i, "record " + std::to_string(i));
      world.make_point(*process);
    }
  }
  auto tool = world.opened();
  const Content content = tool->state.content();
  MapState copy;
  fill(copy, content);
  const auto report = world.run(tool->vault.rekey(new_sealer(), copy, world.deadline()));
  ASSERT_TRUE(report) << describe(report.error());

  for (const auto& [id, message] : world.chat.messages()) {
    const Bytes& object = world.chat.document(id);
    EXPECT_EQ(test_sealer().open(Sealer::peek(object).value(), object).error().code,
              ErrorCode::kWrongKey)
        << message.name;
  }
  auto old_key = world.process();
  EXPECT_EQ(world.open(*old_key).error().code, ErrorCode::kWrongKey);
  auto next = world.process_with(new_sealer());
  ASSERT_TRUE(world.open(*next));
  EXPECT_EQ(next->state.content(), content);
  next->vault.note_witness();
  next->apply(100, 100, "life goes on");
  world.make_point(*next);
  auto last = world.process_with(new_sealer());
  ASSERT_TRUE(world.open(*last));
  EXPECT_EQ(last->state.content(), next->state.content());
}

TEST(VaultRekey, TakesAlongWhatManyReignsHaveLeft) {
  for (const bool deletable : {true, false}) {
    RestoreWorld world;
    for (int reign = 0; reign < 8; ++reign) {
      auto process = world.opened();
      for (int i = 1; i <= 6; ++i) {
        process->apply(10 * reign + i, i, "record " + std::to_string(i));
        world.commit_all(*process);
      }
    }
    if (!deletable) {
      world.clock.advance(SimChat::kDeletable + std::chrono::hours(1));
      world.chat.now = world.clock.now();
    }
    auto tool = world.opened();
    // A slot that the operator has deleted is no hindrance.
    for (const auto& [id, message] : world.chat.messages()) {
      if (message.name.find("segment") == std::string::npos) continue;
      world.chat.remove(id);
      break;
    }
    const Content content = tool->state.content();
    MapState copy;
    fill(copy, content);
    const auto report = world.run(tool->vault.rekey(new_sealer(), copy, world.deadline()));
    ASSERT_TRUE(report) << describe(report.error());
    for (const auto& [id, message] : world.chat.messages()) {
      const Bytes& object = world.chat.document(id);
      EXPECT_TRUE(new_sealer().open(Sealer::peek(object).value(), object)) << message.name;
    }
  }
}

struct RekeyWorld : RestoreWorld {
  RekeyWorld() {
    copy.put(1, "one");
    (void)copy.take_changes();
  }
  /// A rekeying whose edit of the root gets no answer.
  Result<CommitReport> rekey_without_answer(Process& tool, const std::function<void()>& then = {}) {
    tool.apply(1, 1, "one");
    int edits = 0;
    tool.channel.on_call = [this, &tool, &edits, then](const Call& call) {
      const bool root = call.kind == CallKind::kReplace && call.message == tool.vault.root();
      if (!root || ++edits != 2) return Fault{};
      if (then) then();
      return Fault{.kind = Fault::Kind::kUnknownNever};
    };
    Result<CommitReport> report = run(tool.vault.rekey(new_sealer(), copy, deadline()));
    tool.channel.on_call = nullptr;
    return report;
  }
  MapState copy;
};

TEST(VaultRekey, AfterAnEditWithoutAnAnswerTheRootMoves) {
  RekeyWorld world;
  auto tool = world.opened();
  const MessageId before = tool->vault.root();
  const auto report = world.rekey_without_answer(*tool);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_GT(tool->vault.root(), before);
  EXPECT_EQ(world.chat.find(before), nullptr) << "it may be under the old key";
  auto next = world.process_with(new_sealer());
  ASSERT_TRUE(world.open(*next));
  EXPECT_EQ(next->state.content(), (Content{{1, "one"}}));
}

TEST(VaultRekey, SaysThatTheOutcomeIsUnknownWhenTheRootCannotMove) {
  RekeyWorld world;
  const MessageId older = world.opened()->vault.root();
  auto tool = world.opened();
  const auto report = world.rekey_without_answer(*tool, [&] { world.chat.set_pointer(older); });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kOutcomeUnknown);
}

}  // namespace
}  // namespace telekv::vault
