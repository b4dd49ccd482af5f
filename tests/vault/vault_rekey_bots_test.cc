// What bots meet that run beside a change of the key, or after one that has not come to its end.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rekey_world.h"

namespace telekv::vault {
namespace {

using Kind = Fault::Kind;
using Content = MapState::Content;

/// A root under the new key that is complete, but whose pin has not come through.
struct UnderWay : RekeyWorld {
  UnderWay() {
    const auto die = [this](const Call& call) {
      const bool at_the_switch = switches(chat, call);
      if (at_the_switch) fresh = call.message;
      return Fault{.kind = at_the_switch ? Fault::Kind::kCrashBefore : Fault::Kind::kNone};
    };
    EXPECT_FALSE(rekey(chat, die));
    EXPECT_NE(fresh, MessageId{});
    expect_one_key(chat);
  }
  MessageId fresh{};
};

TEST(ABotWithTheOldKey, DoesNotCoverARootThatItCannotOpen) {
  UnderWay world;
  auto bot = world.process();
  bot->channel.on_call = [&](const Call& call) {
    if (call.kind == CallKind::kPost && is_named(call, "root")) world.chat.pin(world.fresh);
    EXPECT_NE(call.kind, CallKind::kPin);
    return Fault{};
  };
  EXPECT_EQ(world.open(*bot).error().code, ErrorCode::kWrongKey);
  world.expect_new_key(world.chat);
}

TEST(ABotWithTheOldKey, UncoversOneThatCameJustBefore) {
  UnderWay world;
  auto bot = world.process();
  bot->channel.on_call = [&](const Call& call) {
    if (call.kind != CallKind::kPin) return Fault{};
    world.chat.pin(world.fresh);
    world.chat.set_pointer(world.fresh);
    return Fault{};
  };
  EXPECT_EQ(world.open(*bot).error().code, ErrorCode::kWrongKey);
  world.expect_new_key(world.chat);
}

TEST(ABotWithTheOldKey, StaysInForceWhenThePinComesTooLate) {
  UnderWay world;
  auto bot = world.opened();
  world.chat.pin(world.fresh);
  world.expect_one_key(world.chat);
  // It looks under its own pin, finds the other key's, and goes on.
  const auto outcome = world.run(bot->vault.resolve_gap(world.deadline()));
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
  bot->apply(100, 100, "life goes on");
  world.commit_all(*bot);
  world.content = bot->state.content();
  // Even if its own pin is lost.
  world.chat.unpin(bot->vault.root());
  ASSERT_EQ(world.chat.shown_pin(), world.fresh);
  EXPECT_EQ(world.found(world.chat, test_sealer()), world.content);
  EXPECT_EQ(world.found(world.chat, new_sealer()), std::nullopt);
  ASSERT_TRUE(world.rekey(world.chat));
  world.expect_new_key(world.chat);
}

TEST(ABotWithTheOldKey, IsRefusedWhereTheNewerRootThatTheRegisterNamesIsGone) {
  UnderWay world;
  world.options.root_id = world.chat.shown_pin();
  world.chat.unpin(*world.chat.shown_pin());
  world.chat.pin(world.fresh);
  const MessageId gone = world.chat.send_text();
  world.chat.remove(gone);
  world.chat.set_pointer(gone);
  EXPECT_EQ(world.found(world.chat, test_sealer()), std::nullopt);
}

TEST(ABotWithTheNewKey, GoesOnFromARekeyingThatHasNotRegistered) {
  UnderWay world;
  const MessageId old_root = *world.chat.shown_pin();
  world.chat.pin(world.fresh);
  world.expect_new_key(world.chat);
  auto bot = world.process_with(new_sealer());
  ASSERT_TRUE(world.open(*bot));
  const auto outcome = world.run(bot->vault.resolve_gap(world.deadline()));
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(*outcome, GapOutcome::kNothingLonger);
  // A late call turns the register back, and the bot has to move to a fresh root.
  world.chat.set_pointer(old_root);
  world.chat.pin(world.chat.send_text());
  bot->apply(100, 100, "life goes on");
  world.commit_all(*bot);
  world.content = bot->state.content();
  world.expect_new_key(world.chat);
  ASSERT_TRUE(world.rekey(world.chat, overwriting_lands_late()));
  EXPECT_EQ(RekeyWorld::open_to_the_old_key(world.chat), std::vector<std::string>());
  world.expect_new_key(world.chat);
  world.expect_that_nothing_lands_on_the_next_two();
}

constexpr std::int64_t kBotsKey = 100;
constexpr const char* kBotsValue = "told to the bot";

SimChannel::Hook dies_at(std::uint64_t number) {
  return [number](const Call& call) {
    return Fault{.kind = call.number >= number ? Kind::kCrashBefore : Kind::kNone};
  };
}

/// A bot that somebody has started with the old key meanwhile.
struct OldBot {
  OldBot(RekeyWorld& world, SimChat& chat)
      : process(chat, world.clock, world.context.get_executor(), ++world.processes, world.options,
                test_sealer(), world.pace) {}

