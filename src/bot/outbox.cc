#include "bot/outbox.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "vault/backoff.h"

namespace telekv::bot {

namespace asio = boost::asio;

namespace {

// A reply that could not be handed over this often is given up; the next one may fare better.
constexpr std::uint32_t kMaxAttempts = 6;

}  // namespace

Outbox::Outbox(telegram::Api& api, vault::Clock& clock, vault::Random& random,
               asio::any_io_executor executor)
    : api_(&api),
      clock_(&clock),
      random_(&random),
      executor_(executor),
      has_room_(executor),
      empty_(executor) {
  has_room_.set();
  empty_.set();
}

void Outbox::push(Reply reply) {
  const telegram::ChatId id = reply.chat;
  Chat& chat = chats_[id];
  if (chat.replies.size() >= kMaxPerChat) {
    // The first one may be on its way; the second is the oldest that is certainly not.
    chat.replies.erase(chat.replies.begin() + 1);
    --waiting_;
    ++counters_.dropped;
  }
  chat.replies.push_back(std::move(reply));
  ++waiting_;
  empty_.clear();
  if (waiting_ >= kMaxWaiting) has_room_.clear();
  if (!chat.busy) make_ready(id);
}

// A worker lives as long as there is something to send: no idle coroutines, no wake-ups.
void Outbox::make_ready(telegram::ChatId id) {
  chats_[id].busy = true;
  ready_.push_back(id);
  if (workers_ < kWorkers) {
    ++workers_;
    asio::co_spawn(executor_, work(), asio::detached);
  }
}

asio::awaitable<void> Outbox::work() {
  while (!ready_.empty()) {
    const telegram::ChatId id = ready_.front();
    ready_.pop_front();
    if (co_await deliver(id)) finish_first(id);
  }
  --workers_;
}

// Whether the first reply of the chat is dealt with; otherwise the chat is held back.
asio::awaitable<bool> Outbox::deliver(telegram::ChatId id) {
  vault::Backoff backoff(*random_, {});
  for (;;) {
    const Reply reply = chats_[id].replies.front();
    const Result<telegram::Message> sent =
        co_await api_->send_message(reply.chat, reply.text, reply.keyboard);
    if (sent) {
      ++counters_.sent;
      co_return true;
    }
    const Error& error = sent.error();
    if (error.code == ErrorCode::kRateLimited) {
      ++counters_.rate_limited;
      asio::co_spawn(executor_, hold(id, backoff.next(error)), asio::detached);
      co_return false;
    }
    if (error.code != ErrorCode::kUnavailable || backoff.failures() + 1 >= kMaxAttempts) {
      ++counters_.dropped;
      co_return true;
    }
    co_await clock_->sleep_for(backoff.next(error));
  }
}

asio::awaitable<void> Outbox::hold(telegram::ChatId id, vault::Clock::Duration duration) {
  co_await clock_->sleep_for(duration);
  make_ready(id);
}

void Outbox::finish_first(telegram::ChatId id) {
  Chat& chat = chats_[id];
  chat.replies.pop_front();
  --waiting_;
  if (chat.replies.empty()) {
    chats_.erase(id);
  } else {
    make_ready(id);
  }
  if (waiting_ < kMaxWaiting) has_room_.set();
  if (waiting_ == 0) empty_.set();
}

asio::awaitable<void> Outbox::room() { co_await has_room_.wait(); }
asio::awaitable<void> Outbox::drained() { co_await empty_.wait(); }

}  // namespace telekv::bot
