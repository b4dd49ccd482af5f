#include "telegram/polling_bot.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

#include "telegram/as_tuple.h"
#include "telegram/bot_channel.h"
#include "telegram/http_client.h"
#include "telegram/outbox.h"
#include "telegram/own_pins.h"
#include "telegram/polled_page.h"
#include "vault/caught.h"
#include "vault/key.h"
#include "vault/retry.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::telegram {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using std::chrono::seconds;

namespace {

constexpr seconds kReachDeadline{10};
// Restoring a large store over a slow line, penalties included.
constexpr seconds kOpenDeadline{300};
constexpr seconds kLastAnswersDeadline{3};
// However many answers are on their way, some are left: for the poll, the commit, a base and a
// drill.
constexpr std::size_t kConnections = Outbox::kWorkers + 4;

// The register needs a command that the operator's menu shows (telegram/bot_channel.h).
std::vector<BotCommand> operator_menu() { return {{"start", "Start"}}; }

}  // namespace

class PollingBot::Impl final : public vault::UpdateQueue, public vault::UpdateSink {
 public:
  Impl(BotSettings settings, Token token, const vault::Key& key)
      : settings_(std::move(settings)),
        key_(key),
        stopping_(io_.get_executor()),
        budget_(clock_, {}),
        token_(std::move(token)) {}

  Result<void> connect(ApiRoot root) {
    Result<std::unique_ptr<HttpClient>> http =
        HttpClient::create(io_.get_executor(), std::move(root), {.max_connections = kConnections});
    if (!http) return http.error();
    http_ = *std::move(http);
    api_.emplace(*http_, token_, &budget_);
    channel_.emplace(*api_, settings_.chat, operator_menu());
    outbox_.emplace(
        *api_, budget_, clock_, random_, io_.get_executor(),
        [this](const Error& error) { note("an answer was not sent: " + describe(error)); });
    return {};
  }

  kv::TableOptions table_options() {
    return {.hash_seed = random_.next_u64(), .digest_key = key_.digest_key()};
  }

  Result<void> run(kv::Durable& state, MakeScratch make_scratch, OnMessage on_message) {
    on_message_ = std::move(on_message);
    vault::VaultOptions options;
    options.make_scratch = std::move(make_scratch);
    options.on_note = [this](const vault::Note& line) { note(line.text); };
    vault_.emplace(*channel_, clock_, random_, state, vault::Sealer::with_key(key_),
                   pool_.get_executor(), std::move(options));
    asio::co_spawn(io_, watch_signals(), asio::detached);
    asio::co_spawn(io_, vault::caught(serve()),
                   [this](const std::exception_ptr& /*never*/, Result<void> end) {
                     end_ = std::move(end);
                     io_.stop();
                   });
    io_.run();
    pool_.join();
    return end_;
  }

  // ---- vault::UpdateQueue, vault::UpdateSink ----------------------------------------------------

  Async<vault::UpdatePage> poll(std::optional<std::int64_t> offset) override {
    Result<vault::UpdatePage> page = co_await poll_page(*api_, offset);
    if (!page && !vault::ends_the_run(page.error())) {
      note("getting updates failed, will be tried again: " + describe(page.error()));
    }
    if (page && content_of(*page).unreadable > 0) {
      note(std::to_string(content_of(*page).unreadable) +
           " updates without a readable id were skipped");
    }
    co_return page;
  }

  void apply(const vault::UpdatePage& page, std::size_t index) override {
    const Update& update = content_of(page).updates[index];
    if (const auto* malformed = std::get_if<MalformedUpdate>(&update.content)) {
      note("update " + std::to_string(to_int(update.id)) + " was skipped: " + malformed->reason);
      return;
    }
    const auto* message = std::get_if<Message>(&update.content);
    if (!message || !message->from) return;
    const auto stays = [this](const Error& error) {
      note("the notice of a pin stays: " + describe(error));
    };
    const bool is_own = remove_notice_of_own_pin(*api_, *message, io_.get_executor(), stays);
    if (is_own || message->tells_of_pin) return;
    std::string text = answer_to(*message);
    if (!text.empty()) outbox_->push({.chat = message->chat.id, .text = std::move(text)});
  }

  asio::awaitable<void> room() override { return outbox_->room(); }

