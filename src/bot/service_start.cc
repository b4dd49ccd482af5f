// How the service comes up: everything before the first update is taken.
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "bot/certificate.h"
#include "bot/operator_claim.h"
#include "bot/operator_texts.h"
#include "bot/service.h"
#include "bot/texts.h"
#include "vault/retry.h"

namespace telekv::bot {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A host's network may come up after the program; longer than this, a supervisor should decide.
constexpr seconds kReachDeadline{10};
// Restoring a large store over a slow line, penalties included.
constexpr seconds kOpenDeadline{300};
// However many replies and answers to taps are on their way, some are left: for the poll, the
// commit, a base and a drill beside it, and the operator's desk.
constexpr std::size_t kConnections = telegram::Outbox::kWorkers + TapAnswers::kWorkers + 6;

void log_note(const vault::Note& note) {
  const bool warning = note.weight == vault::Note::Weight::kWarning;
  spdlog::log(warning ? spdlog::level::warn : spdlog::level::info, "{}", note.text);
}

}  // namespace

asio::awaitable<Result<void>> Service::start() {
  if (Result<void> listening = listen(); !listening) co_return listening;
  Result<std::unique_ptr<telegram::HttpClient>> http =
      telegram::HttpClient::create(io_.get_executor(), config_.api_root,
                                   {.max_connections = kConnections, .proxy = config_.proxy});
  if (!http) co_return http.error();
  http_ = std::move(*http);
  api_.emplace(*http_, config_.token, &flood_budget_);
  outbox_.emplace(*api_, flood_budget_, clock_, random_, io_.get_executor());

  if (Result<void> checked = co_await check_token(); !checked) co_return checked;
  if (!config_.webhook) co_await delete_webhook();
  if (!config_.admin_id) {
    if (Result<void> claimed = co_await wait_for_operator(); !claimed) co_return claimed;
  }
  if (Result<void> opened = co_await open_vault(); !opened) co_return opened;
  make_parts();
  co_await publish_commands();
  co_return Result<void>{};
}

Result<void> Service::listen() {
  if (config_.webhook && !config_.webhook->certificate_file.empty()) {
    Result<std::shared_ptr<const telegram::ServerTls>> tls =
        load_certificate(*config_.webhook, clock_.unix_time());
    if (!tls) return tls.error();
    webhook_tls_ = *std::move(tls);
  }
  if (!config_.port) return {};
  if (!config_.status.token && !config_.status.only_this_machine) {
    spdlog::info(
        "the page /status is off: set STATUS_TOKEN (16 characters or more), or "
        "LISTEN=loopback for this machine alone");
  }
  return web_.listen(io_.get_executor(), clock_, *config_.port, webhook_tls_);
}

asio::awaitable<Result<void>> Service::check_token() {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  const auto get_me = [this] { return api_->get_me(); };
  const Result<telegram::User> me =
      co_await vault::retry(patience, vault::OnUnknown::kRepeat, get_me);
  if (!me) co_return me.error();
  bot_name_ = me->username;
  spdlog::info("bot @{} ({}) at {}", me->username, telegram::to_int(me->id),
               config_.api_root.to_string());
  co_return Result<void>{};
}

// A webhook left by an earlier program would keep every update away from polling. If it stays,
// polling says so at every attempt.
asio::awaitable<void> Service::delete_webhook() {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  const auto call = [this] { return api_->delete_webhook(); };
  const Result<void> deleted = co_await vault::retry(patience, vault::OnUnknown::kRepeat, call);
  if (!deleted) spdlog::warn("the webhook could not be removed: {}", describe(deleted.error()));
}

