// How somebody becomes the operator of a bot that has none: by sending it, in a private chat, the
// one-time code that only who runs the program sees. In a group the code would be no secret any
// more, and a group is not where the next start looks for the data.
//
// One thread. Takes updates, so nothing else may: what players send meanwhile is confirmed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "telegram/api.h"
#include "vault/backoff.h"
#include "vault/clock.h"
#include "vault/poll_offset.h"
#include "vault/random.h"

namespace telekv::bot {

class OperatorClaim {
 public:
  /// A text that somebody has sent.
  struct Heard {
    telegram::Message message;  ///< with its sender
    bool claims = false;        ///< it is the code, for the first time: the sender is the operator
  };

  /// The references must outlive the object. `failed` hears of what is tried again.
  OperatorClaim(telegram::Api& api, vault::Clock& clock, vault::Random& random,
                std::function<void(const Error&)> failed);

  const std::string& code() const { return code_; }

  /// What has been sent since the last call, waiting for it a while; also nothing. An error ends
  /// the run.
  telegram::Async<std::vector<Heard>> listen();

  /// Tells Telegram that everything listen() returned is dealt with.
  telegram::Async<void> confirm();

 private:
  Heard judge(const telegram::Message& message);

  telegram::Api* api_;
  vault::Clock* clock_;
  std::function<void(const Error&)> failed_;
  std::string code_;
  vault::Backoff backoff_;
  vault::PollOffset offset_;
  bool claimed_ = false;
};

}  // namespace telekv::bot
