// Any bytes as an update, and as the one update of a page.
#include <simdjson.h>

#include "fuzz/fuzz.h"
#include "telegram/update_parser.h"

namespace {

using namespace telekv;
using namespace telekv::telegram;

void require_text(const std::string& text) { fuzz::require(simdjson::validate_utf8(text)); }

void require_sound(const Update& update) {
  fuzz::require(to_int(update.id) > 0);
  if (const auto* message = std::get_if<Message>(&update.content)) {
    require_text(message->text);
    if (message->from) require_text(message->from->first_name);
    if (message->document) require_text(message->document->file_name);
  } else if (const auto* query = std::get_if<CallbackQuery>(&update.content)) {
    require_text(query->id);
    require_text(query->data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto page = parse_update_page(text)) {
    for (const Update& update : page->updates) require_sound(update);
  }
  const auto alone = parse_update(text);
  if (!alone) return 0;
  require_sound(*alone);
  if (std::holds_alternative<MalformedUpdate>(alone->content)) return 0;
  const auto page = parse_update_page("{\"ok\":true,\"result\":[" + std::string(text) + "]}");
  fuzz::require(page && page->updates.size() == 1 && page->updates.front().id == alone->id);
  return 0;
}
