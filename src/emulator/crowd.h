// Simulated people, for tests of load: each writes to a bot, waits for an answer in their private
// chat, and rests until their turn comes again. Who writes next follows Zipf's law over the people
// in an order of their own: few write much, many now and then.
//
// Closed loop: so many people wait at any time; the next one writes when an answer comes. Open
// loop: messages are due at a fixed rate, however slowly the bot answers, and how long an answer
// took is counted from when its message was due. Where more is due than the machine can write, what
// has been due for kPatience is skipped.
//
// Every message is taken to have one answer: a bot that sends two to somebody who writes again
// meanwhile is measured too fast. Deterministic but for `now`: the same plan, the same messages.
// O(1) a message and an answer; memory: four bytes a person, and those who wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/latency_histogram.h"
#include "emulator/world.h"

namespace telekv::emulator {

/// What people write, and how often.
struct Saying {
  std::string text;
  double share = 0;  ///< of all messages, 0..1
};

struct CrowdPlan {
  /// Of the people in order of creation, the first so many write; all when there are fewer.
  std::size_t people = 0;
  std::vector<Saying> says = {};  ///< the shares, with newcomers', are 1 together
  double newcomers = 0;           ///< share of messages that are a new person's "/start"
  std::uint32_t waiting = 0;      ///< closed loop: people who wait at a time; 0: an open loop
  double per_second = 0;          ///< open loop: messages a second
  std::chrono::nanoseconds time{};
  std::uint64_t seed = 1;
};

struct CrowdReport {
  std::uint64_t written = 0;
  std::uint64_t answers = 0;
  std::uint64_t unanswered = 0;  ///< no answer within Crowd::kPatience
  /// Due messages that nobody wrote: all who were drawn waited, they had blocked the bot, its queue
  /// was full, or they had been due for Crowd::kPatience.
  std::uint64_t skipped = 0;
  std::size_t waiting = 0;
  std::chrono::nanoseconds elapsed{};      ///< from the start to the last answer
  std::chrono::nanoseconds longest_gap{};  ///< between two answers
  const LatencyHistogram* latency = nullptr;
};

class Crowd {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kPatience{60};
  /// Messages of an open loop that are written at once: between them the bot is served.
  static constexpr std::uint64_t kMostAtOnce = 1000;

  /// `world` must outlive the object. At least one person must be there.
  Crowd(World& world, BotId bot, CrowdPlan plan, Instant now);

  BotId bot() const { return bot_; }

  /// The bot has written into that chat. Changes nothing in the world.
  void note_answer(ChatId chat, Instant now);

  /// Lets everybody write whose turn has come, of an open loop the first kMostAtOnce.
  void write(Instant now, TimeMs world_now);

  /// Nobody will write any more, and nobody waits.
  bool is_over(Instant now) const { return now >= end_ && since_.empty() && due_ == due_by(end_); }
  bool is_open_loop() const { return plan_.waiting == 0; }

  CrowdReport report() const;

 private:
  struct Wait {
    PersonId person = 0;
    Instant since;
  };

  std::uint64_t due_by(Instant now) const;
  void write_due(Instant now, TimeMs world_now);
  bool write_one(Instant due, TimeMs world_now);
  const Saying* draw_saying();
  PersonId draw_person();
  PersonId newcomer();
  void lose_patience(Instant now);
  double draw() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  World& world_;
  BotId bot_;
  CrowdPlan plan_;
  Instant start_;
  Instant end_;
  std::mt19937_64 random_;
  std::vector<std::uint32_t> by_activity_;  // positions in the world's order, busiest first
  std::unordered_map<PersonId, Instant> since_;
  std::deque<Wait> in_turn_;  // those who began to wait, with some who do no longer
  std::uint64_t due_ = 0;     // messages whose turn has come, those of an open loop
  std::uint64_t written_ = 0;
  std::uint64_t unanswered_ = 0;
  std::uint64_t skipped_ = 0;
  Instant last_answer_;
  std::chrono::nanoseconds longest_gap_{};
  LatencyHistogram latency_;
};

}  // namespace telekv::emulator
