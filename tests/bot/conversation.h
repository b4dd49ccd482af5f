// People talking to the clicker's rules, for tests.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "bot/clicker.h"
#include "vault/virtual_clock.h"

namespace telekv::bot {

// Ids start above 2^32, up to the 52 bits that the Bot API allows.
inline constexpr std::int64_t kAnna = (std::int64_t{1} << 32) + 5;
inline constexpr std::int64_t kBoris = (std::int64_t{1} << 52) - 1;
inline constexpr std::int64_t kOperator = std::int64_t{7} << 40;

/// Without the marks around names, which are for the eye.
inline std::string plain(std::string text) {
  for (const std::string_view mark : {"\u2068", "\u2069"}) {
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.erase(at, mark.size());
  }
  return text;
}

class Conversation : public ::testing::Test {
 protected:
  static telegram::Message message_of(std::int64_t who, std::string text, std::string name = "Аня",
                                      std::string language = "ru") {
    telegram::Message message;
    message.chat = {.id = telegram::ChatId{who}, .type = telegram::ChatType::kPrivate};
    message.from = telegram::User{.id = telegram::UserId{who},
                                  .first_name = std::move(name),
                                  .language_code = std::move(language)};
    message.text = std::move(text);
    return message;
  }
  telegram::Message group_message(std::int64_t who, std::string text, std::string name = "Аня") {
    telegram::Message message = message_of(who, std::move(text), std::move(name));
    message.chat = group_;
    return message;
  }

  Outcome say(std::int64_t who, std::string text, std::string name = "Аня",
              std::string language = "ru") {
    return clicker_.handle(message_of(who, std::move(text), std::move(name), std::move(language)));
  }
  std::string answer(std::int64_t who, std::string text, std::string name = "Аня",
                     std::string language = "ru") {
    return text_of(say(who, std::move(text), std::move(name), std::move(language)));
  }
  std::string in_group(std::int64_t who, std::string text, std::string name = "Аня") {
    return text_of(clicker_.handle(group_message(who, std::move(text), std::move(name))));
  }
  Outcome tap(std::int64_t who, std::string data, std::string language = "ru") {
    telegram::CallbackQuery query{
        .id = "q",
        .from = {.id = telegram::UserId{who}, .language_code = std::move(language)},
        .data = std::move(data),
        .message = telegram::MessagePlace{.chat = group_, .id = telegram::MessageId{77}},
        .is_on_message = true};
    return clicker_.handle(query);
  }

  static std::string text_of(const Outcome& outcome) {
    return outcome.reply ? plain(outcome.reply->text) : "(nothing)";
  }
  static std::optional<telegram::ReplyKeyboard> keys(const Outcome& outcome) {
    if (!outcome.reply || !outcome.reply->keyboard) return std::nullopt;
    return std::get<telegram::ReplyKeyboard>(*outcome.reply->keyboard);
  }

  void register_with(std::int64_t who, std::string_view name, std::uint64_t clicks) {
    ASSERT_TRUE(users_.insert(who, User{.name = name, .clicks = clicks}));
  }

  telegram::Chat group_{.id = telegram::ChatId{-4242}, .type = telegram::ChatType::kGroup};
  vault::VirtualClock clock_;
  kv::Table<User> users_{kv::TableOptions{}};
  Clicker clicker_{
      users_, clock_, {.operator_id = telegram::UserId{kOperator}, .user_name = "my_bot"}};
};

}  // namespace telekv::bot
