// What the tests of both loops share: Telegram's update queue in memory, and a bot that runs the
// real saver over the real vault. Single thread, virtual time.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vault/polling_loop.h"
#include "vault/saver.h"
#include "vault/webhook_gate.h"
#include "world.h"

namespace telekv::vault {

inline constexpr std::int64_t kFirstUpdate = (std::int64_t{1} << 33) + 1;

/// A bot's queue as Telegram keeps it: an offset confirms what is below it.
class FakeQueue {
 public:
  struct Element {
    UpdateStamp stamp;
    bool readable = true;
  };

  explicit FakeQueue(Clock& clock) : clock_(&clock) {}

  std::int64_t push(std::int64_t date = 0) { return push_as(next_id_, date); }
  std::int64_t push_as(std::int64_t id, std::int64_t date = 0) {
    elements_.push_back({.stamp = {.id = id, .date = date}});
    next_id_ = id + 1;
    return id;
  }
  void push_unreadable() { elements_.push_back({.stamp = {.id = next_id_++}, .readable = false}); }
  /// An update expires, or somebody else confirms it.
  void lose(std::int64_t id) {
    std::erase_if(elements_, [id](const Element& element) { return element.stamp.id == id; });
  }

  std::int64_t confirmed() const { return confirmed_; }
  std::size_t waiting() const { return elements_.size(); }
  const std::vector<std::optional<std::int64_t>>& offsets() const { return offsets_; }

  /// Told when updates are confirmed, before Telegram forgets them.
  std::function<void(std::int64_t last)> on_confirm;
  /// What the next polls answer instead.
  std::deque<Error> failures;

  Channel::Async<UpdatePage> poll(std::optional<std::int64_t> offset) {
    offsets_.push_back(offset);
    co_await clock_->sleep_for(std::chrono::milliseconds(10));
    if (!failures.empty()) {
      const Error failure = failures.front();
      failures.pop_front();
      co_return failure;
    }
    if (offset) confirm(*offset);
    for (int turn = 0; turn < kTurns && elements_.empty(); ++turn) {
      co_await clock_->sleep_for(kTurn);
    }
    UpdatePage page;
    for (const Element& element : elements_) {
      if (page.updates.size() + page.unreadable == kPageSize) break;
      if (element.readable) {
        page.updates.push_back(element.stamp);
      } else {
        ++page.unreadable;
      }
    }
    co_return page;
  }

 private:
  static constexpr std::size_t kPageSize = 100;
  static constexpr std::chrono::milliseconds kTurn{250};
  static constexpr int kTurns = 100;

  void confirm(std::int64_t offset) {
    const auto below = [offset](const Element& e) { return e.stamp.id < offset; };
    const auto end = std::find_if_not(elements_.begin(), elements_.end(), below);
    if (end == elements_.begin()) return;
    const std::int64_t last = std::prev(end)->stamp.id;
    if (on_confirm) on_confirm(last);
    confirmed_ = last;
    elements_.erase(elements_.begin(), end);
  }

  Clock* clock_;
  std::deque<Element> elements_;
  std::int64_t next_id_ = kFirstUpdate;
  std::int64_t confirmed_ = 0;
  std::vector<std::optional<std::int64_t>> offsets_;
};

/// A bot that has opened the vault and is about to run. Each update puts one record: its id.
class LoopBot final : public UpdateQueue, public UpdateSink {
 public:
  LoopBot(World& world, std::unique_ptr<Process> process, FakeQueue& queue, SaverOptions options)
      : process_(std::move(process)),
        world_(&world),
        queue_(&queue),
        options_(options),
        stopping_(world.context.get_executor()),
        saver_(process_->vault, world.clock, process_->random, world.context.get_executor(),
               stopping_, options,
               {.saved = [this](const CommitReport&) { saved_at.push_back(world_->clock.now()); },
                .failed = [this](const Error& error) { failures.push_back(error); },
                .drill_failed = [this](const Error& error) { drill_failures.push_back(error); }}),
        loop_(process_->vault, saver_, *this, *this, world.clock, process_->random, stopping_,
              {.durability = options.durability}),
        gate_(process_->vault, saver_, world.clock, stopping_, {.durability = options.durability}) {
  }

