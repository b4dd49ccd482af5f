#include "bot/texts.h"

#include <ctime>
#include <utility>

namespace telekv::bot::texts {
namespace {

/// "2026-11-24 10:30 UTC"
std::string moment(std::int64_t unix_time) {
  const auto seconds = static_cast<std::time_t>(unix_time);
  std::tm parts{};
  char text[32];
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(unix_time);
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts));
}

std::string facts_of(Language language, const vault::PointInfo& point) {
  const std::string users = std::to_string(point.records);
  return std::to_string(point.number) + ": " + moment(point.committed_at) +
         (language == Language::kRussian ? ", пользователей: " : ", users: ") + users;
}

}  // namespace

Language language_of(std::string_view tag) {
  const bool russian = tag.empty() || tag == "ru" || tag.starts_with("ru-");
  return russian ? Language::kRussian : Language::kEnglish;
}

std::string greeting(std::string_view name) { return "Приветствую " + std::string(name); }

std::string clicks(std::uint64_t count) { return "Кликов: " + std::to_string(count); }

std::string rating(std::uint64_t users, const std::vector<kv::Ranked<User>>& top) {
  std::string text = "Всего: " + std::to_string(users);
  std::uint64_t place = 0;
  for (const kv::Ranked<User>& each : top) {
    text += '\n';
    text += std::to_string(++place);
    text += ": ";
    text += each.record.name;
    text += " - ";
    text += std::to_string(each.record.clicks);
  }
  return text;
}

std::string snapshot_saved(const SnapshotFacts& facts) {
  return "Сохранено.\nПользователей: " + std::to_string(facts.users) +
         "\nБайт: " + std::to_string(facts.bytes) +
         "\nВремя: " + std::to_string(facts.duration.count()) +
         " мс\nПоследовательность: " + std::to_string(facts.sequence);
}

std::string snapshot_failed(std::string_view why) {
  return "Сохранить не удалось: " + std::string(why) + "\nДанные в памяти, попытки продолжаются.";
}

std::string operator_claimed(telegram::UserId id) {
  return "Вы оператор этого бота. Чтобы так и осталось после перезапуска, задайте ADMIN_ID=" +
         std::to_string(telegram::to_int(id));
}

std::string restore_points(Language language, const std::vector<vault::PointInfo>& points) {
  const bool russian = language == Language::kRussian;
  if (points.empty()) {
    return russian ? "Точек восстановления пока нет: первая появится через сутки."
                   : "There are no restore points yet: the first one comes after a day.";
  }
  std::string text = russian ? "Точки восстановления:" : "Restore points:";
  for (const vault::PointInfo& point : points) text += "\n" + facts_of(language, point);
  text += "\n" + restore_usage(language);
  return text;
}

std::string restore_usage(Language language) {
  return language == Language::kRussian
             ? "Вернуть точку: /restore НОМЕР. Список: /snapshots"
             : "To bring one back: /restore NUMBER. The list: /snapshots";
}

std::string restore_question(Language language, const vault::PointInfo& point) {
  const std::string again = "/restore " + std::to_string(point.number);
  return language == Language::kRussian
             ? "Вернуть точку " + facts_of(language, point) +
                   "?\nТекущее состояние станет новой точкой. Для подтверждения: " + again + " да"
             : "Bring back " + facts_of(language, point) +
                   "?\nThe present state becomes a restore point. To confirm: " + again + " yes";
}

std::string no_such_point(Language language, std::uint64_t number) {
  const std::string which = std::to_string(number);
  return language == Language::kRussian ? "Точки " + which + " нет. Список: /snapshots"
                                        : "There is no point " + which + ". The list: /snapshots";
}

std::string restored(Language language, const vault::RestoreReport& report) {
  const std::string users = std::to_string(report.records);
  std::string text = language == Language::kRussian
                         ? "Возвращена точка " + facts_of(language, report.point) +
                               "\nСейчас пользователей: " + users +
                               "\nПоследовательность: " + std::to_string(report.sequence)
                         : "Brought back: " + facts_of(language, report.point) +
                               "\nUsers now: " + users +
                               "\nSequence: " + std::to_string(report.sequence);
  if (report.unsaved) {
    text += language == Language::kRussian ? "\nЕщё не сохранено, попытки продолжаются: "
                                           : "\nNot saved yet, still trying: ";
    text += describe(*report.unsaved);
  }
  return text;
}

std::string restore_failed(Language language, std::string_view why) {
  return std::string(language == Language::kRussian ? "Вернуть точку не удалось: "
                                                    : "The point was not brought back: ") +
         std::string(why);
}

bool is_yes(std::string_view word) {
  return word == "yes" || word == "да" || word == "Yes" || word == "Да";
}

telegram::ReplyKeyboard player_keyboard() {
  return {{std::string(kClickKey)}, {std::string(kRatingKey)}};
}

telegram::ReplyKeyboard start_keyboard() { return {{std::string(kStartCommand)}}; }

std::vector<telegram::BotCommand> player_commands() {
  return {{.command = "start", .description = "Начать"}};
}

std::vector<telegram::BotCommand> operator_commands() {
  return {{.command = "start", .description = "Начать"},
          {.command = "snapshots", .description = "Точки восстановления"},
          {.command = "restore", .description = "Вернуть точку восстановления"},
          {.command = "snapshot", .description = "Сохранить сейчас"}};
}

}  // namespace telekv::bot::texts
