// Starts a coroutine that nobody waits for. An exception in it, which is a defect or a lack of
// memory, ends the program: what has stopped working must not look as if it went on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace telekv::bot {

/// On `executor`, whose run() throws what `work` throws.
inline void run_in_background(const boost::asio::any_io_executor& executor,
                              boost::asio::awaitable<void> work) {
  boost::asio::co_spawn(executor, std::move(work), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

}  // namespace telekv::bot
