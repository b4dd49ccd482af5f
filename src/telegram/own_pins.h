// Every start pins a root, and Telegram tells the chat so: the operator's would fill with notices.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "telegram/api.h"
#include "telegram/types.h"

namespace telekv::telegram {

/// Whether `message` is the notice of a pin of the bot's own. If so, it is being deleted from now
/// on, once; `on_failure` is told when it stays. `api` must outlive the executor's last run.
bool remove_notice_of_own_pin(Api& api, const Message& message,
                              const boost::asio::any_io_executor& executor,
                              std::function<void(const Error& error)> on_failure);

}  // namespace telekv::telegram
