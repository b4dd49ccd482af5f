// telekv health: whether the clicker on this machine is ready, for hosts that ask a command (a
// container's health check). Asks GET /healthz on PORT, over plain HTTP: not with WEBHOOK_CERT.
#pragma once

#include "cli/surroundings.h"

namespace telekv::cli {

struct HealthOptions {};

/// kUnavailable when nothing answers, or what answers is not ready; kInvalidArgument without PORT.
Result<Answer> ask_health(const Surroundings& surroundings);

}  // namespace telekv::cli