// Without an operator there is no chat to keep the data in, so nobody is served until one has sent
// the code. What players send meanwhile is answered as such and forgotten.
asio::awaitable<Result<void>> Service::wait_for_operator() {
  OperatorClaim claim(*api_, clock_, random_, [](const Error& error) {
    spdlog::warn("getting updates failed: {}", describe(error));
  });
  spdlog::warn("ADMIN_ID is not set: send {} to the bot to become its operator", claim.code());
  while (!config_.admin_id) {
    const Result<std::vector<OperatorClaim::Heard>> heard = co_await claim.listen();
    if (!heard) co_return heard.error();
    for (const OperatorClaim::Heard& each : *heard) {
      const telegram::Message& message = each.message;
      if (each.claims) take_operator(message);
      const texts::Language language = texts::language_of(message.from->language_code);
      std::string answer = each.claims
                               ? texts::operator_claimed(message.from->id, language)
                               : std::string(texts::say(texts::Phrase::kNotReadyYet, language));
      outbox_->push({.chat = message.chat.id, .text = std::move(answer)});
    }
    co_await outbox_->room();
  }
  co_return Result<void>{};
}

void Service::take_operator(const telegram::Message& message) {
  config_.admin_id = message.from->id;
  if (!config_.vault_chat) config_.vault_chat = message.chat.id;
  spdlog::info("the operator is {}; set ADMIN_ID={} to keep it so",
               telegram::to_int(message.from->id), telegram::to_int(message.from->id));
}

asio::awaitable<Result<void>> Service::open_vault() {
  kv::TableOptions& table = table_options_;
  table.hash_seed = random_.next_u64();
  if (config_.key) table.digest_key = config_.key->digest_key();
  users_.emplace(table);
  channel_.emplace(*api_, *config_.vault_chat, texts::operator_commands(texts::kOthers));
  metered_.emplace(*channel_, clock_);
  vault::VaultOptions options = config_.vault;
  options.make_scratch = [table = table_options_]() mutable {
    table.holds_pieces = true;
    return std::make_unique<kv::Table<User>>(table);
  };
  options.on_note = log_note;
  vault_.emplace(*metered_, clock_, random_, *users_,
                 config_.key ? vault::Sealer::with_key(*config_.key) : vault::Sealer::plaintext(),
                 pool_.get_executor(), std::move(options));

  const Result<vault::OpenReport> opened = co_await vault_->open(clock_.now() + kOpenDeadline);
  if (!opened) co_return opened.error();
  if (opened->created) {
    spdlog::info("a new store: root in message {}", vault::to_int(opened->root));
  } else {
    spdlog::info("restored {} users, sequence {}, {} bytes in {} ms; root in message {}",
                 opened->records, opened->sequence, opened->downloaded_bytes,
                 std::chrono::duration_cast<milliseconds>(opened->duration).count(),
                 vault::to_int(opened->root));
  }
  co_return Result<void>{};
}

void Service::make_parts() {
  const asio::any_io_executor executor = io_.get_executor();
  clicker_.emplace(*users_, clock_,
                   Clicker::Options{.operator_id = *config_.admin_id,
                                    .user_name = bot_name_,
                                    .sealed = config_.key.has_value(),
                                    .hint_pause = config_.hint_pause});
  alerts_.emplace(*outbox_, clock_, *config_.admin_id);
  watch_.emplace(*vault_, *clicker_, *alerts_, clock_, config_.backup_interval);
  saver_.emplace(
      *vault_, clock_, random_, executor, stopping_,
      vault::SaverOptions{.durability = config_.durability, .interval = config_.backup_interval},
      watch_->events([this](const vault::CommitReport& saved) { sampler_->note_saved(saved); }));
  make_desk();
  early_saves_.emplace(*saver_, clock_, *outbox_, executor);
  tap_answers_.emplace(*api_, clock_, executor);
  handler_.emplace(UpdateHandler::Parts{.clicker = &*clicker_,
                                        .users = &*users_,
                                        .api = &*api_,
                                        .outbox = &*outbox_,
                                        .early_saves = &*early_saves_,
                                        .tap_answers = &*tap_answers_,
                                        .desk = &*desk_,
                                        .executor = executor});
  sampler_.emplace([this] { return facts(); }, clock_);
  if (config_.webhook) {
    gate_.emplace(*vault_, *saver_, clock_, stopping_,
                  vault::WebhookGate::Options{.durability = config_.durability,
                                              .settle = config_.webhook->settle});
    web_.serve_webhook(telegram::WebhookEndpoint(
        config_.webhook->path, config_.webhook->secret,
        [this](telegram::Update update) { return deliver(std::move(update)); }));
  } else {
    polled_.emplace(*api_, *handler_);
    loop_.emplace(*vault_, *saver_, *polled_, *polled_, clock_, random_, stopping_,
                  vault::PollingLoop::Options{.durability = config_.durability});
  }
}

