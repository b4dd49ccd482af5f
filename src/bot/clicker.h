// The clicker's rules: what a message does to the table and what is answered. No I/O and no clock,
// so a test is a conversation.
//
// One thread: the table's. O(log users) a message. Input is hostile: any text, any id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bot/texts.h"
#include "bot/user.h"
#include "kv/table.h"
#include "telegram/types.h"

namespace telekv::bot {

struct Reply {
  /// What a reply is about: a newer one about the same makes one that still waits pointless.
  enum class Topic : std::uint8_t { kCount, kRating, kGreeting, kHint };

  telegram::ChatId chat{};
  std::string text;
  std::optional<telegram::ReplyKeyboard> keyboard = std::nullopt;
  std::optional<Topic> topic = std::nullopt;  ///< absent: nothing takes its place
};

/// What the operator wants the program to do (operator_desk.h).
struct Wish {
  enum class Kind : std::uint8_t {
    kSnapshot,    ///< a backup now, and a report about it
    kListPoints,  ///< the restore points there are
    kAskRestore,  ///< whether restore point `point` is really meant
    kRestore,     ///< bring it back
  };
  Kind kind{};
  telegram::ChatId chat{};  ///< where the answer goes
  texts::Language language{};
  std::uint64_t point = 0;
};

struct Outcome {
  std::optional<Reply> reply = std::nullopt;
  bool save_soon = false;  ///< somebody registered
  std::optional<Wish> wish = std::nullopt;
};

class Clicker {
 public:
  /// `users` must outlive the object. Only `operator_id` may have wishes: to everybody else the
  /// operator's commands are unknown words.
  Clicker(kv::Table<User>& users, telegram::UserId operator_id);

  Outcome handle(const telegram::Message& message);

 private:
  static std::optional<Outcome> operate(const telegram::Message& message);
  Outcome start(const telegram::Message& message);
  Outcome click(telegram::ChatId chat);
  Outcome rating(telegram::ChatId chat) const;
  Outcome unknown(telegram::ChatId chat) const;
  Outcome not_registered(telegram::ChatId chat) const;

  kv::Table<User>* users_;
  telegram::UserId operator_id_;
};

/// The command a message begins with, without "@botname" and payload: "/start@x ref" is "/start".
/// The whole text when it is no command.
std::string_view command_of(std::string_view text);

}  // namespace telekv::bot
