#include "emulator/crowd_runner.h"

namespace telekv::emulator {
namespace {

constexpr std::chrono::milliseconds kOpenLoopTick{1};
constexpr std::chrono::milliseconds kClosedLoopTick{100};  // for those who lose patience

}  // namespace

void CrowdRunner::start(BotId bot, CrowdPlan plan) {
  crowd_.emplace(world_, bot, std::move(plan), Clock::now());
  running_ = true;
  tick();
}

void CrowdRunner::stop() {
  running_ = false;
  timer_.cancel();
}

std::optional<CrowdReport> CrowdRunner::report() const {
  if (!crowd_) return std::nullopt;
  return crowd_->report();
}

void CrowdRunner::tick() {
  write();
  surroundings_.settle();
  if (crowd_->is_over(Clock::now())) running_ = false;
  if (!running_) return;
  timer_.expires_after(crowd_->is_open_loop() ? kOpenLoopTick : kClosedLoopTick);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && running_) tick();
  });
}

}  // namespace telekv::emulator
