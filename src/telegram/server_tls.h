// What a server needs to speak TLS: its certificate chain and the private key, read from PEM files.
// Immutable once loaded.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "kv/error.h"

namespace telekv::telegram {

class ServerTls {
 public:
  /// TLS 1.2 or newer. kInvalidArgument names the file: it cannot be read, holds no certificate or
  /// key, the key needs a passphrase or is not the certificate's.
  static Result<std::shared_ptr<const ServerTls>> load(const std::string& chain_file,
                                                       const std::string& key_file);

  /// Nobody vouches for it but itself: whoever connects must have been given it.
  bool is_self_signed() const;

  /// Whether it carries that host name (wildcards as in RFC 6125) or numeric address.
  bool is_for(const std::string& host) const;

  /// `now`: Unix time.
  bool is_valid_at(std::chrono::seconds now) const;

  /// The certificate itself, without its chain, as PEM.
  std::string certificate_pem() const;

  boost::asio::ssl::context& context() const { return *context_; }

 private:
  ServerTls();
  x509_st* certificate() const;

  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace telekv::telegram
