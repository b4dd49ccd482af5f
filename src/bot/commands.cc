#include "bot/commands.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "bot/phrases.h"

namespace telekv::bot {
namespace {

constexpr std::string_view kSpaces = " \t\n";

constexpr std::pair<std::string_view, Command> kCommands[] = {
    {"/start", Command::kStart},       {"/click", Command::kClick},
    {"/top", Command::kRating},        {"/me", Command::kMe},
    {"/help", Command::kHelp},         {"/privacy", Command::kPrivacy},
    {"/forget", Command::kForget},     {"/status", Command::kStatus},
    {"/snapshot", Command::kSnapshot}, {"/snapshots", Command::kPoints},
    {"/restore", Command::kRestore},   {"/export", Command::kExport},
};

/// What the operator of the bot before typed.
constexpr std::string_view kSnapshotWord = "admin";

Command key_of(std::string_view text) {
  for (const texts::Language language : texts::kLanguages) {
    if (text == texts::say(texts::Phrase::kClickKey, language)) return Command::kClick;
    if (text == texts::say(texts::Phrase::kRatingKey, language)) return Command::kRating;
  }
  return text == kSnapshotWord ? Command::kSnapshot : Command::kUnknown;
}

Command command_of(std::string_view word) {
  for (const auto& [name, command] : kCommands) {
    if (name == word) return command;
  }
  return Command::kUnknown;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Request parse_request(std::string_view text) {
  if (!text.starts_with('/')) return {.command = key_of(text)};
  const std::string_view word = text.substr(0, text.find_first_of(kSpaces));
  const std::size_t at = std::min(word.find('@'), word.size());
  Request request{.command = command_of(word.substr(0, at)), .is_command = true};
  if (at < word.size()) request.addressee = word.substr(at + 1);
  return request;
}

std::vector<std::string_view> arguments_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = std::min(text.find_first_of(kSpaces), text.size());
  while ((begin = text.find_first_not_of(kSpaces, begin)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kSpaces, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (failure != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

bool is_same_user_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace telekv::bot
