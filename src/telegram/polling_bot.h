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
// one after the other as Telegram's limits have it; while many wait, no more updates are taken.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kv/durable.h"
#include "kv/table_core.h"
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
  /// not. Runs on run()'s thread, once for each message.
  using OnMessage = std::function<std::string(const Message& message)>;

  /// Calls nothing yet. kInvalidArgument names what cannot be used, and no secret.
  static Result<std::unique_ptr<PollingBot>> create(BotSettings settings);
  ~PollingBot();

  /// For the table that run() is given.
  kv::TableOptions table_options();

  /// Restores `state`, which is empty, from the chat; serves until a signal has ended it and the
  /// last changes are saved, or until a failure that only the operator can mend. Once.
  Result<void> run(kv::Durable& state, OnMessage on_message);

 private:
  class Impl;
  explicit PollingBot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace telekv::telegram
