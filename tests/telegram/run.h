// Runs one coroutine of the code under test to its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "kv/error.h"

namespace telekv::telegram {

template <class T>
boost::asio::awaitable<void> store(boost::asio::awaitable<Result<T>> call,
                                   std::optional<Result<T>>* outcome) {
  auto result = co_await std::move(call);
  outcome->emplace(std::move(result));
}

/// Drives `io` until `call` is done; everything else that is ready on `io` (a test's server) runs
/// too.
template <class T>
Result<T> run(boost::asio::io_context& io, boost::asio::awaitable<Result<T>> call) {
  std::optional<Result<T>> outcome;
  boost::asio::co_spawn(io, store(std::move(call), &outcome), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.restart();
  while (!outcome) {
    if (io.run_one() == 0) throw std::logic_error("the call never ended");
  }
  return std::move(*outcome);
}

template <class T>
Result<T> run(boost::asio::awaitable<Result<T>> call) {
  boost::asio::io_context io;
  return run(io, std::move(call));
}

}  // namespace telekv::telegram
