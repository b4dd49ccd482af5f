// A table of users and the vault that keeps it, on a live chat or on downloaded files, with the
// loop that runs them: everything the commands share.
//
// One thread runs the protocol, another one opens and seals. run() blocks until its operation has
// ended.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bot/run_to_end.h"
#include "bot/user.h"
#include "cli/counted_http.h"
#include "cli/progress_bar.h"
#include "cli/source.h"
#include "cli/surroundings.h"
#include "kv/table.h"
#include "telegram/api.h"
#include "telegram/bot_channel.h"
#include "telegram/http_client.h"
#include "vault/clock.h"
#include "vault/random.h"
#include "vault/vault.h"

namespace telekv::cli {

/// The newest state that a source can restore.
struct StoredState {
  Report report;  ///< what it is, as every command that reads one tells it
  /// The newest one does not verify, or was not asked for: this restore point took its place.
  std::optional<vault::PointInfo> fallback = {};
  std::uint64_t forgotten = 0;  ///< of the point's users: erased since, and gone here too
};

class Session;
using NewSession = Result<std::unique_ptr<Session>>;

class Session {
 public:
  /// Downloading or uploading a large store over a slow line, penalties included.
  static constexpr std::chrono::minutes kPatience{10};

  /// Opens nothing yet, but verifies the files. What the vault decides is told by `surroundings`,
  /// which must outlive the session.
  static NewSession create(const Source& source, const Surroundings& surroundings,
                           vault::VaultOptions options = {});

  /// `expected_bytes` to be transferred, nearly, for whoever watches; 0: not known.
  template <class T>
  Result<T> run(vault::Channel::Async<T> operation, std::uint64_t expected_bytes = 0) {
    begin_progress(expected_bytes);
    Result<T> outcome = bot::run_to_end(io_, std::move(operation), [this] { show_progress(); });
    bar_.reset();
    return outcome;
  }

  /// Loads and verifies the newest state; claims and changes nothing. kNotFound for a chat that
  /// holds no store. `expected_bytes` as for run(); the root tells when it is 0.
  Result<StoredState> read_state(std::uint64_t expected_bytes = 0);

  /// Only names the newest state and the restore points, as vault::Vault::read_names().
  Result<Report> read_names();

  /// Whether a state can be restored: downloads and proves it beside the table. A call that keeps
  /// failing is tried again for `failing_for` at most, penalties not counted.
  Result<void> try_restoring(const format::State& state, std::chrono::seconds failing_for);

  /// The first file that was left out, and why. It is a problem whatever else comes of a command.
  std::optional<Error> damaged_file() const {
    return damaged_files_.empty() ? std::nullopt : std::optional(damaged_files_.front());
  }

  vault::Vault& vault() { return *vault_; }
  kv::Table<bot::User>& users() { return *users_; }
  vault::Clock::Time deadline() const { return clock_->now() + kPatience; }

 private:
  explicit Session(const Surroundings& surroundings) : surroundings_(&surroundings) {}
  void begin_progress(std::uint64_t expected_bytes);
  void show_progress();
  void note(const vault::Note& note);
  Error cause_of(const Error& error) const;
  Report describe_newest(vault::MessageId root) const;
  StoredState describe(const vault::OpenReport& opened) const;
  Result<std::optional<vault::Key>> reach_chat(const Source& source, const Environment& environment,
                                               vault::VaultOptions& options);
  Result<std::optional<vault::Key>> read_files(const Source& source,
                                               const Surroundings& surroundings);
  void make_vault(const std::optional<vault::Key>& key, vault::VaultOptions options);

  boost::asio::io_context io_{1};
  boost::asio::thread_pool pool_{1};
  std::unique_ptr<vault::Clock> clock_;
  vault::SystemRandom random_;
  const Surroundings* surroundings_;
  std::unique_ptr<telegram::HttpClient> http_;  // of a live chat
  std::optional<CountedHttp> counted_;          // of a live chat
  std::uint64_t counted_before_ = 0;
  std::optional<ProgressBar> bar_;
  std::optional<telegram::Api> api_;
  std::vector<Error> damaged_files_;
  std::unique_ptr<vault::Channel> channel_;
  std::optional<vault::Sealer> sealer_;
  kv::TableOptions table_options_{};
  std::optional<kv::Table<bot::User>> users_;
  std::optional<vault::Vault> vault_;
};

}  // namespace telekv::cli
