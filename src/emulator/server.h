// The HTTP/1.1 server on 127.0.0.1: keep-alive, chunked and Content-Length bodies, a bound on
// everything read and a deadline on every read and write. One coroutine a connection, all on one
// io_context thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>

#include "emulator/answer.h"
#include "emulator/service.h"

namespace telekv::emulator {

class Server {
 public:
  /// Binds 127.0.0.1:`port` (0: a free port) and accepts from now on. Error: the port cannot be
  /// had.
  static Answer<std::unique_ptr<Server>> listen(boost::asio::io_context& io, Service& service,
                                                std::uint16_t port);
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
};

}  // namespace telekv::emulator
