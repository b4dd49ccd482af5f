#include "vault/applied_updates.h"

#include <algorithm>
#include <utility>

namespace telekv::vault {
namespace {

// Far above any id of the Bot API; keeps the arithmetic from overflowing.
constexpr std::int64_t kMaxId = std::int64_t{1} << 53;
constexpr std::int64_t kLowestId = 1;
constexpr std::int64_t kUnknownAge = 0;

Error damaged(const char* what) {
  return Error{ErrorCode::kDamaged, std::string("the set of applied updates: ") + what};
}

}  // namespace

Result<AppliedUpdates> AppliedUpdates::from_message(const format::AppliedUpdates& stored) {
  AppliedUpdates updates;
  updates.last_ = stored.last();
  updates.last_date_ = stored.last_date();
  updates.undated_ = stored.undated();
  if (updates.last_ < 0 || updates.last_ > kMaxId) return damaged("no possible id");
  if (updates.last_date_ < 0) return damaged("no possible date");
  const auto runs = static_cast<std::size_t>(stored.runs_size());
  if (runs % 2 != 0) return damaged("a run has no counterpart");
  if (runs / 2 > kMaxHoles) return damaged("too many holes");
  std::int64_t below = updates.last_;  // everything above is accounted for
  for (int i = 0; i < stored.runs_size(); ++i) {
    const std::uint64_t run = stored.runs(i);
    if (run == 0 || run > static_cast<std::uint64_t>(below)) return damaged("impossible runs");
    const std::int64_t top = below;
    below -= static_cast<std::int64_t>(run);
    // A hole's age is not stored: it starts anew, so that no update is given up too early.
    if (i % 2 == 1) updates.holes_.push_back({below + 1, top, kUnknownAge});
  }
  std::reverse(updates.holes_.begin(), updates.holes_.end());
  return updates;
}

format::AppliedUpdates AppliedUpdates::to_message() const {
  format::AppliedUpdates stored;
  stored.set_last(last_);
  stored.set_last_date(last_date_);
  stored.set_undated(undated_);
  stored.mutable_runs()->Reserve(static_cast<int>(2 * holes_.size()));
  std::int64_t below = last_;
  for (auto hole = holes_.rbegin(); hole != holes_.rend(); ++hole) {
    stored.add_runs(static_cast<std::uint64_t>(below - hole->last));
    stored.add_runs(static_cast<std::uint64_t>(hole->last - hole->first) + 1);
    below = hole->first - 1;
  }
  return stored;
}

bool AppliedUpdates::contains(UpdateStamp update) const {
  return update.id <= last_ && !starts_series(update) && !is_missing(update.id);
}

// Dates decide where both are known. An applied id with a newer date than any applied one is
// certainly another update; a missing one may be a little newer, because chats come in parallel,
// and as new as can be where the series began with taps, which have none.
bool AppliedUpdates::starts_series(UpdateStamp update) const {
  if (last_ == 0) return true;
  const bool dated = update.date > 0 && last_date_ > 0;
  const bool after_silence = dated && update.date - last_date_ >= kSilenceS;
  if (update.id > last_) return update.id - last_ >= kWindow && (after_silence || !dated);
  if (!dated) return last_ - update.id >= kWindow;
  return is_missing(update.id) ? after_silence && !undated_ : update.date > last_date_;
}

std::uint64_t AppliedUpdates::add(UpdateStamp update, Delivery delivery) {
  std::uint64_t lost = 0;
  if (starts_series(update)) {
    lost = give_up_oldest(holes_.size());
    last_ = update.id;
    undated_ = true;
    const bool open_bottom = delivery == Delivery::kWebhook && update.id > kLowestId;
    if (open_bottom) holes_.push_back({kLowestId, update.id - 1, since(update)});
  } else if (update.id > last_) {
    if (update.id > last_ + 1) {
      holes_.push_back({last_ + 1, update.id - 1, since(update)});
    }
    last_ = update.id;
  } else {
    fill(update.id);
  }
  last_date_ = std::max(last_date_, update.date);
  if (update.date > 0) undated_ = false;
  const std::size_t too_many = holes_.size() > kMaxHoles ? holes_.size() - kMaxHoles : 0;
  const std::size_t too_old = update.date > 0 ? expired() : 0;
  return lost + give_up_oldest(std::max(too_many, too_old));
}

AppliedUpdates::Gap AppliedUpdates::gap_before(UpdateStamp next) const {
  if (last_ == 0) return {};
  Gap gap{.missing = 0, .new_series = starts_series(next)};
  for (const Hole& hole : holes_) {
    if (!gap.new_series && hole.first >= next.id) break;
    const std::int64_t end = gap.new_series ? hole.last : std::min(hole.last, next.id - 1);
    gap.missing += lost_in(hole.first, end);
  }
  if (!gap.new_series && next.id > last_) gap.missing += lost_in(last_ + 1, next.id - 1);
  return gap;
}

std::uint64_t AppliedUpdates::give_up_before(UpdateStamp next) {
  const Gap gap = gap_before(next);
  if (gap.new_series) {
    holes_.clear();
  } else if (last_ != 0) {
    const auto first_above = hole_at_or_above(next.id);
    const bool cut = first_above != holes_.end() && first_above->first < next.id;
    holes_.erase(holes_.begin(), first_above);
    if (cut) holes_.front().first = next.id;
    last_ = std::max(last_, next.id - 1);
  }
  return gap.missing;
}

std::uint64_t AppliedUpdates::lost_in(std::int64_t first, std::int64_t last) {
  return first == kLowestId || last < first ? 0 : static_cast<std::uint64_t>(last - first) + 1;
}

AppliedUpdates::Holes::const_iterator AppliedUpdates::hole_at_or_above(std::int64_t id) const {
  return std::partition_point(holes_.begin(), holes_.end(),
                              [id](const Hole& hole) { return hole.last < id; });
}

bool AppliedUpdates::is_missing(std::int64_t id) const {
  const auto hole = hole_at_or_above(id);
  return hole != holes_.end() && hole->first <= id;
}

void AppliedUpdates::fill(std::int64_t id) {
  const auto hole = holes_.begin() + (hole_at_or_above(id) - holes_.cbegin());
  if (hole->first == id && hole->last == id) {
    holes_.erase(hole);
  } else if (hole->first == id) {
    ++hole->first;
  } else if (hole->last == id) {
    --hole->last;
  } else {
    const Hole below{hole->first, id - 1, hole->since};
    hole->first = id + 1;
    holes_.insert(hole, below);
  }
}

std::uint64_t AppliedUpdates::give_up_oldest(std::size_t count) {
  const auto end = holes_.begin() + static_cast<std::ptrdiff_t>(count);
  std::uint64_t lost = 0;
  for (auto hole = holes_.begin(); hole != end; ++hole) lost += lost_in(hole->first, hole->last);
  holes_.erase(holes_.begin(), end);
  return lost;
}

// A tap has no date, and the newest known one may be days old: the next message's date then tells.
std::int64_t AppliedUpdates::since(UpdateStamp update) const {
  return update.date > 0 ? std::max(last_date_, update.date) : kUnknownAge;
}

// How many of the lowest holes, which are the oldest, hold nothing any more that Telegram keeps.
std::size_t AppliedUpdates::expired() {
  std::size_t count = 0;
  while (count < holes_.size()) {
    Hole& hole = holes_[count];
    if (hole.since == kUnknownAge) hole.since = last_date_;
    if (last_date_ - hole.since <= kLifetimeS) break;
    ++count;
  }
  return count;
}

}  // namespace telekv::vault
