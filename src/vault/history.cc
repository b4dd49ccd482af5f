#include "vault/history.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "vault/stored_bytes.h"

namespace telekv::vault {
namespace {

template <class Visit>
void for_each_key(const format::Tombstones& tombstones, Visit visit) {
  std::uint64_t key = 0;
  for (const std::int64_t step : tombstones.key_steps()) {
    key += static_cast<std::uint64_t>(step);  // wraps, as the writer's differences did
    visit(static_cast<std::int64_t>(key));
  }
}

void collect(const TombstoneList& list, std::uint64_t sequence, std::vector<std::int64_t>& keys) {
  for (const format::Tombstones& tombstones : list) {
    if (tombstones.sequence() <= sequence) continue;
    for_each_key(tombstones, [&](std::int64_t key) { keys.push_back(key); });
  }
}

// Whoever comes and goes a thousand times takes the room of one.
void keep_newest(TombstoneList& list) {
  std::map<std::int64_t, std::uint64_t> erased_at;
  for (const format::Tombstones& tombstones : list) {
    for_each_key(tombstones, [&](std::int64_t key) {
      std::uint64_t& newest = erased_at[key];
      newest = std::max(newest, tombstones.sequence());
    });
  }
  std::map<std::uint64_t, std::vector<std::int64_t>> by_sequence;
  for (const auto& [key, sequence] : erased_at) by_sequence[sequence].push_back(key);
  list.Clear();
  for (const auto& [sequence, keys] : by_sequence) *list.Add() = make_tombstones(sequence, keys);
}

}  // namespace

PointInfo describe_point(const format::RestorePoint& point) {
  const format::State& state = point.state();
  return {.number = point.number(),
          .sequence = state.sequence(),
          .committed_at = state.committed_at(),
          .records = state.records(),
          .bytes = bytes_of(state)};
}

void add_point(format::History& history, format::State state) {
  format::RestorePoint* point = history.add_points();
  history.set_last_number(history.last_number() + 1);
  point->set_number(history.last_number());
  *point->mutable_state() = std::move(state);
}

void drop_unneeded_tombstones(format::History& history, std::uint64_t restored) {
  const std::uint64_t oldest = history.points_size() == 0
                                   ? restored
                                   : std::min(restored, history.points(0).state().sequence());
  TombstoneList& tombstones = *history.mutable_tombstones();
  const auto unneeded = [oldest](const format::Tombstones& t) { return t.sequence() <= oldest; };
  tombstones.erase(std::remove_if(tombstones.begin(), tombstones.end(), unneeded),
                   tombstones.end());
  keep_newest(tombstones);
}

bool prune(format::History& history, std::size_t keep, std::chrono::seconds spacing) {
  auto& points = *history.mutable_points();
  const int before = points.size();
  int kept = 0;
  for (int i = 0; i < before; ++i) {
    const bool newest = i + 1 == before;
    const bool spaced = kept == 0 || has_passed(spacing, points[kept - 1].state().committed_at(),
                                                points[i].state().committed_at());
    if (newest || spaced) points.SwapElements(kept++, i);
  }
  points.DeleteSubrange(kept, before - kept);
  const bool thinned = kept < before;
  const bool cut = prune_to(history, keep);
  return thinned || cut;
}

bool prune_to(format::History& history, std::size_t most) {
  auto& points = *history.mutable_points();
  const auto surplus =
      static_cast<std::ptrdiff_t>(points.size()) - static_cast<std::ptrdiff_t>(most);
  if (surplus <= 0) return false;
  points.DeleteSubrange(0, static_cast<int>(surplus));
  return true;
}

const format::RestorePoint* find_point(const format::History& history, std::uint64_t number) {
  for (const format::RestorePoint& point : history.points()) {
    if (point.number() == number) return &point;
  }
  return nullptr;
}

format::Tombstones make_tombstones(std::uint64_t sequence,
                                   const std::vector<std::int64_t>& ascending_keys) {
  format::Tombstones tombstones;
  tombstones.set_sequence(sequence);
  std::uint64_t before = 0;
  for (const std::int64_t key : ascending_keys) {
    tombstones.add_key_steps(static_cast<std::int64_t>(static_cast<std::uint64_t>(key) - before));
    before = static_cast<std::uint64_t>(key);
  }
  return tombstones;
}

std::vector<std::int64_t> erased_after(const format::History& history, const TombstoneList& newer,
                                       std::uint64_t sequence) {
  std::vector<std::int64_t> keys;
  collect(history.tombstones(), sequence, keys);
  collect(newer, sequence, keys);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace telekv::vault
