#include "bot/phrases.h"

#include <array>
#include <cstddef>

namespace telekv::bot::texts {
namespace {

struct Row {
  Phrase phrase;
  std::string_view russian;
  std::string_view english;
};

constexpr std::array kRows = std::to_array<Row>({
    {Phrase::kClickKey, "Клик", "Click"},
    {Phrase::kRatingKey, "Рейтинг", "Rating"},
    {Phrase::kGreeting, "Приветствую {0}", "Hello {0}"},
    {Phrase::kNotRegistered, "Вы не зарегистрированы", "You are not registered"},
    {Phrase::kUnknownInput, "Нажмите «Клик» или «Рейтинг». Всё остальное: /help",
     "Press “Click” or “Rating”. Everything else: /help"},
    {Phrase::kNotReadyYet, "Бот ещё настраивается, зайдите чуть позже.",
     "The bot is still being set up, please come back a little later."},
    {Phrase::kNoName, "Без имени", "No name"},
    {Phrase::kClicks, "Кликов: {0}", "Clicks: {0}"},
    {Phrase::kTotal, "Всего: {0}", "Total: {0}"},
    {Phrase::kTied, "Поровну: {0}", "Tied: {0}"},
    {Phrase::kNobodyHasClicked, "Пока никто не кликнул: будьте первыми.",
     "Nobody has clicked yet: be the first."},
    {Phrase::kYou, "Вы", "You"},
    {Phrase::kOwnPlace, "{0}: место {1}, {2}", "{0}: place {1}, {2}"},
    {Phrase::kStanding, "{0}: {1}, место {2} из {3}", "{0}: {1}, place {2} of {3}"},
    {Phrase::kNextPlace, "До места {0}: ещё {1}", "To place {0}: {1} more"},
    {Phrase::kNobodyAbove, "Выше никого нет.", "Nobody is above."},
    {Phrase::kHelp,
     "/click — плюс один клик; кнопка «Клик» делает то же\n"
     "/top — рейтинг; кнопка «Рейтинг» делает то же\n"
     "/me — сколько у вас кликов, какое место и сколько до следующего\n"
     "/privacy — что бот о вас хранит\n"
     "/forget — удалить ваши данные\n"
     "/start — начать и показать кнопки",
     "/click — one click more; the “Click” key does the same\n"
     "/top — the rating; the “Rating” key does the same\n"
     "/me — your clicks, your place, and how far the next one is\n"
     "/privacy — what the bot keeps about you\n"
     "/forget — delete your data\n"
     "/start — begin, and show the keys"},
    {Phrase::kPrivacy,
     "Бот хранит ваш номер в Telegram, ваше имя и число кликов, больше ничего. Имя и число видны "
     "всем в рейтинге.\n"
     "\n"
     "{0}\n"
     "\n"
     "/forget удаляет всё это. Более старые копии со временем заменяются новыми, и восстановление "
     "из них ваших данных не вернёт; до тех пор хранится ваш номер, помеченный как удалённый.",
     "The bot keeps your Telegram id, your name and the number of your clicks, and nothing else. "
     "Everybody sees name and number in the rating.\n"
     "\n"
     "{0}\n"
     "\n"
     "/forget deletes all of it. Older copies are replaced by newer ones in time, and restoring "
     "one does not bring your data back; until then your id is kept, marked as deleted."},
    {Phrase::kKeptSealed,
     "Данные лежат в памяти бота и, зашифрованные, в его чате с оператором; ключ хранится отдельно "
     "от Telegram.",
     "The data is in the bot's memory and, encrypted, in its chat with the operator; the key is "
     "kept apart from Telegram."},
    {Phrase::kKeptReadable,
     "Данные лежат в памяти бота и в его чате с оператором, незашифрованные.",
     "The data is in the bot's memory and in its chat with the operator, not encrypted."},
    {Phrase::kForgetQuestion, "{0}, удалить имя и {1}? Вернуть их будет нельзя.",
     "{0}, delete your name and {1}? This cannot be undone."},
    {Phrase::kForgetYes, "Удалить", "Delete"},
    {Phrase::kForgetNo, "Оставить", "Keep"},
    {Phrase::kForgetting, "Удаляю…", "Deleting…"},
    {Phrase::kForgotten,
     "Удалено: ни имени, ни кликов больше нет, и старые копии их не вернут. Начать заново: /start",
     "Deleted: name and clicks are gone, and no older copy brings them back. To begin anew: "
     "/start"},
    {Phrase::kNothingToForget, "Удалять нечего: вы не зарегистрированы.",
     "There is nothing to delete: you are not registered."},
    {Phrase::kForgetFailed, "Удалить не получилось, попробуйте позже.",
     "That did not work, try again later."},
    {Phrase::kKept, "Ничего не удалено.", "Nothing was deleted."},
    {Phrase::kNotYourQuestion, "Этот вопрос не вам.", "This question is for somebody else."},
    {Phrase::kMenuStart, "Начать", "Begin"},
    {Phrase::kMenuClick, "Плюс один клик", "One click more"},
    {Phrase::kMenuTop, "Рейтинг", "The rating"},
    {Phrase::kMenuMe, "Мои клики и место", "My clicks and place"},
    {Phrase::kMenuHelp, "Что умеет бот", "What the bot can do"},
    {Phrase::kMenuPrivacy, "Что бот обо мне хранит", "What the bot keeps about me"},
    {Phrase::kMenuForget, "Удалить мои данные", "Delete my data"},
    {Phrase::kMenuStatus, "Состояние бота", "How the bot is doing"},
    {Phrase::kMenuSnapshots, "Точки восстановления", "Restore points"},
    {Phrase::kMenuRestore, "Вернуть точку восстановления", "Bring a restore point back"},
    {Phrase::kMenuExport, "Все данные файлом", "All data as a file"},
    {Phrase::kMenuSnapshot, "Сохранить сейчас", "Save now"},
    {Phrase::kClaimed,
     "Вы оператор этого бота. Чтобы так и осталось после перезапуска, задайте ADMIN_ID={0}",
     "You are this bot's operator. To keep it so after a restart, set ADMIN_ID={0}"},
    {Phrase::kSaved,
     "Сохранено.\n"
     "Пользователей: {0}\n"
     "Байт: {1}\n"
     "Время: {2} мс\n"
     "Последовательность: {3}",
     "Saved.\n"
     "Users: {0}\n"
     "Bytes: {1}\n"
     "Time: {2} ms\n"
     "Sequence: {3}"},
    {Phrase::kSaveFailed,
     "Сохранить не удалось: {0}\n"
     "Данные в памяти, попытки продолжаются.",
     "Saving failed: {0}\n"
     "The data is in memory; the bot goes on trying."},
    {Phrase::kSaving, "Сохраняю… {0}, отправлено {1}", "Saving… {0}, {1} sent"},
    {Phrase::kCollecting, "Собираю данные… {0}", "Collecting the data… {0}"},
    {Phrase::kNoPoints, "Точек восстановления пока нет: первая появится через сутки.",
     "There are no restore points yet: the first one comes after a day."},
    {Phrase::kPoints, "Точки восстановления:", "Restore points:"},
    {Phrase::kPoint, "{0}: {1}, пользователей: {2}", "{0}: {1}, users: {2}"},
    {Phrase::kRestoreUsage, "Вернуть точку: /restore НОМЕР. Список: /snapshots",
     "To bring one back: /restore NUMBER. The list: /snapshots"},
    {Phrase::kRestoreQuestion,
     "Вернуть точку {0}?\n"
     "Текущее состояние станет новой точкой. Для подтверждения: /restore {1} да",
     "Bring back {0}?\n"
     "The present state becomes a restore point. To confirm: /restore {1} yes"},
    {Phrase::kNoSuchPoint, "Точки {0} нет. Список: /snapshots",
     "There is no point {0}. The list: /snapshots"},
    {Phrase::kRestoring, "Возвращаю точку {0}… {1}", "Bringing back point {0}… {1}"},
    {Phrase::kRestored,
     "Возвращена точка {0}\n"
     "Сейчас пользователей: {1}\n"
     "Последовательность: {2}",
     "Brought back: {0}\n"
     "Users now: {1}\n"
     "Sequence: {2}"},
    {Phrase::kRestoredUnsaved, "Ещё не сохранено, попытки продолжаются: {0}",
     "Not saved yet, still trying: {0}"},
    {Phrase::kRestoreFailed, "Вернуть точку не удалось: {0}",
     "The point was not brought back: {0}"},
    {Phrase::kStatusUsers, "Пользователей: {0}", "Users: {0}"},
    {Phrase::kStatusClicks, "Кликов за минуту: {0}", "Clicks in a minute: {0}"},
    {Phrase::kStatusMemory, "Память: {0} (таблица {1})", "Memory: {0} (the table {1})"},
    {Phrase::kStatusSaved, "Последнее сохранение: {0} назад", "Last save: {0} ago"},
    {Phrase::kStatusTook, " ({0} мс, {1})", " ({0} ms, {1})"},
    {Phrase::kStatusNeverSaved, "Сохранений ещё не было", "Nothing has been saved yet"},
    {Phrase::kStatusSize, "Копия: {0}, прежний JSON: {1} (× {2})",
     "Backup: {0}, the old JSON: {1} (× {2})"},
    {Phrase::kStatusPosition, "Последовательность: {0}, эпоха: {1}", "Sequence: {0}, epoch: {1}"},
    {Phrase::kStatusUnsaved, "Не сохранено изменений: {0}, старшему {1}",
     "Unsaved changes: {0}, the oldest {1} old"},
    {Phrase::kStatusAllSaved, "Всё сохранено", "Everything is saved"},
    {Phrase::kStatusPenalties, "Отказов из-за частоты: {0}, ожидание {1}",
     "Refused for flooding: {0}, {1} waited"},
    {Phrase::kSeconds, "{0} с", "{0} s"},
    {Phrase::kMinutes, "{0} мин", "{0} min"},
    {Phrase::kHours, "{0} ч", "{0} h"},
    {Phrase::kDays, "{0} д", "{0} d"},
    {Phrase::kBytes, "{0} Б", "{0} B"},
    {Phrase::kKilobytes, "{0} КБ", "{0} kB"},
    {Phrase::kMegabytes, "{0} МБ", "{0} MB"},
    {Phrase::kExportComing, "Готовлю файл…", "Preparing the file…"},
    {Phrase::kExportedSealed,
     "Все данные, зашифрованные ключом бота. Открыть: telekv export --format csv ФАЙЛ\n"
     "\n"
     "Прислать читаемый файл? Его прочтёт всякий, к кому он попадёт.",
     "All data, sealed with the bot's key. To open it: telekv export --format csv FILE\n"
     "\n"
     "Send a readable file? Whoever gets hold of it can read it."},
    {Phrase::kExportUnsealed,
     "У бота нет ключа, поэтому данные можно прислать только читаемым файлом. Его прочтёт всякий, "
     "к "
     "кому он попадёт. Прислать?",
     "The bot has no key, so the data can only be sent as a readable file. Whoever gets hold of it "
     "can read it. Send it?"},
    {Phrase::kExportReadable, "Прислать читаемый", "Send a readable one"},
    {Phrase::kExportedReadable,
     "Все данные читаемым файлом: строка JSON на пользователя. Удалите его отсюда, когда скачаете.",
     "All data as a readable file: one line of JSON a user. Delete it here once you have it."},
    {Phrase::kExportFailed, "Выгрузить данные не удалось: {0}", "The data was not exported: {0}"},
    {Phrase::kAlertSaving,
     "⚠ Сохранить не удаётся уже {0}: {1}\n"
     "Данные в памяти, попытки продолжаются.",
     "⚠ Saving has been failing for {0}: {1}\n"
     "The data is in memory; the bot goes on trying."},
    {Phrase::kStillTrying, "первая попытка ещё идёт", "the first attempt is still under way"},
    {Phrase::kAlertTakenOver,
     "⚠ Данные приняла другая копия бота, эта останавливается. Если вы её не запускали, смените "
     "токен у @BotFather.",
     "⚠ Another copy of the bot has taken the data over; this one stops. If you have not started "
     "it, change the token at @BotFather."},
    {Phrase::kAlertUnreadable, "⚠ Бот остановлен, потому что не может прочесть данные: {0}",
     "⚠ The bot has stopped, because it cannot read its data: {0}"},
    {Phrase::kAlertDrill, "⚠ Пробное восстановление не прошло: {0}",
     "⚠ A trial restore has failed: {0}"},
    {Phrase::kAlertBase,
     "⚠ Полная копия давно не получается: изменений после неё уже {0}. Ничего не потеряно; причина "
     "в журнале.",
     "⚠ The full copy has not come through for long: the changes since the last one are {0} by "
     "now. "
     "Nothing is lost; the log says why."},
});

constexpr bool are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].phrase) != i) return false;
  }
  return kRows.size() == static_cast<std::size_t>(Phrase::kCount_);
}
static_assert(are_in_order(), "every phrase has its row, in the order of the enumeration");

