// Uploads of edited media that take their time: a later edit of the same message ends the one that
// is going on, as TDLib's cancel_edit_message_media does. Runs on one io_context thread; holds one
// timer for each edit that waits, and those are as many as its callers' connections.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "emulator/model.h"

namespace telekv::emulator {

class EditUploads {
 public:
  using Key = std::tuple<BotId, ChatId, std::int64_t>;  ///< which message

  explicit EditUploads(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Ends the upload that is going on for the message, and takes `time` for a new one; false when
  /// a later one ended it.
  boost::asio::awaitable<bool> run(Key message, std::chrono::milliseconds time);

 private:
  struct Upload {
    explicit Upload(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    bool is_canceled = false;
  };

  boost::asio::any_io_executor executor_;
  std::map<Key, std::shared_ptr<Upload>> uploads_;
};

}  // namespace telekv::emulator