  /// Whether what it has been told is saved.
  boost::asio::awaitable<Result<void>> serve(Clock::Time deadline) {
    Result<OpenReport> opened = co_await process.vault.open(deadline);
    if (!opened) co_return opened.error();
    process.apply(kBotsKey, kBotsKey, kBotsValue);
    Result<CommitReport> committed = co_await process.vault.commit(deadline);
    if (!committed) co_return committed.error();
    co_return Result<void>{};
  }

  Process process;
};

// Where both die one after the other, both keys may be refused until the tool has run again: it
// finds whichever history is longer.
Fault penalty(std::uint32_t seconds) {
  return {.kind = Kind::kRefuse, .error = {ErrorCode::kRateLimited, "later", "", seconds}};
}

// The bot was there first, but came to pin its root only when the tool had looked.
TEST(VaultRekeyBesideABot, StepsBackFromWhatWasSavedBeforeItsPin) {
  RekeyWorld world;
  OldBot bot(world, world.chat);
  bot.process.channel.on_call = nth(CallKind::kPin, 1, penalty(10));
  std::optional<Result<void>> served;
  int roots = 0;
  int switches = 0;
  const auto hook = [&](const Call& call) {
    if (call.kind == CallKind::kPost && is_named(call, "root") && ++roots == 2) {
      world.begin(bot.serve(world.deadline()), served);
      return penalty(1);
    }
    return world.switches(world.chat, call) && ++switches == 1 ? penalty(30) : Fault{};
  };
  const Result<RekeyReport> done = world.rekey_part(world.chat, RekeyTool::Part::kAll, hook);
  ASSERT_TRUE(served && *served);
  ASSERT_EQ(switches, 2);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kSuperseded);
  world.content[kBotsKey] = kBotsValue;
  world.expect_one_key(world.chat);
}

// The bot has come while the tool waited, and dies before it is in the register.
TEST(VaultRekeyBesideABot, DoesNotRegisterBelowAnotherRoot) {
  RekeyWorld world;
  OldBot bot(world, world.chat);
  int edits = 0;
  bot.process.channel.on_call = [&edits](const Call& call) {
    if (call.kind == CallKind::kReplace && ++edits == 1) return penalty(40);
    return Fault{.kind = call.kind == CallKind::kSetPointer ? Kind::kCrashBefore : Kind::kNone};
  };
  std::optional<Result<void>> served;
  const auto hook = [&](const Call& call) {
    if (!world.switches(world.chat, call) || served || edits > 0) return Fault{};
    world.begin(bot.serve(world.deadline()), served);
    return penalty(20);
  };
  const Result<RekeyReport> done = world.rekey_part(world.chat, RekeyTool::Part::kAll, hook);
  ASSERT_TRUE(served);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kSuperseded);
  world.expect_one_key(world.chat);
}

TEST(VaultRekeyBesideABot, LosesNothingThatTheBotHasSaved) {
  RekeyWorld world;
  int saved = 0;
  for (std::uint64_t seed = 1; seed <= 500 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimChat chat = world.chat;
    chat.random = SeededRandom(seed);
    chat.extra_turns = chat.random.below(30);
    const auto lifetime = [&] { return chat.random.below(2) == 0 ? chat.random.below(90) : 1000; };
    const std::uint64_t start = chat.random.below(75);
    OldBot bot(world, chat);
    bot.process.channel.on_call = dies_at(lifetime());
    std::optional<Result<void>> served;
    const auto hook = [&, die = dies_at(lifetime())](const Call& call) {
      if (call.number == start) world.begin(bot.serve(world.deadline()), served);
      return die(call);
    };
    (void)world.rekey_part(chat, RekeyTool::Part::kAll, hook);
    const Result<RekeyReport> again = world.rekey(chat);
    ASSERT_TRUE(again) << describe(again.error());

    Content with_more = world.content;
    with_more[kBotsKey] = kBotsValue;
    const bool is_saved = served && *served;
    const std::optional<Content> found = world.found(chat, new_sealer());
    EXPECT_TRUE(found == with_more || (!is_saved && found == world.content));
    EXPECT_EQ(world.found(chat, test_sealer()), std::nullopt);
    saved += is_saved ? 1 : 0;
  }
  EXPECT_GT(saved, 100);
}

}  // namespace
}  // namespace telekv::vault
