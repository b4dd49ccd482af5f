#include "bot/clicker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "bot/names.h"
#include "bot/operator_texts.h"
#include "bot/taps.h"
#include "bot/topics.h"

namespace telekv::bot {
namespace {

using telegram::Reply;
using telegram::Topic;
using texts::Language;
using texts::Phrase;

constexpr std::size_t kTopSize = 15;

}  // namespace

struct Clicker::Caller {
  telegram::UserId id{};
  telegram::ChatId chat{};
  bool in_group = false;
  Language language{};

  kv::Key key() const { return telegram::to_int(id); }

  Outcome told(std::string text, Topic topic,
               std::optional<telegram::Keyboard> keyboard = std::nullopt) const {
    // A group would show everybody the keys that one of them has been given.
    if (in_group && keyboard && std::holds_alternative<telegram::ReplyKeyboard>(*keyboard)) {
      keyboard.reset();
    }
    return {.reply = Reply{.chat = chat,
                           .text = std::move(text),
                           .keyboard = std::move(keyboard),
                           .topic = topic,
                           .to = id}};
  }
};

Clicker::Clicker(kv::Table<User>& users, const vault::Clock& clock, Options options)
    : users_(&users), options_(std::move(options)), hints_(clock, options_.hint_pause) {}

Outcome Clicker::handle(const telegram::Message& message) {
  // Service messages and documents have no text; bots' messages (the own pins among them) and posts
  // in the name of a chat are no players' input.
  if (message.text.empty() || !message.from || message.from->is_bot) return {};
  if (message.sender_chat) return {};
  const bool is_private = message.chat.type == telegram::ChatType::kPrivate;
  const bool in_group = message.chat.type == telegram::ChatType::kGroup ||
                        message.chat.type == telegram::ChatType::kSupergroup;
  if (!is_private && !in_group) return {};
  const Caller caller{.id = message.from->id,
                      .chat = message.chat.id,
                      .in_group = in_group,
                      .language = texts::language_of(message.from->language_code)};
  const Request request = parse_request(message.text);
  if (!request.addressee.empty() && !is_same_user_name(request.addressee, options_.user_name)) {
    return {};
  }
  if (in_group && (!request.is_command || request.command == Command::kUnknown)) return {};
  return answer(request, message, caller);
}

Outcome Clicker::answer(const Request& request, const telegram::Message& message,
                        const Caller& caller) {
  if (is_operators(request.command)) {
    const bool may = caller.id == options_.operator_id && !caller.in_group;
    if (may) return operate(request.command, message.text, caller);
    return caller.in_group ? Outcome{} : unknown(caller);
  }
  switch (request.command) {
    case Command::kClick:
      return click(caller);
    case Command::kRating:
      return rating(caller);
    case Command::kStart:
      return start(message, caller);
    case Command::kMe:
      return standing(caller);
    case Command::kHelp:
      return caller.told(std::string(texts::say(Phrase::kHelp, caller.language)), topics::kHelp);
    case Command::kPrivacy:
      return caller.told(texts::privacy(options_.sealed, caller.language), topics::kPrivacy);
    case Command::kForget:
      return ask_to_forget(caller);
    default:
      return unknown(caller);
  }
}

Outcome Clicker::operate(Command command, std::string_view text, const Caller& caller) {
  Wish wish{.chat = caller.chat, .language = caller.language};
  switch (command) {
    case Command::kStatus:
      wish.kind = Wish::Kind::kStatus;
      break;
    case Command::kPoints:
      wish.kind = Wish::Kind::kListPoints;
      break;
    case Command::kExport:
      wish.kind = Wish::Kind::kExport;
      break;
    case Command::kRestore: {
      const std::vector<std::string_view> arguments = arguments_of(text);
      const std::optional<std::uint64_t> point =
          arguments.empty() ? std::nullopt : number_of(arguments[0]);
      const bool confirmed = arguments.size() == 2 && texts::is_yes(arguments[1]);
      if (!point || (arguments.size() > 1 && !confirmed)) {
        return {.reply = Reply{.chat = wish.chat, .text = texts::restore_usage(wish.language)}};
      }
      wish.kind = confirmed ? Wish::Kind::kRestore : Wish::Kind::kAskRestore;
      wish.point = *point;
      break;
    }
    default:
      wish.kind = Wish::Kind::kSnapshot;
  }
  return {.wish = wish};
}

Outcome Clicker::start(const telegram::Message& message, const Caller& caller) {
  const std::string name = display_name(message.from->first_name);
  Outcome outcome = caller.told(texts::greeting(name, caller.language), topics::kGreeting,
                                texts::player_keyboard(caller.language));
  // A display name is far below the table's bound on texts, so neither call can fail but for the
  // key.
  if (users_->insert(caller.key(), User{.name = name})) {
    outcome.save_soon = true;
  } else {
    (void)users_->update(caller.key(), [&](User& user) { user.name = name; });
  }
  return outcome;
}

Outcome Clicker::click(const Caller& caller) {
  User now;
  const Result<void> clicked = users_->update(caller.key(), [&](User& user) {
    user.clicks = kv::saturating_add(user.clicks, 1);
    now = user;
  });
  if (!clicked) return not_registered(caller);
  ++clicks_;
  if (!caller.in_group)
    return caller.told(texts::clicks(now.clicks, caller.language), topics::kCount);
  const std::string count = texts::counted(now.clicks, texts::Noun::kClick, caller.language);
  return caller.told(who(caller, now) + ": " + count, topics::kCount);
}

// In a group everybody reads it.
std::string Clicker::who(const Caller& caller, const User& user) const {
  if (caller.in_group) return texts::name_in_text(user.name, caller.language);
  return std::string(texts::say(Phrase::kYou, caller.language));
}

Outcome Clicker::rating(const Caller& caller) const {
  const std::optional<User> user = users_->find(caller.key());
  if (!user) return not_registered(caller);
  const std::vector<kv::Ranked<User>> top = users_->top(kTopSize);
  std::optional<texts::Standing> own;
  const bool is_among_them = std::any_of(top.begin(), top.end(), [&](const kv::Ranked<User>& each) {
    return each.key == caller.key();
  });
  if (!is_among_them) {
    own = texts::Standing{.who = who(caller, *user),
                          .clicks = user->clicks,
                          .place = users_->rank(caller.key()).value_or(0)};
  }
  return caller.told(texts::rating(users_->size(), top, own, caller.language), topics::kRating);
}

Outcome Clicker::standing(const Caller& caller) const {
  const std::optional<User> user = users_->find(caller.key());
  if (!user) return not_registered(caller);
  const texts::Standing own{.who = who(caller, *user),
                            .clicks = user->clicks,
                            .place = users_->rank(caller.key()).value_or(0)};
  std::optional<texts::NextPlace> next;
  if (own.place > 1) {
    // The last of those who are strictly above.
    const kv::Ranked<User> above = users_->page(own.place - 2, 1).at(0);
    next = texts::NextPlace{.place = above.rank, .clicks_away = above.record.clicks - own.clicks};
  }
  return caller.told(texts::standing(own, users_->size(), next, caller.language),
                     topics::kStanding);
}

Outcome Clicker::ask_to_forget(const Caller& caller) const {
  const std::optional<User> user = users_->find(caller.key());
  if (!user) return not_registered(caller);
  const auto button = [&](Phrase phrase, TapKind kind) {
    return telegram::InlineButton{.text = std::string(texts::say(phrase, caller.language)),
                                  .data = tap_data({kind, caller.id})};
  };
  const telegram::InlineKeyboard buttons{
      {button(Phrase::kForgetYes, TapKind::kForget), button(Phrase::kForgetNo, TapKind::kKeep)}};
  const std::string name = texts::name_in_text(user->name, caller.language);
  return caller.told(texts::forget_question(name, user->clicks, caller.language), topics::kForget,
                     buttons);
}

Outcome Clicker::unknown(const Caller& caller) {
  if (!hints_.may_tell(caller.id)) return {};
  if (!users_->find(caller.key())) return not_registered(caller);
  return caller.told(std::string(texts::say(Phrase::kUnknownInput, caller.language)), topics::kHint,
                     texts::player_keyboard(caller.language));
}

Outcome Clicker::not_registered(const Caller& caller) const {
  return caller.told(std::string(texts::say(Phrase::kNotRegistered, caller.language)),
                     topics::kHint, texts::start_keyboard());
}

// ---- taps ----

Outcome Clicker::handle(const telegram::CallbackQuery& tap) {
  const std::optional<Tap> read = parse_tap(tap.data);
  if (!read || !tap.is_on_message || tap.from.is_bot) return {};
  const Language language = texts::language_of(tap.from.language_code);
  if (read->asked != tap.from.id) {
    return {.tap_answer = std::string(texts::say(Phrase::kNotYourQuestion, language))};
  }
  const telegram::ChatId own_chat{telegram::to_int(tap.from.id)};
  switch (read->kind) {
    case TapKind::kForget:
      return forget(tap, language);
    case TapKind::kKeep: {
      Outcome outcome{.tap_answer = std::string(texts::say(Phrase::kKept, language))};
      if (tap.message) {
        outcome.reply = Reply{.chat = tap.message->chat.id,
                              .text = outcome.tap_answer,
                              .topic = topics::kKept,
                              .to = tap.from.id,
                              .edits = tap.message->id};
      }
      return outcome;
    }
    case TapKind::kExportPlain:
      if (tap.from.id != options_.operator_id) return {};
      return {
          .tap_answer = std::string(texts::say(Phrase::kExportComing, language)),
          .wish = Wish{.kind = Wish::Kind::kExportPlain, .chat = own_chat, .language = language}};
  }
  return {};
}

Outcome Clicker::forget(const telegram::CallbackQuery& tap, Language language) {
  const kv::Key key = telegram::to_int(tap.from.id);
  const Result<bool> known = users_->forget(key);
  if (!known) {
    spdlog::error("a player's data was not deleted: {}", describe(known.error()));
    return {.tap_answer = std::string(texts::say(Phrase::kForgetFailed, language))};
  }
  if (!*known) {
    return {.tap_answer = std::string(texts::say(Phrase::kNothingToForget, language))};
  }
  const telegram::ChatId own_chat{key};
  Reply done{.chat = tap.message ? tap.message->chat.id : own_chat,
             .text = std::string(texts::say(Phrase::kForgotten, language)),
             .to = tap.from.id};
  if (tap.message) done.edits = tap.message->id;
  return {.reply_once_saved = std::move(done),
          .tap_answer = std::string(texts::say(Phrase::kForgetting, language))};
}

}  // namespace telekv::bot
