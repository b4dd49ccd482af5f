// Turns an exception of a coroutine into an Error. Inside the awaitable operators `||` an exception
// counts as a failure that the other side may still make good, and would be waited out; as an error
// it ends the wait. Exceptions of this kind are defects, or a lack of memory.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <string>
#include <utility>

#include "kv/error.h"

namespace telekv::vault {

template <class T>
boost::asio::awaitable<Result<T>> caught(boost::asio::awaitable<Result<T>> operation) {
  try {
    co_return co_await std::move(operation);
  } catch (const std::exception& failure) {
    co_return Error{ErrorCode::kRejected,
                    std::string("an unexpected exception: ") + failure.what()};
  }
}

}  // namespace telekv::vault
