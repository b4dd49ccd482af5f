#include "bot/update_handler.h"

#include <spdlog/spdlog.h>

#include "telegram/own_pins.h"

namespace telekv::bot {
namespace {

void log_notice_that_stays(const Error& error) {
  spdlog::debug("a notice of a pin stays: {}", describe(error));
}

}  // namespace

void UpdateHandler::apply(const telegram::Update& update) {
  if (std::optional<telegram::Reply> reply = apply_quietly(update)) {
    parts_.outbox->push(*std::move(reply));
  }
}

std::optional<telegram::Reply> UpdateHandler::apply_quietly(const telegram::Update& update) {
  if (const auto* malformed = std::get_if<telegram::MalformedUpdate>(&update.content)) {
    ++unreadable_;
    spdlog::warn("update {} was skipped: {} ({} so far)", telegram::to_int(update.id),
                 malformed->reason, unreadable_);
  } else if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    const bool is_own_pin = telegram::remove_notice_of_own_pin(
        *parts_.api, *message, parts_.executor, log_notice_that_stays);
    if (!is_own_pin) return carry_out(parts_.clicker->handle(*message));
  } else if (const auto* tap = std::get_if<telegram::CallbackQuery>(&update.content)) {
    Outcome outcome = parts_.clicker->handle(*tap);
    // Always, also where the button is an earlier bot's: until then it shows a spinner.
    parts_.tap_answers->push(*tap, std::move(outcome.tap_answer));
    return carry_out(std::move(outcome));
  }
  return std::nullopt;
}

std::optional<telegram::Reply> UpdateHandler::carry_out(Outcome outcome) {
  if (outcome.save_soon) parts_.early_saves->save_soon();
  if (outcome.wish) parts_.desk->take(*outcome.wish);
  if (outcome.reply_once_saved) {
    parts_.early_saves->save_soon_and_tell(*std::move(outcome.reply_once_saved));
  }
  return std::move(outcome.reply);
}

void UpdateHandler::expect(const telegram::Update& update) const {
  if (const auto* message = std::get_if<telegram::Message>(&update.content)) {
    if (message->from) parts_.users->expect(telegram::to_int(message->from->id));
  }
}

void UpdateHandler::skip_unreadable(std::size_t count) {
  if (count == 0) return;
  unreadable_ += count;
  spdlog::warn("{} updates without a readable id were skipped", count);
}

}  // namespace telekv::bot
