// The offset of getUpdates, by its rules:
// - none is sent before a page has been dealt with, so that Telegram starts at the earliest
//   unconfirmed update: after a silent week ids are drawn anew, and an offset from before could
//   confirm updates that nobody has seen;
// - then it is the page's highest id + 1, and the next poll confirms the page. It may go down;
// - it is never negative, which would drop the rest of the queue;
// - a page of nothing but unreadable elements moves it by one an element, or they would come for
//   ever.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace telekv::vault {

class PollOffset {
 public:
  /// nullopt: none is to be sent.
  std::optional<std::int64_t> value() const { return offset_; }

  /// A page whose highest id is `last` is dealt with.
  void move_behind(std::int64_t last) {
    constexpr std::int64_t kMaxId = std::int64_t{1} << 53;  // far above the Bot API's
    offset_ = std::clamp<std::int64_t>(last, 0, kMaxId) + 1;
  }

  /// A page of nothing but `unreadable` elements is dealt with. Without an offset nothing moves.
  void skip(std::size_t unreadable) {
    if (offset_) move_behind(*offset_ - 1 + static_cast<std::int64_t>(unreadable));
  }

 private:
  std::optional<std::int64_t> offset_;
};

}  // namespace telekv::vault
