// Runs work over immutable buffers (encoding, sealing) on another executor and comes back to the
// awaiting coroutine's own thread with the result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace telekv::vault {

/// `work` touches nothing that another thread may change.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work>> run_on(boost::asio::any_io_executor executor,
                                                          Work work) {
  auto run = [](Work job) -> boost::asio::awaitable<std::invoke_result_t<Work>> {
    co_return job();
  };
  auto running = run(std::move(work));
  co_return co_await boost::asio::co_spawn(executor, std::move(running),
                                           boost::asio::use_awaitable);
}

}  // namespace telekv::vault
