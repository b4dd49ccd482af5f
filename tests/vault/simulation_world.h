// The world of one history: a chat, an update queue, time, and the processes of one bot in it. A
// copy of chat and queue is all that survives when everybody dies. Single thread; everything
// repeats from the seed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim_channel.h"
#include "simulation_faults.h"
#include "simulation_time.h"
#include "simulation_truth.h"
#include "simulation_updates.h"
#include "vault/ladder.h"
#include "vault/saver.h"
#include "vault/vault.h"

namespace telekv::vault {

/// How the bot of a history is run.
struct BotSettings {
  Delivery delivery = Delivery::kPolling;
  Durability durability = Durability::kStrict;
  std::size_t page_limit = 3;
  LadderLimits ladder = {};
  std::uint64_t delta_bound_records = 1000;
  std::size_t restore_points = 3;
  std::chrono::seconds point_spacing{600};
  std::chrono::seconds root_age = std::chrono::hours(40);
};

class SimProcess;

/// All that outlives every process.
struct Remains {
  SimChat chat;
  SimUpdates updates;
  WrittenStates written = {};
  UpdateSet durable = {};    ///< in a commit that returned success
  UpdateSet seen = {};       ///< applied by somebody
  RestoreSet restored = {};  ///< restores that returned success
  std::uint64_t durable_sequence = 0;
  std::size_t restores_begun = 0;
  bool damaged = false;             ///< something stored was harmed: losses may happen, and be told
  std::set<MessageId> harmed = {};  ///< what was
  bool root_harmed = false;         ///< among it a root
  bool file_lost = false;           ///< among it one that only no longer downloads
  bool newest_damaged = false;      ///< an opener may go on from an older state than the newest
  bool exact_losses = true;         ///< the number of lost updates can be known
  std::vector<int> reigns = {};     ///< the processes that became writers, in order
  std::size_t most_named = 0;       ///< objects that a state, its history and its points name
  std::size_t may_leak = 0;         ///< messages beyond what these bound
};

class SimWorld {
 public:
  SimWorld(BotSettings with, Remains found, Clock::Time start, Troubles& trouble, Tally& counts);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;
  ~SimWorld();

  BotSettings settings;
  Remains remains;
  Timeline timeline;
  Troubles* troubles;
  Tally* tally;
  std::vector<std::unique_ptr<SimProcess>> processes;
  int numbers_given = 0;                 ///< to processes, also of the world before
  std::uint64_t polls = 0;               ///< the newest getUpdates ends one that waits (409)
  std::optional<std::string> violation;  ///< the first promise that was broken
  std::optional<Error> last_failure;     ///< of a process that has ended
  bool traces = false;

  SimProcess& start_process();
  std::vector<SimProcess*> alive() const;

  void fail(std::string what);
  void trace(int process, const std::string& what) const;

  /// Lets the queue know what time it is.
  void advance_queue();
  void note_confirmed(int update);
  /// A process becomes a writer. Ring::kBanks is why effects of the third one before are over.
  void note_reign(int process);
  /// Before `update` everything that `state` lacks is given up (long polling).
  void note_given_up(TrueState& state, int update, bool counted);

  /// Runs until nobody waits for anything before `end`, or a promise is broken; `go_on` is asked
  /// after everything that happens.
  void run(Clock::Time end, const std::function<bool()>& go_on);

 private:
  void settle(Timeline::Next woken);
};

}  // namespace telekv::vault
