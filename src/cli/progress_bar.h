// How far a transfer is, as one line at the foot of a terminal that is drawn over and in the end
// erased. For whoever waits: short work shows nothing, and what is no terminal gets none.
//
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace telekv::cli {

struct Transfer {
  std::uint64_t bytes = 0;     ///< so far
  std::uint64_t expected = 0;  ///< in all, nearly; 0: not known
  std::chrono::seconds passed{};
};

/// "[####----]  50%  2.3 of 4.5 MB  0:12", in at most `columns` characters. Pure.
std::string render_progress(const Transfer& transfer, std::size_t columns);

class ProgressBar {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kFirst{1};         ///< shorter work needs none
  static constexpr std::chrono::milliseconds kEvery{200};  ///< drawn no more often

  /// `terminal` is a descriptor that outlives the object.
  ProgressBar(int terminal, std::uint64_t expected, Clock::time_point now)
      : terminal_(terminal), expected_(expected), began_(now), drawn_(now) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { erase(); }

  void show(std::uint64_t bytes, Clock::time_point now);

  /// Before something else is written to the terminal.
  void erase();

 private:
  int terminal_;
  std::uint64_t expected_;
  Clock::time_point began_;
  Clock::time_point drawn_;
  bool visible_ = false;
};

}  // namespace telekv::cli
