// A change of the key may fail or die at any call: one of the two keys opens the newest state at
// every moment, whatever lands late, and doing it again with the same two keys finishes it.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "rekey_world.h"

namespace telekv::vault {
namespace {

using Kind = Fault::Kind;
using Content = MapState::Content;

struct Trouble {
  friend void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }
  std::string name;
  /// What happens to the call that is so many calls after the one it begins with.
  std::function<Fault(std::uint64_t after, const Call& call)> at;
};

Fault refuse(ErrorCode code) {
  return {.kind = Kind::kRefuse,
          .error = {code, "no", "", code == ErrorCode::kRateLimited ? 5U : 0U}};
}

Trouble once(std::string name, Fault fault) {
  return {std::move(name), [fault](std::uint64_t after, const Call& /*call*/) {
            return after == 0 ? fault : Fault{};
          }};
}

/// The same, and then nothing any more: killed, or an outage that outlives the tool.
Trouble then(std::string name, Fault first, Fault rest) {
  return {std::move(name),
          [=](std::uint64_t after, const Call& /*call*/) { return after == 0 ? first : rest; }};
}

/// From then on nothing can be pinned, say because the right to do so has been taken away.
Trouble no_more_pins() {
  return {"NoMorePins", [](std::uint64_t /*after*/, const Call& call) {
            return call.kind == CallKind::kPin ? refuse(ErrorCode::kRejected) : Fault{};
          }};
}

std::vector<Trouble> troubles() {
  const Fault death{.kind = Kind::kCrashBefore};
  const Fault outage = refuse(ErrorCode::kUnavailable);
  return {
      once("DiesBefore", death),
      once("DiesAfter", {.kind = Kind::kCrashAfter}),
      once("Penalty", refuse(ErrorCode::kRateLimited)),
      once("ServerError", outage),
      once("Refusal", refuse(ErrorCode::kUnauthorized)),
      once("Rejection", refuse(ErrorCode::kRejected)),
      once("NoAnswerNoEffect", {.kind = Kind::kUnknownNever}),
      once("NoAnswer", {.kind = Kind::kUnknownDone}),
      once("NoAnswerYet", {.kind = Kind::kUnknownLate}),
      once("NoAnswerSoon", {.kind = Kind::kUnknownLate, .late_after = 6}),
      then("PenaltyWithoutEnd", refuse(ErrorCode::kRateLimited), refuse(ErrorCode::kRateLimited)),
      then("Outage", outage, outage),
      then("NoAnswerThenOutage", {.kind = Kind::kUnknownDone}, outage),
      then("NoAnswerYetThenOutage", {.kind = Kind::kUnknownLate}, outage),
      then("NoAnswerYetThenDeath", {.kind = Kind::kUnknownLate}, death),
      no_more_pins()};
}

/// Counts the calls of a command, which may be made by two processes.
SimChannel::Hook from_call(std::uint64_t first, const Trouble& trouble, std::uint64_t& calls) {
  return [first, &trouble, &calls](const Call& call) {
    const std::uint64_t number = calls++;
    return number < first ? Fault{} : trouble.at(number - first, call);
  };
}

SimChat with_late_effects(SimChat chat) {
  chat.release_late();
  return chat;
}

class VaultRekeyFaults : public testing::TestWithParam<Trouble> {};

TEST_P(VaultRekeyFaults, AtAnyCallLeaveOneKeyInForceAndARunThatFinishes) {
  RekeyWorld world;
  bool reached = true;
  for (std::uint64_t first = 0; reached && !HasFailure(); ++first) {
    SCOPED_TRACE("call " + std::to_string(first));
    SimChat chat = world.chat;
    std::uint64_t calls = 0;
    const Result<RekeyReport> done = world.rekey(chat, from_call(first, GetParam(), calls));
    reached = calls > first;
    const std::string said = done ? "done" : describe(done.error());
    SCOPED_TRACE(said);
    for (const SimChat& after : {chat, with_late_effects(chat)}) {
      world.expect_one_key(after);
      if (done) world.expect_new_key(after);
      const bool died = !done && done.error().code == ErrorCode::kCancelled;
      if (!done && !died && said.find("in force") == std::string::npos) {
        EXPECT_EQ(world.found(after, test_sealer()), world.content) << "nothing was said of this";
      }
      SimChat finished = after;
      const Result<RekeyReport> again = world.rekey(finished);
      ASSERT_TRUE(again) << describe(again.error());
      EXPECT_TRUE(again->left.empty());
      EXPECT_EQ(RekeyWorld::open_to_the_old_key(finished), std::vector<std::string>());
      world.expect_new_key(finished);
      world.expect_new_key(with_late_effects(finished));
    }
  }
}

/// Runs the command while late effects land at one of its calls, and it dies at another one.
/// Whether it came so far.
bool rekey_and_die(RekeyWorld& world, SimChat chat, std::uint64_t landing, std::uint64_t death) {
  SCOPED_TRACE("lands at call " + std::to_string(landing) + ", dies at call " +
               std::to_string(death));
  std::uint64_t calls = 0;
  const auto hook = [&](const Call& /*call*/) {
    if (calls == landing) chat.release_late();
    return Fault{.kind = calls++ >= death ? Kind::kCrashBefore : Kind::kNone};
  };
  (void)world.rekey(chat, hook);
  world.expect_one_key(chat);
  const Result<RekeyReport> again = world.rekey(chat);
  EXPECT_TRUE(again) << describe(again.error());
  world.expect_new_key(chat);
  return calls > death;
}

// The first run dies with a call still under way.
TEST(VaultRekeyAgain, MayMeetWhatTheFirstRunHasBegunAndDieAsWell) {
  RekeyWorld world;
  const Trouble death = then("", {.kind = Kind::kUnknownLate}, {.kind = Kind::kCrashBefore});
  int met = 0;
  for (std::uint64_t first = 0; !HasFailure(); ++first) {
    SimChat chat = world.chat;
    std::uint64_t calls = 0;
    (void)world.rekey(chat, from_call(first, death, calls));
    if (calls <= first) break;
    if (chat.late() == 0) continue;
    SCOPED_TRACE("left under way: call " + std::to_string(first));
    ++met;
    for (const std::uint64_t life : {1, 2, 3, 5, 8}) {
      std::uint64_t landing = 0;
      while (rekey_and_die(world, chat, landing, landing + life) && !HasFailure()) ++landing;
    }
  }
  EXPECT_GT(met, 20);
}

INSTANTIATE_TEST_SUITE_P(Of, VaultRekeyFaults, testing::ValuesIn(troubles()),
                         [](const auto& trouble) { return trouble.param.name; });

}  // namespace
}  // namespace telekv::vault
