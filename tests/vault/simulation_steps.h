// Where in the protocol a process makes its calls, told from the calls alone. Single thread.
#pragma once

#include <string>

#include "sim_channel.h"
#include "simulation_faults.h"

namespace telekv::vault {

class StepTracker {
 public:
  explicit StepTracker(const SimChat& chat) : chat_(&chat) {}

  /// To be asked once for every call, in their order.
  Step step_of(const Call& call);

 private:
  const SimChat* chat_;
  Step claim_ = Step::kReadPointers;  // how far a claim is
  bool pin_read_ = false;             // by the call before
};

/// For a trace: the step, the call and what goes wrong with it.
std::string describe(const Call& call, Step step, const Fault& fault);

}  // namespace telekv::vault
