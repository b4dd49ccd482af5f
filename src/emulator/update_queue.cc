#include "emulator/update_queue.h"

#include <algorithm>
#include <utility>

namespace telekv::emulator {

bool UpdateQueue::push(std::int64_t expires_at_s, std::string json) {
  const bool fits = updates_.size() < kMaxUpdates && bytes_ + json.size() <= kMaxBytes &&
                    json.size() <= kMaxUpdateBytes;
  if (!fits) return false;
  restore({next_id_, expires_at_s, std::move(json)});
  return true;
}

bool UpdateQueue::confirm(std::int64_t offset) {
  if (offset < 0) offset = std::max(head_id(), next_id_ + std::max(offset, -kPastTolerance));
  const bool in_range =
      offset <= next_id_ + kFutureTolerance && offset >= head_id() - kPastTolerance;
  if (offset == 0 || !in_range) return false;
  const std::int64_t confirmed = std::min(offset, next_id_) - 1;
  bool changed = false;
  while (!updates_.empty() && updates_.front().id <= confirmed) {
    pop_front();
    changed = true;
  }
  if (changed) highest_confirmed_ = std::max(highest_confirmed_, confirmed);
  return changed;
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

void UpdateQueue::restore_position(std::int64_t next_id, std::int64_t highest_confirmed) {
  next_id_ = std::max(next_id_, next_id);
  highest_confirmed_ = highest_confirmed;
  while (!updates_.empty() && updates_.front().id <= highest_confirmed) pop_front();
}

void UpdateQueue::pop_front() {
  bytes_ -= updates_.front().json.size();
  updates_.pop_front();
}

}  // namespace telekv::emulator
