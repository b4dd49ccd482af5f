#include "telegram/outbox.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <string>
#include <utility>

#include "vault/backoff.h"
#include "vault/caught.h"

namespace telekv::telegram {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

namespace {

// A reply that could not be handed over this often is given up; the next one may fare better.
constexpr std::uint32_t kMaxAttempts = 6;

}  // namespace

Outbox::Outbox(Api& api, FloodBudget& budget, vault::Clock& clock, vault::Random& random,
               asio::any_io_executor executor, OnDropped on_dropped)
    : api_(&api),
      budget_(&budget),
      clock_(&clock),
      random_(&random),
      executor_(executor),
      on_dropped_(std::move(on_dropped)),
      earlier_(executor),
      has_room_(executor),
      empty_(executor) {
  has_room_.set();
  empty_.set();
}

// ---- what waits --------------------------------------------------------------------------------

void Outbox::push(Reply reply) {
  const ChatId id = reply.chat;
  Chat& chat = chats_[id];
  const auto same = std::find_if(chat.replies.begin(), chat.replies.end(),
                                 [&](const Reply& old) { return old.is_outdated_by(reply); });
  if (same != chat.replies.end()) {
    chat.replies.erase(same);
    --waiting_;
    ++counters_.coalesced;
  } else if (chat.replies.size() >= kMaxPerChat) {
    chat.replies.pop_front();
    --waiting_;
    note_dropped(
        {ErrorCode::kTooLarge, "too many replies wait for chat " + std::to_string(to_int(id))});
  }
  chat.replies.push_back(std::move(reply));
  ++waiting_;
  update_waiters();
  if (!chat.scheduled) {
    schedule(id);
    pump();
  }
}

bool Outbox::hand_over(const Reply& reply) {
  const Time now = clock_->now();
  const bool free = !reply.edits && !chats_.contains(reply.chat) &&
                    budget_->reply_at(reply.chat) <= now && budget_->reply_at() <= now;
  if (!free) return false;
  budget_->spend(reply.chat);
  ++counters_.sent;
  return true;
}

void Outbox::schedule(ChatId id) {
  chats_[id].scheduled = true;
  due_.push({std::max(clock_->now(), budget_->reply_at(id)), scheduled_++, id});
}

void Outbox::update_waiters() {
  if (waiting_ < kMaxWaiting) {
    has_room_.set();
  } else {
    has_room_.clear();
  }
  if (waiting_ == 0) {
    empty_.set();
  } else {
    empty_.clear();
  }
}

// ---- what goes ---------------------------------------------------------------------------------

void Outbox::pump() {
  while (!due_.empty() && on_their_way_ < kWorkers) {
    const Time now = clock_->now();
    const Time at = std::max(due_.top().at, budget_->reply_at());
    if (at > now) {
      wake_at(at);
      return;
    }
    const ChatId id = due_.top().chat;
    due_.pop();
    if (budget_->reply_at(id) > now) {
      schedule(id);  // somebody else has written there, or was refused
      continue;
    }
    Chat& chat = chats_[id];
    Reply reply = std::move(chat.replies.front());
    chat.replies.pop_front();
    ++on_their_way_;
    asio::co_spawn(executor_, send(std::move(reply)), asio::detached);
  }
}

void Outbox::wake_at(Time at) {
  const bool somebody_waits = wakes_at_ != Time::max();
  if (at >= wakes_at_) return;
  wakes_at_ = at;
  if (somebody_waits) {
    earlier_.set();
  } else {
    asio::co_spawn(executor_, wait_for_wake(), asio::detached);
  }
}

asio::awaitable<void> Outbox::wait_for_wake() {
  for (;;) {
    const vault::Clock::Duration left = wakes_at_ - clock_->now();
    if (left <= left.zero()) break;
    earlier_.clear();
    co_await (clock_->sleep_for(left) || earlier_.wait());
  }
  wakes_at_ = Time::max();
  pump();
}

asio::awaitable<void> Outbox::send(Reply reply) {
  const ChatId id = reply.chat;
  auto delivering = vault::caught(deliver(reply));
  const Result<void> delivered = co_await std::move(delivering);
  --on_their_way_;
  --waiting_;
  Chat& chat = chats_[id];
  if (delivered) {
    ++counters_.sent;
  } else if (delivered.error().code == ErrorCode::kRateLimited) {
    ++counters_.rate_limited;
    put_back(std::move(reply));
  } else {
    note_dropped(delivered.error());
    if (delivered.error().code == ErrorCode::kForbidden) drop_all(chat);
  }
  if (chat.replies.empty()) {
    chats_.erase(id);
  } else {
    schedule(id);
  }
  update_waiters();
  pump();
}

// What certainly did not arrive is tried again.
asio::awaitable<Result<void>> Outbox::deliver(const Reply& reply) {
  vault::Backoff backoff(*random_, {});
  for (;;) {
    const Result<void> sent = co_await hand_to_telegram(reply);
    if (sent) co_return Result<void>();
    if (sent.error().code != ErrorCode::kUnavailable || backoff.failures() + 1 >= kMaxAttempts) {
      co_return sent.error();
    }
    co_await clock_->sleep_for(backoff.next(sent.error()));
  }
}

Async<void> Outbox::hand_to_telegram(const Reply& reply) {
  if (reply.edits) {
    std::optional<InlineKeyboard> buttons;
    const auto* given = reply.keyboard ? std::get_if<InlineKeyboard>(&*reply.keyboard) : nullptr;
    if (given != nullptr) buttons = *given;
    Result<void> edited =
        co_await api_->edit_message_text(reply.chat, *reply.edits, reply.text, std::move(buttons));
    const bool in_vain = !edited && (edited.error().code == ErrorCode::kNotFound ||
                                     edited.error().code == ErrorCode::kRejected);
    if (!in_vain) co_return edited;
  }
  const Result<MessageId> sent =
      co_await api_->send_message(reply.chat, reply.text, reply.keyboard);
  if (!sent) co_return sent.error();
  co_return Result<void>();
}

// In the first place again, unless a newer one about the same thing has come.
void Outbox::put_back(Reply reply) {
  Chat& chat = chats_[reply.chat];
  const bool replaced =
      std::any_of(chat.replies.begin(), chat.replies.end(),
                  [&](const Reply& newer) { return reply.is_outdated_by(newer); });
  if (replaced) {
    ++counters_.coalesced;
    return;
  }
  chat.replies.push_front(std::move(reply));
  ++waiting_;
}

void Outbox::drop_all(Chat& chat) {
  counters_.dropped += chat.replies.size();
  waiting_ -= chat.replies.size();
  chat.replies.clear();
}

void Outbox::note_dropped(const Error& error) {
  ++counters_.dropped;
  if (on_dropped_) on_dropped_(error);
}

asio::awaitable<void> Outbox::room() { co_await has_room_.wait(); }
asio::awaitable<void> Outbox::drained() { co_await empty_.wait(); }

}  // namespace telekv::telegram