void Service::make_desk() {
  exporter_.emplace(Exporter::Parts{
      .users = &*users_,
      .table = table_options_,
      .sealer = config_.key ? vault::Sealer::with_key(*config_.key) : vault::Sealer::plaintext(),
      .random = &random_,
      .clock = &clock_,
      .pool = pool_.get_executor()});
  desk_.emplace(
      OperatorDesk::Parts{.vault = &*vault_,
                          .saver = &*saver_,
                          .outbox = &*outbox_,
                          .api = &*api_,
                          .clock = &clock_,
                          .exporter = &*exporter_,
                          .sealed = config_.key.has_value(),
                          .status = [this] { return status(); },
                          .uploaded_bytes = [this] { return metered_->counters().uploaded_bytes; },
                          .heard = [this](texts::Language language) { alerts_->speak(language); },
                          .executor = io_.get_executor()});
}

// Menus are a comfort: players can type what they offer. Telegram shows the one without a language
// to whoever has none of their own, as texts::language_of() answers them. In the vault's chat that
// one is the vault's register and is written by nobody else.
asio::awaitable<void> Service::publish_commands() {
  using telegram::CommandScope;
  using texts::Language;
  constexpr CommandScope::Kind kGroups = CommandScope::Kind::kAllGroupChats;
  const telegram::ChatId own_chat{telegram::to_int(*config_.admin_id)};
  std::vector<std::pair<CommandScope, std::vector<telegram::BotCommand>>> menus{
      {{}, texts::player_commands(texts::kOthers)},
      {{.language = "ru"}, texts::player_commands(Language::kRussian)},
      {{.kind = kGroups}, texts::group_commands(texts::kOthers)},
      {{.kind = kGroups, .language = "ru"}, texts::group_commands(Language::kRussian)},
      {CommandScope::of_chat(own_chat, "ru"), texts::operator_commands(Language::kRussian)}};
  if (own_chat != *config_.vault_chat) {
    menus.emplace_back(CommandScope::of_chat(own_chat), texts::operator_commands(texts::kOthers));
  }
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  for (const auto& menu : menus) {
    const auto set_commands = [&] { return api_->set_my_commands(menu.second, menu.first); };
    const Result<void> set =
        co_await vault::retry(patience, vault::OnUnknown::kRepeat, set_commands);
    if (!set) {
      spdlog::warn("a command menu could not be set: {}", describe(set.error()));
      co_return;
    }
  }
}

// Only now, so that Telegram does not deliver to a program that is loading.
asio::awaitable<Result<void>> Service::set_webhook() {
  const vault::Patience patience{&clock_, &random_, clock_.now() + kReachDeadline};
  telegram::SharedBytes certificate;
  if (webhook_tls_ && webhook_tls_->is_self_signed()) {
    certificate = std::make_shared<const Bytes>(webhook_tls_->certificate_pem());
  }
  const auto call = [&] {
    return api_->set_webhook({.url = config_.webhook->url,
                              .secret = config_.webhook->secret,
                              .certificate = certificate});
  };
  Result<void> set = co_await vault::retry(patience, vault::OnUnknown::kRepeat, call);
  if (!set) {
    Error error = set.error();
    if (error.code == ErrorCode::kRejected) error.code = ErrorCode::kInvalidArgument;
    error.message = "WEBHOOK_URL: " + error.message;
    co_return error;
  }
  spdlog::info("updates are delivered to {}", config_.webhook->url);
  co_return Result<void>{};
}

}  // namespace telekv::bot
