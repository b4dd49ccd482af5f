// What a bot says of itself, and how it comes to a server and goes.
#include <utility>

#include "emulator/world.h"

namespace telekv::emulator {
namespace {

constexpr TimeMs kMinute = 60'000;
constexpr TimeMs kCloseAfter = 10 * kMinute;    // Client.cpp on_cmd, Bot API: close
constexpr TimeMs kLoggedOutFor = 10 * kMinute;  // Bot API: logOut

}  // namespace

void World::put_profile(Bot& bot, const std::string& key, std::string text) {
  record_profile(bot, key, text);
  if (text.empty()) {
    bot.profile.erase(key);
  } else {
    bot.profile[key] = std::move(text);
  }
}

ApiError World::closing_error(const Bot& bot, TimeMs now) const {
  if (now < bot.logged_out_until) return {400, "Logged out"};
  return {500, "Internal Server Error: restart"};
}

Answer<void> World::admit(Bot& bot, std::string_view method, TimeMs now) {
  if (now < bot.logged_out_until) return closing_error(bot, now);
  if (bot.launched == 0 && method != "close") bot.launched = now;
  return {};
}

Answer<void> World::close(Bot& bot, TimeMs now) {
  if (bot.launched == 0) return bad_request("the bot has already been closed");
  // A server that has just started itself lets its bots go at once (Client.cpp on_cmd).
  const TimeMs wait = bot.launched + kCloseAfter - now;
  if (wait > 0 && bot.launched > started_ + kCloseAfter) {
    return too_many_requests(static_cast<std::uint32_t>((wait + 999) / 1000));
  }
  bot.launched = 0;
  observer_.update_queued(bot.id);  // ends a waiting poll
  return {};
}

void World::log_out(Bot& bot, TimeMs now) {
  if (!bot.webhook.url.empty()) replace_webhook(bot, {});
  drop_pending_updates(bot);
  bot.launched = 0;
  bot.logged_out_until = now + kLoggedOutFor;
  record_bot(bot);
  observer_.update_queued(bot.id);
}

}  // namespace telekv::emulator
