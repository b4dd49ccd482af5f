// Runs one operation on a loop that has nothing else to do: for programs that do one thing after
// another. Blocks; the loop's thread is the caller's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "kv/error.h"
#include "vault/caught.h"

namespace telekv::bot {

/// `meanwhile` is called at least this often, and while nothing else runs.
inline constexpr std::chrono::milliseconds kMeanwhileEvery{100};

template <class T, class Meanwhile>
Result<T> run_to_end(boost::asio::io_context& io, boost::asio::awaitable<Result<T>> operation,
                     Meanwhile meanwhile) {
  std::optional<Result<T>> outcome;
  auto store = [](boost::asio::awaitable<Result<T>> pending,
                  std::optional<Result<T>>* place) -> boost::asio::awaitable<void> {
    auto safe = vault::caught(std::move(pending));
    place->emplace(co_await std::move(safe));
  };
  io.restart();
  boost::asio::co_spawn(io, store(std::move(operation), &outcome), boost::asio::detached);
  while (!outcome) {
    io.run_one_for(kMeanwhileEvery);
    meanwhile();
  }
  return *std::move(outcome);
}

template <class T>
Result<T> run_to_end(boost::asio::io_context& io, boost::asio::awaitable<Result<T>> operation) {
  return run_to_end(io, std::move(operation), [] {});
}

}  // namespace telekv::bot
