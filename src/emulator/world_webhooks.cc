// Webhooks: where a bot's updates are delivered, and what became of the deliveries.
#include <utility>

#include "emulator/text.h"
#include "emulator/webhook_url.h"
#include "emulator/world.h"

namespace telekv::emulator {
namespace {

constexpr TimeMs kSetWebhookPause = 1000;             // Client.cpp process_set_webhook_query
constexpr TimeMs kDropAfter410 = 23 * 3600 * 1000LL;  // WEBHOOK_DROP_TIMEOUT
constexpr std::size_t kMaxSecretLength = 256;         // Client.cpp do_set_webhook
constexpr int kGone = 410;

Answer<void> check_secret(std::string_view secret) {
  if (secret.size() > kMaxSecretLength) return bad_request("secret token is too long");
  if (!is_base64url(secret)) return bad_request("secret token contains unallowed characters");
  return {};
}

bool is_same(const Webhook& a, const Webhook& b) {
  return a.url == b.url && a.secret_token == b.secret_token &&
         a.max_connections == b.max_connections && a.certificate.empty() && b.certificate.empty();
}

}  // namespace

Answer<std::string> World::set_webhook(Bot& bot, WebhookRequest request, TimeMs now) {
  const bool is_removal = request.webhook.url.empty();
  if (!is_removal) {
    if (now < bot.next_set_webhook) return ApiError{429, "Too Many Requests: retry after 1", 1};
    bot.next_set_webhook = now + kSetWebhookPause;
  }
  if (is_same(bot.webhook, request.webhook) && !request.drop_pending_updates) {
    set_allowed_updates(bot, request.allowed_updates);
    return std::string(is_removal ? "Webhook is already deleted" : "Webhook is already set");
  }
  const bool was_set = !bot.webhook.url.empty();
  if (was_set) replace_webhook(bot, {});
  if (request.drop_pending_updates) drop_pending_updates(bot);
  if (is_removal) {
    return std::string(was_set ? "Webhook was deleted" : "Webhook is already deleted");
  }
  const auto url = parse_webhook_url(request.webhook.url);
  if (url.has_error()) return url.error();
  if (auto checked = check_secret(request.webhook.secret_token); checked.has_error()) {
    return checked.error();
  }
  set_allowed_updates(bot, request.allowed_updates);
  replace_webhook(bot, std::move(request.webhook));
  return std::string("Webhook was set");
}

void World::replace_webhook(Bot& bot, Webhook webhook) {
  bot.webhook = std::move(webhook);
  ++bot.webhook_version;
  record_webhook(bot);
  observer_.webhook_changed(bot.id);
}

void World::confirm_delivery(Bot& bot, std::int64_t update) {
  bot.queue.confirm_one(update);
  bot.webhook.gone_since = 0;
  record_confirmed(bot, update, update);
}

void World::note_failed_delivery(Bot& bot, int status, std::string error, TimeMs now) {
  Webhook& webhook = bot.webhook;
  webhook.last_error_date_s = now / 1000;
  webhook.last_error = std::move(error);
  if (status != kGone) {
    webhook.gone_since = 0;
  } else if (webhook.gone_since == 0) {
    webhook.gone_since = now;
  } else if (now > webhook.gone_since + kDropAfter410) {
    replace_webhook(bot, {});
  }
}

}  // namespace telekv::emulator
