#include "emulator/server.h"

#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "emulator/session.h"
#include "emulator/streams.h"

namespace telekv::emulator {
namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(100);

// Without a callback OpenSSL asks whoever sits at the terminal.
std::string no_passphrase(std::size_t /*most*/, ssl::context::password_purpose /*purpose*/) {
  return {};
}

struct Tls {
  ssl::context context{ssl::context::tls_server};
  std::chrono::milliseconds handshake;
};

Answer<Tls> load(const TlsSettings& settings) {
  Tls tls{.handshake = settings.handshake};
  SSL_CTX_set_min_proto_version(tls.context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(tls.context.native_handle(), SSL_OP_NO_RENEGOTIATION);
  error_code failure;
  tls.context.set_password_callback(no_passphrase, failure);
  if (!failure) tls.context.use_certificate_chain_file(settings.certificate_file, failure);
  if (failure) {
    return ApiError{500, settings.certificate_file +
                             ": no certificate can be read from it: " + failure.message()};
  }
  tls.context.use_private_key_file(settings.key_file, ssl::context::pem, failure);
  // A key of another kind than the certificate's is no failure yet.
  if (failure || SSL_CTX_check_private_key(tls.context.native_handle()) != 1) {
    return ApiError{500, settings.key_file + ": no private key of " + settings.certificate_file +
                             " without a passphrase" +
                             (failure ? ": " + failure.message() : std::string())};
  }
  return tls;
}

class TcpServer final : public Server {
 public:
  TcpServer(asio::io_context& io, Service& service, std::optional<Tls> tls)
      : io_(io),
        acceptor_(io),
        service_(service),
        tls_(std::move(tls)),
        sessions_(std::make_shared<Sessions>()) {}

  error_code open(std::uint16_t port) {
    error_code error;
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) {
      asio::co_spawn(io_, accept(), asio::detached);
      asio::co_spawn(io_, Sessions::watch(sessions_), asio::detached);
    }
    return error;
  }

  std::uint16_t port() const override {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

 private:
  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(no_throw);
      if (error) {  // out of descriptors, mostly: some will come back
        asio::steady_timer pause(io_, kAcceptPause);
        co_await pause.async_wait(no_throw);
        continue;
      }
      if (tls_) {
        asio::co_spawn(io_,
                       serve_tls(TlsStream(std::move(socket), tls_->context), tls_->handshake,
                                 service_, sessions_),
                       asio::detached);
      } else {
        asio::co_spawn(io_, serve(std::move(socket), service_, sessions_), asio::detached);
      }
    }
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  Service& service_;
  std::optional<Tls> tls_;  // nullopt: plain
  std::shared_ptr<Sessions> sessions_;
};

// `option`: what chose the port.
Answer<std::unique_ptr<Server>> open(std::unique_ptr<TcpServer> server, std::uint16_t port,
                                     const std::string& option) {
  if (const auto error = server->open(port)) {
    return ApiError{500, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                             error.message() + "; choose another " + option +
                             ", or 0 for a free one"};
  }
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace

Answer<std::unique_ptr<Server>> Server::listen(asio::io_context& io, Service& service,
                                               std::uint16_t port) {
  return open(std::make_unique<TcpServer>(io, service, std::nullopt), port, "--port");
}

Answer<std::unique_ptr<Server>> Server::listen_tls(asio::io_context& io, Service& service,
                                                   std::uint16_t port,
                                                   const TlsSettings& settings) {
  auto tls = load(settings);
  if (tls.has_error()) return tls.error();
  return open(std::make_unique<TcpServer>(io, service, std::move(*tls)), port, "--tls-port");
}

}  // namespace telekv::emulator
