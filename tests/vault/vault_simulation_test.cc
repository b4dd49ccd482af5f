// Thousands of histories of one to three overlapping writers, each from its seed, in strict mode:
// an update is confirmed only after a successful commit. Whenever everybody dies, the next opener
// restores every confirmed update, and each once.
//
// Left out, because the protocol does not promise it without the queue's witness: a getChat that is
// stale or hides the pin, lost pins, and more than an old writer with two new ones (or two
// starters) at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <sstream>
#include <vector>

#include "world.h"

namespace telekv::vault {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t kFirstUpdate = (std::int64_t{1} << 32) + 7;
constexpr int kUpdates = 14;
constexpr int kKeys = 3;
constexpr std::uint64_t kHistories = 4000;

/// Telegram's queue: hands out what is not confirmed, in order.
struct UpdateQueue {
  std::int64_t confirmed = kFirstUpdate - 1;

  /// Confirms everything below `offset` and returns the first update that is left; 0 for none.
  std::int64_t poll(std::int64_t offset) {
    confirmed = std::max(confirmed, offset - 1);
    return confirmed + 1 < kFirstUpdate + kUpdates ? confirmed + 1 : 0;
  }
};

struct Tally {
  int commits = 0;
  int superseded = 0;
  int failed_opens = 0;
  int gaps = 0;
  int complete = 0;  // histories in which every update was confirmed
};

class History {
 public:
  History(std::uint64_t seed, Tally& tally) : random_(seed), tally_(&tally) {
    world_.chat = SimChat(seed ^ 0xc4a7);
    world_.chat.extra_turns = random_.below(8);
    world_.options.ladder.tail_bytes = 40 + random_.below(100);
    world_.pace = {.records_per_step = 1, .records_per_chunk = 1 + random_.below(2)};
    fault_percent_ = random_.below(12);
  }

  void run() {
    const std::uint64_t waves = 1 + random_.below(2);
    for (std::uint64_t wave = 0; wave < waves; ++wave) {
      const bool last = wave + 1 == waves;
      dead_at_ = last && random_.below(3) == 0 ? ~std::uint64_t{0}
                                               : world_.chat.calls() + 10 + random_.below(250);
      live_through_a_wave();
      SimChat now = world_.chat;
      check(now, "when everybody died");
      SimChat later = world_.chat;
      later.release_late();
      check(later, "after the late effects");
    }
    if (queue_.confirmed == kFirstUpdate + kUpdates - 1) ++tally_->complete;
  }

  /// Every mutating call and every success, in order.
  void print_trace() const {
    constexpr const char* kNames[] = {"post",    "replace", "pin",     "unpin",       "pinned",
                                      "look_up", "fetch",   "pointer", "set_pointer", "recycle"};
    for (const SimChat::Entry& entry : world_.chat.log()) {
      std::printf("  process %d: %s %lld %s%s\n", entry.call.process,
                  kNames[static_cast<std::size_t>(entry.call.kind)],
                  static_cast<long long>(to_int(entry.call.message) & 0xffff),
                  entry.call.document.c_str(), entry.applied ? "" : " (no effect then)");
    }
  }

 private:
  void live_through_a_wave() {
    std::vector<std::unique_ptr<Process>> processes;
    std::vector<std::optional<bool>> ends(3);
    const bool old_one = random_.below(3) != 0;
    const std::uint64_t young = old_one ? random_.below(3) : 1 + random_.below(2);
    old_has_opened_ = !old_one;
    if (old_one) {
      processes.push_back(start());
      world_.begin(serve(*processes.back(), false, 0), ends[0]);
    }
    for (std::uint64_t i = 0; i < young; ++i) {
      processes.push_back(start());
      const std::uint64_t pause = random_.below(old_one ? 300 : 60);
      world_.begin(serve(*processes.back(), true, pause), ends[processes.size() - 1]);
    }
    world_.clock.run(world_.context);
  }

  std::unique_ptr<Process> start() {
    auto process = world_.process();
    SimChannel* channel = &process->channel;
    channel->on_call = [this, channel](const Call& call) {
      if (world_.chat.calls() >= dead_at_) channel->crash();
      return random_.below(100) < fault_percent_ ? fault(call) : Fault{};
    };
    return process;
  }

  Fault fault(const Call& call) {
    Fault unavailable{.kind = Fault::Kind::kRefuse, .error = {ErrorCode::kUnavailable, "down"}};
    switch (random_.below(is_mutating(call.kind) ? 8 : 3)) {
      case 0:
        return unavailable;
      case 1:
        return {.kind = Fault::Kind::kRefuse,
                .error = {ErrorCode::kRateLimited,
                          "slow down",
                          {},
                          static_cast<std::uint32_t>(1 + random_.below(40))}};
      case 2:
        return random_.below(4) == 0 ? Fault{.kind = Fault::Kind::kCrashBefore} : unavailable;
      case 3:
        return {.kind =
                    random_.below(4) == 0 ? Fault::Kind::kCrashAfter : Fault::Kind::kUnknownDone};
      case 4:
        return {.kind = Fault::Kind::kUnknownNever};
      case 5:
        return {.kind = Fault::Kind::kUnknownDone};
      default:
        return {.kind = Fault::Kind::kUnknownLate, .late_after = 1 + random_.below(120)};
    }
  }