 private:
  // A message that its handler cannot take still counts as applied, or it would come back for ever.
  std::string answer_to(const Message& message) {
    try {
      return on_message_(message);
    } catch (const std::exception& failure) {
      note("a message was not answered: its handler threw: " + std::string(failure.what()));
      return {};
    }
  }

  void note(std::string_view line) const {
    if (settings_.on_note) settings_.on_note(line);
  }

  asio::awaitable<void> watch_signals() {
    asio::signal_set signals(io_, SIGTERM, SIGINT);
    co_await signals.async_wait(kAsTuple);
    stopping_.set();
  }

  Async<void> serve() {
    auto opening = vault::caught(open());
    auto opened = co_await (std::move(opening) || stopping_.wait());
    if (opened.index() == 1) co_return Result<void>{};  // asked to stop before anything was served
    if (!std::get<0>(opened)) co_return std::get<0>(opened).error();

    const vault::SaverEvents events{.failed = [this](const Error& error) {
      note("saving failed, will be tried again: " + describe(error));
    }};
    vault::Saver saver(*vault_, clock_, random_, io_.get_executor(), stopping_, {}, events);
    vault::PollingLoop loop(*vault_, saver, *this, *this, clock_, random_, stopping_, {});
    // The loop ends once stopping_ is set, which the saver sets when it fails.
    auto polling = end_with(vault::caught(loop.run()));
    auto saving = vault::caught(saver.run());
    auto ends = co_await (std::move(polling) && std::move(saving));
    co_await (outbox_->drained() || clock_.sleep_for(kLastAnswersDeadline));
    const Result<void>& polled = std::get<0>(ends);
    co_return polled ? std::get<1>(ends) : polled;
  }

  Async<void> end_with(Async<void> run) {
    Result<void> end = co_await std::move(run);
    stopping_.set();
    co_return end;
  }

  // A webhook left by an earlier program would keep every update away from polling.
  Async<void> open() {
    const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
    const auto call = [this] { return api_->delete_webhook(); };
    const Result<void> reached = co_await vault::retry(patience, vault::OnUnknown::kRepeat, call);
    if (!reached) co_return reached.error();
    const Result<vault::OpenReport> opened = co_await vault_->open(clock_.now() + kOpenDeadline);
    if (!opened) co_return opened.error();
    note(opened->created ? "a new store"
                         : "restored " + std::to_string(opened->records) + " records, sequence " +
                               std::to_string(opened->sequence));
    co_return Result<void>{};
  }

  BotSettings settings_;
  vault::Key key_;
  asio::io_context io_{1};
  asio::thread_pool pool_{1};
  vault::SystemClock clock_;
  vault::SystemRandom random_;
  vault::Event stopping_;
  FloodBudget budget_;
  Token token_;
  std::unique_ptr<HttpClient> http_;
  std::optional<Api> api_;
  std::optional<Outbox> outbox_;
  std::optional<BotChannel> channel_;
  std::optional<vault::Vault> vault_;
  OnMessage on_message_;
  Result<void> end_;
};

PollingBot::PollingBot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PollingBot::~PollingBot() = default;

Result<std::unique_ptr<PollingBot>> PollingBot::create(BotSettings settings) {
  const vault::SystemRandom prepares_libsodium;
  Result<Token> token = Token::parse(settings.token);
  if (!token) return token.error();
  const std::string salt = std::to_string(to_int(token->bot_id()));
  Result<vault::Key> key = vault::Key::from_setting(settings.key, salt);
  if (!key) return key.error();
  Result<ApiRoot> root = parse_api_root(settings.api_root);
  if (!root) return root.error();
  if (to_int(settings.chat) == 0) {
    return Error{ErrorCode::kInvalidArgument, "no chat is named that keeps the data",
                 "it is the operator's user id"};
  }
  auto impl = std::make_unique<Impl>(std::move(settings), *std::move(token), *key);
  if (Result<void> connected = impl->connect(*std::move(root)); !connected) {
    return connected.error();
  }
  return std::unique_ptr<PollingBot>(new PollingBot(std::move(impl)));
}

kv::TableOptions PollingBot::table_options() { return impl_->table_options(); }

Result<void> PollingBot::run_with(kv::Durable& state, MakeScratch make_scratch,
                                  OnMessage on_message) {
  return impl_->run(state, std::move(make_scratch), std::move(on_message));
}

}  // namespace telekv::telegram
