// The offset of getUpdates, by its rules:
// - none is sent before a page has been dealt with, so that Telegram starts at the earliest
//   unconfirmed update: after a silent week ids are drawn anew, and an offset from before could
//   confirm updates that nobody has seen;
// - then it is the page's highest id + 1, and the next poll confirms the page. It may go down;
// - it is sent once: what the poll did not confirm comes again, while an offset held over a silent
//   week could confirm updates that nobody has seen;
// - it is never negative, which would drop the rest of the queue;
// - a page of nothing but unreadable elements moves it by one an element, or they would come for
//   ever.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace telekv::vault {

class PollOffset {
 public:
  /// For the next poll; nullopt: none is to be sent.
  std::optional<std::int64_t> send_once() {
    sent_ = std::exchange(due_, false);
    return sent_ ? known_ : std::nullopt;
  }

  /// The highest that was dealt with + 1.
  std::optional<std::int64_t> known() const { return known_; }

  /// A page whose highest id is `last` is dealt with.
  void move_behind(std::int64_t last) {
    constexpr std::int64_t kMaxId = std::int64_t{1} << 53;  // far above the Bot API's
    known_ = std::clamp<std::int64_t>(last, 0, kMaxId) + 1;
    due_ = true;
  }

  /// A page of nothing but `unreadable` elements is dealt with. They begin at the offset that the
  /// poll has sent; without one nothing moves.
  void skip(std::size_t unreadable) {
    if (!known_) return;
    move_behind(*known_ - 1 + (sent_ ? static_cast<std::int64_t>(unreadable) : 0));
  }

 private:
  std::optional<std::int64_t> known_;
  bool due_ = false;
  bool sent_ = false;  // with the poll under way
};

}  // namespace telekv::vault
