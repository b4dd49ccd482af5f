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
                             Outbox& outbox, vault::Saver& saver, OperatorDesk& desk,
                             asio::any_io_executor executor)
    : clicker_(&clicker),
      users_(&users),
      api_(&api),
      outbox_(&outbox),
      saver_(&saver),
      desk_(&desk),
      executor_(std::move(executor)) {}

void UpdateHandler::apply(const telegram::Update& update) {
  if (std::optional<Reply> reply = apply_quietly(update)) outbox_->push(*std::move(reply));
}

std::optional<Reply> UpdateHandler::apply_quietly(const telegram::Update& update) {
  if (const auto* malformed = std::get_if<telegram::MalformedUpdate>(&update.content)) {
    ++unreadable_;
    spdlog::warn("update {} was skipped: {} ({} so far)", telegram::to_int(update.id),
                 malformed->reason, unreadable_);
  } else if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    if (is_notice_of_own_pin(*message)) {
      asio::co_spawn(executor_, remove(message->chat.id, message->id), asio::detached);
      return std::nullopt;
    }
    Outcome outcome = clicker_->handle(*message);
    if (outcome.reply && outcome.reply->topic == Reply::Topic::kCount) ++clicks_;
    if (outcome.save_soon) saver_->save_within(kSaveSoon);
    if (outcome.wish) desk_->take(*outcome.wish);
    return std::move(outcome.reply);
  } else if (const auto* query = std::get_if<telegram::CallbackQuery>(&update.content)) {
    asio::co_spawn(executor_, end_spinner(query->id), asio::detached);
  }
  return std::nullopt;
}

void UpdateHandler::expect(const telegram::Update& update) const {
  if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    users_->expect(telegram::to_int(message->chat.id));
  }
}

void UpdateHandler::skip_unreadable(std::size_t count) {
  if (count == 0) return;
  unreadable_ += count;
  spdlog::warn("{} updates without a readable id were skipped", count);
}

// The clicker shows no inline buttons, but an old message of an earlier bot may have some.
asio::awaitable<void> UpdateHandler::end_spinner(std::string query_id) {
  const Result<void> ended = co_await api_->answer_callback_query(std::move(query_id), {});
  if (!ended) spdlog::debug("a button's spinner goes on: {}", describe(ended.error()));
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
