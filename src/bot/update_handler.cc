#include "bot/update_handler.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

namespace telekv::bot {

namespace asio = boost::asio;

namespace {

// A registration is saved this soon, so that a new player is never lost with the interval.
constexpr std::chrono::milliseconds kSaveSoon{500};

}  // namespace

UpdateHandler::UpdateHandler(Clicker& clicker, kv::Table<User>& users, telegram::Api& api,
                             telegram::Outbox& outbox, vault::Saver& saver, OperatorDesk& desk,
                             asio::any_io_executor executor)
    : clicker_(&clicker),
      users_(&users),
      api_(&api),
      outbox_(&outbox),
      saver_(&saver),
      desk_(&desk),
      executor_(std::move(executor)) {}

void UpdateHandler::apply(const telegram::Update& update) {
  if (std::optional<telegram::Reply> reply = apply_quietly(update))
    outbox_->push(*std::move(reply));
}

std::optional<telegram::Reply> UpdateHandler::apply_quietly(const telegram::Update& update) {
  if (const auto* malformed = std::get_if<telegram::MalformedUpdate>(&update.content)) {
    ++unreadable_;
    spdlog::warn("update {} was skipped: {} ({} so far)", telegram::to_int(update.id),
                 malformed->reason, unreadable_);
  } else if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    if (is_notice_of_own_pin(*message)) {
      asio::co_spawn(executor_, remove(message->chat.id, message->id), asio::detached);
      return std::nullopt;
    }
    return carry_out(clicker_->handle(*message));
  } else if (const auto* tap = std::get_if<telegram::CallbackQuery>(&update.content)) {
    Outcome outcome = clicker_->handle(*tap);
    asio::co_spawn(executor_, answer_tap(tap->id, std::move(outcome.tap_answer)), asio::detached);
    return carry_out(std::move(outcome));
  }
  return std::nullopt;
}

std::optional<telegram::Reply> UpdateHandler::carry_out(Outcome outcome) {
  if (outcome.save_soon) saver_->save_within(kSaveSoon);
  if (outcome.wish) desk_->take(*outcome.wish);
  if (outcome.reply_once_saved) {
    asio::co_spawn(executor_, push_once_saved(*std::move(outcome.reply_once_saved)),
                   asio::detached);
  }
  return std::move(outcome.reply);
}

void UpdateHandler::expect(const telegram::Update& update) const {
  if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    if (message->from) users_->expect(telegram::to_int(message->from->id));
  }
}

void UpdateHandler::skip_unreadable(std::size_t count) {
  if (count == 0) return;
  unreadable_ += count;
  spdlog::warn("{} updates without a readable id were skipped", count);
}

// Always, also where the button is an earlier bot's: until then it shows a spinner.
asio::awaitable<void> UpdateHandler::answer_tap(std::string query_id, std::string text) {
  const Result<void> answered =
      co_await api_->answer_callback_query(std::move(query_id), std::move(text));
  if (!answered) spdlog::debug("a button's spinner goes on: {}", describe(answered.error()));
}

// A save that fails is tried again by the saver, and is waited for again here. When the run ends
// before, nothing is said: what is not saved may come back.
asio::awaitable<void> UpdateHandler::push_once_saved(telegram::Reply reply) {
  for (;;) {
    const Result<vault::CommitReport> saved = co_await saver_->save();
    if (saved) break;
    if (vault::ends_the_run(saved.error())) co_return;
  }
  outbox_->push(std::move(reply));
}

bool UpdateHandler::is_notice_of_own_pin(const telegram::Message& message) const {
  return message.tells_of_pin && message.from && message.from->id == api_->bot_id();
}

// Every start pins a root, and Telegram tells the chat so: the operator's would fill with it.
asio::awaitable<void> UpdateHandler::remove(telegram::ChatId chat, telegram::MessageId id) {
  const Result<void> removed = co_await api_->delete_message(chat, id);
  if (!removed) spdlog::debug("a notice of a pin stays: {}", describe(removed.error()));
}

}  // namespace telekv::bot
