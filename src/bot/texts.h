// What players are told, and their keys and menus, made of phrases.h. The shape of the rating's
// first lines is a contract like the wording: "Всего: 2", then "1: Аня - 12", one line a player.
//
// Pure. A Who is how a text speaks of the one it is about: "You", or in a group their name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/phrases.h"
#include "bot/user.h"
#include "kv/table.h"
#include "telegram/types.h"

namespace telekv::bot::texts {

/// Whose language is not spoken here is answered in this one, and Telegram shows them its menus.
inline constexpr Language kOthers = Language::kEnglish;

/// From an IETF tag. Russian, as the bot before telekv spoke, when Telegram tells none.
Language language_of(std::string_view tag);

/// A user's name as it stands in a text (names.h).
std::string name_in_text(std::string_view name, Language language);

std::string greeting(std::string_view name, Language language);
std::string clicks(std::uint64_t count, Language language);

/// Somebody's place in the rating.
struct Standing {
  std::string who;  ///< kYou, or a name
  std::uint64_t clicks = 0;
  std::uint64_t place = 0;  ///< 1 + those with more clicks
};

/// `own` is shown when it is given: by the caller's choice, where they are not among `top`.
std::string rating(std::uint64_t users, const std::vector<kv::Ranked<User>>& top,
                   const std::optional<Standing>& own, Language language);

/// The next better place and how many clicks it is away; absent for who is first.
struct NextPlace {
  std::uint64_t place = 0;
  std::uint64_t clicks_away = 0;
};
std::string standing(const Standing& own, std::uint64_t users, const std::optional<NextPlace>& next,
                     Language language);

std::string privacy(bool sealed, Language language);
std::string forget_question(std::string_view who, std::uint64_t clicks, Language language);

/// The two keys every player has, and the one key of somebody who is not registered.
telegram::ReplyKeyboard player_keyboard(Language language);
telegram::ReplyKeyboard start_keyboard();

/// The command menus. The operator's ends with the command whose description carries the vault's
/// second pointer.
std::vector<telegram::BotCommand> player_commands(Language language);
std::vector<telegram::BotCommand> group_commands(Language language);
std::vector<telegram::BotCommand> operator_commands(Language language);

}  // namespace telekv::bot::texts
