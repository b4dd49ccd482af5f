#include "simulation_plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace telekv::vault {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Happening::Kind;

constexpr std::int64_t kAboveThirtyTwoBits = (std::int64_t{1} << 32) + 7;

std::optional<Trouble> trouble_of(Kind kind) {
  switch (kind) {
    case Kind::kStart:
    case Kind::kCheck:
      return std::nullopt;
    case Kind::kStop:
      return Trouble::kStop;
    case Kind::kKill:
      return Trouble::kKill;
    case Kind::kFreeze:
      return Trouble::kFreeze;
    case Kind::kClockJump:
      return Trouble::kClockJump;
    case Kind::kForeignPin:
      return Trouble::kForeignPin;
    case Kind::kForeignUnpin:
      return Trouble::kForeignUnpin;
    case Kind::kDeleteMessage:
      return Trouble::kMessageDeleted;
    case Kind::kLoseFile:
      return Trouble::kFileLost;
    case Kind::kStoredFlip:
      return Trouble::kStoredFlip;
    case Kind::kSwap:
      return Trouble::kStoredSwap;
    case Kind::kSnapshot:
      return Trouble::kSnapshot;
    case Kind::kRestore:
      return Trouble::kRestore;
  }
  return std::nullopt;
}

class Draw {
 public:
  Draw(std::uint64_t seed, const Without& without)
      : random_(seed ^ 0x706c616e), without_(&without) {
    plan_.seed = seed;
  }

  Plan plan() {
    draw_settings();
    draw_troubles();
    draw_updates();
    draw_starts();
    draw_happenings();
    std::stable_sort(plan_.happenings.begin(), plan_.happenings.end(),
                     [](const Happening& a, const Happening& b) { return a.at < b.at; });
    drop_what_is_left_out();
    return std::move(plan_);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  bool polls() const { return plan_.settings.delivery == Delivery::kPolling; }
  bool may(Trouble trouble) const { return plan_.troubles.allows(trouble); }
  void allow(Trouble trouble, std::uint64_t one_in_count) {
    plan_.troubles.set(trouble, one_in(one_in_count));
  }

  void draw_settings() {
    BotSettings& settings = plan_.settings;
    settings.delivery = one_in(3) ? Delivery::kWebhook : Delivery::kPolling;
    settings.durability = one_in(4) ? Durability::kInterval : Durability::kStrict;
    settings.page_limit = 1 + below(6);
    settings.ladder = {.tail_bytes = 30 + below(200),
                       .fan_out = 2 + below(3),
                       .base_share_percent = 50,
                       .least_bytes = 60 + below(500)};
    settings.delta_bound_records = one_in(4) ? 2 : 1000;
    settings.restore_points = 1 + below(4);
    settings.point_spacing = seconds(10 + below(one_in(2) ? 60 : 3000));
    settings.root_age = one_in(4) ? seconds(20 + below(300)) : seconds(hours(40));
    plan_.drops_replaced = one_in(2);
  }

  // A third of the histories is free of trouble with calls; the others have about half of it.
  void draw_troubles() {
    plan_.troubles.per_mille = one_in(3) ? 0 : 3 + below(one_in(3) ? 150 : 40);
    for (const Trouble trouble :
         {Trouble::kRateLimit, Trouble::kUnreachable, Trouble::kServerError,
          Trouble::kTimeoutBefore, Trouble::kTimeoutAfter, Trouble::kLateEffect,
          Trouble::kCutUpload, Trouble::kCutDownload, Trouble::kCrashBefore, Trouble::kCrashAfter,
          Trouble::kPollError, Trouble::kAnswerLost, Trouble::kOverlap, Trouble::kKill,
          Trouble::kStop}) {
      allow(trouble, 2);
    }
    for (const Trouble trouble : {Trouble::kSlowCall, Trouble::kFlippedDownload, Trouble::kFreeze,
                                  Trouble::kClockJump, Trouble::kForeignPin, Trouble::kSnapshot}) {
      allow(trouble, 4);
    }
    allow(Trouble::kRestore, 4);
    allow(Trouble::kForget, 2);
    // In `interval` mode the saver looks every few seconds, which a week would make expensive.
    if (plan_.settings.durability == Durability::kStrict) allow(Trouble::kNewIds, 15);
    // The queue's witness makes good for these; a webhook has none.
    if (!polls()) return;
    allow(Trouble::kStalePin, 4);
    allow(Trouble::kStaleRead, 4);
    if (may(Trouble::kOverlap)) return;
    allow(Trouble::kHiddenPin, 4);
    allow(Trouble::kLostPin, 4);
    allow(Trouble::kForeignUnpin, 6);
  }

  Clock::Duration draw_pause(std::uint64_t mean_ms) {
    if (may(Trouble::kNewIds) && one_in(20)) return hours(7 * 24 + 1 + static_cast<int>(below(48)));
    const bool saves_often = plan_.settings.durability == Durability::kInterval;
    if (one_in(60) && !saves_often) return minutes(below(30 * 60));
    if (one_in(15)) return seconds(below(600));
    return milliseconds(below(2 * mean_ms));
  }

  void draw_updates() {
    const std::uint64_t count = 5 + below(one_in(6) ? 90 : 20);
    const std::uint64_t users = 1 + below(kMaxUsers);
    const std::uint64_t mean_ms = 100 + below(3000);
    // Ids drawn anew that repeat those of the week before are told by their dates. Under webhooks,
    // and for taps, which have none, they are a limit (docs/reliability.md).
    const bool near_ids = polls() && one_in(3);
    const bool repeats_ids = may(Trouble::kNewIds) && near_ids;
    const std::uint64_t taps = repeats_ids ? 0 : below(3) * 25;
    plan_.first_update_id = one_in(8) && !may(Trouble::kNewIds) ? 1 : kAboveThirtyTwoBits;
    Clock::Duration at = seconds(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Clock::Duration pause = i == 0 ? Clock::Duration{} : draw_pause(mean_ms);
      at += pause;
      SimUpdates::Update update;
      update.arrives = Clock::Time(at);
      update.user = static_cast<int>(below(users));
      if (may(Trouble::kForget) && one_in(8)) update.kind = SimUpdates::Kind::kForget;
      if (pause >= hours(7 * 24)) {
        update.id_step = repeats_ids ? -1 - static_cast<std::int64_t>(below(40)) : draw_far_ids();
      } else if (below(100) < taps && update.kind == SimUpdates::Kind::kMessage &&
                 !plan_.updates.empty()) {  // a button comes with a message before it
        update.kind = SimUpdates::Kind::kTap;
      }
      plan_.updates.push_back(update);
    }
    plan_.end = at + minutes(3 + below(8));
  }

  std::int64_t draw_far_ids() {
    const std::int64_t far = 200'000 + static_cast<std::int64_t>(below(1'000'000));
    return one_in(2) ? -far : far;
  }

  void add(Kind kind, Clock::Duration at) {
    plan_.happenings.push_back({.kind = kind, .at = at, .pick = random_.next_u64()});
  }

  Clock::Duration some_time() {
    if (one_in(4) || plan_.updates.empty()) {
      return milliseconds(below(
          static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(plan_.end).count())));
    }
    const auto near = plan_.updates[below(plan_.updates.size())].arrives.time_since_epoch();
    return near + milliseconds(below(8000));
  }

