#include "telegram/page_splitter.h"

namespace telekv::telegram {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The position after the string that begins at `text[at]`, or the text's end.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// The position of the ',' or closing bracket that ends the value at `at`, or the text's end.
std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at = skip_string(text, at);
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;
        --depth;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
    ++at;
  }
  return text.size();
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view key) {
  object = trim(object);
  if (!object.starts_with('{')) return std::nullopt;
  std::size_t at = 1;
  while (at < object.size()) {
    const auto name_begin = object.find_first_not_of(kSpace, at);
    if (name_begin == std::string_view::npos || object[name_begin] != '"') return std::nullopt;
    const auto name_end = skip_string(object, name_begin);
    const auto colon = object.find_first_not_of(kSpace, name_end);
    if (colon == std::string_view::npos || object[colon] != ':') return std::nullopt;
    const auto value_end = skip_value(object, colon + 1);
    if (object.substr(name_begin + 1, name_end - name_begin - 2) == key) {
      return trim(object.substr(colon + 1, value_end - colon - 1));
    }
    if (value_end >= object.size() || object[value_end] != ',') return std::nullopt;
    at = value_end + 1;
  }
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> raw_elements(std::string_view array) {
  array = trim(array);
  if (!array.starts_with('[')) return std::nullopt;
  std::vector<std::string_view> elements;
  std::size_t at = 1;
  while (at < array.size()) {
    const auto end = skip_value(array, at);
    const auto element = trim(array.substr(at, end - at));
    const bool last = end >= array.size() || array[end] != ',';
    if (!element.empty() || !last) elements.push_back(element);
    if (last) break;
    at = end + 1;
  }
  return elements;
}

}  // namespace telekv::telegram
