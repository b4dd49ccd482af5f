#include "telegram/polling.h"

#include <algorithm>

namespace telekv::telegram {
namespace {

UpdateId after(UpdateId last, std::int64_t steps) {
  return UpdateId{std::clamp<std::int64_t>(to_int(last), 0, kMaxId) + steps};
}

}  // namespace

Polling::Polling(Api& api, Options options) : api_(&api), timeout_(options.timeout) {
  if (options.resume_after) offset_ = after(*options.resume_after, 1);
}

Async<UpdatePage> Polling::next() {
  GetUpdates query;
  query.offset = offset_;
  query.timeout = timeout_;
  return api_->get_updates(std::move(query));
}

void Polling::taken(const UpdatePage& page) {
  if (const auto last = page.last_id()) {
    offset_ = after(*last, 1);
  } else if (offset_) {
    offset_ = after(*offset_, static_cast<std::int64_t>(page.unreadable));
  }
}

}  // namespace telekv::telegram
