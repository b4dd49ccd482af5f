#include "engine/dataset.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "engine/base_names.h"
#include "engine/random.h"

namespace telekv::bench {
namespace {

constexpr std::uint64_t kSeed = 20240607;
constexpr std::size_t kListedNames = 3000;
constexpr std::size_t kMaxLineBytes = 8192;

std::vector<std::string> words(std::string_view list) {
  std::istringstream stream{std::string(list)};
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

const std::vector<std::string>& emoji() {
  static const std::vector<std::string> list = words(
      "🔥 💎 ❤️ 🚀 😎 🐾 🌸 👑 ⚡ 🍀 🇷🇺 🦊 🖤 ☀️ 🎮 💰");
  return list;
}

template <class List>
const auto& any(const List& list, Random& random) {
  return list[random.below(list.size())];
}

/// "ABC" of either script, then lower case: enough for the two scripts the names are in.
char32_t changed_case(char32_t symbol, bool upper) {
  constexpr char32_t kYo = U'Ё';
  constexpr char32_t kSmallYo = U'ё';
  if (upper) {
    if (symbol >= U'a' && symbol <= U'z') return symbol - U'a' + U'A';
    if (symbol >= U'а' && symbol <= U'я') return symbol - U'а' + U'А';
    return symbol == kSmallYo ? kYo : symbol;
  }
  if (symbol >= U'A' && symbol <= U'Z') return symbol - U'A' + U'a';
  if (symbol >= U'А' && symbol <= U'Я') return symbol - U'А' + U'а';
  return symbol == kYo ? kSmallYo : symbol;
}

void append_symbol(char32_t symbol, std::string& text) {
  if (symbol < 0x80) {
    text += static_cast<char>(symbol);
    return;
  }
  text += static_cast<char>(0xC0U | (symbol >> 6U));
  text += static_cast<char>(0x80U | (symbol & 0x3FU));
}

/// Of a text of one- and two-byte symbols.
std::string in_case(std::string_view text, bool upper) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t symbol = static_cast<unsigned char>(text[i]);
    if (symbol >= 0x80) {
      symbol = ((symbol & 0x1FU) << 6U) | (static_cast<unsigned char>(text[++i]) & 0x3FU);
    }
    append_symbol(changed_case(symbol, upper), result);
  }
  return result;
}

std::string initial(bool latin, Random& random) {
  std::string text;
  constexpr std::u32string_view kCyrillic = U"АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ";
  append_symbol(latin ? U'A' + static_cast<char32_t>(random.below(26)) : any(kCyrillic, random),
                text);
  return text;
}

/// A name as people vary it: with emoji, initials, numbers, in other case.
std::string variant(const std::string& base, bool latin, Random& random) {
  const double kind = random.unit();
  if (kind < 0.25) return base + any(emoji(), random);
  if (kind < 0.45) return in_case(base, false);
  if (kind < 0.75) return base + " " + initial(latin, random) + (random.below(2) == 0 ? "" : ".");
  if (kind < 0.85) return in_case(base, true);
  if (kind < 0.95) return base + std::to_string(1 + random.below(2010));
  return any(emoji(), random) + base + any(emoji(), random);
}

/// The plain names by popularity, two scripts mixed, then variants of them.
std::vector<std::string> listed_names() {
  Random random(kSeed ^ 0xA5A5U);
  const std::array<std::vector<std::string>, 2> scripts = {words(kCyrillicNames),
                                                           words(kLatinNames)};
  boost::unordered_flat_set<std::string> seen;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  std::array<std::size_t, 2> next{};
  while (next[0] < scripts[0].size() || next[1] < scripts[1].size()) {
    const bool cyrillic =
        next[0] < scripts[0].size() && (next[1] >= scripts[1].size() || random.unit() < 0.62);
    const std::size_t script = cyrillic ? 0 : 1;
    add(scripts[script][next[script]++]);
  }
  const std::size_t bases = scripts[0].size() + scripts[1].size();
  while (names.size() < kListedNames) {
    const std::size_t base = random.below(bases);
    const bool latin = base >= scripts[0].size();
    add(variant(latin ? scripts[1][base - scripts[0].size()] : scripts[0][base], latin, random));
  }
  return names;
}

/// Numbers for names: each kept once.
class NameTable {
 public:
  std::uint32_t number(std::string name) {
    const auto [place, fresh] = numbers_.try_emplace(std::move(name), next_);
    if (fresh) ++next_;
    return place->second;
  }
  bool knows(const std::string& name) const { return numbers_.contains(name); }

  std::vector<std::string> list() && {
    std::vector<std::string> names(next_);
    for (const auto& [name, number] : numbers_) names[number] = name;
    return names;
  }

 private:
  boost::unordered_flat_map<std::string, std::uint32_t> numbers_;
  std::uint32_t next_ = 0;
};

std::string random_name(std::u32string_view alphabet, std::size_t length, Random& random) {
  std::string name;
  for (std::size_t i = 0; i < length; ++i) append_symbol(any(alphabet, random), name);
  return name;
}

kv::Key realistic_id(Random& random) {
  const double kind = random.unit();
  if (kind < 0.2) return 1'000'000 + static_cast<kv::Key>(random.below(999'000'000));
  if (kind < 0.7) return 1'000'000'000 + static_cast<kv::Key>(random.below(1'200'000'000));
  return 5'000'000'000 + static_cast<kv::Key>(random.below(3'000'000'000));
}

