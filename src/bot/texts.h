// Every text the bot says, in one place. The wording of the players' texts is a contract: it is
// that of the bot whose users move in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bot/user.h"
#include "kv/table.h"
#include "telegram/types.h"
#include "vault/vault.h"

namespace telekv::bot::texts {

enum class Language : std::uint8_t { kRussian, kEnglish };

/// From an IETF tag; Russian when there is none, as the rest of the bot.
Language language_of(std::string_view tag);

inline constexpr std::string_view kStartCommand = "/start";
inline constexpr std::string_view kSnapshotCommand = "/snapshot";
inline constexpr std::string_view kSnapshotWord = "admin";
inline constexpr std::string_view kPointsCommand = "/snapshots";
inline constexpr std::string_view kRestoreCommand = "/restore";
inline constexpr std::string_view kClickKey = "Клик";
inline constexpr std::string_view kRatingKey = "Рейтинг";

inline constexpr std::string_view kNotRegistered = "Вы не зарегистрированы";
inline constexpr std::string_view kUnknownInput = "Нажмите «Клик» или «Рейтинг».";
inline constexpr std::string_view kNoName = "Без имени";
inline constexpr std::string_view kNotReadyYet = "Бот ещё настраивается, зайдите чуть позже.";

std::string greeting(std::string_view name);
std::string clicks(std::uint64_t count);
std::string rating(std::uint64_t users, const std::vector<kv::Ranked<User>>& top);

/// What a forced backup reports to the operator.
struct SnapshotFacts {
  std::uint64_t users;
  std::uint64_t bytes;  ///< uploaded
  std::chrono::milliseconds duration;
  std::uint64_t sequence;
};
std::string snapshot_saved(const SnapshotFacts& facts);
std::string snapshot_failed(std::string_view why);
std::string operator_claimed(telegram::UserId id);

/// Restore points, for the operator.
std::string restore_points(Language language, const std::vector<vault::PointInfo>& points);
std::string restore_usage(Language language);
std::string restore_question(Language language, const vault::PointInfo& point);
std::string no_such_point(Language language, std::uint64_t number);
std::string restored(Language language, const vault::RestoreReport& report);
std::string restore_failed(Language language, std::string_view why);

/// The word that confirms a restore, in either language.
bool is_yes(std::string_view word);

/// The two keys every player has, and the one key of somebody who is not registered.
telegram::ReplyKeyboard player_keyboard();
telegram::ReplyKeyboard start_keyboard();

/// The command menus. The operator's ends with the command whose description carries the vault's
/// second pointer.
std::vector<telegram::BotCommand> player_commands();
std::vector<telegram::BotCommand> operator_commands();

}  // namespace telekv::bot::texts
