#include <algorithm>

#include "emulator/arguments.h"
#include "emulator/text.h"

namespace telekv::emulator {
namespace {

constexpr std::size_t kMaxBoundaryLength = 70;  // HttpReader.h

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// One `name=value` or `name="value"` of a header's parameters, cut off the front of `rest`.
struct Parameter {
  std::string name;
  std::string value;
};

std::optional<Parameter> take_parameter(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of("; \t");
  if (begin == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(begin);
  const std::size_t name_end = std::min(rest.find_first_of("=;"), rest.size());
  Parameter parameter;
  parameter.name = to_lower_ascii(trim(rest.substr(0, name_end)));
  const bool has_value = name_end < rest.size() && rest[name_end] == '=';
  rest.remove_prefix(std::min(name_end + 1, rest.size()));
  if (!has_value) return parameter;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    parameter.value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return parameter;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    parameter.value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return parameter;
}

struct Disposition {
  std::string name;
  std::optional<std::string> file_name;
};

Disposition parse_disposition(std::string_view value) {
  Disposition result;
  std::string_view rest = value.substr(std::min(value.find(';'), value.size()));
  while (const auto parameter = take_parameter(rest)) {
    if (parameter->name == "name") {
      result.name = percent_decode(parameter->value, PlusSign::kIsPlus);
    } else if (parameter->name == "filename") {
      result.file_name = percent_decode(parameter->value, PlusSign::kIsPlus);
    }
  }
  return result;
}

Disposition parse_part_headers(std::string_view headers) {
  while (!headers.empty()) {
    const std::size_t end = std::min(headers.find('\n'), headers.size());
    const std::string_view line = trim(headers.substr(0, end));
    headers.remove_prefix(std::min(end + 1, headers.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (to_lower_ascii(trim(line.substr(0, colon))) == "content-disposition") {
      return parse_disposition(line.substr(std::min(colon + 1, line.size())));
    }
  }
  return {};
}

std::string boundary_of(std::string_view content_type) {
  std::string_view rest =
      content_type.substr(std::min(content_type.find(';'), content_type.size()));
  while (const auto parameter = take_parameter(rest)) {
    if (parameter->name == "boundary") return parameter->value;
  }
  return {};
}

}  // namespace

Answer<void> parse_multipart(std::string_view content_type, std::string_view body,
                             Arguments& arguments) {
  const std::string boundary = boundary_of(content_type);
  if (boundary.empty() || boundary.size() > kMaxBoundaryLength) {
    return bad_request("boundary not found");
  }
  const std::string delimiter = "\r\n--" + boundary;
  const std::string_view first = std::string_view(delimiter).substr(2);
  std::size_t position = 0;
  if (body.starts_with(first)) {
    position = first.size();
  } else if (position = body.find(delimiter); position != std::string_view::npos) {
    position += delimiter.size();
  } else {
    return bad_request("boundary not found");
  }
  std::size_t parameter_bytes = 0;
  while (!body.substr(position).starts_with("--")) {
    const std::size_t header_begin = body.find("\r\n", position);
    const std::size_t header_end = body.find("\r\n\r\n", position);
    if (header_end == std::string_view::npos) return bad_request("part headers not found");
    const std::size_t content_begin = header_end + 4;
    // A part without content puts the delimiter right behind its headers.
    const std::size_t content_end = body.find(delimiter, header_end + 2);
    if (content_end == std::string_view::npos) return bad_request("closing boundary not found");
    const std::string_view content =
        body.substr(std::min(content_begin, content_end),
                    content_end > content_begin ? content_end - content_begin : 0);
    Disposition part = parse_part_headers(body.substr(header_begin, header_end - header_begin));
    if (part.name.empty()) return bad_request("part without a name");
    // Headers count too: a body of nothing but names is as large in memory as one of values.
    parameter_bytes += header_end - header_begin + (part.file_name ? 0 : content.size());
    if (parameter_bytes > Arguments::kMaxParameterBytes) {
      return ApiError{413, "Request Entity Too Large"};
    }
    if (part.file_name) {
      if (arguments.file_count() == Arguments::kMaxFiles) {
        return ApiError{413, "Request Entity Too Large: too many files attached"};
      }
      arguments.add({std::move(part.name), std::move(*part.file_name), content});
    } else {
      arguments.add(std::move(part.name), std::string(content));
    }
    position = content_end + delimiter.size();
  }
  return {};
}

}  // namespace telekv::emulator
