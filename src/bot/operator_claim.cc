#include "bot/operator_claim.h"

#include <utility>

#include "bot/claim_code.h"
#include "vault/saver.h"

namespace telekv::bot {

OperatorClaim::OperatorClaim(telegram::Api& api, vault::Clock& clock, vault::Random& random,
                             std::function<void(const Error&)> failed)
    : api_(&api),
      clock_(&clock),
      failed_(std::move(failed)),
      code_(make_claim_code(random)),
      backoff_(random, {}) {}

telegram::Async<std::vector<OperatorClaim::Heard>> OperatorClaim::listen() {
  telegram::GetUpdates query;
  if (const auto due = offset_.send_once()) query.offset = telegram::UpdateId{*due};
  const Result<telegram::UpdatePage> page = co_await api_->get_updates(std::move(query));
  std::vector<Heard> heard;
  if (!page) {
    if (vault::ends_the_run(page.error())) co_return page.error();
    failed_(page.error());
    co_await clock_->sleep_for(backoff_.next(page.error()));
    co_return heard;
  }
  backoff_.reset();
  for (const telegram::Update& update : page->updates) {
    const auto* message = std::get_if<telegram::Message>(&update.content);
    if (!message || !message->from || message->from->is_bot || message->text.empty()) continue;
    heard.push_back(judge(*message));
  }
  if (const auto last = page->last_id()) {
    offset_.move_behind(telegram::to_int(*last));
  } else if (page->unreadable > 0) {
    offset_.skip(page->unreadable);
  }
  co_return heard;
}

OperatorClaim::Heard OperatorClaim::judge(const telegram::Message& message) {
  const bool claims = !claimed_ && message.chat.type == telegram::ChatType::kPrivate &&
                      is_same_code(code_, message.text);
  claimed_ = claimed_ || claims;
  return {.message = message, .claims = claims};
}

telegram::Async<void> OperatorClaim::confirm() {
  telegram::GetUpdates query{.limit = 1, .timeout = std::chrono::seconds(0)};
  if (const auto due = offset_.send_once()) query.offset = telegram::UpdateId{*due};
  const Result<telegram::UpdatePage> page = co_await api_->get_updates(std::move(query));
  if (!page) co_return page.error();
  co_return Result<void>{};
}

}  // namespace telekv::bot
