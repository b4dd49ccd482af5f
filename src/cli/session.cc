#include "cli/session.h"

#include "bot/texts.h"
#include "cli/stored_files.h"

namespace telekv::cli {

Result<std::unique_ptr<Session>> Session::create(const Source& source,
                                                 const Surroundings& surroundings,
                                                 vault::VaultOptions options) {
  std::unique_ptr<Session> session(new Session);
  options.on_note = [&surroundings](const vault::Note& note) {
    if (note.weight == vault::Note::Weight::kWarning) {
      surroundings.warn(note.text);
    } else {
      surroundings.tell(note.text);
    }
  };
  std::optional<vault::Key> key;
  if (source.chat) {
    Result<bot::ChatSettings> settings =
        read_chat_settings(surroundings.environment, source.plaintext);
    if (!settings) return settings.error();
    options.root_id = settings->root_id;
    key = settings->key;
    if (Result<void> reached = session->reach_chat(*settings); !reached) return reached.error();
  } else {
    Result<std::optional<vault::Key>> given = read_key(surroundings.environment, source.plaintext);
    if (!given) return given.error();
    key = *given;
    const vault::Sealer sealer = key ? vault::Sealer::with_key(*key) : vault::Sealer::plaintext();
    Result<StoredFiles> files = StoredFiles::read(source.files, sealer, surroundings.streams);
    if (!files) return files.error();
    session->channel_ = std::make_unique<StoredFiles>(*std::move(files));
  }
  session->make_vault(key, std::move(options));
  return session;
}

Result<void> Session::reach_chat(const bot::ChatSettings& settings) {
  Result<std::unique_ptr<telegram::HttpClient>> http =
      telegram::HttpClient::create(io_.get_executor(), settings.api_root);
  if (!http) return http.error();
  http_ = *std::move(http);
  api_.emplace(*http_, settings.token);
  channel_ = std::make_unique<telegram::BotChannel>(*api_, *settings.vault_chat,
                                                    bot::texts::operator_commands());
  return {};
}

void Session::make_vault(const std::optional<vault::Key>& key, vault::VaultOptions options) {
  kv::TableOptions table{.hash_seed = random_.next_u64(), .digest_key = {}};
  if (key) table.digest_key = key->digest_key();
  users_.emplace(table);
  options.make_scratch = [table] { return std::make_unique<kv::Table<bot::User>>(table); };
  vault_.emplace(*channel_, clock_, random_, *users_,
                 key ? vault::Sealer::with_key(*key) : vault::Sealer::plaintext(),
                 pool_.get_executor(), std::move(options));
}

Error Session::unexpected(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& what) {
    return Error{ErrorCode::kRejected, std::string("an unexpected exception: ") + what.what()};
  }
}

Result<StoredState> Session::read_state() {
  const Result<vault::OpenReport> opened = run(vault_->read(deadline()));
  if (!opened) return opened.error();
  if (opened->created) {
    return Error{ErrorCode::kNotFound, "the chat holds no store",
                 "check VAULT_CHAT, ADMIN_ID and BOT_TOKEN"};
  }
  const format::State& state = vault_->manifest().state();
  return StoredState{.report = {{"root", vault::to_int(opened->root)},
                                {"sequence", opened->sequence},
                                {"committed_at", utc_time(state.committed_at())},
                                {"users", opened->records},
                                {"digest", hex(state.digest())},
                                {"bytes", opened->downloaded_bytes}},
                     .fell_back = opened->fell_back};
}

}  // namespace telekv::cli
