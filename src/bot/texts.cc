#include "bot/texts.h"

#include <array>
#include <utility>

#include "bot/names.h"

namespace telekv::bot::texts {
namespace {

constexpr std::array<std::string_view, 3> kMedals{"🥇", "🥈", "🥉"};
constexpr std::size_t kNamesBesideAMedal = 3;

using Top = std::vector<kv::Ranked<User>>;

/// Calls fn(first, last) for each run of equal places, as positions in `top`.
template <class Function>
void for_each_place(const Top& top, Function&& fn) {
  for (std::size_t first = 0; first < top.size();) {
    std::size_t last = first;
    while (last + 1 < top.size() && top[last + 1].rank == top[first].rank) ++last;
    fn(first, last);
    first = last + 1;
  }
}

// Who shares a place shares its medal. Nobody gets one for nothing.
std::string medals(const Top& top, Language language) {
  std::string text;
  for_each_place(top, [&](std::size_t first, std::size_t last) {
    if (top[first].rank > kMedals.size() || top[first].record.clicks == 0) return;
    text += '\n';
    text += kMedals[top[first].rank - 1];
    for (std::size_t i = first; i <= last && i < first + kNamesBesideAMedal; ++i) {
      text += i == first ? " " : ", ";
      text += name_in_text(top[i].record.name, language);
    }
    if (last - first >= kNamesBesideAMedal) text += ", …";
  });
  return text;
}

std::string ties(const Top& top, Language language) {
  std::string lines;
  for_each_place(top, [&](std::size_t first, std::size_t last) {
    if (first == last || top[first].record.clicks == 0) return;
    if (!lines.empty()) lines += ", ";
    lines += std::to_string(first + 1) + "–" + std::to_string(last + 1);
  });
  return lines.empty() ? lines : "\n" + say(Phrase::kTied, language, {lines});
}

telegram::BotCommand item(std::string command, Phrase description, Language language) {
  return {.command = std::move(command), .description = std::string(say(description, language))};
}

}  // namespace

Language language_of(std::string_view tag) {
  const bool russian = tag.empty() || tag == "ru" || tag.starts_with("ru-");
  return russian ? Language::kRussian : kOthers;
}

std::string name_in_text(std::string_view name, Language language) {
  return shown_name(name, say(Phrase::kNoName, language));
}

std::string greeting(std::string_view name, Language language) {
  return say(Phrase::kGreeting, language, {short_name(name, say(Phrase::kNoName, language))});
}

std::string clicks(std::uint64_t count, Language language) {
  return say(Phrase::kClicks, language, {std::to_string(count)});
}

std::string rating(std::uint64_t users, const Top& top, const std::optional<Standing>& own,
                   Language language) {
  std::string text = say(Phrase::kTotal, language, {std::to_string(users)});
  std::size_t line = 0;
  for (const kv::Ranked<User>& each : top) {
    text += '\n';
    text += std::to_string(++line);
    text += ": ";
    text += name_in_text(each.record.name, language);
    text += " - ";
    text += grouped(each.record.clicks, language);
  }
  std::string below;
  if (own) {
    below += '\n';
    below += say(
        Phrase::kOwnPlace, language,
        {own->who, grouped(own->place, language), counted(own->clicks, Noun::kClick, language)});
  }
  below += medals(top, language);
  below += ties(top, language);
  if (top.empty() || top.front().record.clicks == 0) {
    below += '\n';
    below += say(Phrase::kNobodyHasClicked, language);
  }
  return text + "\n" + below;
}

std::string standing(const Standing& own, std::uint64_t users, const std::optional<NextPlace>& next,
                     Language language) {
  std::string text = say(Phrase::kStanding, language,
                         {own.who, counted(own.clicks, Noun::kClick, language),
                          grouped(own.place, language), grouped(users, language)});
  text += '\n';
  if (!next) {
    text += say(Phrase::kNobodyAbove, language);
  } else {
    text +=
        say(Phrase::kNextPlace, language,
            {grouped(next->place, language), counted(next->clicks_away, Noun::kClick, language)});
  }
  return text;
}

std::string privacy(bool sealed, Language language) {
  const Phrase kept = sealed ? Phrase::kKeptSealed : Phrase::kKeptReadable;
  return say(Phrase::kPrivacy, language, {say(kept, language)});
}

std::string forget_question(std::string_view who, std::uint64_t clicks, Language language) {
  return say(Phrase::kForgetQuestion, language, {who, counted(clicks, Noun::kClick, language)});
}

telegram::ReplyKeyboard player_keyboard(Language language) {
  return {{std::string(say(Phrase::kClickKey, language))},
          {std::string(say(Phrase::kRatingKey, language))}};
}

telegram::ReplyKeyboard start_keyboard() { return {{"/start"}}; }

std::vector<telegram::BotCommand> player_commands(Language language) {
  return {
      item("start", Phrase::kMenuStart, language),  item("click", Phrase::kMenuClick, language),
      item("top", Phrase::kMenuTop, language),      item("me", Phrase::kMenuMe, language),
      item("help", Phrase::kMenuHelp, language),    item("privacy", Phrase::kMenuPrivacy, language),
      item("forget", Phrase::kMenuForget, language)};
}

std::vector<telegram::BotCommand> group_commands(Language language) {
  return {item("click", Phrase::kMenuClick, language), item("top", Phrase::kMenuTop, language),
          item("me", Phrase::kMenuMe, language), item("start", Phrase::kMenuStart, language),
          item("help", Phrase::kMenuHelp, language)};
}

std::vector<telegram::BotCommand> operator_commands(Language language) {
  std::vector<telegram::BotCommand> commands = player_commands(language);
  commands.push_back(item("status", Phrase::kMenuStatus, language));
  commands.push_back(item("snapshots", Phrase::kMenuSnapshots, language));
  commands.push_back(item("restore", Phrase::kMenuRestore, language));
  commands.push_back(item("export", Phrase::kMenuExport, language));
  commands.push_back(item("snapshot", Phrase::kMenuSnapshot, language));
  return commands;
}

}  // namespace telekv::bot::texts
