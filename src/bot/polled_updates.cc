#include "bot/polled_updates.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace telekv::bot {

vault::Channel::Async<vault::UpdatePage> PolledUpdates::poll(std::optional<std::int64_t> offset) {
  telegram::GetUpdates query;
  if (offset) query.offset = telegram::UpdateId{*offset};
  Result<telegram::UpdatePage> polled = co_await api_->get_updates(std::move(query));
  if (!polled) {
    // What ends the run is logged by whoever ends it.
    if (!vault::ends_the_run(polled.error())) {
      spdlog::warn("getting updates failed: {}", describe(polled.error()));
    }
    co_return polled.error();
  }
  handler_->skip_unreadable(polled->unreadable);
  vault::UpdatePage page;
  page.unreadable = polled->unreadable;
  page.updates.reserve(polled->updates.size());
  for (const telegram::Update& update : polled->updates) page.updates.push_back(stamp_of(update));
  page.content = std::make_shared<const telegram::UpdatePage>(*std::move(polled));
  co_return page;
}

void PolledUpdates::apply(const vault::UpdatePage& page, std::size_t index) {
  const auto& updates = static_cast<const telegram::UpdatePage*>(page.content.get())->updates;
  const std::size_t ahead = index + kv::TableCore::kExpectAhead;
  if (ahead < updates.size()) handler_->expect(updates[ahead]);
  handler_->apply(updates[index]);
}

}  // namespace telekv::bot
