#include "simulation_afterlife.h"

#include <memory>

#include "simulation_process.h"
#include "simulation_webhook.h"

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

class Judge {
 public:
  Judge(const SimWorld& before, SimWorld& world)
      : before_(&before.remains), world_(&world), heir_(world.processes.front().get()) {}

  void judge() {
    if (heir_ == nullptr) return judge_refusal();
    const TrueState& state = heir_->state();
    const std::optional<TrueState::Users> users = users_of(heir_->table());
    expect(users && *users == state.users, "the table does not hold what it should");
    const bool takes_updates = is_settled(world_->remains.updates);
    if (before_->damaged && !takes_updates) return;
    expect(takes_updates, "the next opener takes no updates");
    may_lose_ = before_->newest_damaged || state.fell_back;
    judge_updates(state);
    if (may_lose_) return;
    expect((before_->restored & ~state.restores).none(), "a restore is undone");
    expect(heir_->vault().stats().sequence >= before_->durable_sequence,
           "the sequence has gone back");
    if (before_->exact_losses) judge_losses(state);
  }

 private:
  void expect(bool holds, const std::string& otherwise) {
    if (!holds) world_->fail(otherwise);
  }

  // A message that the operator has pinned hides the root; where the register does not lead to it,
  // the vault asks him.
  void judge_refusal() {
    const Error why = world_->last_failure.value_or(Error{ErrorCode::kCancelled, "it is gone"});
    const std::optional<MessageId> shown = before_->chat.shown_pin();
    const bool hidden = shown && !before_->chat.find(*shown)->own;
    const bool asks = why.code == ErrorCode::kNeedsDecision && hidden;
    expect(before_->damaged || asks, "the next opener fails: " + describe(why));
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
