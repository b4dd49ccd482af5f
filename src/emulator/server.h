// The HTTP/1.1 server on 127.0.0.1, plain or over TLS 1.2 or newer; session.h is a connection. All
// on one io_context thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "emulator/answer.h"
#include "emulator/service.h"

namespace telekv::emulator {

struct TlsSettings {
  std::string certificate_file;  ///< PEM: a certificate, and those between it and an authority
  std::string key_file;          ///< PEM, without a passphrase
  std::chrono::milliseconds handshake{10'000};  ///< how long one may take
};

class Server {
 public:
  /// Binds 127.0.0.1:`port` (0: a free port) and accepts from now on. Error: the port cannot be
  /// had.
  static Answer<std::unique_ptr<Server>> listen(boost::asio::io_context& io, Service& service,
                                                std::uint16_t port);
  /// The same over TLS. Error: the port cannot be had, or what `settings` names cannot be loaded.
  static Answer<std::unique_ptr<Server>> listen_tls(boost::asio::io_context& io, Service& service,
                                                    std::uint16_t port,
                                                    const TlsSettings& settings);
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
};

}  // namespace telekv::emulator
