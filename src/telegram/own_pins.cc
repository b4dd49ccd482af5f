#include "telegram/own_pins.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "vault/caught.h"

namespace telekv::telegram {

bool remove_notice_of_own_pin(Api& api, const Message& message,
                              const boost::asio::any_io_executor& executor,
                              std::function<void(const Error& error)> on_failure) {
  const bool is_own = message.tells_of_pin && message.from && message.from->id == api.bot_id();
  if (!is_own) return false;
  auto deleting = vault::caught(api.delete_message(message.chat.id, message.id));
  const auto ended = [tell = std::move(on_failure)](const std::exception_ptr& /*never*/,
                                                    const Result<void>& deleted) {
    if (!deleted) tell(deleted.error());
  };
  boost::asio::co_spawn(executor, std::move(deleting), ended);
  return true;
}

}  // namespace telekv::telegram
