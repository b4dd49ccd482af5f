// Replies that say no, and what faults (faults.h) make of those that do not.
#pragma once

#include <optional>

#include "emulator/answer.h"
#include "emulator/faults.h"
#include "emulator/http.h"

namespace telekv::emulator {

/// An error of the Bot API.
HttpReply error_reply(const ApiError& error);

/// What is answered instead of carrying out the call; nullopt: it is carried out.
std::optional<HttpReply> answer_instead(const Fault& fault);

/// Spoils the answer to a call that has had its effect.
void spoil(HttpReply& reply, const Fault& fault);

}  // namespace telekv::emulator
