// A world in which the key is changed as `telekv rekey` does it (src/cli/rekey.cc): with the key in
// use, and where that one does not open the newest state, with the next one, to finish. See
// world.h.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restore_world.h"

namespace telekv::vault {

inline bool opens(const Sealer& sealer, const Bytes& object) {
  return sealer.open(Sealer::peek(object).value(), object).has_value();
}

inline bool is_named(const Call& call, std::string_view word) {
  return call.document.find(word) != std::string::npos;
}

/// Calls of the tool that write over a message of the ring.
inline bool overwrites(const Call& call) {
  return call.kind == CallKind::kReplace && call.document.find("segment") != std::string::npos;
}

/// Each is repeated at once, and lands twice.
inline SimChannel::Hook overwriting_lands_late() {
  return [seen = 0](const Call& call) mutable {
    const bool late = overwrites(call) && ++seen % 2 == 1;
    return Fault{.kind = late ? Fault::Kind::kUnknownLate : Fault::Kind::kNone};
  };
}

/// One run of the tool with one key in use; it may die at any moment.
struct RekeyTool {
  enum class Part : std::uint8_t { kAll, kFinish };

  RekeyTool(RestoreWorld& world, SimChat& chat, Part part, SimChannel::Hook hook)
      : finishes(part == Part::kFinish),
        process(chat, world.clock, world.context.get_executor(), ++world.processes,
                with_other_key(world.options, finishes), finishes ? new_sealer() : test_sealer(),
                world.pace),
        copy(world.pace) {
    process.channel.on_call = std::move(hook);
  }

  boost::asio::awaitable<Result<RekeyReport>> run(Clock::Time deadline) {
    Result<OpenReport> read = co_await process.vault.read(deadline);
    if (!read) co_return read.error();
    Result<OpenReport> opened = co_await process.vault.open(deadline);
    if (!opened) co_return opened.error();
    if (finishes) co_return co_await process.vault.finish_rekey(deadline);
    Vault::CopyTable renew = [this]() -> Result<kv::Durable*> {
      for (const auto& [key, value] : process.state.content()) copy.put(key, value);
      (void)copy.take_changes();
      return &copy;
    };
    co_return co_await process.vault.rekey(new_sealer(), std::move(renew), deadline);
  }

  static VaultOptions with_other_key(VaultOptions options, bool finishes) {
    options.other_key = finishes ? test_sealer() : new_sealer();
    return options;
  }

  bool finishes;
  Process process;
  MapState copy;
};

struct RekeyWorld : RestoreWorld {
  using Content = MapState::Content;

  /// Three reigns, the last of which has left a base, segments and restore points.
  RekeyWorld() {
    for (int reign = 0; reign < 3; ++reign) {
      auto bot = witnessed();
      for (int i = 1; i <= 5; ++i) {
        bot->apply(10 * reign + i, i, "record " + std::to_string(10 * reign + i));
        commit_all(*bot);
      }
      make_point(*bot);
      content = bot->state.content();
    }
  }

  /// The whole command.
  Result<RekeyReport> rekey(SimChat& in, const SimChannel::Hook& hook = {}) {
    Result<RekeyReport> done = rekey_part(in, RekeyTool::Part::kAll, hook);
    const bool refused = !done && done.error().code == ErrorCode::kWrongKey;
    return refused ? rekey_part(in, RekeyTool::Part::kFinish, hook) : done;
  }
  Result<RekeyReport> rekey_part(SimChat& in, RekeyTool::Part part, const SimChannel::Hook& hook) {
    RekeyTool tool(*this, in, part, hook);
    return run(tool.run(deadline()));
  }

  /// What a bot with that key finds; nothing when it is refused.
  std::optional<Content> found(const SimChat& in, Sealer sealer) {
    SimChat copy = in;
    Process bot(copy, clock, context.get_executor(), ++processes, options, std::move(sealer), pace);
    const Result<OpenReport> opened = open(bot);
    if (!opened) {
      EXPECT_EQ(opened.error().code, ErrorCode::kWrongKey) << describe(opened.error());
      return std::nullopt;
    }
    return bot.state.content();
  }
  /// One key opens the newest state, the other one is refused.
  void expect_one_key(const SimChat& in) {
    const std::optional<Content> by_old = found(in, test_sealer());
    const std::optional<Content> by_new = found(in, new_sealer());
    EXPECT_NE(by_old.has_value(), by_new.has_value()) << "both keys, or neither";
    EXPECT_EQ(by_old ? *by_old : by_new.value_or(Content{}), content);
  }
  void expect_new_key(const SimChat& in) {
    EXPECT_EQ(found(in, test_sealer()), std::nullopt);
    EXPECT_EQ(found(in, new_sealer()), content);
  }

  /// Whether that call is to put the new key in force.
  static bool switches(const SimChat& in, const Call& call) {
    return call.kind == CallKind::kPin && opens(new_sealer(), in.document(call.message));
  }

  /// What holds more than a candidate's few ids, and is open to the old key.
  static std::vector<std::string> open_to_the_old_key(const SimChat& in) {
    std::vector<std::string> names;
    for (const auto& [id, message] : in.messages()) {
      const Bytes& object = in.document(id);
      const bool candidate = Sealer::peek(object).value().epoch == 0;
      if (!candidate && opens(test_sealer(), object)) names.push_back(message.name);
    }
    return names;
  }

  /// Two bots with the new key, one after the other, while overwriting is still under way.
  void expect_that_nothing_lands_on_the_next_two() {
    ASSERT_GT(chat.late(), 3U);
    chat.drops_replaced = true;
    for (int writer = 1; writer <= 2; ++writer) {
      auto next = process_with(new_sealer());
      ASSERT_TRUE(open(*next));
      next->vault.note_witness();
      for (int i = 1; i <= 9; ++i) {
        next->apply(1000 * writer + i, i, "written by the next one " + std::to_string(i));
        make_point(*next);
      }
      SimChat landed = chat;
      landed.release_late();
      EXPECT_EQ(found(landed, new_sealer()), next->state.content());
      EXPECT_FALSE(noted("are lost"));
    }
  }

  Content content;
};

}  // namespace telekv::vault
