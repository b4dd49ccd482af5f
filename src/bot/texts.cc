#include "bot/texts.h"

namespace telekv::bot::texts {

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

telegram::ReplyKeyboard player_keyboard() {
  return {{std::string(kClickKey)}, {std::string(kRatingKey)}};
}

telegram::ReplyKeyboard start_keyboard() { return {{std::string(kStartCommand)}}; }

std::vector<telegram::BotCommand> player_commands() {
  return {{.command = "start", .description = "Начать"}};
}

std::vector<telegram::BotCommand> operator_commands() {
  return {{.command = "start", .description = "Начать"},
          {.command = "snapshot", .description = "Сохранить сейчас"}};
}

}  // namespace telekv::bot::texts
