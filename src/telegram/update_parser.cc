#include "telegram/update_parser.h"

#include <algorithm>
#include <charconv>

#include "telegram/json_read.h"
#include "telegram/page_splitter.h"

namespace telekv::telegram {
namespace {

using json::Element;
using json::Object;

/// An update_id that can be confirmed: offset = id + 1 must be a positive number.
std::optional<UpdateId> usable(std::int64_t id) {
  if (id <= 0 || id > kMaxId) return std::nullopt;
  return UpdateId{id};
}

Update read_update(UpdateId id, const Object& object) {
  Update update{.id = id, .content = OtherUpdate{}};
  if (const auto found = json::member(object, "message")) {
    auto message = json::read_message(found, "message");
    if (message) {
      update.content = std::move(*message);
    } else {
      update.content = MalformedUpdate{message.error().message};
    }
  } else if (const auto tap = json::member(object, "callback_query")) {
    auto query = json::read_callback_query(tap, "callback_query");
    if (query) {
      update.content = std::move(*query);
    } else {
      update.content = MalformedUpdate{query.error().message};
    }
  }
  return update;
}

std::optional<Update> from_parsed(const Element& element) {
  Object object;
  std::int64_t number = 0;
  if (element.get(object) != simdjson::SUCCESS ||
      object.at_key("update_id").get(number) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  const auto id = usable(number);
  if (!id) return std::nullopt;
  return read_update(*id, object);
}

/// An update that does not parse: its id is taken from the text, so that it can be confirmed.
std::optional<Update> from_unparsed(std::string_view text, const char* reason) {
  const auto raw = raw_member(text, "update_id");
  if (!raw) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(raw->data(), raw->data() + raw->size(), number);
  const auto after = static_cast<std::size_t>(end - raw->data());
  const bool whole =
      failure == std::errc() && raw->substr(after).find_first_of(".eE0123456789") != 0;
  const auto id = usable(number);
  if (!whole || !id) return std::nullopt;
  return Update{.id = *id, .content = MalformedUpdate{reason}};
}

std::optional<Update> read_text(std::string_view text, simdjson::dom::parser& parser) {
  // Also of nothing simdjson makes a copy, which must come from somewhere.
  if (text.empty()) text = "";
  Element element;
  const auto failure = parser.parse(text.data(), text.size()).get(element);
  if (failure == simdjson::SUCCESS) return from_parsed(element);
  return from_unparsed(text, simdjson::error_message(failure));
}

void add(UpdatePage& page, std::optional<Update> update) {
  if (update) {
    page.updates.push_back(std::move(*update));
  } else {
    ++page.unreadable;
  }
}

Error no_page() {
  return {.code = ErrorCode::kDamaged,
          .message = "getUpdates: the answer is no list of updates",
          .hint = "check that API_ROOT is a Bot API server"};
}

Result<UpdatePage> parse_piecewise(std::string_view body, simdjson::dom::parser& parser) {
  if (raw_member(body, "ok") != "true") return no_page();
  const auto result = raw_member(body, "result");
  if (!result) return no_page();
  const auto elements = raw_elements(*result);
  if (!elements) return no_page();
  UpdatePage page;
  for (const auto text : *elements) add(page, read_text(text, parser));
  return page;
}

}  // namespace

std::optional<UpdateId> UpdatePage::last_id() const {
  if (updates.empty()) return std::nullopt;
  const auto last = std::max_element(updates.begin(), updates.end(),
                                     [](const auto& a, const auto& b) { return a.id < b.id; });
  return last->id;
}

Result<UpdatePage> parse_update_page(std::string_view body) {
  simdjson::dom::parser parser;
  Element answer;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS) {
    return parse_piecewise(body, parser);
  }
  bool ok = false;
  simdjson::dom::array elements;
  if (answer.at_key("ok").get(ok) != simdjson::SUCCESS || !ok ||
      answer.at_key("result").get(elements) != simdjson::SUCCESS) {
    return no_page();
  }
  UpdatePage page;
  for (const auto element : elements) add(page, from_parsed(element));
  return page;
}

std::optional<Update> parse_update(std::string_view text) {
  simdjson::dom::parser parser;
  return read_text(text, parser);
}

}  // namespace telekv::telegram
