#include "bot/progress.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

namespace telekv::bot {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

Progress::Progress(telegram::Api& api, vault::Clock& clock, asio::any_io_executor executor,
                   telegram::ChatId chat, Text text)
    : api_(&api), clock_(&clock), chat_(chat), text_(std::move(text)), ended_(executor) {}

asio::awaitable<void> Progress::run() {
  const vault::Clock::Time began = clock_->now();
  vault::Clock::Duration pause = kFirst;
  for (;;) {
    co_await (clock_->sleep_for(pause) || ended_.wait());
    if (ended_.is_set()) co_return;
    pause = kEvery;
    std::string text =
        text_(std::chrono::duration_cast<std::chrono::seconds>(clock_->now() - began));
    if (message_) {
      (void)co_await api_->edit_message_text(chat_, *message_, std::move(text));
      continue;
    }
    const Result<telegram::MessageId> sent = co_await api_->send_message(chat_, std::move(text));
    if (sent) message_ = *sent;
  }
}

}  // namespace telekv::bot
