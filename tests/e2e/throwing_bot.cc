// A bot on the library whose handler cannot take every message, for polling_bot.test.mjs.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kv/table.h"
#include "telegram/polling_bot.h"

namespace {

struct Count {
  std::uint64_t messages = 0;
};

}  // namespace

template <>
inline constexpr auto telekv::kv::schema_of<Count> =
    telekv::kv::schema(telekv::kv::ranking_field(1, "messages", &Count::messages));

int main() {
  using namespace telekv;
  const auto tell = [](std::string_view line) { std::cerr << line << '\n'; };
  const auto bot =
      telegram::PollingBot::create({.token = std::getenv("BOT_TOKEN"),
                                    .key = std::getenv("TELEKV_KEY"),
                                    .chat = telegram::ChatId{std::atoll(std::getenv("ADMIN_ID"))},
                                    .api_root = std::getenv("API_ROOT"),
                                    .on_note = tell});
  if (!bot) return 1;
  kv::Table<Count> counts((*bot)->table_options());
  const auto handle = [&](const telegram::Message& message) {
    const kv::Key id = to_int(message.from->id);
    if (!counts.find(id) && !counts.insert(id, {})) throw std::runtime_error("no room");
    (void)counts.update(id, [](Count& count) { ++count.messages; });
    if (message.text == "throw") throw std::runtime_error("cannot take it");
    return std::to_string(counts.find(id)->messages);
  };
  return (*bot)->run(counts, handle) ? 0 : 1;
}
