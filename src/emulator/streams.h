// What the emulator's connections share.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>

namespace telekv::emulator {

/// An operation's error code comes beside its result.
inline constexpr auto no_throw = boost::asio::as_tuple(boost::asio::use_awaitable);

/// HttpReader.h takes 256 KiB, but Beast throws at a field beyond 16 bits of length. A buffer has
/// the same bound, because the trailer of a chunked body knows no other.
inline constexpr std::uint32_t kMaxHeaderBytes = 64u << 10;

}  // namespace telekv::emulator
