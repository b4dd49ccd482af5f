// A call may fail for good at any moment of any operation: its error is returned, nothing that was
// committed is lost, and the same process goes on when the reason has gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "world.h"

namespace telekv::vault {
namespace {

using Content = MapState::Content;

/// A chat, and the process whose operation is to fail.
struct Scene : World {
  Scene() {
    options.make_scratch = [] { return std::make_unique<MapState>(); };
    options.ladder.tail_bytes = 60;
    pace = {.records_per_step = 10, .records_per_chunk = 2};
  }

  /// The actor's place goes to a new process.
  void start() {
    actor = opened();
    actor->vault.note_witness();
  }
  void leave_it_to_another() {
    other = std::move(actor);
    actor = process();
  }
  void apply(int update) {
    actor->apply(update, update % 5, "value of update " + std::to_string(update));
  }
  void commit_updates(int first, int last) {
    for (int update = first; update <= last; ++update) {
      apply(update);
      (void)commit(*actor).value();
    }
  }
  void make_point() { (void)run(actor->vault.make_point(deadline())).value(); }
  MessageId newest_segment() const {
    const auto& segments = actor->vault.manifest().state().segments();
    return MessageId{segments[segments.size() - 1].message_id()};
  }

  /// What an opener finds.
  std::optional<Content> found() {
    SimChat afterwards = chat;
    const auto opener = process_in(afterwards);
    if (open(*opener)) return opener->state.content();
    return std::nullopt;
  }

  std::unique_ptr<Process> actor;
  std::unique_ptr<Process> other;
  std::vector<Content> allowed;  // what may be found after the failure
};

struct Operation {
  std::string name;
  std::function<void(Scene&)> prepare;
  std::function<Result<void>(Scene&)> run;
  bool repeatable = true;  ///< by the same process, after a failure
};

template <class T>
Result<void> without_value(const Result<T>& result) {
  return result ? Result<void>{} : Result<void>(result.error());
}

Result<void> open_again(Scene& scene) { return without_value(scene.open(*scene.actor)); }
Result<void> commit_again(Scene& scene) { return without_value(scene.commit(*scene.actor)); }
Result<void> settle_gap(Scene& scene) {
  return without_value(scene.run(scene.actor->vault.resolve_gap(scene.deadline())));
}

/// Base, segments, a history of points and two predecessors; a new process is to open it.
void leave_a_long_chain(Scene& scene) {
  scene.start();
  scene.commit_updates(1, 3);
  (void)scene.run(scene.actor->vault.write_base(scene.deadline()));
  scene.make_point();
  scene.commit_updates(4, 9);
  scene.start();
  scene.make_point();
  scene.commit_updates(10, 12);
  scene.allowed = {scene.actor->state.content()};
  scene.leave_it_to_another();
}

void leave_a_broken_chain(Scene& scene) {
  scene.start();
  scene.commit_updates(1, 3);
  scene.make_point();
  const Content point = scene.actor->state.content();
  scene.commit_updates(4, 9);
  scene.chat.overwrite(scene.newest_segment(), "garbage");
  scene.allowed = {point};
  scene.leave_it_to_another();
}

void prepare_a_full_commit(Scene& scene) {
  scene.start();
  scene.commit_updates(1, 8);
  scene.start();
  (void)scene.run(scene.actor->vault.write_base(scene.deadline()));
  scene.allowed = {scene.actor->state.content()};
  for (int update = 9; update <= 12; ++update) scene.apply(update);
  scene.actor->state.erase(1);
  scene.allowed.push_back(scene.actor->state.content());
}

/// The actor was shown no pin: it does not know of the longer history, and the queue tells it.
void hide_a_longer_history(Scene& scene) {
  scene.start();
  scene.commit_updates(1, 4);
  const Content longer = scene.actor->state.content();
  const MessageId hidden = scene.actor->vault.root();
  scene.chat.unpin(hidden);
  scene.chat.set_pointer(std::nullopt);
  scene.options.when_absent = WhenAbsent::kStartEmpty;
  scene.other = std::move(scene.actor);
  scene.actor = scene.opened();
  scene.chat.pin(hidden);
  scene.allowed = {longer, Content{}};
}

std::vector<Operation> operations() {
  return {
      {"Open", leave_a_long_chain, open_again},
      {"Read", leave_a_long_chain,
       [](Scene& scene) {
         return without_value(scene.run(scene.actor->vault.read(scene.deadline())));
       }},
      {"OpenABrokenChain", leave_a_broken_chain, open_again},
      {"OpenAChosenPoint",
       [](Scene& scene) {
         leave_a_broken_chain(scene);
         scene.options.start_from_point = 1;
         scene.actor = scene.process();
       },
       open_again},
      {"Commit", prepare_a_full_commit, commit_again},
      {"CommitAsABase",
       [](Scene& scene) {
         scene.options.delta_bound_records = 2;
         prepare_a_full_commit(scene);
       },
       commit_again},
      {"Rotation",
       [](Scene& scene) {
         scene.options.root_age = std::chrono::seconds(0);
         prepare_a_full_commit(scene);
       },
       commit_again},
      {"Base",
       [](Scene& scene) {
         leave_a_long_chain(scene);
         scene.start();
       },
       [](Scene& scene) { return scene.run(scene.actor->vault.write_base(scene.deadline())); }},
      {"Drill",
       [](Scene& scene) {
         leave_a_long_chain(scene);
         scene.start();
       },
       [](Scene& scene) { return scene.run(scene.actor->vault.drill(scene.deadline())); }},
      {"Restore",
       [](Scene& scene) {
         scene.start();
         scene.commit_updates(1, 4);
         scene.make_point();
         scene.allowed = {scene.actor->state.content()};
         scene.commit_updates(5, 7);
         scene.allowed.push_back(scene.actor->state.content());
       },
       [](Scene& scene) {
         return without_value(scene.run(scene.actor->vault.restore(1, scene.deadline())));
       }},
      // Its own candidate may stay pinned, which then looks like another writer's: it ends, and its
      // successor goes on.
      {"GapWithALongerHistory", hide_a_longer_history, settle_gap, false},
      {"GapUnderAForeignPin",
       [](Scene& scene) {
         leave_a_long_chain(scene);
         scene.actor = scene.opened();
         scene.chat.pin(scene.other->vault.root());
         scene.chat.pin(scene.chat.send_text());
       },
       settle_gap},
  };
}

/// Whether the operation made as many calls as that: the `number`-th one has failed.
bool fail_at(const Operation& operation, std::uint64_t number) {
  SCOPED_TRACE(operation.name + ", call " + std::to_string(number));
  Scene scene;
  operation.prepare(scene);
  std::uint64_t made = 0;
  scene.actor->channel.on_call = [&](const Call&) {
    if (made++ != number) return Fault{};
    return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnauthorized, "no"}};
  };
  const Result<void> done = operation.run(scene);
  if (!done) {
    EXPECT_EQ(done.error().code, ErrorCode::kUnauthorized) << describe(done.error());
  }
  const std::optional<Content> found = scene.found();
  EXPECT_TRUE(found) << "nothing can be restored";
  if (found) {
    EXPECT_NE(std::find(scene.allowed.begin(), scene.allowed.end(), *found), scene.allowed.end());
  }
  if (!done && operation.repeatable) {
    const Result<void> again = operation.run(scene);
    EXPECT_TRUE(again) << describe(again.error());
  }
  return made > number;
}

