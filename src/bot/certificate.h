// The certificate of a webhook that this program ends TLS for. Reads files.
#pragma once

#include <chrono>
#include <memory>

#include "bot/config.h"
#include "telegram/server_tls.h"

namespace telekv::bot {

/// kInvalidArgument for one that Telegram would not accept: it tells so itself only when it has
/// failed to deliver.
Result<std::shared_ptr<const telegram::ServerTls>> load_certificate(const WebhookSettings& webhook,
                                                                    std::chrono::seconds now);

}  // namespace telekv::bot
