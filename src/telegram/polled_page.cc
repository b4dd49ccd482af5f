#include "telegram/polled_page.h"

#include <memory>
#include <utility>

namespace telekv::telegram {

vault::UpdateStamp stamp_of(const Update& update) {
  vault::UpdateStamp stamp{.id = to_int(update.id)};
  if (const auto* message = std::get_if<Message>(&update.content)) {
    stamp.date = message->date.count();
  }
  return stamp;
}

Async<vault::UpdatePage> poll_page(Api& api, std::optional<std::int64_t> offset) {
  GetUpdates query;
  if (offset) query.offset = UpdateId{*offset};
  Result<UpdatePage> polled = co_await api.get_updates(std::move(query));
  if (!polled) co_return polled.error();
  vault::UpdatePage page;
  page.unreadable = polled->unreadable;
  page.updates.reserve(polled->updates.size());
  for (const Update& update : polled->updates) page.updates.push_back(stamp_of(update));
  page.content = std::make_shared<const UpdatePage>(*std::move(polled));
  co_return page;
}

const UpdatePage& content_of(const vault::UpdatePage& page) {
  return *static_cast<const UpdatePage*>(page.content.get());
}

}  // namespace telekv::telegram
