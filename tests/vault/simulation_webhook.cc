#include "simulation_webhook.h"

#include <algorithm>

#include "simulation_process.h"

namespace telekv::vault {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kNone = -1;
constexpr seconds kReadTimeout{60};
constexpr seconds kLongestPause{120};

std::size_t queue_of(const SimUpdates::Update& update) {
  return static_cast<std::size_t>(update.user) * 2 +
         (update.kind == SimUpdates::Kind::kTap ? 1 : 0);
}

}  // namespace

SimWebhook::SimWebhook(SimWorld& world) : world_(&world), queues_(2 * kMaxUsers) {
  for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
    if (head_of(queue) != kNone) attempt_at(queue, world.timeline.now());
  }
}

int SimWebhook::head_of(std::size_t queue) const {
  const SimUpdates& updates = world_->remains.updates;
  for (int i = 0; i < updates.size(); ++i) {
    const SimUpdates::Fate fate = updates[i].fate;
    const bool open = fate == SimUpdates::Fate::kComing || fate == SimUpdates::Fate::kQueued;
    if (open && queue_of(updates[i]) == queue) return i;
  }
  return kNone;
}

void SimWebhook::attempt_at(std::size_t queue, Clock::Time at) {
  const std::uint64_t attempt_number = ++queues_[queue].attempt;
  world_->timeline.call_at(at, [this, queue, attempt_number] {
    if (queues_[queue].attempt == attempt_number) attempt(queue);
  });
}

void SimWebhook::attempt(std::size_t queue) {
  world_->advance_queue();
  const int update = head_of(queue);
  if (update == kNone) return;
  const SimUpdates& updates = world_->remains.updates;
  if (!updates.is_queued(update)) return attempt_at(queue, updates[update].arrives);
  const std::uint64_t number = ++queues_[queue].attempt;
  const std::vector<SimProcess*> alive = world_->alive();
  if (alive.empty()) return failed(queue, number);
  SimProcess& target = *alive[world_->troubles->random().below(alive.size())];
  world_->timeline.call_at(world_->timeline.now() + kReadTimeout,
                           [this, queue, number] { failed(queue, number); });
  target.deliver(update, [this, queue, number, update](bool taken) {
    const auto travel = milliseconds(1 + world_->troubles->random().below(200));
    world_->timeline.call_at(world_->timeline.now() + travel, [this, queue, number, update, taken] {
      answered(queue, number, update, taken);
    });
  });
}

void SimWebhook::answered(std::size_t queue, std::uint64_t number, int update, bool taken) {
  if (queues_[queue].attempt != number) return;
  if (!taken || world_->troubles->strikes(Trouble::kAnswerLost)) return failed(queue, number);
  if (world_->remains.updates.is_queued(update)) {
    world_->remains.updates.confirm(update);
    world_->note_confirmed(update);
  }
  queues_[queue].failures = 0;
  attempt_at(queue, world_->timeline.now());
}

// The first attempt again is made at once, later ones after 2, 4, 8 ... seconds.
void SimWebhook::failed(std::size_t queue, std::uint64_t number) {
  if (queues_[queue].attempt != number) return;
  const int failures = queues_[queue].failures++;
  const auto pause = failures == 0 ? seconds(0) : seconds(1) * (1 << std::min(failures, 6));
  attempt_at(queue, world_->timeline.now() +
                        std::max<Clock::Duration>(std::min<Clock::Duration>(pause, kLongestPause),
                                                  milliseconds(50)));
}

}  // namespace telekv::vault
