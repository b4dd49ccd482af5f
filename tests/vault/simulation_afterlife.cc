#include "simulation_afterlife.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <utility>

#include "simulation_process.h"
#include "simulation_webhook.h"
#include "vault/ring.h"

namespace telekv::vault {

namespace {

constexpr std::chrono::hours kLongEnough{2};

bool is_settled(const SimUpdates& updates) {
  for (int i = 0; i < updates.size(); ++i) {
    const SimUpdates::Fate fate = updates[i].fate;
    if (fate == SimUpdates::Fate::kComing || fate == SimUpdates::Fate::kQueued) return false;
  }
  return true;
}

/// With an empty queue nothing would tell an opener that its state is not the newest.
void add_witness(SimWorld& world) {
  SimUpdates& updates = world.remains.updates;
  updates.forget_coming();
  updates.add({.arrives = world.timeline.now(), .user = 0});
}

/// A tool that reads the vault and writes nothing.
class Reader {
 public:
  Reader(const SimChat& found, std::optional<std::uint64_t> point)
      : chat_(found),
        channel_(chat_, 0),
        vault_(channel_, clock_, random_, table_, Sealer::with_key(key_of_bot()),
               context_.get_executor(), {.start_from_point = point}) {}

  Result<OpenReport> read() { return run(vault_.read(clock_.now() + kLongEnough)); }
  Result<MessageId> read_names() { return run(vault_.read_names(clock_.now() + kLongEnough)); }

  const Vault& vault() const { return vault_; }
  std::optional<TrueState::Users> users() const { return users_of(table_); }

 private:
  template <class T>
  Result<T> run(Channel::Async<T> operation) {
    std::optional<Result<T>> end;
    auto store = [](Channel::Async<T> pending,
                    std::optional<Result<T>>* place) -> boost::asio::awaitable<void> {
      place->emplace(co_await std::move(pending));
    };
    boost::asio::co_spawn(context_, store(std::move(operation), &end), boost::asio::detached);
    context_.settle(nullptr);
    while (!end) context_.settle(std::move(timeline_.next(Clock::Time::max())->wake));
    return *std::move(end);
  }

  SimChat chat_;
  Timeline timeline_{{}};
  ProcessContext context_;
  ProcessClock clock_{timeline_, 0};
  SimChannel channel_;
  SeededRandom random_{1};
  kv::Table<Player> table_{table_options_of_bot()};
  Vault vault_;
};

class Judge {
 public:
  Judge(const SimWorld& before, SimWorld& world)
      : before_(&before.remains), world_(&world), heir_(world.processes.front().get()) {}

  void judge() {
    judge_chat();
    if (heir_ == nullptr) return judge_refusal();
    const TrueState& state = heir_->state();
    const std::optional<TrueState::Users> users = users_of(heir_->table());
    expect(users && *users == state.users, "the table does not hold what it should");
    const bool takes_updates = is_settled(world_->remains.updates);
    if (!takes_updates && (before_->root_harmed || before_->file_lost)) return;
    expect(takes_updates, "the next opener takes no updates");
    may_lose_ = before_->newest_damaged || state.fell_back;
    judge_updates(state);
    if (may_lose_) return;
    expect((before_->restored & ~state.restores).none(), "a restore is undone");
    expect(heir_->vault().stats().sequence >= before_->durable_sequence,
           "the sequence has gone back");
    if (before_->exact_losses) judge_losses(state);
    if (!before_->damaged && !heir_->vault().has_uncommitted()) judge_points(state);
  }

 private:
  void expect(bool holds, const std::string& otherwise) {
    if (!holds) world_->fail(otherwise);
  }

  // docs/reliability.md, "Messages in the chat".
  void judge_chat() {
    constexpr std::size_t kUnderWay = 3;  // of the next root: a segment, a chunk, a history
    const std::size_t objects = before_->most_named + kUnderWay;
    const std::size_t most = Ring::kBanks * objects + 1 + before_->may_leak +
                             static_cast<std::size_t>(world_->numbers_given);
    const auto& messages = before_->chat.messages();
    const auto own = static_cast<std::size_t>(std::count_if(
        messages.begin(), messages.end(), [](const auto& each) { return each.second.own; }));
    expect(own <= most, "the chat has " + std::to_string(own) + " messages, where " +
                            std::to_string(most) + " are the bound");
  }

  // Whatever the operator may choose brings back what was then, without whom it has forgotten
  // since.
  void judge_points(const TrueState& newest) {
    const SimChat& chat = world_->remains.chat;
    Reader offers(chat, std::nullopt);
    const Result<OpenReport> read = offers.read();
    if (!read) return world_->fail("a tool cannot read the vault: " + describe(read.error()));
    for (const format::RestorePoint& point : offers.vault().history().points()) {
      const std::string name = "restore point " + std::to_string(point.number());
      const TrueState* known = world_->remains.written.find(WrittenStates::name_of(point.state()));
      expect(known != nullptr, name + " is a state that nobody has written");
      Reader reader(chat, point.number());
      const Result<OpenReport> restored = reader.read();
      if (!restored) world_->fail(name + " cannot be restored: " + describe(restored.error()));
      if (known == nullptr || !restored) continue;
      TrueState expected = *known;
      expected.forget_as_in(newest, world_->remains.updates);
      const std::optional<TrueState::Users> users = reader.users();
      expect(users == expected.users, name + " brings back " +
                                          (users ? describe(*users) : "others") + " instead of " +
                                          describe(expected.users));
    }
  }

