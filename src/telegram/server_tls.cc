#include "telegram/server_tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace telekv::telegram {
namespace {

namespace ssl = boost::asio::ssl;

Error wrong(std::string message) {
  return {.code = ErrorCode::kInvalidArgument, .message = std::move(message)};
}

// Without a callback OpenSSL asks whoever sits at the terminal.
std::string no_passphrase(std::size_t /*most*/, ssl::context::password_purpose /*purpose*/) {
  return {};
}

}  // namespace

ServerTls::ServerTls() : context_(std::make_unique<ssl::context>(ssl::context::tls_server)) {}

Result<std::shared_ptr<const ServerTls>> ServerTls::load(const std::string& chain_file,
                                                         const std::string& key_file) {
  const std::shared_ptr<ServerTls> tls(new ServerTls);
  ssl::context& context = *tls->context_;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code failure;
  context.set_password_callback(no_passphrase, failure);
  if (!failure) context.use_certificate_chain_file(chain_file, failure);
  if (failure) {
    return wrong(chain_file + ": no certificate can be read from it: " + failure.message());
  }
  context.use_private_key_file(key_file, ssl::context::pem, failure);
  if (failure || SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return wrong(key_file + ": no private key of " + chain_file + " without a passphrase" +
                 (failure ? ": " + failure.message() : std::string()));
  }
  return std::shared_ptr<const ServerTls>(tls);
}

X509* ServerTls::certificate() const { return SSL_CTX_get0_certificate(context_->native_handle()); }

bool ServerTls::is_self_signed() const {
  return X509_check_issued(certificate(), certificate()) == X509_V_OK;
}

bool ServerTls::is_for(const std::string& host) const {
  return X509_check_host(certificate(), host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate(), host.c_str(), 0) == 1;
}

bool ServerTls::is_valid_at(std::chrono::seconds now) const {
  time_t time = now.count();
  return X509_cmp_time(X509_get0_notBefore(certificate()), &time) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate()), &time) > 0;
}

std::string ServerTls::certificate_pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(memory.get(), certificate());
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &text));
  return {text, size};
}

}  // namespace telekv::telegram
