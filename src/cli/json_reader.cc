// The two import formats that are JSON, read on demand: a syntax error is found in its row, so that
// it can be named.
#include <simdjson.h>

#include <array>
#include <utility>

#include "cli/files.h"
#include "cli/row_reader.h"

namespace telekv::cli {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr const char* kFields[] = {"chat_id", "name", "clicks", "state"};
constexpr std::size_t kFieldCount = std::size(kFields);

struct Row {
  kv::Key chat_id = 0;
  bot::User user = {};
};

/// Reads field `index` of a row; what is wrong with it, or nullptr.
const char* read_field(std::size_t index, simdjson::simdjson_result<ondemand::value> value,
                       Row& row) {
  switch (index) {
    case 0:
      return value.get_int64().get(row.chat_id) ? "the chat id is not an integer" : nullptr;
    case 1:
      return value.get_string().get(row.user.name) ? "the name is not a text" : nullptr;
    case 2:
      return value.get_uint64().get(row.user.clicks) ? "the clicks are not a count" : nullptr;
    default: {
      std::uint64_t state = 0;
      if (value.get_uint64().get(state)) return "the state is not a count";
      row.user.state = static_cast<std::uint32_t>(state);
      return row.user.state == state ? nullptr : "the state is too large";
    }
  }
}

const char* read_list(simdjson::simdjson_result<ondemand::value> element, Row& row) {
  ondemand::array fields;
  if (element.get_array().get(fields)) return "it is not a list";
  std::size_t index = 0;
  for (auto field : fields) {
    if (index == kFieldCount) return "it has more than four values";
    if (const char* what = read_field(index++, field, row)) return what;
  }
  return index == kFieldCount ? nullptr : "it has fewer than four values";
}

/// Whether nothing follows what has been read.
bool is_complete(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

const char* read_object(ondemand::document& document, Row& row) {
  ondemand::object fields;
  if (document.get_object().get(fields)) return "it is not an object";
  std::array<bool, kFieldCount> seen{};
  std::size_t count = 0;
  for (auto field : fields) {
    std::string_view key;
    if (field.unescaped_key().get(key)) return "it is not JSON";
    std::size_t index = 0;
    while (index < kFieldCount && key != kFields[index]) ++index;
    if (index == kFieldCount) return "it has a field that is not a user's";
    if (std::exchange(seen[index], true)) return "it has a field twice";
    if (const char* what = read_field(index, field.value(), row)) return what;
    ++count;
  }
  if (count != kFieldCount) return "chat_id, name, clicks or state is missing";
  return is_complete(document) ? nullptr : "something follows the object";
}

simdjson::padded_string_view padded(std::string_view text) {
  return simdjson::padded_string_view(text.data(), text.size(), text.size() + kReadPadding);
}

}  // namespace

Result<void> read_json_dump(const Rows& rows) {
  const auto not_json = [&](std::string_view what) {
    return Error{ErrorCode::kInvalidArgument, rows.name + " is no JSON dump: " + std::string(what),
                 "nothing was imported; a dump is [[chat id, name, clicks, state], ...]"};
  };
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array elements;
  if (const auto error = parser.iterate(padded(rows.text)).get(document)) {
    return not_json(simdjson::error_message(error));
  }
  if (const auto error = document.get_array().get(elements)) {
    return not_json(simdjson::error_message(error));
  }
  std::uint64_t number = 0;
  for (auto element : elements) {
    ++number;
    Row row;
    if (const char* what = read_list(element, row)) return rows.wrong("row", number, what);
    if (Result<void> added = rows.add("row", number, row.chat_id, row.user); !added) return added;
  }
  return is_complete(document) ? Result<void>{} : not_json("something follows the list");
}

Result<void> read_json_lines(const Rows& rows) {
  ondemand::parser parser;
  std::string_view rest = rows.text;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ondemand::document document;
    Row row;
    if (parser.iterate(padded(line)).get(document)) {
      return rows.wrong("line", number, "it is not JSON");
    }
    if (const char* what = read_object(document, row)) return rows.wrong("line", number, what);
    if (Result<void> added = rows.add("line", number, row.chat_id, row.user); !added) return added;
  }
  return {};
}

}  // namespace telekv::cli
