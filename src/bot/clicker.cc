#include "bot/clicker.h"

#include <algorithm>

#include "bot/names.h"

namespace telekv::bot {
namespace {

constexpr std::size_t kTopSize = 15;

kv::Key key_of(telegram::ChatId chat) { return telegram::to_int(chat); }

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
  if (from_operator && (command == texts::kSnapshotCommand || command == texts::kSnapshotWord)) {
    return {.request = Request::kSnapshot};
  }
  if (command == texts::kStartCommand) return start(message);
  if (command == texts::kClickKey) return click(message.chat.id);
  if (command == texts::kRatingKey) return rating(message.chat.id);
  return unknown(message.chat.id);
}

Outcome Clicker::start(const telegram::Message& message) {
  const telegram::ChatId chat = message.chat.id;
  const std::string name = display_name(message.from ? message.from->first_name : "");
  // A display name is far below the table's bound on texts, so neither call can fail but for the
  // key.
  Outcome outcome{
      .reply =
          Reply{.chat = chat, .text = texts::greeting(name), .keyboard = texts::player_keyboard()}};
  if (users_->insert(key_of(chat), User{.name = name})) {
    outcome.request = Request::kSaveSoon;
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
  return {.reply = Reply{.chat = chat, .text = texts::clicks(count)}};
}

Outcome Clicker::rating(telegram::ChatId chat) const {
  if (!users_->find(key_of(chat))) return not_registered(chat);
  return {.reply =
              Reply{.chat = chat, .text = texts::rating(users_->size(), users_->top(kTopSize))}};
}

Outcome Clicker::unknown(telegram::ChatId chat) const {
  if (!users_->find(key_of(chat))) return not_registered(chat);
  return {.reply = Reply{.chat = chat,
                         .text = std::string(texts::kUnknownInput),
                         .keyboard = texts::player_keyboard()}};
}

Outcome Clicker::not_registered(telegram::ChatId chat) const {
  return {.reply = Reply{.chat = chat,
                         .text = std::string(texts::kNotRegistered),
                         .keyboard = texts::start_keyboard()}};
}

}  // namespace telekv::bot
