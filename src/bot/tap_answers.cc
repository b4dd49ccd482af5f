#include "bot/tap_answers.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "bot/background.h"
#include "vault/caught.h"

namespace telekv::bot {

namespace asio = boost::asio;

void TapAnswers::push(const telegram::CallbackQuery& tap, std::string text) {
  std::erase_if(waiting_, [&](const Waiting& old) { return old.who == tap.from.id; });
  if (waiting_.size() == kMaxWaiting) waiting_.pop_front();
  waiting_.push_back({tap.from.id, tap.id, std::move(text), clock_->now()});
  if (workers_ == kWorkers) return;
  ++workers_;
  run_in_background(executor_, work());
}

asio::awaitable<void> TapAnswers::work() {
  while (!waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (clock_->now() >= next.since + kWorthlessAfter) continue;
    auto call = api_->answer_callback_query(std::move(next.query_id), std::move(next.text));
    auto answering = vault::caught(std::move(call));
    const Result<void> answered = co_await std::move(answering);
    if (!answered) spdlog::debug("a button's spinner goes on: {}", describe(answered.error()));
  }
  --workers_;
}

}  // namespace telekv::bot
