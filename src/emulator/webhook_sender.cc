#include "emulator/webhook_sender.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <random>
#include <utility>
#include <vector>

#include "emulator/webhook_plan.h"

namespace telekv::emulator {
namespace asio = boost::asio;

/// What is kept of one webhook, until it is replaced. Shared with the deliveries that are going on.
struct WebhookSender::Target {
  Target(const asio::any_io_executor& executor, const Bot& bot)
      : version(bot.webhook_version),
        url(*parse_webhook_url(bot.webhook.url)),
        secret_token(bot.webhook.secret_token),
        certificate(bot.webhook.certificate),
        plan(static_cast<std::size_t>(bot.webhook.max_connections), std::random_device()()),
        timer(executor) {}

  /// What is on its way may still arrive; its outcome counts no more.
  void stop() {
    is_stopped = true;
    timer.cancel();
    idle.clear();
    for (const auto& [update, connection] : busy) connection->cut();
  }

  std::uint64_t version;
  WebhookUrl url;
  std::string secret_token;
  std::string certificate;
  WebhookPlan plan;
  std::vector<std::unique_ptr<WebhookConnection>> idle;
  std::unordered_map<std::int64_t, WebhookConnection*> busy;  // by update
  asio::steady_timer timer;
  bool is_stopped = false;
};

WebhookSender::WebhookSender(asio::any_io_executor executor, World& world, Hooks hooks)
    : executor_(std::move(executor)), world_(world), hooks_(std::move(hooks)) {}

WebhookSender::~WebhookSender() {
  for (const auto& [bot, target] : targets_) target->stop();
}

void WebhookSender::notice(BotId bot) {
  const Bot* known = world_.find_bot(bot);
  if (known->webhook.url.empty() && !targets_.contains(bot)) return;
  if (noticed_.empty()) asio::post(executor_, [this] { pump(); });
  noticed_.insert(bot);
}

void WebhookSender::notice_clock() {
  for (const auto& [bot, target] : targets_) notice(bot);
}

void WebhookSender::pump() {
  for (const BotId bot : std::exchange(noticed_, {})) pump(bot);
}

void WebhookSender::pump(BotId bot_id) {
  Bot& bot = *world_.find_bot(bot_id);
  const auto target = target_of(bot);
  if (target == nullptr) return;
  const TimeMs now = hooks_.now();
  bot.queue.expire(now / 1000);
  target->plan.load(bot.queue, now);
  for (const std::int64_t update : target->plan.overdue(now)) target->busy.at(update)->cut();
  while (const auto update = target->plan.next(now)) {
    if (bot.queue.find(*update) == nullptr) {  // expired while it waited
      target->plan.done(*update);
      target->plan.load(bot.queue, now);
      continue;
    }
    asio::co_spawn(executor_, deliver(target, bot_id, *update),
                   [](const std::exception_ptr& thrown) {
                     if (thrown) std::rethrow_exception(thrown);
                   });
  }
  watch_time(bot_id, target);
}

/// The target of the webhook as it is set now, null when there is none.
std::shared_ptr<WebhookSender::Target> WebhookSender::target_of(const Bot& bot) {
  const auto place = targets_.find(bot.id);
  if (place != targets_.end()) {
    if (place->second->version == bot.webhook_version) return place->second;
    place->second->stop();
    targets_.erase(place);
  }
  if (bot.webhook.url.empty()) return nullptr;
  return targets_[bot.id] = std::make_shared<Target>(executor_, bot);
}

void WebhookSender::watch_time(BotId bot, const std::shared_ptr<Target>& target) {
  const auto at = target->plan.next_event();
  if (!at) return;
  target->timer.expires_after(std::chrono::milliseconds(*at - hooks_.now()));
  target->timer.async_wait([this, bot, target](const boost::system::error_code& replaced) {
    if (!replaced && !target->is_stopped) pump(bot);
  });
}

asio::awaitable<void> WebhookSender::deliver(std::shared_ptr<Target> target, BotId bot_id,
                                             std::int64_t update) {
  std::unique_ptr<WebhookConnection> connection;
  while (!target->idle.empty() && connection == nullptr) {
    connection = std::move(target->idle.back());
    target->idle.pop_back();
    if (!connection->reusable()) connection.reset();
  }
  if (connection == nullptr)
    connection = WebhookConnection::create(executor_, target->url, target->certificate);
  target->busy[update] = connection.get();
  auto posting =
      connection->post(target->secret_token, world_.find_bot(bot_id)->queue.find(update)->json);
  const WebhookAnswer answer = co_await std::move(posting);
  if (target->is_stopped) co_return;
  target->busy.erase(update);
  if (connection->reusable()) target->idle.push_back(std::move(connection));
  finish(*target, *world_.find_bot(bot_id), update, answer);
  hooks_.commit();
  notice(bot_id);
}

void WebhookSender::finish(Target& target, Bot& bot, std::int64_t update,
                           const WebhookAnswer& answer) {
  if (answer.error.empty()) {
    world_.confirm_delivery(bot, update);
    target.plan.done(update);
    hooks_.run_reply(bot, answer);
    return;
  }
  const TimeMs now = hooks_.now();
  const QueuedUpdate* queued = bot.queue.find(update);
  if (queued == nullptr) {  // expired while it was on its way
    target.plan.done(update);
  } else if (!target.plan.failed(update, answer.retry_after_s, queued->expires_at_s, now)) {
    bot.queue.forget(update);
  }
  world_.note_failed_delivery(bot, answer.status, answer.error, now);
}

}  // namespace telekv::emulator
