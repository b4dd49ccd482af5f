// Long polling: the update queue, page by page.
//
// One thread, one call of next() at a time (a second one would end the first with kConflict).
// Nothing is retried here: on an error the caller waits as vault::Backoff says and calls next()
// again.
#pragma once

#include <chrono>
#include <optional>

#include "telegram/api.h"

namespace telekv::telegram {

/// The only state is the offset, and its rules are these:
/// - it is not sent until an update has been taken, so Telegram starts at the earliest unconfirmed
/// one;
/// - after taken(page) it is the page's highest id + 1, and the next call of next() confirms the
/// page:
///   Telegram then deletes it. Until then a crash gets the same page again;
/// - it may go down: Telegram chooses ids anew after a week without updates;
/// - it is never negative, which would drop the rest of the queue;
/// - a page of nothing but unreadable elements moves it by one an element, or they would come for
/// ever.
class Polling {
 public:
  struct Options {
    std::chrono::seconds timeout{25};           ///< how long Telegram holds an empty poll, 0..50 s
    std::optional<UpdateId> resume_after = {};  ///< the last update already taken, from a snapshot
  };

  /// `api` must outlive the object.
  Polling(Api& api, Options options);

  /// The next updates; an empty page when the timeout passed without any. A page may hold fewer
  /// than are waiting.
  Async<UpdatePage> next();

  /// All of `page` is dealt with.
  void taken(const UpdatePage& page);

 private:
  Api* api_;
  std::chrono::seconds timeout_;
  std::optional<UpdateId> offset_;
};

}  // namespace telekv::telegram
