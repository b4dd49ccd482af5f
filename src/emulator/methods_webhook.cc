// Methods about where updates go: setWebhook, deleteWebhook, getWebhookInfo.
#include <algorithm>

#include "emulator/json_writer.h"
#include "emulator/methods_shared.h"
#include "emulator/webhook_url.h"

namespace telekv::emulator::methods {
namespace {

constexpr std::int64_t kDefaultMaxConnections = 40;       // Bot API: setWebhook
constexpr std::int64_t kMaxConnections = 100;             // Bot API: setWebhook
constexpr std::uint64_t kMaxCertificateBytes = 3u << 20;  // Client.h: MAX_CERTIFICATE_FILE_SIZE

/// Empty when there is none.
Answer<std::string> read_certificate(const Arguments& arguments) {
  constexpr std::string_view kAttach = "attach://";
  const UploadedFile* file = arguments.find_file("certificate");
  if (const auto name = arguments.get("certificate");
      file == nullptr && name.starts_with(kAttach)) {
    file = arguments.find_file(name.substr(kAttach.size()));
  }
  if (file != nullptr && file->content.size() > kMaxCertificateBytes) {
    return bad_request("certificate size is too big (" + std::to_string(file->content.size()) +
                       " bytes)");
  }
  return file != nullptr ? std::string(file->content) : std::string();
}

Answer<void> finish(Call& call, WebhookRequest request, std::string& out) {
  request.drop_pending_updates = call.arguments.get_boolean("drop_pending_updates");
  auto description = call.world.set_webhook(call.bot, std::move(request), call.now);
  if (description.has_error()) return description.error();
  call.description = std::move(*description);
  out += "true";
  return {};
}

void write_update_types(JsonWriter& writer, std::uint32_t allowed) {
  writer.begin_array();
  for (std::size_t i = 0; i < update_types().size(); ++i) {
    if ((allowed >> i & 1u) != 0) writer.string(update_types()[i]);
  }
  writer.end_array();
}

}  // namespace

Answer<void> set_webhook(Call& call, std::string& out) {
  WebhookRequest request;
  request.webhook.url = call.arguments.get("url");
  if (!request.webhook.url.empty()) {
    auto certificate = read_certificate(call.arguments);
    if (certificate.has_error()) return certificate.error();
    request.webhook.certificate = std::move(*certificate);
    request.webhook.secret_token = call.arguments.get("secret_token");
    request.webhook.max_connections = std::clamp<std::int64_t>(
        call.arguments.get_integer("max_connections", kDefaultMaxConnections), 1, kMaxConnections);
    request.allowed_updates = read_allowed_updates(call.arguments.get("allowed_updates"));
  }
  return finish(call, std::move(request), out);
}

Answer<void> delete_webhook(Call& call, std::string& out) { return finish(call, {}, out); }

Answer<void> get_webhook_info(Call& call, std::string& out) {
  const Webhook& webhook = call.bot.webhook;
  JsonWriter writer(out);
  writer.begin_object();
  writer.field("url", webhook.url);
  writer.field("has_custom_certificate", !webhook.certificate.empty());
  writer.field("pending_update_count", call.bot.queue.size());
  if (webhook.last_error_date_s != 0) {
    writer.field("last_error_date", webhook.last_error_date_s);
    writer.field("last_error_message", webhook.last_error);
  }
  if (!webhook.url.empty()) {
    const auto url = parse_webhook_url(webhook.url);
    writer.field("max_connections", webhook.max_connections);
    writer.field("ip_address", is_loopback_host(url->host) ? "127.0.0.1" : "<unknown>");
  }
  if (call.bot.allowed_updates != kDefaultUpdates) {
    writer.key("allowed_updates");
    write_update_types(writer, call.bot.allowed_updates);
  }
  writer.end_object();
  return {};
}

}  // namespace telekv::emulator::methods
