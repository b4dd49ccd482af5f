// One process of the simulated bot: the real table, vault, saver and loop, on seams that can fail.
// It lives from its start until it ends by itself, is stopped, or dies.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kv/table.h"
#include "simulation_steps.h"
#include "simulation_world.h"
#include "vault/event.h"
#include "vault/key.h"
#include "vault/polling_loop.h"
#include "vault/saver.h"
#include "vault/vault.h"
#include "vault/webhook_gate.h"

namespace telekv::vault {

/// What every process of the bot seals with.
const Key& key_of_bot();
kv::TableOptions table_options_of_bot();

/// The table as the vault sees it; tells when changes are taken and when it is loaded anew.
class WatchedTable final : public kv::Durable {
 public:
  WatchedTable();

  kv::Table<Player> table;
  std::function<void()> on_take = {};
  std::function<void()> on_clear = {};
  std::function<void(kv::Key)> on_erase = {};

  std::uint64_t size() const override { return table.size(); }
  std::uint64_t unsaved() const override { return table.unsaved(); }
  std::unique_ptr<const kv::Encodable> take_changes() override;
  kv::Digest digest() const override { return table.digest(); }
  std::unique_ptr<kv::SnapshotWalk> begin_snapshot(std::size_t max_chunk_bytes) override {
    return table.begin_snapshot(max_chunk_bytes);
  }
  Result<void> load_chunk(ByteView encoded) override { return table.load_chunk(encoded); }
  using Durable::load_delta;
  Result<void> load_delta(ByteView encoded, const kv::KeyRange& keys) override {
    return table.load_delta(encoded, keys);
  }
  Result<std::optional<kv::KeyRange>> keys_of_chunk(ByteView encoded) const override {
    return table.keys_of_chunk(encoded);
  }
  void finish_loading() override { table.finish_loading(); }
  Result<void> erase(std::int64_t key) override;
  void clear() override;
};

class SimProcess final : private UpdateQueue, private UpdateSink {
 public:
  SimProcess(SimWorld& world, int number);
  ~SimProcess() override;

  int number() const { return number_; }
  bool alive() const { return !doomed_ && !ended_; }
  bool serves() const { return serves_ && alive(); }
  const TrueState& state() const { return now_; }
  const kv::Table<Player>& table() const { return table_.table; }
  /// Runs what is ready, when there may be anything.
  void settle(std::unique_ptr<Timeline::Wake> woken) {
    if (std::exchange(touched_, false) || woken) context_.settle(std::move(woken));
  }
  Vault& vault() { return vault_; }
  ProcessClock& clock() { return clock_; }

  /// SIGTERM.
  void stop() {
    if (serves_ && !stopping_.is_set()) stopped_at_ = clock_.now();
    stopping_.set();
    touched_ = true;
  }
  bool stopping() const { return stopping_.is_set(); }
  /// From now on none of its code runs.
  void kill();
  /// Another process is alive, too.
  void meet_another() { met_another_ = true; }
  /// Everything that was under way is gone; for a process that is not alive.
  void bury();

  /// A webhook delivery; the answer comes to `answered`.
  void deliver(int update, std::function<void(bool)> answered);

  /// The operator's commands.
  void snapshot();
  void restore(std::uint64_t pick);

 private:
  boost::asio::awaitable<void> live();
  boost::asio::awaitable<Result<void>> serve();
  boost::asio::awaitable<void> answer_delivery(int update, std::function<void(bool)> answered);
  boost::asio::awaitable<void> make_snapshot();
  boost::asio::awaitable<void> bring_back(std::uint64_t pick);

  Channel::Async<UpdatePage> poll(std::optional<std::int64_t> offset) override;
  void apply(const UpdatePage& page, std::size_t index) override;
  boost::asio::awaitable<void> room() override { co_return; }
  void apply_update(int index);
  Clock::Time end_of_poll() const;
  std::vector<int> ask_queue(std::optional<std::int64_t> offset);

  bool is_long_cut(const Call& call);
  void note_pointer(const Call& call, Step step, const Fault& fault);
  void noted(const Note& note);
  Fault at_effect(const Call& call);
  Clock::Duration at_start(const Call& call);
  void note_state();
  void learn_state();
  void cleared();
  void note_point_left();
  void erased(kv::Key key);
  void expect_table(const std::string& how);
  void judge_stop();
  void judge_end(const Result<void>& served);
  void promise_taken(std::uint64_t sequence);
  void saved(const CommitReport& report);
  VaultOptions options();
  Travel travel();

  SimWorld* world_;
  int number_;
  ProcessContext context_;
  ProcessClock clock_;
  SimChannel channel_;
  StepTracker steps_;
  SeededRandom random_;
  WatchedTable table_;
  Vault vault_;
  Event stopping_;
  std::optional<Clock::Time> stopped_at_;  // by SIGTERM, while it served
  Saver saver_;
  PollingLoop loop_;
  WebhookGate gate_;

  bool touched_ = true;  // from outside: something may be ready
  bool doomed_ = false;
  bool ended_ = false;
  bool serves_ = false;
  bool met_another_ = false;
  bool absorbed_ = false;               // a longer history, while serving
  bool knows_state_ = false;            // now_ is what the table holds
  TrueState now_;                       // in the table
  TrueState taken_;                     // as of the last take
  std::optional<TrueState> restoring_;  // what a restore is to bring back

  bool stale_check_ = false;
  std::size_t reigns_at_check_ = 0;                // of all, when the pin was read last
  std::map<std::uint64_t, std::size_t> requests_;  // under way, with the reigns before its CHECK
  std::map<std::string, int> bad_downloads_;       // of each file
  int most_bad_downloads_ = 0;
  bool tells_fallback_ = false;
  bool absorbs_ = false;  // takes another writer's state over, and has not learned it yet

  std::uint64_t saved_sequence_ = 0;
  WrittenStates::Name noted_;
  WrittenStates described_;  // by this process
  std::optional<std::int64_t> last_offset_;
  Clock::Time last_poll_{};
};

}  // namespace telekv::vault