struct NounRow {
  Noun noun;
  std::string_view russian;
  std::string_view english;
};

constexpr std::array kNouns = std::to_array<NounRow>({
    {Noun::kClick, "клик|клика|кликов", "click|clicks"},
});
static_assert(kNouns.size() == static_cast<std::size_t>(Noun::kCount_));

std::string_view nth_form(std::string_view all, std::size_t index) {
  for (; index > 0; --index) all.remove_prefix(all.find('|') + 1);
  return all.substr(0, all.find('|'));
}

// 1 and 21, but not 11; 2 to 4 and 22 to 24, but not 12 to 14; the rest.
std::size_t russian_form(std::uint64_t count) {
  const std::uint64_t last = count % 10;
  if (count / 10 % 10 == 1) return 2;
  if (last == 1) return 0;
  return last >= 2 && last <= 4 ? 1 : 2;
}

}  // namespace

std::string_view say(Phrase phrase, Language language) {
  const Row& row = kRows[static_cast<std::size_t>(phrase)];
  return language == Language::kRussian ? row.russian : row.english;
}

std::string say(Phrase phrase, Language language, std::initializer_list<std::string_view> values) {
  const std::string_view pattern = say(phrase, language);
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_place = pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}';
    const auto number = is_place ? static_cast<std::size_t>(pattern[i + 1] - '0') : values.size();
    if (number < values.size()) {
      text += values.begin()[number];
      i += 2;
    } else {
      text += pattern[i];
    }
  }
  return text;
}

std::string_view forms(Noun noun, Language language) {
  const NounRow& row = kNouns[static_cast<std::size_t>(noun)];
  return language == Language::kRussian ? row.russian : row.english;
}

std::string_view form_for(std::uint64_t count, Noun noun, Language language) {
  const std::size_t index = language == Language::kRussian ? russian_form(count) : count != 1;
  return nth_form(forms(noun, language), index);
}

std::string grouped(std::uint64_t number, Language language) {
  const bool russian = language == Language::kRussian;
  const std::string_view separator = russian ? "\u00a0" : ",";
  std::string digits = std::to_string(number);
  if (digits.size() < (russian ? 5U : 4U)) return digits;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += separator;
    text += digits[i];
  }
  return text;
}

std::string counted(std::uint64_t count, Noun noun, Language language) {
  std::string text = grouped(count, language);
  text += ' ';
  return text += form_for(count, noun, language);
}

}  // namespace telekv::bot::texts
