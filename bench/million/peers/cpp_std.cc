// The clicker as one writes it in C++ on the standard library's containers (std_players.h).
// Telegram is spoken to as src/bot/service.h does, with the same client, poll and outbox, so that
// the store is what differs. One thread for everything, a backup too.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "bot/exit_code.h"
#include "million/peers/std_players.h"
#include "telegram/api.h"
#include "telegram/api_root.h"
#include "telegram/flood_budget.h"
#include "telegram/http_client.h"
#include "telegram/outbox.h"
#include "telegram/polled_page.h"
#include "vault/backoff.h"
#include "vault/clock.h"
#include "vault/random.h"

namespace telekv::bench {
namespace {

namespace asio = boost::asio;
using bot::ExitCode;
using std::chrono::duration;
using telegram::ChatId;

// However many answers are on their way, some are left: for the poll and a backup.
constexpr std::size_t kConnections = telegram::Outbox::kWorkers + 2;
constexpr double kMaxDumpSeconds = 86'400;

constexpr std::string_view kClick = "Клик";
constexpr std::string_view kRating = "Рейтинг";

void complain(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// ---- settings ----------------------------------------------------------------------------------

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

template <class Number>
std::optional<Number> number(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Settings {
  telegram::Token token;
  telegram::ApiRoot api_root;
  ChatId admin;
  std::string users_file;
  duration<double> dump_interval;

  static Result<Settings> read() {
    Result<telegram::Token> token = telegram::Token::parse(variable("BOT_TOKEN"));
    if (!token) return token.error();
    Result<telegram::ApiRoot> root = telegram::parse_api_root(variable("API_ROOT"));
    if (!root) return root.error();
    const auto admin = number<std::int64_t>(variable("ADMIN_ID"));
    if (!admin) return Error{ErrorCode::kInvalidArgument, "ADMIN_ID is not a number"};
    const auto dump_s = number<double>(variable("DUMP_SECONDS", "30"));
    if (!dump_s || !(*dump_s > 0 && *dump_s <= kMaxDumpSeconds)) {
      return Error{ErrorCode::kInvalidArgument, "DUMP_SECONDS is not within 0 and 86400"};
    }
    return Settings{*std::move(token), *std::move(root), ChatId{*admin}, variable("USERS_FILE"),
                    duration<double>(*dump_s)};
  }
};

// ---- the bot -----------------------------------------------------------------------------------

class Bot {
 public:
  Bot(Settings settings, StdPlayers players, telegram::Http& http, asio::io_context& io)
      : settings_(std::move(settings)),
        players_(std::move(players)),
        api_(http, settings_.token, &budget_),
        outbox_(api_, budget_, clock_, random_, io.get_executor(),
                [](const Error& error) { complain(describe(error)); }) {}

  asio::awaitable<void> poll() {
    vault::Backoff backoff(random_, {});
    std::optional<std::int64_t> offset;
    for (;;) {
      const Result<vault::UpdatePage> page = co_await telegram::poll_page(api_, offset);
      if (!page) {
        complain(describe(page.error()));
        co_await clock_.sleep_for(backoff.next(page.error()));
        continue;
      }
      backoff.reset();
      const telegram::UpdatePage& content = telegram::content_of(*page);
      for (const telegram::Update& update : content.updates) {
        const auto* message = std::get_if<telegram::Message>(&update.content);
        if (message != nullptr && message->from && !message->text.empty()) answer(*message);
      }
      if (const auto last = content.last_id()) offset = to_int(*last) + 1;
      co_await outbox_.room();
    }
  }

  asio::awaitable<void> back_up() {
    const auto interval =
        std::chrono::duration_cast<vault::Clock::Duration>(settings_.dump_interval);
    for (;;) {
      co_await clock_.sleep_for(interval);
      if (std::exchange(players_.changed, false)) co_await dump();
    }
  }

 private:
  void answer(const telegram::Message& message) {
    const std::int64_t id = to_int(message.chat.id);
    telegram::Reply reply{.chat = message.chat.id, .text = {}};
    if (message.text == kClick) {
      reply.text = players_.click(id);
    } else if (message.text == kRating) {
      reply.text = players_.rating(id);
    } else if (message.text.starts_with("/start")) {
      reply.text = players_.start(id, message.from->first_name);
      reply.keyboard = telegram::ReplyKeyboard{{std::string(kClick)}, {std::string(kRating)}};
    } else {
      reply.text = players_.hint(id);
    }
    outbox_.push(std::move(reply));
  }

  asio::awaitable<void> dump() {
    const vault::Clock::Time begun = clock_.now();
    telegram::Upload upload{.name = "users.json",
                            .caption = {},
                            .bytes = std::make_shared<const Bytes>(players_.dump())};
    const std::size_t bytes = upload.bytes->size();
    const vault::Clock::Time encoded = clock_.now();
    const Result<telegram::Message> sent =
        co_await api_.send_document(settings_.admin, std::move(upload));
    if (sent) {
      std::printf("dump: %zu bytes, encoded in %.3f s, uploaded in %.3f s\n", bytes,
                  duration<double>(encoded - begun).count(),
                  duration<double>(clock_.now() - encoded).count());
    } else {
      players_.changed = true;
      complain(describe(sent.error()));
    }
  }

  Settings settings_;
  StdPlayers players_;
  vault::SystemClock clock_;
  vault::SystemRandom random_;
  telegram::FloodBudget budget_{clock_, telegram::FloodLimits::none()};
  telegram::Api api_;
  telegram::Outbox outbox_;
};

ExitCode refuse(const Error& error) {
  complain(describe(error));
  return ExitCode::kConfiguration;
}

ExitCode run() {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  Result<Settings> settings = Settings::read();
  if (!settings) return refuse(settings.error());
  const auto begun = std::chrono::steady_clock::now();
  Result<StdPlayers> players = StdPlayers::restore(settings->users_file);
  if (!players) return refuse(players.error());
  const duration<double> restored = std::chrono::steady_clock::now() - begun;
  const std::size_t count = players->size();

  asio::io_context io{1};
  const auto http = telegram::HttpClient::create(io.get_executor(), settings->api_root,
                                                 {.max_connections = kConnections});
  if (!http) return refuse(http.error());
  Bot bot(*std::move(settings), *std::move(players), **http, io);
  const auto end_of_the_run = [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  asio::co_spawn(io, bot.poll(), end_of_the_run);
  asio::co_spawn(io, bot.back_up(), end_of_the_run);
  std::printf("ready: %zu users, restored in %.3f s\n", count, restored.count());
  io.run();
  return ExitCode::kSuccess;
}

}  // namespace
}  // namespace telekv::bench

int main() {
  try {
    return static_cast<int>(telekv::bench::run());
  } catch (const std::exception& failure) {
    telekv::bench::complain(failure.what());
    return static_cast<int>(telekv::bot::ExitCode::kInternal);
  }
}
