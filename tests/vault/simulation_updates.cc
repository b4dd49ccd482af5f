#include "simulation_updates.h"

#include <utility>

namespace telekv::vault {

namespace {

constexpr std::chrono::hours kMessageLife{24};
constexpr std::chrono::seconds kTapLife{150};

// TQueue::get: offsets further off than these are not looked at.
constexpr std::int64_t kFarAhead = 10;
constexpr std::int64_t kFarBehind = 100'000;

Clock::Duration life(SimUpdates::Kind kind) {
  return kind == SimUpdates::Kind::kTap ? Clock::Duration(kTapLife) : Clock::Duration(kMessageLife);
}

}  // namespace

SimUpdates::SimUpdates(std::int64_t first_id, std::vector<Update> planned)
    : updates_(std::move(planned)), last_id_(first_id - 1) {}

UpdateStamp SimUpdates::stamp(int index) const {
  const Update& update = (*this)[index];
  return {.id = update.id, .date = update.kind == Kind::kTap ? 0 : update.date};
}

int SimUpdates::advance(Clock::Time now, std::chrono::seconds unix_time) {
  now_ = now;
  int expired = 0;
  for (int i = 0; i < size(); ++i) {
    Update& update = updates_[static_cast<std::size_t>(i)];
    if (update.fate == Fate::kComing && update.arrives <= now) {
      update.id = last_id_ += update.id_step;
      const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - update.arrives);
      update.date = (unix_time - ago).count();
      update.fate = Fate::kQueued;
    }
    if (update.fate == Fate::kQueued && now - update.arrives >= life(update.kind)) {
      settle(i, Fate::kExpired);
      ++expired;
    }
  }
  return expired;
}

std::optional<Clock::Time> SimUpdates::next_arrival() const {
  for (const Update& update : updates_) {
    if (update.fate == Fate::kComing) return update.arrives;
  }
  return std::nullopt;
}

void SimUpdates::forget_coming() {
  std::erase_if(updates_, [](const Update& update) { return update.fate == Fate::kComing; });
}

void SimUpdates::settle(int index, Fate fate) {
  updates_[static_cast<std::size_t>(index)].fate = fate;
  updates_[static_cast<std::size_t>(index)].settled = now_;
}

bool SimUpdates::is_ignored(std::int64_t offset) const {
  std::int64_t head = last_id_ + 1;
  for (const Update& update : updates_) {
    if (update.fate == Fate::kQueued) {
      head = update.id;
      break;
    }
  }
  return offset > last_id_ + 1 + kFarAhead || offset < head - kFarBehind;
}

SimUpdates::Page SimUpdates::poll(std::optional<std::int64_t> offset, std::size_t limit) {
  const bool confirms = offset && *offset > 0 && !is_ignored(*offset);
  Page page;
  for (int i = 0; i < size() && page.updates.size() < limit; ++i) {
    if (!is_queued(i)) continue;
    if (confirms && (*this)[i].id < *offset) {
      settle(i, Fate::kConfirmed);
      page.confirmed.push_back(i);
    } else {
      page.updates.push_back(i);
    }
  }
  return page;
}

}  // namespace telekv::vault
