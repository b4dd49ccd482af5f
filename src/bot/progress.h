// Tells somebody who waits that work is going on: nothing while it is short, then one message that
// is edited in place, now and then, and at the end becomes the answer.
//
// One thread. A message that cannot be sent is no failure: the answer comes all the same.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "telegram/api.h"
#include "vault/clock.h"
#include "vault/event.h"

namespace telekv::bot {

class Progress {
 public:
  static constexpr std::chrono::seconds kFirst{3};   ///< shorter work needs no message
  static constexpr std::chrono::seconds kEvery{10};  ///< edits are counted by flood control

  /// Says what there is to say after so many seconds.
  using Text = std::function<std::string(std::chrono::seconds)>;

  /// The references must outlive the object.
  Progress(telegram::Api& api, vault::Clock& clock, boost::asio::any_io_executor executor,
           telegram::ChatId chat, Text text);

  /// Runs until end() has been called and no call is under way.
  boost::asio::awaitable<void> run();
  void end() { ended_.set(); }

  /// The message that the answer takes the place of, if one was sent.
  std::optional<telegram::MessageId> message() const { return message_; }

 private:
  telegram::Api* api_;
  vault::Clock* clock_;
  telegram::ChatId chat_;
  Text text_;
  vault::Event ended_;
  std::optional<telegram::MessageId> message_;
};

}  // namespace telekv::bot
