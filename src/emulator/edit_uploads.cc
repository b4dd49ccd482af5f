#include "emulator/edit_uploads.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace telekv::emulator {
namespace asio = boost::asio;

asio::awaitable<bool> EditUploads::run(Key message, std::chrono::milliseconds time) {
  if (const auto before = uploads_.find(message); before != uploads_.end()) {
    before->second->is_canceled = true;
    before->second->timer.cancel();
    uploads_.erase(before);
  }
  if (time.count() <= 0) co_return true;
  const auto upload = std::make_shared<Upload>(executor_);
  upload->timer.expires_after(time);
  uploads_[message] = upload;
  co_await upload->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (upload->is_canceled) co_return false;
  uploads_.erase(message);
  co_return true;
}

}  // namespace telekv::emulator
