#include "simulation_world.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "simulation_process.h"
#include "vault/ring.h"

namespace telekv::vault {

SimWorld::SimWorld(BotSettings with, Remains found, Clock::Time start, Troubles& trouble,
                   Tally& counts)
    : settings(with),
      remains(std::move(found)),
      timeline(start),
      troubles(&trouble),
      tally(&counts) {
  remains.chat.keeps_log = false;
}

SimWorld::~SimWorld() = default;

SimProcess& SimWorld::start_process() {
  const int number = ++numbers_given;
  processes.push_back(std::make_unique<SimProcess>(*this, number));
  trace(number, "starts");
  const std::vector<SimProcess*> together = alive();
  if (together.size() > 1) {
    for (SimProcess* process : together) process->meet_another();
  }
  return *processes.back();
}

std::vector<SimProcess*> SimWorld::alive() const {
  std::vector<SimProcess*> found;
  for (const auto& process : processes) {
    if (process && process->alive()) found.push_back(process.get());
  }
  return found;
}

void SimWorld::fail(std::string what) {
  trace(Timeline::kNobody, "VIOLATION: " + what);
  if (!violation) violation = std::move(what);
}

void SimWorld::trace(int process, const std::string& what) const {
  if (!traces) return;
  const double seconds = std::chrono::duration<double>(timeline.now().time_since_epoch()).count();
  std::printf("%11.3f %c %s\n", seconds, process == 0 ? ' ' : static_cast<char>('@' + process),
              what.c_str());
}

void SimWorld::advance_queue() {
  const int expired =
      remains.updates.advance(timeline.now(), ProcessClock::true_unix_time(timeline));
  for (int i = 0; i < expired; ++i) tally->note(Trouble::kUpdateExpired);
}

void SimWorld::note_confirmed(int update) {
  const auto at = static_cast<std::size_t>(update);
  ++tally->confirmed;
  trace(Timeline::kNobody, "update " + std::to_string(update) + " is confirmed");
  if (!remains.seen.test(at)) fail("an update was confirmed that nobody has applied");
  if (settings.durability == Durability::kStrict && !remains.durable.test(at)) {
    fail("update " + std::to_string(update) + " was confirmed before it was saved");
  }
}

void SimWorld::note_reign(int process) {
  std::vector<int>& reigns = remains.reigns;
  if (std::find(reigns.begin(), reigns.end(), process) != reigns.end()) return;
  reigns.push_back(process);
  const auto young = reigns.end() - std::min<std::ptrdiff_t>(std::ssize(reigns), Ring::kBanks);
  remains.chat.release_late_of(
      [&](int late) { return std::find(young, reigns.end(), late) == reigns.end(); });
}

void SimWorld::note_given_up(TrueState& state, int update, bool counted) {
  for (int i = update - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    if (remains.updates[i + 1].id_step != 1) counted = false;
    if (state.dealt.test(at)) continue;
    trace(Timeline::kNobody, "update " + std::to_string(i) + " is given up");
    state.dealt.set(at);
    state.given_up.set(at);
    ++tally->lost;
    if (counted) state.counted.set(at);
  }
}

void SimWorld::settle(Timeline::Next woken) {
  if (woken.owner == Timeline::kNobody && woken.wake) woken.wake->call();
  for (const auto& process : processes) {
    if (!process || !process->alive()) continue;
    const bool it = process->number() == woken.owner;
    process->settle(it ? std::move(woken.wake) : nullptr);
  }
  for (auto& process : processes) {
    if (process && !process->alive()) process.reset();
  }
}

void SimWorld::run(Clock::Time end, const std::function<bool()>& go_on) {
  settle({Timeline::kNobody, nullptr});
  while (!violation && go_on()) {
    std::optional<Timeline::Next> next = timeline.next(end);
    if (!next) return;
    settle(*std::move(next));
  }
}

}  // namespace telekv::vault
