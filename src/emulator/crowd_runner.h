// Lets a crowd (crowd.h) write when its turn comes: after every request, and by the clock. One
// crowd at a time. One thread: the executor's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "emulator/crowd.h"

namespace telekv::emulator {

class CrowdRunner {
 public:
  struct Surroundings {
    std::function<TimeMs()> now;   ///< the emulator's clock
    std::function<void()> settle;  ///< keeps what was written, and tells those who watch
  };

  CrowdRunner(const boost::asio::any_io_executor& executor, World& world, Surroundings surroundings)
      : world_(world), surroundings_(std::move(surroundings)), timer_(executor) {}

  /// Ends the crowd there may be, and begins.
  void start(BotId bot, CrowdPlan plan);
  void stop();

  /// The bot has written into that chat; may be called in the middle of a change of the world.
  void note_answer(BotId bot, ChatId chat) {
    if (crowd_ && running_ && crowd_->bot() == bot) crowd_->note_answer(chat, Clock::now());
  }

  /// Between two changes of the world. Leaves it to the caller to settle them.
  void write() {
    if (running_) crowd_->write(Clock::now(), surroundings_.now());
  }

  bool is_running() const { return running_; }
  /// Of the crowd that was started last; nullopt before.
  std::optional<CrowdReport> report() const;

 private:
  using Clock = std::chrono::steady_clock;

  void tick();

  World& world_;
  Surroundings surroundings_;
  boost::asio::steady_timer timer_;
  std::optional<Crowd> crowd_;
  bool running_ = false;
};

}  // namespace telekv::emulator
