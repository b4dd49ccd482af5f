#include "bot/clicker.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "bot/names.h"

namespace telekv::bot {
namespace {

constexpr std::size_t kTopSize = 15;

kv::Key key_of(telegram::ChatId chat) { return telegram::to_int(chat); }

/// The words after a command.
std::vector<std::string_view> arguments_of(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n";
  std::vector<std::string_view> words;
  std::size_t begin = std::min(text.find_first_of(kSpaces), text.size());
  while ((begin = text.find_first_not_of(kSpaces, begin)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kSpaces, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string_view command_of(std::string_view text) {
  if (!text.starts_with('/')) return text;
  return text.substr(0, std::min(text.find_first_of("@ \n"), text.size()));
}

Clicker::Clicker(kv::Table<User>& users, telegram::UserId operator_id)
    : users_(&users), operator_id_(operator_id) {}

Outcome Clicker::handle(const telegram::Message& message) {
  // Service messages and documents have no text; bots' messages (the own pins among them) are no
  // players' input.
  if (message.text.empty() || (message.from && message.from->is_bot)) return {};
  const std::string_view command = command_of(message.text);
  const bool from_operator = message.from && message.from->id == operator_id_;
  if (from_operator) {
    if (std::optional<Outcome> outcome = operate(message)) return *std::move(outcome);
  }
  if (command == texts::kStartCommand) return start(message);
  if (command == texts::kClickKey) return click(message.chat.id);
  if (command == texts::kRatingKey) return rating(message.chat.id);
  return unknown(message.chat.id);
}

std::optional<Outcome> Clicker::operate(const telegram::Message& message) {
  const std::string_view command = command_of(message.text);
  Wish wish{.chat = message.chat.id, .language = texts::language_of(message.from->language_code)};
  if (command == texts::kSnapshotCommand || command == texts::kSnapshotWord) {
    wish.kind = Wish::Kind::kSnapshot;
  } else if (command == texts::kPointsCommand) {
    wish.kind = Wish::Kind::kListPoints;
  } else if (command == texts::kRestoreCommand) {
    const std::vector<std::string_view> arguments = arguments_of(message.text);
    const std::optional<std::uint64_t> point =
        arguments.empty() ? std::nullopt : number_of(arguments[0]);
    const bool confirmed = arguments.size() == 2 && texts::is_yes(arguments[1]);
    if (!point || (arguments.size() > 1 && !confirmed)) {
      return Outcome{.reply =
                         Reply{.chat = wish.chat, .text = texts::restore_usage(wish.language)}};
    }
    wish.kind = confirmed ? Wish::Kind::kRestore : Wish::Kind::kAskRestore;
    wish.point = *point;
  } else {
    return std::nullopt;
  }
  return Outcome{.wish = wish};
}

Outcome Clicker::start(const telegram::Message& message) {
  const telegram::ChatId chat = message.chat.id;
  const std::string name = display_name(message.from ? message.from->first_name : "");
  // A display name is far below the table's bound on texts, so neither call can fail but for the
  // key.
  Outcome outcome{.reply = Reply{.chat = chat,
                                 .text = texts::greeting(name),
                                 .keyboard = texts::player_keyboard(),
                                 .topic = Reply::Topic::kGreeting}};
  if (users_->insert(key_of(chat), User{.name = name})) {
    outcome.save_soon = true;
  } else {
    (void)users_->update(key_of(chat), [&](User& user) { user.name = name; });
  }
  return outcome;
}

Outcome Clicker::click(telegram::ChatId chat) {
  std::uint64_t count = 0;
  const Result<void> clicked = users_->update(key_of(chat), [&](User& user) {
    user.clicks = kv::saturating_add(user.clicks, 1);
    count = user.clicks;
  });
  if (!clicked) return not_registered(chat);
  return {.reply =
              Reply{.chat = chat, .text = texts::clicks(count), .topic = Reply::Topic::kCount}};
}

Outcome Clicker::rating(telegram::ChatId chat) const {
  if (!users_->find(key_of(chat))) return not_registered(chat);
  return {.reply = Reply{.chat = chat,
                         .text = texts::rating(users_->size(), users_->top(kTopSize)),
                         .topic = Reply::Topic::kRating}};
}

Outcome Clicker::unknown(telegram::ChatId chat) const {
  if (!users_->find(key_of(chat))) return not_registered(chat);
  return {.reply = Reply{.chat = chat,
                         .text = std::string(texts::kUnknownInput),
                         .keyboard = texts::player_keyboard(),
                         .topic = Reply::Topic::kHint}};
}

Outcome Clicker::not_registered(telegram::ChatId chat) const {
  return {.reply = Reply{.chat = chat,
                         .text = std::string(texts::kNotRegistered),
                         .keyboard = texts::start_keyboard(),
                         .topic = Reply::Topic::kHint}};
}

}  // namespace telekv::bot
