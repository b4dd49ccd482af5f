#include "emulator/arguments.h"

#include <simdjson.h>

#include "emulator/json_value.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

const ApiError kTooLarge{413, "Request Entity Too Large"};

void parse_urlencoded(std::string_view text, Arguments& arguments) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    arguments.add(percent_decode(pair.substr(0, equals), PlusSign::kIsSpace),
                  percent_decode(value, PlusSign::kIsSpace));
  }
}

Answer<void> parse_json(std::string_view body, Arguments& arguments) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object fields;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) {
    return bad_request("can't parse JSON parameters");
  }
  if (root.get(fields) != simdjson::SUCCESS) return bad_request("JSON object expected");
  for (const auto& [name, value] : fields) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      arguments.add(std::string(name), std::string(text));
    } else if (!value.is_null()) {
      arguments.add(std::string(name), to_json(value));
    }
  }
  return {};
}

}  // namespace

Answer<Arguments> Arguments::parse(std::string_view query, std::string_view content_type,
                                   std::string_view body) {
  Arguments result;
  const std::string type = to_lower_ascii(content_type.substr(0, content_type.find(';')));
  const bool is_multipart = type.starts_with("multipart/form-data");
  if (query.size() + (is_multipart ? 0 : body.size()) > kMaxParameterBytes) return kTooLarge;
  parse_urlencoded(query, result);
  Answer<void> parsed;
  if (is_multipart) {
    parsed = parse_multipart(content_type, body, result);
  } else if (type.starts_with("application/json")) {
    parsed = parse_json(body, result);
  } else {
    // What names no type is read as a form, as the server does for
    // application/x-www-form-urlencoded.
    parse_urlencoded(body, result);
  }
  if (parsed.has_error()) return parsed.error();
  return result;
}

std::optional<std::string_view> Arguments::find(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Arguments::get(std::string_view name) const {
  return find(name).value_or(std::string_view());
}

std::int64_t Arguments::get_integer(std::string_view name, std::int64_t otherwise) const {
  const auto value = find(name);
  return value ? to_integer(*value) : otherwise;
}

bool Arguments::get_boolean(std::string_view name) const {
  const std::string value = to_lower_ascii(get(name));
  return value == "true" || value == "yes" || value == "1";
}

const UploadedFile* Arguments::find_file(std::string_view field) const {
  for (const UploadedFile& file : files_) {
    if (file.field == field) return &file;
  }
  return nullptr;
}

}  // namespace telekv::emulator
