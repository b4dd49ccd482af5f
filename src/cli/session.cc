#include "cli/session.h"

#include "bot/texts.h"
#include "cli/stored_files.h"
#include "vault/stored_bytes.h"

namespace telekv::cli {
namespace {

/// For files: what a chat may give after a while, they will not.
class UnwaitingClock final : public vault::Clock {
 public:
  Time now() const override { return system_.now(); }
  std::chrono::seconds unix_time() const override { return system_.unix_time(); }
  boost::asio::awaitable<void> sleep_for(Duration) override { co_return; }

 private:
  vault::SystemClock system_;
};

Error no_store() {
  return {ErrorCode::kNotFound, "the chat holds no store",
          "check VAULT_CHAT, ADMIN_ID and BOT_TOKEN"};
}

}  // namespace

NewSession Session::create(const Source& source, const Surroundings& surroundings,
                           vault::VaultOptions options) {
  std::unique_ptr<Session> session(new Session(surroundings));
  options.tells_waiting = true;
  options.on_note = [raw = session.get()](const vault::Note& note) { raw->note(note); };
  const Result<std::optional<vault::Key>> key =
      source.chat ? session->reach_chat(source, surroundings.environment, options)
                  : session->read_files(source, surroundings);
  if (!key) return key.error();
  session->make_vault(*key, std::move(options));
  return session;
}

Result<std::optional<vault::Key>> Session::reach_chat(const Source& source,
                                                      const Environment& environment,
                                                      vault::VaultOptions& options) {
  const Result<bot::ChatSettings> settings = read_chat_settings(environment, source.plaintext);
  if (!settings) return settings.error();
  options.root_id = settings->root_id;
  Result<std::unique_ptr<telegram::HttpClient>> http = telegram::HttpClient::create(
      io_.get_executor(), settings->api_root, {.proxy = settings->proxy});
  if (!http) return http.error();
  http_ = *std::move(http);
  counted_.emplace(*http_);
  api_.emplace(*counted_, settings->token);
  clock_ = std::make_unique<vault::SystemClock>();
  channel_ = std::make_unique<telegram::BotChannel>(
      *api_, *settings->vault_chat, bot::texts::operator_commands(bot::texts::kOthers));
  return settings->key;
}

Result<std::optional<vault::Key>> Session::read_files(const Source& source,
                                                      const Surroundings& surroundings) {
  Result<std::optional<vault::Key>> key = read_key(surroundings.environment, source.plaintext);
  if (!key) return key.error();
  const vault::Sealer sealer = *key ? vault::Sealer::with_key(**key) : vault::Sealer::plaintext();
  Result<StoredFiles> files = StoredFiles::read(source.files, sealer, surroundings.streams);
  if (!files) return files.error();
  damaged_files_ = files->damaged();
  for (const Error& each : damaged_files_) surroundings.warn("left out: " + each.message);
  channel_ = std::make_unique<StoredFiles>(*std::move(files));
  clock_ = std::make_unique<UnwaitingClock>();
  return key;
}

void Session::make_vault(const std::optional<vault::Key>& key, vault::VaultOptions options) {
  sealer_ = key ? vault::Sealer::with_key(*key) : vault::Sealer::plaintext();
  table_options_.hash_seed = random_.next_u64();
  if (key) table_options_.digest_key = key->digest_key();
  users_.emplace(table_options_);
  options.make_scratch = [table = table_options_]() mutable {
    table.holds_pieces = true;
    return std::make_unique<kv::Table<bot::User>>(table);
  };
  vault_.emplace(*channel_, *clock_, random_, *users_, *sealer_, pool_.get_executor(),
                 std::move(options));
}

void Session::note(const vault::Note& note) {
  if (bar_) bar_->erase();
  if (note.weight == vault::Note::Weight::kWarning) {
    surroundings_->warn(note.text);
  } else {
    surroundings_->tell(note.text);
  }
}

void Session::begin_progress(std::uint64_t expected_bytes) {
  if (!surroundings_->progress || !counted_) return;
  counted_before_ = counted_->bytes();
  bar_.emplace(surroundings_->streams.error, expected_bytes, clock_->now());
}

void Session::show_progress() {
  if (bar_) bar_->show(counted_->bytes() - counted_before_, clock_->now());
}

// How much there is to download only its root tells, which is read first for whoever watches.
Result<StoredState> Session::read_state(std::uint64_t expected_bytes) {
  const vault::Clock::Time until = deadline();
  if (surroundings_->progress && counted_ && expected_bytes == 0) {
    const Result<vault::MessageId> root = run(vault_->read_names(until));
    if (root) expected_bytes = vault::bytes_of(vault_->manifest().state());
    if (!root && root.error().code != ErrorCode::kNotFound) return root.error();
  }
  const Result<vault::OpenReport> opened = run(vault_->read(until), expected_bytes);
  if (!opened) return cause_of(opened.error());
  if (opened->created) return no_store();
  return describe(*opened);
}

Result<Report> Session::read_names() {
  const Result<vault::MessageId> root = run(vault_->read_names(deadline()));
  if (!root) return root.error().code == ErrorCode::kNotFound ? no_store() : root.error();
  return describe_newest(*root);
}

// What is missing may be what was left out.
Error Session::cause_of(const Error& error) const {
  const bool is_missing = error.code == ErrorCode::kNotFound;
  return is_missing ? damaged_file().value_or(error) : error;
}

Report Session::describe_newest(vault::MessageId root) const {
  const format::State& state = vault_->manifest().state();
  return {{"root", vault::to_int(root)},
          {"sequence", state.sequence()},
          {"committed_at", utc_time(state.committed_at())},
          {"users", state.records()},
          {"digest", hex(state.digest())},
          {"bytes", vault::bytes_of(state)}};
}

// The table has gone on from a point under a sequence of its own, which the chat does not know.
StoredState Session::describe(const vault::OpenReport& opened) const {
  StoredState stored{.report = describe_newest(opened.root), .fallback = opened.fallback};
  if (!stored.fallback) return stored;
  const vault::PointInfo& point = *stored.fallback;
  stored.forgotten = point.records - opened.records;
  stored.report["restore_point"] = point.number;
  stored.report["sequence"] = point.sequence;
  stored.report["committed_at"] = utc_time(point.committed_at);
  stored.report["bytes"] = point.bytes;
  stored.report["still_forgotten"] = stored.forgotten;
  stored.report.stable_erase("digest");  // the table's, without those: no stored state has it
  return stored;
}

Result<void> Session::try_restoring(const format::State& state, std::chrono::seconds failing_for) {
  vault::Ring ring;  // nothing is written
  const auto none_editable = [](vault::Patience) -> vault::Channel::Async<vault::MessagesToKeep> {
    co_return vault::MessagesToKeep();
  };
  vault::Objects objects(*channel_, *sealer_, random_, pool_.get_executor(), ring, none_editable);
  vault::Chain chain(objects);
  const std::function<void(const Error&)> tell_waiting = [this](const Error& error) {
    note({.weight = vault::Note::Weight::kWarning, .text = vault::still_trying(error)});
  };
  vault::Patience patience{clock_.get(), &random_, deadline()};
  patience.failing_for = failing_for;
  patience.on_waiting = &tell_waiting;
  kv::TableOptions options = table_options_;
  options.holds_pieces = true;
  return run(chain.rehearse(state, std::make_unique<kv::Table<bot::User>>(options), patience),
             vault::bytes_of(state));
}

}  // namespace telekv::cli
