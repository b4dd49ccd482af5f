#include "emulator/update_queue.h"

#include <algorithm>
#include <utility>

namespace telekv::emulator {

bool UpdateQueue::push(std::int64_t expires_at_s, std::int64_t lane, std::string json) {
  const bool fits = updates_.size() < kMaxUpdates && bytes_ + json.size() <= kMaxBytes &&
                    json.size() <= kMaxUpdateBytes;
  if (!fits) return false;
  restore({next_id_, expires_at_s, lane, std::move(json)});
  return true;
}

std::vector<std::pair<std::int64_t, std::int64_t>> UpdateQueue::confirm(std::int64_t offset) {
  if (offset < 0) offset = std::max(head_id(), next_id_ + std::max(offset, -kPastTolerance));
  const bool in_range =
      offset <= next_id_ + kFutureTolerance && offset >= head_id() - kPastTolerance;
  std::vector<std::pair<std::int64_t, std::int64_t>> runs;
  if (offset == 0 || !in_range) return runs;
  while (!updates_.empty() && updates_.front().id < offset) {
    const std::int64_t id = updates_.front().id;
    if (runs.empty() || runs.back().second + 1 != id) runs.emplace_back(id, id);
    runs.back().second = id;
    pop_front();
  }
  for (const auto& [first, last] : runs) confirmed_.add(first, last);
  return runs;
}

void UpdateQueue::confirm_one(std::int64_t id) {
  forget(id);
  confirmed_.add(id, id);
}

void UpdateQueue::forget(std::int64_t id) {
  const auto place = from(id);
  if (place == updates_.end() || place->id != id) return;
  bytes_ -= place->json.size();
  updates_.erase(place);
}

std::deque<QueuedUpdate>::const_iterator UpdateQueue::from(std::int64_t id) const {
  return std::lower_bound(
      updates_.begin(), updates_.end(), id,
      [](const QueuedUpdate& update, std::int64_t wanted) { return update.id < wanted; });
}

const QueuedUpdate* UpdateQueue::find(std::int64_t id) const {
  const auto place = from(id);
  return place == updates_.end() || place->id != id ? nullptr : &*place;
}

void UpdateQueue::expire(std::int64_t now_s) {
  // Lifetimes differ by kind (24 h, 150 s), so expired updates may stand behind living ones.
  if (now_s <= earliest_expiry_s_) return;
  earliest_expiry_s_ = kNever;
  std::erase_if(updates_, [&](const QueuedUpdate& update) {
    if (update.expires_at_s < now_s) {
      bytes_ -= update.json.size();
      return true;
    }
    earliest_expiry_s_ = std::min(earliest_expiry_s_, update.expires_at_s);
    return false;
  });
}

std::vector<const QueuedUpdate*> UpdateQueue::read(std::size_t limit) const {
  std::vector<const QueuedUpdate*> result;
  std::size_t bytes = 0;
  for (const QueuedUpdate& update : updates_) {
    if (result.size() == limit || bytes >= kMaxAnswerBytes) break;
    bytes += update.json.size();
    result.push_back(&update);
  }
  return result;
}

void UpdateQueue::restore(QueuedUpdate update) {
  bytes_ += update.json.size();
  earliest_expiry_s_ = std::min(earliest_expiry_s_, update.expires_at_s);
  next_id_ = std::max(next_id_, update.id + 1);
  updates_.push_back(std::move(update));
}

void UpdateQueue::restore_position(std::int64_t next_id) { next_id_ = std::max(next_id_, next_id); }

void UpdateQueue::restore_confirmed(std::int64_t first, std::int64_t last) {
  for (auto place = from(first); place != updates_.end() && place->id <= last;
       place = from(first)) {
    forget(place->id);
  }
  confirmed_.add(first, last);
}

void UpdateQueue::pop_front() {
  bytes_ -= updates_.front().json.size();
  updates_.pop_front();
}

}  // namespace telekv::emulator
