// The clicker's rules: what a message or a tap does to the table and what is answered. No I/O, so a
// test is a conversation; the clock only tells who has been helped lately.
//
// People are known by their own id, wherever they write: in a private chat, in a group, and in the
// supergroup that it becomes. In groups only commands are looked at.
//
// One thread: the table's. O(log users) a message. Input is hostile: any text, any id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bot/commands.h"
#include "bot/hints.h"
#include "bot/texts.h"
#include "bot/user.h"
#include "kv/table.h"
#include "telegram/reply.h"
#include "telegram/types.h"
#include "vault/clock.h"

namespace telekv::bot {

/// What the operator wants the program to do (operator_desk.h).
struct Wish {
  enum class Kind : std::uint8_t {
    kStatus,       ///< how the program is doing
    kSnapshot,     ///< a backup now, and a report about it
    kListPoints,   ///< the restore points there are
    kAskRestore,   ///< whether restore point `point` is really meant
    kRestore,      ///< bring it back
    kExport,       ///< all data as a sealed file, and whether a readable one is wanted
    kExportPlain,  ///< all data as a readable file
  };
  Kind kind{};
  telegram::ChatId chat{};  ///< where the answer goes
  texts::Language language{};
  std::uint64_t point = 0;
};

struct Outcome {
  std::optional<telegram::Reply> reply = std::nullopt;
  /// Says that something of `to` is gone, so it may be said only when that is saved.
  std::optional<telegram::Reply> reply_once_saved = std::nullopt;
  std::string tap_answer = {};  ///< what the tapped button says; may be empty
  bool save_soon = false;       ///< somebody registered
  std::optional<Wish> wish = std::nullopt;
};

class Clicker {
 public:
  struct Options {
    telegram::UserId operator_id{};
    std::string user_name = {};  ///< the bot's, without "@"
    bool sealed = true;          ///< whether what is stored is encrypted, for /privacy
    vault::Clock::Duration hint_pause = Hints::kPause;
  };

  /// `users` and `clock` must outlive the object. Only the operator may have wishes, and only in
  /// the private chat: to everybody else the operator's commands are unknown words.
  Clicker(kv::Table<User>& users, const vault::Clock& clock, Options options);

  Outcome handle(const telegram::Message& message);
  /// Does something only where the tapped message is known to carry that button; any client can
  /// send any data with any message of the bot's.
  Outcome handle(const telegram::CallbackQuery& tap);

  /// Clicks counted since the program began.
  std::uint64_t clicks() const { return clicks_; }

 private:
  /// Who writes, where, and how they are spoken to.
  struct Caller;

  Outcome answer(const Request& request, const telegram::Message& message, const Caller& caller);
  Outcome start(const telegram::Message& message, const Caller& caller);
  Outcome click(const Caller& caller);
  Outcome rating(const Caller& caller) const;
  Outcome standing(const Caller& caller) const;
  Outcome ask_to_forget(const Caller& caller) const;
  Outcome unknown(const Caller& caller);
  Outcome not_registered(const Caller& caller) const;
  std::string who(const Caller& caller, const User& user) const;
  static Outcome operate(Command command, std::string_view text, const Caller& caller);
  Outcome forget(const telegram::CallbackQuery& tap, texts::Language language);

  kv::Table<User>* users_;
  Options options_;
  Hints hints_;
  std::uint64_t clicks_ = 0;
};

}  // namespace telekv::bot