  asio::awaitable<void> wait(std::uint64_t turns) {
    const auto executor = co_await asio::this_coro::executor;
    for (std::uint64_t i = 0; i < turns; ++i) co_await asio::post(executor, asio::use_awaitable);
  }

  asio::awaitable<bool> serve(Process& process, bool young, std::uint64_t pause) {
    while (young && !old_has_opened_) co_await world_.clock.sleep_for(std::chrono::seconds(1));
    co_await wait(pause);
    const Result<OpenReport> opened = co_await process.vault.open(world_.deadline());
    old_has_opened_ = true;
    if (!opened) {
      ++tally_->failed_opens;
      co_return false;
    }
    for (;;) {
      co_await wait(random_.below(random_.below(8) == 0 ? 150 : 8));
      if (random_.below(4) == 0) {
        co_await world_.clock.sleep_for(std::chrono::milliseconds(random_.below(20'000)));
      }
      if (process.channel.crashed() || world_.chat.calls() >= dead_at_) co_return false;
      const std::int64_t last = process.vault.applied().last();
      const std::int64_t expected = last == 0 ? kFirstUpdate : last + 1;
      const std::int64_t update = queue_.poll(expected);
      if (update == 0) co_return true;
      if (update > expected) {  // somebody confirmed what this process does not have: stop
        ++tally_->gaps;
        co_return false;
      }
      const std::uint64_t page = 1 + random_.below(3);
      for (std::uint64_t i = 0; i < page; ++i) {
        const auto id = update + static_cast<std::int64_t>(i);
        if (id < kFirstUpdate + kUpdates) apply(process, id);
      }
      const bool durable = co_await commit(process);
      if (!durable) co_return false;
    }
  }

  static void apply(Process& process, std::int64_t update) {
    const std::int64_t key = update % kKeys;
    const auto at = process.state.content().find(key);
    std::string value = at == process.state.content().end() ? std::string{} : at->second;
    process.apply(update, key, value + std::to_string(update - kFirstUpdate) + " ");
  }

  asio::awaitable<bool> commit(Process& process) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const Result<CommitReport> committed = co_await process.vault.commit(world_.deadline());
      if (committed) {
        ++tally_->commits;
        co_return true;
      }
      if (committed.error().code == ErrorCode::kSuperseded) {
        ++tally_->superseded;
        co_return false;
      }
      if (committed.error().code == ErrorCode::kCancelled) co_return false;
    }
    co_return false;
  }

  /// Restores from `chat` and compares with what was confirmed.
  void check(SimChat& chat, const std::string& when) {
    auto opener = world_.process_in(chat);
    const auto opened = world_.open(*opener);
    ASSERT_TRUE(opened) << when << ": " << describe(opened.error());
    std::vector<std::int64_t> applied;
    for (const auto& [key, value] : opener->state.content()) {
      std::istringstream words(value);
      for (std::int64_t update = 0; words >> update;) applied.push_back(kFirstUpdate + update);
    }
    std::sort(applied.begin(), applied.end());
    for (std::size_t i = 0; i < applied.size(); ++i) {
      ASSERT_EQ(applied[i], kFirstUpdate + static_cast<std::int64_t>(i)) << when;
    }
    const auto restored = kFirstUpdate + static_cast<std::int64_t>(applied.size()) - 1;
    ASSERT_GE(restored, queue_.confirmed) << when << ": a confirmed update is lost";
    if (applied.empty()) return;
    ASSERT_EQ(opened->applied_update_id, restored) << when;
  }

  World world_;
  SeededRandom random_;
  Tally* tally_;
  UpdateQueue queue_;
  std::uint64_t fault_percent_ = 0;
  bool old_has_opened_ = false;
  std::uint64_t dead_at_ = 0;
};

TEST(VaultSimulation, EveryConfirmedUpdateIsRestoredExactlyOnce) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed, tally);
    history.run();
    if (testing::Test::HasFailure()) {
      history.print_trace();
      return;
    }
  }
  // The histories must have had something in them.
  EXPECT_GT(tally.commits, 10'000);
  EXPECT_GT(tally.superseded, 300);
  EXPECT_GT(tally.complete, 300);
  std::printf("%d commits, %d superseded, %d failed openings, %d gaps, %d complete histories\n",
              tally.commits, tally.superseded, tally.failed_opens, tally.gaps, tally.complete);
}

}  // namespace
}  // namespace telekv::vault
