// The smallest bot on telekv: it counts what everybody writes, and tells them their place. Its
// state is in the operator's chat: stop it, start it on another machine, and every count is there.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "kv/table.h"
#include "telegram/polling_bot.h"

struct Person {
  std::string_view name;
  std::uint64_t messages = 0;
};

template <>
inline constexpr auto telekv::kv::schema_of<Person> =
    telekv::kv::schema(telekv::kv::field(1, "name", &Person::name),
                       telekv::kv::ranking_field(2, "messages", &Person::messages));

using namespace telekv;

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

std::string count(kv::Table<Person>& people, const telegram::User& sender) {
  const kv::Key id = to_int(sender.id);
  Result<void> counted = {};
  if (!people.find(id)) counted = people.insert(id, {.name = sender.first_name});
  if (counted) counted = people.update(id, [](Person& person) { ++person.messages; });
  if (!counted) return describe(counted.error());
  return "Message " + std::to_string(people.find(id)->messages) + ", place " +
         std::to_string(*people.rank(id)) + " of " + std::to_string(people.size());
}

void tell(std::string_view line) { std::cerr << "counter: " << line << '\n'; }

int fail(const Error& error) {
  tell(describe(error));
  return 1;
}

int main() {
  const auto bot = telegram::PollingBot::create(
      {.token = variable("BOT_TOKEN"),
       .key = variable("TELEKV_KEY"),
       .chat = telegram::ChatId{std::atoll(variable("ADMIN_ID").c_str())},
       .api_root = variable("API_ROOT", "https://api.telegram.org"),
       .on_note = tell});
  if (!bot) return fail(bot.error());
  kv::Table<Person> people((*bot)->table_options());
  const Result<void> ended = (*bot)->run(
      people, [&](const telegram::Message& message) { return count(people, *message.from); });
  return ended ? 0 : fail(ended.error());
}
