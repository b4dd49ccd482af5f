#include "bot/certificate.h"

namespace telekv::bot {

Result<std::shared_ptr<const telegram::ServerTls>> load_certificate(const WebhookSettings& webhook,
                                                                    std::chrono::seconds now) {
  Result<std::shared_ptr<const telegram::ServerTls>> tls =
      telegram::ServerTls::load(webhook.certificate_file, webhook.key_file);
  if (!tls) return wrong("WEBHOOK_CERT: " + tls.error().message);
  if (!(*tls)->is_valid_at(now)) {
    return wrong("WEBHOOK_CERT: the certificate has expired, or is not valid yet");
  }
  if (!(*tls)->is_for(webhook.host)) {
    return wrong("WEBHOOK_CERT: the certificate is not for " + webhook.host);
  }
  return tls;
}

}  // namespace telekv::bot
