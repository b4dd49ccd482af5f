// A whole bot in one object, for programs that want no wiring: polls updates, keeps a table in its
// operator's chat, hands over messages and sends the answers. examples/counter is one.
//
//   auto bot = PollingBot::create({.token = ..., .key = ..., .chat = ChatId{...}});
//   kv::Table<Person> people((*bot)->table_options());
//   (*bot)->run(people, [&](const Message& message) { return "..."; });
//
// It saves every five seconds when something was applied, and once more when SIGTERM or SIGINT ends
// it; what kill -9 costs is docs/operations.md's column `interval`. A program that needs more
// (webhooks, strict durability, restore points, keyboards) wires the parts as src/bot/service.h
// does.
//
// One thread, the one that calls run(); encoding and sealing happen on one of its own. Answers go
// as Telegram's limits have it, in order within a chat (outbox.h); while many wait, no more updates
// are taken.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kv/durable.h"
#include "kv/table.h"
#include "telegram/types.h"

namespace telekv::telegram {

struct BotSettings {
  std::string token;  ///< from @BotFather
  std::string key;    ///< seals the data; what `telekv keygen` prints
  ChatId chat{};  ///< keeps the data: the operator's chat with the bot, so the operator's user id
  std::string api_root = "https://api.telegram.org";
  /// What the operator should know, a line each, without secrets. May be empty.
  std::function<void(std::string_view line)> on_note = {};
};

class PollingBot {
 public:
  /// What a message with a sender does; the answer goes to the message's chat, an empty one does
  /// not. Runs on run()'s thread, once for each message, also where it throws.
  using OnMessage = std::function<std::string(const Message& message)>;

  /// Calls nothing yet. kInvalidArgument names what cannot be used, and no secret.
  static Result<std::unique_ptr<PollingBot>> create(BotSettings settings);
  ~PollingBot();

  /// For the table that run() is given.
  kv::TableOptions table_options();

  /// Restores `table`, which is empty, from the chat; serves until a signal has ended it and the
  /// last changes are saved, or until a failure that only the operator can mend. Once a day the
  /// newest state is proven by a download, piece by piece.
  template <class Record>
  Result<void> run(kv::Table<Record>& table, OnMessage on_message) {
    auto make_scratch = [options = table_options()]() mutable {
      options.holds_pieces = true;
      return std::make_unique<kv::Table<Record>>(options);
    };
    return run_with(table, std::move(make_scratch), std::move(on_message));
  }

 private:
  class Impl;
  using MakeScratch = std::function<std::unique_ptr<kv::Durable>()>;
  Result<void> run_with(kv::Durable& state, MakeScratch make_scratch, OnMessage on_message);
  explicit PollingBot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace telekv::telegram
