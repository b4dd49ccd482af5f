// The bot's update queue as vault::PollingLoop wants it. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "telegram/api.h"
#include "vault/polling_loop.h"

namespace telekv::telegram {

/// An update's place in its queue.
vault::UpdateStamp stamp_of(const Update& update);

/// Api::get_updates() as vault::UpdateQueue::poll() returns it.
Async<vault::UpdatePage> poll_page(Api& api, std::optional<std::int64_t> offset);

/// What a page of poll_page() holds.
const UpdatePage& content_of(const vault::UpdatePage& page);

}  // namespace telekv::telegram