  // A message that the operator has pinned hides the root; where the register does not lead to it,
  // the vault asks him.
  void judge_refusal() {
    const Error why = world_->last_failure.value_or(Error{ErrorCode::kCancelled, "it is gone"});
    const std::optional<MessageId> shown = before_->chat.shown_pin();
    const bool hidden = shown && !before_->chat.find(*shown)->own;
    const bool asks = why.code == ErrorCode::kNeedsDecision && hidden;
    if (asks || before_->root_harmed) return;
    const bool lost = before_->file_lost && why.code == ErrorCode::kUnavailable;
    expect(lost || before_->damaged, "the next opener fails: " + describe(why));
    judge_way_out(lost);
  }

  // A file that does not download is the operator's to give up; a point without it must then do.
  // Whatever else is harmed an opener gives up itself, as long as there is such a point.
  void judge_way_out(bool lost) {
    const SimChat& chat = world_->remains.chat;
    Reader offers(chat, std::nullopt);
    const Result<MessageId> read = offers.read_names();
    if (!read) return expect(lost, "the restore points cannot be read: " + describe(read.error()));
    for (const format::RestorePoint& point : offers.vault().history().points()) {
      if (names_harmed(point.state())) continue;
      const std::string name = "restore point " + std::to_string(point.number());
      expect(lost, "the next opener fails, although there is " + name);
      const Result<OpenReport> restored = Reader(chat, point.number()).read();
      if (!restored) world_->fail(name + " is no way out: " + describe(restored.error()));
    }
  }

  bool names_harmed(const format::State& state) const {
    const auto is_harmed = [this](const format::Object& object) {
      return before_->harmed.contains(MessageId{object.message_id()});
    };
    const auto& chunks = state.base().chunks();
    const auto& segments = state.segments();
    return std::any_of(chunks.begin(), chunks.end(), is_harmed) ||
           std::any_of(segments.begin(), segments.end(), is_harmed);
  }

  // Polling tells at once how many have expired; a webhook only when their time has passed.
  void judge_losses(const TrueState& state) {
    const std::uint64_t reported = heir_->vault().stats().lost_updates;
    const bool polls = world_->settings.delivery == Delivery::kPolling;
    std::uint64_t lost = state.counted.count();
    for (int i = 0; !polls && i < world_->remains.updates.size(); ++i) {
      if (!state.dealt.test(static_cast<std::size_t>(i))) ++lost;
    }
    expect(
        polls ? reported == lost : reported <= lost,
        std::to_string(lost) + " updates are lost, but " + std::to_string(reported) + " reported");
  }

  void judge_updates(const TrueState& state) {
    for (int i = 0; i < world_->remains.updates.size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::string name = "update " + std::to_string(i);
      const bool expired = world_->remains.updates[i].fate == SimUpdates::Fate::kExpired;
      // Under webhooks nothing tells which updates `interval` has lost, or a fallback.
      const bool may_lose = world_->settings.durability == Durability::kInterval || may_lose_;
      const bool untold = may_lose && world_->settings.delivery == Delivery::kWebhook;
      expect(state.dealt.test(at) || expired || untold, name + " is confirmed, but in no state");
      if (may_lose_) continue;
      expect(state.dealt.test(at) || !before_->durable.test(at), name + " was saved, but is gone");
      expect(!state.given_up.test(at) || !before_->durable.test(at),
             name + " was saved, but is lost");
    }
  }

  const Remains* before_;
  SimWorld* world_;
  SimProcess* heir_;
  bool may_lose_ = false;  // something was damaged, and that was told
};

}  // namespace

std::optional<std::string> everybody_dies(const SimWorld& world, LateEffects late) {
  Tally unused;
  Troubles none(world.remains.chat.calls(), {}, unused);
  SimWorld heirs(world.settings, world.remains, world.timeline.now(), none, unused);
  heirs.traces = world.traces;
  heirs.numbers_given = world.numbers_given;
  heirs.trace(Timeline::kNobody, "---- if everybody died now ----");
  if (late == LateEffects::kBefore) heirs.remains.chat.release_late();
  heirs.advance_queue();
  add_witness(heirs);
  heirs.start_process();
  std::optional<SimWebhook> webhook;
  if (world.settings.delivery == Delivery::kWebhook) webhook.emplace(heirs);
  const auto goes_on = [&] {
    return heirs.processes.front() && !is_settled(heirs.remains.updates);
  };
  heirs.run(heirs.timeline.now() + kLongEnough, goes_on);
  if (!heirs.violation) Judge(world, heirs).judge();
  heirs.trace(Timeline::kNobody, "---- and back ----");
  if (heirs.violation) return "when everybody has died: " + *heirs.violation;
  return std::nullopt;
}

}  // namespace telekv::vault
