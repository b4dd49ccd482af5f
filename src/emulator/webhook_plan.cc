#include "emulator/webhook_plan.h"

#include <algorithm>

namespace telekv::emulator {

void WebhookPlan::load(const UpdateQueue& queue, TimeMs now) {
  for (auto update = queue.from(next_unseen_); update != queue.updates().end(); ++update) {
    if (lanes_.size() >= 2 * max_sending_) return;
    const std::int64_t key = update->lane != 0 ? update->lane : next_unique_lane_++;
    const auto [lane, is_new] = lanes_.try_emplace(key);
    lane->second.updates.push_back({update->id, now});
    if (is_new) due_.emplace(now, key);
    next_unseen_ = update->id + 1;
  }
}

std::optional<std::int64_t> WebhookPlan::next(TimeMs now) {
  if (sending_.size() == max_sending_ || due_.empty() || due_.begin()->first > now) {
    return std::nullopt;
  }
  const std::int64_t lane = due_.begin()->second;
  due_.erase(due_.begin());
  const std::int64_t update = lanes_.at(lane).updates.front().update;
  sending_[update] = {lane, now};
  return update;
}

void WebhookPlan::done(std::int64_t update) {
  const auto sending = sending_.find(update);
  const std::int64_t key = sending->second.lane;
  sending_.erase(sending);
  const auto place = lanes_.find(key);
  Lane& lane = place->second;
  lane.updates.pop_front();
  if (lane.updates.empty()) {
    lanes_.erase(place);
    return;
  }
  lane.delay_s = 1;
  lane.has_failed = false;
  due_.emplace(lane.updates.front().since, key);
}

bool WebhookPlan::failed(std::int64_t update, std::int64_t retry_after_s, std::int64_t expires_at_s,
                         TimeMs now) {
  const auto sending = sending_.find(update);
  const std::int64_t key = sending->second.lane;
  Lane& lane = lanes_.at(key);
  std::int64_t delay_s = std::clamp<std::int64_t>(retry_after_s, 0, kMaxRetryAfter_s);
  std::int64_t next_delay_s = lane.delay_s;
  if (delay_s == 0 && lane.has_failed) {
    std::uniform_int_distribution<std::int64_t> longest(kLongestDelay_s, 2 * kLongestDelay_s);
    next_delay_s = std::min(longest(random_), 2 * lane.delay_s);
    delay_s = next_delay_s;
  }
  if (now / 1000 + delay_s > expires_at_s) {
    done(update);
    return false;
  }
  sending_.erase(sending);
  lane.delay_s = next_delay_s;
  lane.has_failed = true;
  due_.emplace(now + delay_s * 1000, key);
  return true;
}

std::vector<std::int64_t> WebhookPlan::overdue(TimeMs now) const {
  std::vector<std::int64_t> updates;
  for (const auto& [update, sending] : sending_) {
    if (now - sending.since >= kAnswerTimeout) updates.push_back(update);
  }
  return updates;
}

std::optional<TimeMs> WebhookPlan::next_event() const {
  std::optional<TimeMs> earliest;
  if (!due_.empty() && sending_.size() < max_sending_) earliest = due_.begin()->first;
  for (const auto& [update, sending] : sending_) {
    const TimeMs deadline = sending.since + kAnswerTimeout;
    if (!earliest || deadline < *earliest) earliest = deadline;
  }
  return earliest;
}

}  // namespace telekv::emulator
