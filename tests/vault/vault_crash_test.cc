// A process may die at every single call, before or after its effect: the next opener restores
// what the last successful commit held, or what a later one was about to write, never a mixture.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "world.h"

namespace telekv::vault {
namespace {

/// What a process did until it died.
struct Course {
  std::vector<MapState::Content> contents;  // what each commit was to make durable
  std::size_t committed = 0;                // of these, how far success was reported
  std::uint64_t calls = 0;
};

constexpr int kCommits = 14;

/// Opens and commits; bases are written on the way, and one edit in the middle is ambiguous.
/// `die` adds the crash.
Course live(World& world, const SimChannel::Hook& die, Fault::Kind ambiguity) {
  auto process = world.process();
  int edits = 0;
  process->channel.on_call = [&](const Call& call) {
    Fault fault = die(call);
    if (fault.kind != Fault::Kind::kNone) return fault;
    const bool ambiguous = call.kind == CallKind::kReplace && ++edits == 7;
    return Fault{.kind = ambiguous ? ambiguity : Fault::Kind::kNone};
  };
  Course course;
  const auto opened = world.open(*process);
  course.contents.push_back(process->state.content());
  for (int i = 1; opened && i <= kCommits; ++i) {
    const auto number = std::int64_t{1000} + i;
    process->apply(number, i % 5, "value of update " + std::to_string(number));
    if (i % 4 == 0) process->state.erase((i + 2) % 5);
    course.contents.push_back(process->state.content());
    if (!world.commit(*process)) break;
    course.committed = course.contents.size() - 1;
  }
  course.calls = process->channel.calls();
  return course;
}

struct Scenario : World {
  Scenario() {
    options.ladder.tail_bytes = 60;
    pace = {.records_per_step = 2, .records_per_chunk = 2};
  }
};

void expect_a_state_of(const Course& course, const SimChat& chat, const std::string& where) {
  World world;
  SimChat copy = chat;
  auto next = world.process_in(copy);
  const auto opened = world.open(*next);
  ASSERT_TRUE(opened) << where << ": " << describe(opened.error());
  const auto from = course.contents.begin() + static_cast<std::ptrdiff_t>(course.committed);
  EXPECT_NE(std::find(from, course.contents.end(), next->state.content()), course.contents.end())
      << where;
  next->apply(5000, 99, "life goes on");
  ASSERT_TRUE(world.commit(*next)) << where;
}

class VaultCrash : public testing::TestWithParam<Fault::Kind> {};

TEST_P(VaultCrash, AtEveryCallLeavesTheLastCommitOrALaterOne) {
  const auto never = [](const Call&) { return Fault{}; };
  Scenario whole;
  const Course longest = live(whole, never, GetParam());
  ASSERT_EQ(longest.committed, static_cast<std::size_t>(kCommits)) << "the scenario itself works";
  ASSERT_GT(longest.calls, 40u);

  for (std::uint64_t moment = 0; moment < longest.calls; ++moment) {
    for (const auto kind : {Fault::Kind::kCrashBefore, Fault::Kind::kCrashAfter}) {
      Scenario world;
      const auto die = [moment, kind](const Call& call) {
        return Fault{.kind = call.number == moment ? kind : Fault::Kind::kNone};
      };
      const Course course = live(world, die, GetParam());
      const std::string where = "crash at call " + std::to_string(moment) +
                                (kind == Fault::Kind::kCrashAfter ? ", after" : ", before");
      expect_a_state_of(course, world.chat, where);
      world.chat.release_late();
      expect_a_state_of(course, world.chat, where + ", late edit landed");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(WithAnEdit, VaultCrash,
                         testing::Values(Fault::Kind::kUnknownDone, Fault::Kind::kUnknownLate,
                                         Fault::Kind::kUnknownNever),
                         [](const auto& edit) {
                           switch (edit.param) {
                             case Fault::Kind::kUnknownDone:
                               return "Done";
                             case Fault::Kind::kUnknownLate:
                               return "Late";
                             default:
                               return "Lost";
                           }
                         });

}  // namespace
}  // namespace telekv::vault