  // Processes that overlap: an old one and up to two new ones, or two starting together. In
  // `interval` mode one new one at a time: writers that confirm before they save may save forks, of
  // which only one goes on.
  void draw_starts() {
    add(Kind::kStart, {});
    if (!may(Trouble::kOverlap)) return;
    const bool forks = plan_.settings.durability == Durability::kInterval;
    if (one_in(4) && !forks) add(Kind::kStart, milliseconds(below(5000)));
    const std::uint64_t waves = forks ? 1 : 1 + below(3);
    for (std::uint64_t wave = 0; wave < waves; ++wave) {
      const Clock::Duration at = some_time();
      const std::uint64_t young = forks ? 1 : 1 + below(2);
      for (std::uint64_t i = 0; i < young; ++i) add(Kind::kStart, at + milliseconds(below(6000)));
      if (may(Trouble::kStop) && one_in(2)) add(Kind::kStop, at + milliseconds(below(40'000)));
    }
  }

  void add_some(Trouble trouble, Kind kind, std::uint64_t most) {
    if (!may(trouble)) return;
    const std::uint64_t count = 1 + below(most);
    for (std::uint64_t i = 0; i < count; ++i) add(kind, some_time());
  }

  void draw_happenings() {
    add_some(Trouble::kKill, Kind::kKill, 3);
    add_some(Trouble::kStop, Kind::kStop, 2);
    add_some(Trouble::kFreeze, Kind::kFreeze, 3);
    add_some(Trouble::kClockJump, Kind::kClockJump, 2);
    add_some(Trouble::kForeignPin, Kind::kForeignPin, 2);
    add_some(Trouble::kForeignUnpin, Kind::kForeignUnpin, 1);
    add_some(Trouble::kSnapshot, Kind::kSnapshot, 3);
    add_some(Trouble::kRestore, Kind::kRestore, 3);
    if (one_in(12)) draw_damage();
    add(Kind::kCheck, some_time());
  }

  void draw_damage() {
    constexpr std::array<std::pair<Trouble, Kind>, 4> kDamage = {
        {{Trouble::kMessageDeleted, Kind::kDeleteMessage},
         {Trouble::kFileLost, Kind::kLoseFile},
         {Trouble::kStoredFlip, Kind::kStoredFlip},
         {Trouble::kStoredSwap, Kind::kSwap}}};
    const auto& [trouble, kind] = kDamage[below(kDamage.size())];
    plan_.troubles.set(trouble, true);
    add_some(trouble, kind, 2);
  }

  void drop_what_is_left_out() {
    for (std::size_t i = 0; i < kTroubles; ++i) {
      if (without_->troubles[i]) plan_.troubles.may[i] = false;
    }
    std::erase_if(plan_.happenings, [&](const Happening& happening) {
      const std::optional<Trouble> trouble = trouble_of(happening.kind);
      return trouble && !may(*trouble);
    });
    const auto shorten = [](auto& list, std::size_t by) {
      list.resize(list.size() - std::min(by, list.size()));
    };
    shorten(plan_.happenings, without_->happenings);
    shorten(plan_.updates, without_->updates);
  }

  SeededRandom random_;
  const Without* without_;
  Plan plan_;
};

}  // namespace

Plan draw_plan(std::uint64_t seed, const Without& without) { return Draw(seed, without).plan(); }

}  // namespace telekv::vault