class VaultFailure : public testing::TestWithParam<Operation> {};

TEST_P(VaultFailure, AtAnyCallIsReturnedAndLosesNothing) {
  std::uint64_t calls = 0;
  while (fail_at(GetParam(), calls) && !HasFailure()) ++calls;
  EXPECT_GT(calls, 0U);
}

// What it held shows as lost; the process goes on with what it has.
TEST(AGap, AfterALongerHistoryThatDoesNotVerifyIsAcceptedAndTold) {
  for (const bool gone : {false, true}) {
    Scene scene;
    std::string told;
    scene.options.on_note = [&told](const Note& note) { told += note.text + "\n"; };
    hide_a_longer_history(scene);
    const auto& segments = scene.other->vault.manifest().state().segments();
    ASSERT_FALSE(segments.empty());
    const MessageId segment{segments[0].message_id()};
    const std::string file = scene.chat.find(segment)->file_id;
    if (!gone) scene.chat.overwrite(segment, "garbage");
    scene.actor->channel.on_call = [&](const Call& call) {
      if (!gone || call.document != file) return Fault{};
      return Fault{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kNotFound, "gone"}};
    };
    const auto outcome = scene.run(scene.actor->vault.resolve_gap(scene.deadline()));
    ASSERT_TRUE(outcome) << describe(outcome.error());
    EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
    EXPECT_NE(told.find("cannot be restored"), std::string::npos) << told;
    EXPECT_EQ(scene.actor->state.content(), Content{});
  }
}

INSTANTIATE_TEST_SUITE_P(Of, VaultFailure, testing::ValuesIn(operations()),
                         [](const auto& operation) { return operation.param.name; });

}  // namespace
}  // namespace telekv::vault