Dataset realistic(std::size_t count) {
  constexpr std::u32string_view kAlphabet =
      U"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
      U"абвгдежзиклмнопрстуфхцчшэюя";
  Random random(kSeed);
  NameTable names;
  std::vector<double> cumulated;
  for (std::string& name : listed_names()) {
    const double before = cumulated.empty() ? 0 : cumulated.back();
    cumulated.push_back(before + 1.0 / static_cast<double>(cumulated.size() + 1));
    names.number(std::move(name));
  }
  boost::unordered_flat_set<kv::Key> ids;
  Dataset data{.label = "R"};
  data.people.reserve(count);
  while (data.people.size() < count) {
    Person person{.id = realistic_id(random)};
    if (!ids.insert(person.id).second) continue;
    if (random.unit() < 0.10) {
      std::string name;
      do {
        name = random_name(kAlphabet, 4 + random.below(10), random);
      } while (names.knows(name));
      person.name = names.number(std::move(name));
    } else {
      const auto place =
          std::upper_bound(cumulated.begin(), cumulated.end(), random.unit() * cumulated.back());
      person.name =
          static_cast<std::uint32_t>(std::min(place, cumulated.end() - 1) - cumulated.begin());
    }
    person.clicks = static_cast<std::uint64_t>(std::exp(3.0 + 2.0 * random.normal()));
    person.state = random.unit() < 0.9 ? 0 : static_cast<std::uint32_t>(1 + random.below(5));
    data.people.push_back(person);
  }
  data.names = std::move(names).list();
  return data;
}

Dataset smallest(std::size_t count) {
  Dataset data{.label = "S"};
  data.people.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    data.people.push_back({.id = static_cast<kv::Key>(i + 1), .clicks = 1, .name = 0, .state = 0});
  }
  data.names = {"eee"};
  return data;
}

Dataset adversarial(std::size_t count) {
  constexpr std::u32string_view kAlphabet =
      U"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  Random random(kSeed ^ 0x58U);
  boost::unordered_flat_set<kv::Key> ids;
  Dataset data{.label = "X"};
  data.people.reserve(count);
  data.names.reserve(count);
  while (data.people.size() < count) {
    const auto id = static_cast<kv::Key>(random.next() >> 12U);
    if (!ids.insert(id).second) continue;
    // 96 random bits: two equal names among 10M are a chance of 1 in 10^15.
    data.names.push_back(random_name(kAlphabet, 16, random));
    data.people.push_back({.id = id,
                           .clicks = random.next() >> 32U,
                           .name = static_cast<std::uint32_t>(data.people.size()),
                           .state = 0});
  }
  return data;
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Person> parse_person(std::string_view line, NameTable& names) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = line.find('\t');
    if ((end == std::string_view::npos) != (i + 1 == fields.size())) return std::nullopt;
    fields[i] = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  Person person{};
  if (!parse(fields[0], person.id) || fields[1].size() > kv::kMaxTextBytes ||
      !parse(fields[2], person.clicks) || !parse(fields[3], person.state)) {
    return std::nullopt;
  }
  person.name = names.number(std::string(fields[1]));
  return person;
}

Result<Dataset> from_file(const std::string& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{.code = ErrorCode::kNotFound,
                 .message = path + " cannot be read",
                 .hint = "--data takes R, S, X or a file of tab-separated people"};
  }
  NameTable names;
  boost::unordered_flat_set<kv::Key> ids;
  Dataset data{.label = path.substr(path.rfind('/') + 1)};
  for (std::string line; data.people.size() < count && std::getline(file, line);) {
    const std::optional<Person> person =
        line.size() > kMaxLineBytes ? std::nullopt : parse_person(line, names);
    if (!person || !ids.insert(person->id).second) {
      return Error{.code = ErrorCode::kDamaged,
                   .message = path + ": line " + std::to_string(data.people.size() + 1) +
                              " is no person, or one that was there before",
                   .hint = "a line is chat id, name, clicks and state with tabs between"};
    }
    data.people.push_back(*person);
  }
  if (data.people.empty()) {
    return Error{.code = ErrorCode::kDamaged, .message = path + " holds nobody"};
  }
  data.names = std::move(names).list();
  return data;
}

}  // namespace

Dataset Dataset::head(std::size_t count) const {
  Dataset result{.label = label};
  NameTable kept;
  for (std::size_t i = 0; i < std::min(count, people.size()); ++i) {
    Person person = people[i];
    person.name = kept.number(names[person.name]);
    result.people.push_back(person);
  }
  result.names = std::move(kept).list();
  return result;
}

Result<Dataset> load_dataset(const std::string& source, std::size_t count) {
  if (source == "R") return realistic(count);
  if (source == "S") return smallest(count);
  if (source == "X") return adversarial(count);
  return from_file(source, count);
}

}  // namespace telekv::bench
