// How a connection comes to be: the name resolved, its addresses tried side by side, a proxy asked
// for the way through. Part of HttpClient.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "telegram/connection.h"
#include "telegram/proxy.h"

namespace telekv::telegram {

/// How long an address has before the next one is tried beside it (RFC 8305, section 8).
inline constexpr std::chrono::milliseconds kHeadStart{250};

/// Connects to the first of `endpoints` that answers. Errors name `root`; kUnavailable or
/// kCancelled.
Async<boost::asio::ip::tcp::socket> connect_to_any(
    boost::asio::any_io_executor executor, const ApiRoot& root,
    std::vector<boost::asio::ip::tcp::endpoint> endpoints, Deadline deadline);

/// Connects to `root`, or through `proxy` to it. Errors are kUnavailable or kCancelled. Plain HTTP
/// goes to loopback addresses only, and never to a proxy.
Async<boost::asio::ip::tcp::socket> dial(boost::asio::any_io_executor executor, const ApiRoot& root,
                                         const std::optional<Proxy>& proxy, Deadline deadline);

/// Whether the running coroutine has been cancelled.
boost::asio::awaitable<bool> is_cancelled();

bool is_timeout(const boost::system::error_code& failure);

/// What a failed step means. `sent`: whether any part of the request is out.
Error step_error(const ApiRoot& root, std::string_view step,
                 const boost::system::error_code& failure, bool cancelled, bool sent);

}  // namespace telekv::telegram
