// Reads updates: a page from a getUpdates answer, or the one of a webhook request. Everything in
// them was written by strangers.
//
// One bad update never costs the others: a page that does not parse as a whole is split textually
// and each update is parsed alone. Pure functions, O(bytes); no failure but "this is no page".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "kv/error.h"
#include "telegram/types.h"

namespace telekv::telegram {

struct UpdatePage {
  std::vector<Update> updates;  ///< in the order received; a bad one is a MalformedUpdate
  std::size_t unreadable = 0;   ///< elements without a usable update_id

  /// The highest id, nullopt when there is none.
  std::optional<UpdateId> last_id() const;
};

/// Bounds on what one update may hold; above them it is malformed. Telegram's own limits are 64
/// characters a name, 4096 a text, 64 bytes of callback data.
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxTextBytes = std::size_t{32} * 1024;
constexpr std::size_t kMaxCallbackBytes = 256;

/// Ids have at most 52 significant bits (Bot API, User and Chat); one beyond 2^53 is not an id.
constexpr std::int64_t kMaxId = std::int64_t{1} << 53;

/// Reads `{"ok":true,"result":[...]}`. Strings in the updates are valid UTF-8. kDamaged when the
/// text is no such envelope.
Result<UpdatePage> parse_update_page(std::string_view body);

/// Reads one update, `{"update_id":1,...}`; a bad one is a MalformedUpdate. nullopt: it has no
/// usable update_id.
std::optional<Update> parse_update(std::string_view text);

}  // namespace telekv::telegram
