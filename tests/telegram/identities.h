// Certificates and their private keys, made by the tests.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace telekv::telegram::test {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

struct Identity {
  Key key;
  Certificate certificate;
};

inline void add_extension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// `names` as in "DNS:localhost,IP:127.0.0.1"; null for an authority. Signed by `issuer`, or by
/// itself. Valid from `begin` to `end`, seconds from now.
inline Identity make_identity(const char* subject, const char* names, const Identity* issuer,
                              long begin = -3600, long end = 3600) {
  static long serial = 1;
  Identity made{Key(EVP_EC_gen("P-256"), EVP_PKEY_free), Certificate(X509_new(), X509_free)};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begin);
  X509_gmtime_adj(X509_getm_notAfter(certificate), end);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject), -1, -1, 0);
  const Identity& signer = issuer != nullptr ? *issuer : made;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get()));
  if (names != nullptr) {
    add_extension(certificate, NID_subject_alt_name, names);
  } else {
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  }
  X509_sign(certificate, signer.key.get(), EVP_sha256());
  return made;
}

/// Of every client made meanwhile, the trust store: it holds `identity` and nothing else.
class Trusting {
 public:
  explicit Trusting(const Identity& identity) {
    const int descriptor = mkstemp(path_);
    std::FILE* file = fdopen(descriptor, "w");
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
    setenv("SSL_CERT_FILE", path_, 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
  }
  Trusting(const Trusting&) = delete;
  Trusting& operator=(const Trusting&) = delete;
  ~Trusting() {
    std::remove(path_);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
  }

 private:
  char path_[32] = "/tmp/telekv-trusted-XXXXXX";
};

}  // namespace telekv::telegram::test
