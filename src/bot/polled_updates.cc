#include "bot/polled_updates.h"

#include <spdlog/spdlog.h>

#include "telegram/polled_page.h"

namespace telekv::bot {

vault::Channel::Async<vault::UpdatePage> PolledUpdates::poll(std::optional<std::int64_t> offset) {
  Result<vault::UpdatePage> page = co_await telegram::poll_page(*api_, offset);
  if (page) {
    handler_->skip_unreadable(page->unreadable);
  } else if (!vault::ends_the_run(page.error())) {
    // What ends the run is logged by whoever ends it.
    spdlog::warn("getting updates failed: {}", describe(page.error()));
  }
  co_return page;
}

void PolledUpdates::apply(const vault::UpdatePage& page, std::size_t index) {
  const auto& updates = telegram::content_of(page).updates;
  const std::size_t ahead = index + kv::TableCore::kExpectAhead;
  if (ahead < updates.size()) handler_->expect(updates[ahead]);
  handler_->apply(updates[index]);
}

}  // namespace telekv::bot