  void start_polling() {
    world_->begin(saver_.run(), saver_end);
    world_->begin(loop_.run(), loop_end);
  }
  void start_webhook() {
    world_->begin(saver_.run(), saver_end);
    world_->begin(gate_.run(), loop_end);
  }
  void start_saver() { world_->begin(saver_.run(), saver_end); }
  void stop() { stopping_.set(); }

  /// As Telegram delivers an update; the answer appears in `confirmed`.
  void deliver(UpdateStamp update, std::optional<bool>& confirmed) {
    auto apply = [this, update] { put(update); };
    world_->begin(gate_.deliver(update, std::move(apply)), confirmed);
  }

  Channel::Async<UpdatePage> poll(std::optional<std::int64_t> offset) override {
    return queue_->poll(offset);
  }
  void apply(const UpdatePage& page, std::size_t index) override { put(page.updates[index]); }
  boost::asio::awaitable<void> room() override {
    while (!has_room) co_await world_->clock.sleep_for(std::chrono::milliseconds(100));
  }

  void put(UpdateStamp update) {
    applied.push_back(update.id);
    process_->state.put(update.id, std::to_string(applied.size()));
  }

  Process& process() { return *process_; }
  Vault& vault() { return process_->vault; }
  Saver& saver() { return saver_; }
  WebhookGate& gate() { return gate_; }

  std::vector<std::int64_t> applied;  ///< ids, in order
  std::vector<Clock::Time> saved_at;
  std::vector<Error> failures;
  std::vector<Error> drill_failures;
  bool has_room = true;
  std::optional<Result<void>> saver_end;
  std::optional<Result<void>> loop_end;

 private:
  std::unique_ptr<Process> process_;
  World* world_;
  FakeQueue* queue_;
  SaverOptions options_;
  Event stopping_;
  Saver saver_;
  PollingLoop loop_;
  WebhookGate gate_;
};

struct LoopWorld : World {
  FakeQueue queue{clock};
  SaverOptions saving = {.durability = Durability::kStrict};
  std::vector<std::unique_ptr<LoopBot>> bots;
  std::vector<std::string> notes;

  LoopWorld() {
    options.on_note = [this](const Note& note) { notes.push_back(note.text); };
  }
  ~LoopWorld() {
    for (const auto& bot : bots) bot->stop();
    clock.run(context);  // what still runs refers to the bots
  }

  /// Opens while others run.
  Result<OpenReport> open(Process& fresh) {
    std::optional<Result<OpenReport>> report;
    begin(fresh.vault.open(deadline()), report);
    while (!report) pass_s(0.1);
    return *report;
  }
  std::unique_ptr<Process> opened() {
    std::unique_ptr<Process> fresh = process();
    (void)open(*fresh).value();
    return fresh;
  }

  LoopBot& bot() { return bot_of(opened()); }
  LoopBot& bot_of(std::unique_ptr<Process> process) {
    bots.push_back(std::make_unique<LoopBot>(*this, std::move(process), queue, saving));
    return *bots.back();
  }
  LoopBot& polling_bot() {
    LoopBot& fresh = bot();
    fresh.start_polling();
    return fresh;
  }

  void pass(Clock::Duration duration) { clock.run_for(context, duration); }
  void pass_s(double seconds) {
    pass(std::chrono::duration_cast<Clock::Duration>(std::chrono::duration<double>(seconds)));
  }

  /// What the next opener would restore if every process died now.
  MapState::Content restored_now() const {
    World elsewhere;
    SimChat copy = chat;
    auto next = elsewhere.process_in(copy);
    (void)elsewhere.open(*next).value();
    return next->state.content();
  }

  std::size_t edits() const { return count(CallKind::kReplace); }
  std::size_t count(CallKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(chat.log().begin(), chat.log().end(),
                      [kind](const SimChat::Entry& entry) { return entry.call.kind == kind; }));
  }
};

}  // namespace telekv::vault
